"""Who hears of an incident outside its channel: executives, customers by way of a named approver, and the tracking channel."""

import shutil
from pathlib import Path

from bot.incidents import timeline
from bot.sandbox.testing import Message
from tests.incidents.blockkit import problems_of_message, problems_of_modal
from tests.journeys import roads
from tests.journeys.stories import calls, lines, told
from tests.world import CONFIG, World

CHANNEL = "inc-1-checkout-is-down"


async def test_an_executive_reads_one_sentence_after_the_first_answer_and_the_all_clear(world: World) -> None:
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.advance(seconds=50)
    assert await letters(world, "max") == []
    await roads.by_sms(world, "ana")
    await world.settled()
    alert = "*SEV1* *#1 checkout is down*: total outage of Checkout since 10:00; Ana Silva is on it."
    assert await letters(world, "max") == [alert]
    await world.advance(minutes=8, seconds=10)
    await world.user("kim").command("/inc resolve rolled back", CHANNEL)
    await world.settled()
    assert await letters(world, "max") == [alert, "*#1 checkout is down* is over: all clear after 9 min."]
    await world.user("kim").press("Undo", CHANNEL)
    await world.advance(minutes=4)
    assert (await letters(world, "max"))[2:] == ["*SEV1* *#1 checkout is down*: total outage of Checkout since 10:00; Ana Silva is on it."]
    assert not world.phone("max").received, "an alert is no page"


async def test_without_an_answer_they_hear_after_three_minutes_and_a_lower_severity_is_their_all_clear(world: World) -> None:
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.advance(minutes=2, seconds=59)
    assert await letters(world, "max") == []
    await world.advance(seconds=2)
    said = await letters(world, "max")
    assert len(said) == 1 and "nobody has answered yet, and paging goes on" in said[0]
    await roads.by_sms(world, "ana")
    await world.user("kim").command("/inc sev 2 half of them can pay", CHANNEL)
    await world.settled()
    assert (await letters(world, "max"))[1:] == ["*#1 checkout is down* is a SEV2 now (major degradation): all clear for you."]


async def test_executives_hear_nothing_of_a_sev2_that_ends_as_one_and_of_a_private_one_no_title(world: World) -> None:
    await world.user("kim").command("/inc sev2 checkout is slow")
    await world.settled()
    await roads.by_sms(world, "ana")
    await world.user("kim").command("/inc #1 resolve it healed")
    await world.advance(minutes=5)
    assert await letters(world, "max") == []

    kim = world.user("kim")
    await kim.command("/inc")
    await world.settled()
    await kim.submit({"title": {"value": "checkout leaks"}, "severity": {"value": "1"}, "private": {"value": ["private"]}})
    await world.settled()
    await world.advance(minutes=3, seconds=1)
    said = await letters(world, "max")
    assert len(said) == 1 and said[0].startswith("*SEV1* *#2 private*: total outage since") and "leaks" not in said[0]
    await world.advance(minutes=10)
    assert not any("#2" in text for text in await world.sandbox.channel("ops").texts())
    assert not any("#2" in text for text in await letters(world, "bea")), "customers are told nothing of what is private"


async def test_a_customer_notice_is_a_draft_until_one_who_may_approves_it(world: World) -> None:
    await world.user("kim").command("/inc sev2 checkout is down")
    await world.settled()
    await roads.by_sms(world, "ana")
    await world.settled()
    draft = (await drafts(world))[-1]
    words = "We are looking into a problem with Checkout that began at 09:00 UTC. Our engineers are working on it."
    words += " We will say more by 10:00 UTC."
    assert words in draft.shown and "Nothing is told to customers unless you approve it" in draft.shown
    assert problems_of_message(draft.blocks) == []

    bea, place = world.user("bea"), await roads.direct(world, "bea")
    await bea.press("Edit", place)
    await world.settled()
    assert words in str(await bea.view()) and problems_of_modal(shape(await bea.view())) == []
    await bea.submit({"words": {"value": "Paying does not work <!channel> {actor}. We are on it."}})
    await world.settled()
    assert "Everybody who may approve it is asked anew" in lines((await bea.views())[0])
    await bea.close()
    stale = await bea.click(draft.button("Approve"), place, draft.ts, value="1:0")
    await world.settled()
    assert stale["ok"]
    assert "edited meanwhile" in (await world.user("bea").sees(place))[-1].shown
    assert not any("approved" in text for text in await world.channel_texts(1))

    assert "edited by Bea Müller" in (await drafts(world))[-1].shown
    await bea.press("Approve", place)
    await world.settled()
    said = (await world.heard(1, "Customer notice approved")).shown
    assert "Nothing was sent: this version has no way out to customers. Copy it to your status page." in said
    assert "by <@U0BEA000000>: Paying does not work &lt;!channel&gt; {actor}. We are on it." in said
    assert any("You approved the customer notice for #1" in message.shown for message in await world.user("bea").sees(place))

    await world.user("kim").command("/inc resolve rolled back", CHANNEL)
    await world.settled()
    assert "The problem with Checkout that began at 09:00 UTC ended at 09:0" in (await drafts(world))[-1].shown
    await bea.press("Not needed", place)
    await world.settled()
    assert any("discarded the draft" in text for text in await written(world))


async def test_a_draft_that_is_not_so_any_more_is_withdrawn(world: World) -> None:
    await world.user("kim").command("/inc sev2 checkout is down")
    await world.advance(minutes=3, seconds=1)
    place, draft = await roads.direct(world, "bea"), (await drafts(world))[-1]
    said = await world.user("kim").command("/inc sev 3 only one shop", CHANNEL)
    await world.settled()
    assert told(said) == ""
    assert any("for #1 is withdrawn: it is not so any more" in message.text for message in await world.user("bea").sees(place))
    await world.user("bea").click(draft.button("Approve"), place, draft.ts, value="1:0")
    await world.settled()
    assert "was withdrawn by Tocsin" in (await world.user("bea").sees(place))[-1].shown
    assert not any("approved" in text for text in await world.channel_texts(1))


async def test_who_is_named_no_more_decides_nothing(world: World, tmp_path: Path) -> None:
    folder = shutil.copytree(CONFIG, tmp_path / "company")
    company = folder / "company.yaml"
    await world.user("kim").command("/inc sev2 checkout is down")
    await world.advance(minutes=3, seconds=1)
    place, draft = await roads.direct(world, "bea"), (await drafts(world))[-1]
    await world.stop()
    company.write_text(company.read_text().replace("customer_approvers: [bea]", "customer_approvers: [max]"))
    await world.start(TOCSIN_CONFIG=str(folder))
    await world.user("bea").click(draft.button("Approve"), place, draft.ts)
    await world.settled()
    assert "Only those named under `audiences.customer_approvers` decide" in (await world.user("bea").sees(place))[-1].shown
    assert not any("approved" in text for text in await world.channel_texts(1))


async def test_the_tracking_channel_has_one_line_for_each_incident_edited_in_place(world: World) -> None:
    before = len(calls(world))
    await world.user("kim").command("/inc sev3 checkout is down")
    await world.advance(seconds=55)
    assert not any(call["args"].get("channel") == "ops" for call in calls(world)[before:]), "paging, channel and card come first"
    await world.advance(seconds=6)
    assert [text for text in await world.sandbox.channel("ops").texts() if "#1" in text and "investigating" in text]
    await world.user("ana").command("/inc lead me", CHANNEL)
    await world.user("kim").command("/inc sev 2 all shops", CHANNEL)
    await world.user("kim").command("/inc resolve rolled back", CHANNEL)
    await world.advance(minutes=1, seconds=1)
    tracked = [text for text in await world.sandbox.channel("ops").texts() if "#1 SEV" in text]
    assert len(tracked) == 1
    assert "#1 SEV2 checkout is down* · resolved" in tracked[0] and "commander: <@U0ANA000000>" in tracked[0]


async def test_a_tracking_channel_that_is_not_there_is_said_once(sqlite_world: World, tmp_path: Path) -> None:
    world, folder = sqlite_world, shutil.copytree(CONFIG, tmp_path / "company")
    company = folder / "company.yaml"
    company.write_text(company.read_text().replace("audiences:", "audiences:\n  tracking: nowhere"))
    await world.stop()
    await world.start(TOCSIN_CONFIG=str(folder))
    await world.user("kim").command("/inc sev3 checkout is down")
    await world.advance(minutes=2)
    await world.user("ana").command("/inc lead me", CHANNEL)
    await world.advance(minutes=2)
    ops = [text for text in await world.sandbox.channel("ops").texts() if "#1" in text]
    assert len(ops) == 1 and "#1 is not in the tracking channel" in ops[0] and "audiences.tracking" in ops[0]


async def letters(world: World, person: str) -> list[str]:
    """What the bot wrote to somebody about incidents, pages and drafts aside."""
    users = {one["name"]: one["id"] for one in await world.sandbox.get("/users")}
    if not any(one["is_im"] and set(one["members"]) == {users[person], users["tocsin"]} for one in await world.sandbox.channels()):
        return []
    messages = await world.sandbox.channel(await roads.direct(world, person)).messages()
    return [message.shown for message in messages if message.text.startswith(("*SEV", "*#"))]


async def drafts(world: World) -> list[Message]:
    """The drafts that Bea, who may approve them, was asked about."""
    messages = await world.sandbox.channel(await roads.direct(world, "bea")).messages()
    return [message for message in messages if "Customer notice for" in message.text]


async def written(world: World) -> list[str]:
    """What the timeline says."""
    async with world.bot.database.read() as tx:
        return [entry.text for entry in await timeline.entries(tx, 1)]


def shape(view: dict[str, object]) -> dict[str, object]:
    """A view as it was sent, without what Slack adds to it."""
    sent = ("type", "callback_id", "title", "submit", "close", "private_metadata", "blocks")
    return {name: view[name] for name in sent if name in view}
