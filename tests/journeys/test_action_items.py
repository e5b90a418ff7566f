"""`/inc task`: what is to be done after an incident, by whom and by when. It is Monday 2 March 2026, 09:00 UTC."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.clock import FakeClock
from tests.journeys.roads import direct
from tests.journeys.stories import lines, whispered
from tests.journeys.test_commands import NAME, channel, do  # noqa: F401 - the fixture
from tests.journeys.test_oncall import letters, press
from tests.world import World, running_world


async def texts(world: World) -> str:
    """What stands in the channel, a while later: Slack takes one message a second there."""
    await world.advance(seconds=5)
    return "\n".join(await world.channel_texts(1))


async def test_an_item_is_written_down_its_owner_told_and_done_by_a_button(world: World, channel: str) -> None:  # noqa: F811
    await do(world, "kim", "/inc task add <!channel> canary alarm @bo fri")
    said = await texts(world)
    assert "*Action item 1* by <@U0KIM000000>: add &lt;!channel&gt; canary alarm" in said
    assert "For <@U0BO0000000>, due Fri 6 Mar. When it is done: `/inc task done 1`" in said
    told_bo = await letters(world, "bo")
    assert "Kim Ji-woo gave you an action item: *add &lt;!channel&gt; canary alarm* (#1 SEV1 checkout is down), due *Fri 6 Mar*." in told_bo
    assert await letters(world, "lee") == ""

    assert ":white_check_mark: Done: add &lt;!channel&gt; canary alarm (#1)." in await press(world, "bo", "Done", await direct(world, "bo"))
    assert "*Action item 1* done by <@U0BO0000000>: add &lt;!channel&gt; canary alarm" in await texts(world)
    assert "Bo Lindqvist finished action item 1 at 18:00. Nothing to do." in await do(world, "kim", "/inc task done 1")


async def test_items_are_listed_reassigned_taken_up_again_and_stand_in_the_postmortem(world: World, channel: str) -> None:  # noqa: F811
    await do(world, "kim", "/inc task add canary alarm @bo fri")
    await do(world, "kim", "/inc task rotate the keys")
    listed = await do(world, "ana", "/inc task list")
    assert "1: add canary alarm (Bo Lindqvist, due Fri 6 Mar)" in listed and "2: rotate the keys (nobody yet)" in listed

    await do(world, "ana", "/inc task 1 @lee 12 march")
    await world.advance(seconds=5)
    assert "Ana Silva gave it to Lee O'Hara: *add canary alarm*" in await letters(world, "bo")
    assert "Ana Silva gave you an action item: *add canary alarm*" in await letters(world, "lee")
    assert "*Action item 1* changed by <@U0ANA000000>: add canary alarm\nFor <@U0LEE000000>, due Thu 12 Mar." in await texts(world)

    assert "~rotate the keys~ (done by Kim Ji-woo)" in await press_second(world, "kim")
    await do(world, "kim", "/inc resolve config rolled back")
    document = await world.postmortem(1)
    assert "| add canary alarm |  |  | Lee O'Hara | 2026-03-12 | no |" in document
    assert "| rotate the keys |  |  |  |  | yes |" in document
    assert "**Kim Ji-woo** added action item 1: add canary alarm" in document, "and when it was said"

    await do(world, "ana", "/inc task reopen 2")
    assert "*Action item 2* is open again, by <@U0ANA000000>: rotate the keys" in await texts(world)
    await do(world, "ana", "/inc #1 task done 1")
    assert "| add canary alarm |  |  | Lee O'Hara | 2026-03-12 | yes |" in await world.postmortem(1), (
        "what is done later is true in the draft"
    )


async def test_priority_and_kind_are_typed_in_simple_words_and_give_a_day(world: World, channel: str) -> None:  # noqa: F811
    await do(world, "kim", "/inc task add canary alarm p0 detect @bo")
    assert "For <@U0BO0000000>, due Thu 5 Mar, p0, detect. When it is done: `/inc task done 1`" in await texts(world), "p0 has three days"
    await do(world, "kim", "/inc task p2 rotate the keys")
    await do(world, "kim", "/inc task 2 p3 prevent")
    listed = await do(world, "ana", "/inc task list")
    assert "1: add canary alarm (p0, detect, Bo Lindqvist, due Thu 5 Mar)" in listed
    assert "2: rotate the keys (p3, prevent, nobody yet, due Wed 1 Apr)" in listed, "another priority moves no day that stands"
    await do(world, "kim", "/inc task")
    await world.user("kim").submit({
        "words": {"value": "mend the alarm"}, "person": {"value": "@bo"}, "priority": {"value": "p1"}, "kind": {"value": "mitigate"},
    })  # fmt: skip
    await world.settled()
    assert "For <@U0BO0000000>, due Mon 16 Mar, p1, mitigate." in await texts(world)
    await do(world, "kim", "/inc resolve config rolled back")
    assert "due 2026-03-05, p0, detect" in await world.postmortem(1)


async def press_second(world: World, person: str) -> str:
    """Press [Done] beside the second item of the list."""
    await do(world, person, "/inc task list")
    message = (await world.user(person).sees(NAME))[-1]
    (block,) = [one for one in message.blocks if str(one.get("accessory", {}).get("value")) == "2"]
    await world.user(person).click(block["accessory"]["action_id"], NAME, message.ts, value="2", block_id=block.get("block_id"))
    await world.settled()
    return "\n".join(one.shown for one in await whispered(world, person, NAME))


async def test_the_verb_alone_opens_a_form(world: World, channel: str) -> None:  # noqa: F811
    await do(world, "kim", "/inc task")
    view = await world.user("kim").view()
    assert "What is to be done?" in lines(view) and "Who does it?" in lines(view) and "By when?" in lines(view)
    await world.user("kim").submit({"words": {"value": "mend the alarm"}, "person": {"value": "@bo"}, "due": {"value": "2026-03-20"}})
    await world.settled()
    assert "For <@U0BO0000000>, due Fri 20 Mar." in await texts(world)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/inc task add an alarm @zoe-who", "I know nobody called `@zoe-who`, so nothing was written down."),
        ("/inc task add an alarm @kim 2026-02-27", "Fri 27 Feb is over. Name a day to come"),
        ("/inc task @kim fri", "Say what is to be done, by whom and by when"),
        ("/inc task done 7", "#1 has no action item 7. `/inc #1 task list` lists what it has."),
        ("/inc task 7 @kim", "#1 has no action item 7."),
        ("/inc task list", "#1 has no action items yet. Add one: `/inc task add canary alarm @kim fri`."),
        ("/inc task " + "x" * 1200, "An action item has at most 1000 characters, this one has 1200."),
    ],
)
async def test_what_cannot_be_meant_gets_a_sentence(sqlite_world: World, line: str, says: str) -> None:
    world = sqlite_world
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    assert says in await do(world, "kim", line)


async def test_nothing_changes_twice(sqlite_world: World) -> None:
    world = sqlite_world
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    await do(world, "kim", "/inc task add canary alarm @kim fri")
    assert await letters(world, "kim") == "", "who gives it to themselves knows"
    assert "Action item 1 is so already (Kim Ji-woo, due 2026-03-06)" in await do(world, "kim", "/inc task 1 @kim fri")
    assert "Action item 1 is open already" in await do(world, "kim", "/inc task reopen 1")
    await do(world, "kim", "/inc task done 1")
    assert "Action item 1 is done. To take it up again: `/inc #1 task reopen 1`." in await do(world, "kim", "/inc task 1 @bo")


async def test_whoever_comes_on_call_reads_what_is_unfinished_but_nothing_private(sqlite_url: str, tmp_path: Path) -> None:
    async with running_world(sqlite_url, tmp_path, FakeClock(datetime(2026, 3, 7, 6, 0, tzinfo=UTC))) as world:
        await world.user("kim").command("/inc sev3 auth is slow")
        await world.settled()
        slow = await world.channel_name(1)
        await do(world, "kim", "/inc task mend the pool @lee sun", slow)
        await do(world, "kim", "/inc task raise the limit", slow)
        await do(world, "kim", "/inc task already done", slow)
        await do(world, "kim", "/inc task done 3", slow)
        await do(world, "lee", "/inc", "general")
        await world.user("lee").submit({"title": {"value": "auth leaks"}, "private": {"value": ["private"]}})
        await world.settled()
        await do(world, "lee", "/inc #2 task revoke the tokens @bo", "general")
        assert "gave you an action item: *revoke the tokens* (#2)." in await letters(world, "bo"), "the title stays in its channel"
        await world.advance(days=2, hours=1, minutes=5)
        note = (await letters(world, "kim")).split("You come on call as Platform primary")[-1]
        assert "*Unfinished action items*\n• mend the pool (Lee O'Hara, due Sun 8 Mar, overdue), of #1 SEV3 auth is slow" in note
        assert "• raise the limit (nobody yet), of #1 SEV3 auth is slow" in note
        assert "already done" not in note and "tokens" not in note
