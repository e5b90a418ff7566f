"""`/oncall`: who is on call, and how people change it among themselves. It is Monday 2 March 2026, 09:00 UTC."""

import asyncio
import re
from datetime import timedelta

import pytest

from bot.db import BOT
from bot.sandbox.testing import Message, elements, words
from tests.journeys.roads import direct
from tests.journeys.stories import calls, told
from tests.world import World


async def ask(world: World, person: str, line: str) -> str:
    """Type `/oncall …`, and return what the person reads."""
    said = await world.user(person).command(f"/oncall {line}".strip())
    await world.settled()
    return told(said)


async def press(world: World, person: str, label: str, channel: str = "general") -> str:
    """Press a button that only this person sees (or in a channel, everybody), and return what stands there afterwards."""
    ts = ""
    for message in reversed(await world.user(person).sees(channel)):
        if label in words(message.blocks):
            ts = message.ts
            await world.user(person).click(message.button(label), channel, message.ts, value=value_of(message, label))
            break
    assert ts, f"no button {label!r}"
    await world.settled()
    return "\n".join(message.shown for message in await world.user(person).sees(channel) if message.ts >= ts)


def value_of(message: Message, label: str) -> str:
    return str(next(element["value"] for element in elements(message.blocks) if label in words(element)))


async def letters(world: World, person: str) -> str:
    """What the bot wrote to somebody directly."""
    if not any(call["args"].get("channel") == world.bot.directory.config.people[person].slack for call in calls(world, "chat.postMessage")):
        return ""
    return "\n".join(await world.sandbox.channel(await direct(world, person)).texts())


async def answer(world: World, person: str, label: str) -> str:
    """Press a button of the newest direct message that has it."""
    return await press(world, person, label, await direct(world, person))


async def primary_then(world: World, team: str, **later: float) -> str | None:
    """Who will be paged first."""
    async with world.bot.database.begin(actor=BOT) as tx:
        return (await world.bot.rooms.oncall.who(tx, team, "primary", tx.now + timedelta(**later))).person


async def primary(world: World, team: str) -> str | None:
    """Who is paged first."""
    async with world.bot.database.begin(actor=BOT) as tx:
        return (await world.bot.rooms.oncall.who(tx, team, "primary", tx.now)).person


async def test_who_is_on_call_now_and_next_on_the_readers_clock(sqlite_world: World) -> None:
    world = sqlite_world
    assert (await ask(world, "kim", "db")).splitlines()[:3] == [
        "*Databases*",
        "• primary: Kim Ji-woo until Mon 2 Mar 21:00, then Lee O'Hara",
        "• secondary: nobody (Databases has no secondary rotation)",
    ]
    assert "until Mon 2 Mar 07:00" in await ask(world, "lee", "@db")
    assert "_Times in America/New_York._" in await ask(world, "lee", "db")
    assert "*Payments*" in await ask(world, "kim", "checkout")  # a service: its owner
    mine = (await ask(world, "kim", "")).splitlines()
    assert "*You are on call now*: Platform secondary until Mon 9 Mar 17:00" in mine[:2]
    assert [line for line in mine if re.fullmatch(r"\*[A-Z]\w+\*", line)] == ["*Payments*", "*Platform*", "*Databases*", "*Infrastructure*"]
    assert await ask(world, "max", "me") == "You are not on call in the next eight weeks."
    assert (await ask(world, "max", "@bo")).startswith("*Bo Lindqvist is on call now*: Payments secondary")
    assert "There is no command, team, schedule or person `nowhere`" in await ask(world, "kim", "nowhere")
    assert "`/oncall override @kim sat 18:00 +8h`" in await ask(world, "kim", "help")


async def test_an_override_is_shown_in_full_counts_once_confirmed_and_is_paged(world: World) -> None:
    shown = await ask(world, "ana", "override @kim payments 18:00–22:00")
    assert "Kim Ji-woo stands in as Payments primary: *Mon 2 Mar 18:00–22:00* (Europe/Lisbon, 4 h), instead of Ana Silva." in shown
    assert "For Kim Ji-woo that is Tue 3 Mar 03:00–07:00 (Asia/Seoul)." in shown
    await world.advance(hours=9)
    assert await primary(world, "payments") == "ana", "nobody has confirmed it"

    await ask(world, "ana", "override @kim payments until 22:00")
    assert "Done: Kim Ji-woo is on call as Payments primary" in await press(world, "ana", "Confirm")
    assert await primary(world, "payments") == "kim"
    assert "Ana Silva put you on call: Payments primary *Tue 3 Mar 03:00–07:00* (Asia/Seoul)." in await letters(world, "kim")
    assert "override by Ana Silva until Mon 2 Mar 22:00" in await ask(world, "ana", "payments")
    await world.user("lee").command("/inc sev1 checkout is down")
    await world.settled()
    assert "checkout is down" in world.phone("kim").last_sms
    assert world.phone("ana").received == []

    assert "Taken back" in await press(world, "ana", "Take it back")
    assert await primary(world, "payments") == "ana"
    assert "Ana Silva took an override back" in await letters(world, "kim")


async def test_who_is_displaced_is_told_and_several_schedules_are_a_question(sqlite_world: World) -> None:
    world = sqlite_world
    assert "Which one do you mean?" in await ask(world, "bo", "override @kim wed 18:00 +2h")
    assert "Kim Ji-woo stands in as Platform primary: *Wed 4 Mar 18:00–20:00*" in await press(world, "bo", "Platform primary")
    await press(world, "bo", "Cancel")
    assert "override" not in await letters(world, "kim")
    await ask(world, "kim", "override me payments wed 18:00 +2h")
    await press(world, "kim", "Confirm")
    assert "Kim Ji-woo stands in for you: Payments primary *Wed 4 Mar 09:00–11:00* (Europe/Lisbon)" in await letters(world, "ana")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("override @kim payments yesterday 18:00 +8h", "That is over already"),
        ("override @kim payments soon", "I cannot read `soon` as a time. Write `fri 18:00 +8h`"),
        ("override @kim payments fri 18:00", "not for how long. Add a length or an end: `fri 18:00 +8h`"),
        ("override @nobody payments fri 18:00 +8h", "I know nobody called `@nobody`."),
        ("override <@U0ZOE000000|zoe> payments fri 18:00 +8h", "not in the configuration, so nobody could page them"),
        ("override @bo nowhere fri 18:00 +8h", "I cannot read `nowhere fri 18:00`"),
        ("swap @ana payments fri 18:00 +8h", "You are not on call then for payments. Nothing to hand over."),
        ("cover payments-primary", "You have no shift for payments-primary in the next eight weeks."),
        ("report 2026q9", "Name a quarter like `report`, `report last` or `report 2026q3`."),
    ],
)
async def test_what_cannot_be_done_gets_a_sentence_that_says_what_to_do(sqlite_world: World, line: str, says: str) -> None:
    person = "kim" if "@ana" in line or "cover" in line else "bo"
    assert says in await ask(sqlite_world, person, line)


async def test_two_overrides_at_once_and_a_swap_asked_twice_are_refused_before_they_are_confirmed(sqlite_world: World) -> None:
    world = sqlite_world
    await ask(world, "ana", "override @kim payments wed 18:00 +8h")
    await press(world, "ana", "Confirm")
    refused = await ask(world, "bo", "override @bo payments wed 20:00 +1h")
    assert "Kim Ji-woo is put on call there from Wed 4 Mar 19:00 to Thu 5 Mar 03:00 already (by Ana Silva)" in refused
    await ask(world, "ana", "swap @kim thu 18:00 +8h")
    await press(world, "ana", "Ask")
    assert "You asked Kim Ji-woo already" in await ask(world, "ana", "cover thu 20:00 +2h")


async def test_a_swap_is_asked_accepted_and_both_are_told(world: World) -> None:
    shown = await ask(world, "bo", "swap @kim platform-primary wed 18:00 +8h against mon 9 march 18:00 +8h")
    assert "Ask Kim Ji-woo to take your time as Platform primary: *Wed 4 Mar 18:00 – Thu 5 Mar 02:00*" in shown
    assert "In return you take theirs: *Mon 9 Mar 18:00 – Tue 10 Mar 02:00*" in shown
    assert await letters(world, "kim") == ""
    assert "Kim Ji-woo was asked" in await press(world, "bo", "Ask")
    assert "Bo Lindqvist asks you to take Platform primary *Thu 5 Mar 02:00–10:00* (Asia/Seoul)." in await letters(world, "kim")
    assert "You have it: Platform primary Thu 5 Mar 02:00–10:00" in await answer(world, "kim", "I take it")
    assert "Kim Ji-woo takes your time as Platform primary *Wed 4 Mar 18:00 – Thu 5 Mar 02:00*" in await letters(world, "bo")
    assert "You took Bo Lindqvist's time" in await letters(world, "kim")
    assert await primary_then(world, "platform", days=2, hours=9) == "kim"
    assert await primary_then(world, "platform", days=7, hours=9) == "bo"


async def test_a_swap_is_declined_or_withdrawn_and_nothing_changes(sqlite_world: World) -> None:
    world = sqlite_world
    await ask(world, "ana", "swap @kim wed 18:00 +8h")
    await press(world, "ana", "Ask")
    assert "Ana Silva was told that you cannot" in await answer(world, "kim", "I cannot")
    assert "Kim Ji-woo cannot take your time as Payments primary" in await letters(world, "ana")
    await ask(world, "ana", "swap @kim wed 18:00 +8h")
    await press(world, "ana", "Ask")
    assert "Withdrawn: it stays yours." in await press(world, "ana", "Withdraw")
    assert "Ana Silva withdrew what they asked" in await letters(world, "kim")
    assert "This swap was withdrawn. Nothing to do." in await answer(world, "kim", "I take it")
    assert await primary_then(world, "payments", days=2, hours=10) == "ana"


async def test_the_team_is_asked_and_the_first_taker_wins(world: World) -> None:
    await ask(world, "ana", "cover wed 18:00 +8h")
    assert "The team was asked" in await press(world, "ana", "Ask the team")
    question = (await world.sandbox.channel("payments").messages())[-1]
    assert "Ana Silva cannot be on call and asks the team: who takes Payments primary" in question.shown
    pressing = [world.user(one).click(question.button("I take it"), "payments", question.ts) for one in ("bo", "kim")]
    await asyncio.gather(*pressing)
    await world.settled()
    heard = {one: (await world.user(one).sees("payments"))[-1].shown for one in ("bo", "kim")}
    first = await primary_then(world, "payments", days=2, hours=10) or ""
    late = "kim" if first == "bo" else "bo"
    assert "You have it" in heard[first]
    assert "took this already" in heard[late]
    closed = (await world.sandbox.channel("payments").messages())[-1]
    winner = world.bot.directory.config.people[first].name
    assert f"{winner} has it." in closed.shown and "I take it" not in closed.shown
    assert f"{winner} takes your time" in await letters(world, "ana")


async def test_a_team_without_a_channel_is_asked_one_by_one(sqlite_world: World) -> None:
    world = sqlite_world
    await ask(world, "bo", "cover platform-primary wed 18:00 +8h")
    await press(world, "bo", "Ask the team")
    assert "asks the team: who takes Platform primary" in await letters(world, "kim")
    assert "asks the team" in await letters(world, "lee")
    assert await letters(world, "bo") == ""


async def test_who_cannot_sees_who_could_and_asks_them(sqlite_world: World) -> None:
    world = sqlite_world
    shown = await ask(world, "ana", "off wed 18:00 +8h")
    assert "Who could take it, least lately on call first:" in shown
    assert "*Bo Lindqvist*: not lately, 0 h around these months; then also Payments secondary and Platform primary" in shown
    assert "Bo Lindqvist was asked: Payments primary Wed 4 Mar 18:00 – Thu 5 Mar 02:00" in await press(world, "ana", "Ask Bo")
    assert "Ana Silva asks you to take Payments primary" in await letters(world, "bo")


async def test_the_home_tab_shows_my_shifts_and_what_waits_for_me_with_buttons(sqlite_world: World) -> None:
    world = sqlite_world
    await ask(world, "bo", "swap @kim platform-primary wed 18:00 +8h")
    await press(world, "bo", "Ask")
    await world.user("kim").post("home")
    await world.settled()
    home = next(view for view in await world.user("kim").views() if view["type"] == "home")
    text = "\n".join(words(home["blocks"]))
    assert "*You are on call now*: Platform secondary until Mon 9 Mar 17:00" in text
    assert "Bo Lindqvist asks you: Platform primary Thu 5 Mar 02:00–10:00" in text
    assert "Databases primary" in text and "Your shifts as a feed (iCal)" in text

    cover = next(element for element in elements(home["blocks"]) if "Find cover" in words(element))
    await world.user("kim").click(cover["action_id"], view_id=home["id"], value=cover["value"], block_id=cover.get("block_id"))
    await world.settled()
    assert "Who could take it" in "\n".join(words((await world.user("kim").view())["blocks"]))
    take = next(element for element in elements(home["blocks"]) if "I take it" in words(element))
    await world.user("kim").click(take["action_id"], view_id=home["id"], value=take["value"])
    await world.settled()
    again = next(view for view in await world.user("kim").views() if view["type"] == "home")
    assert "asks you" not in "\n".join(words(again["blocks"]))
    assert "Kim Ji-woo takes your time" in await letters(world, "bo")


async def test_the_home_tab_shows_what_i_asked_and_takes_it_back(sqlite_world: World) -> None:
    world = sqlite_world
    await ask(world, "bo", "swap @kim platform-primary wed 18:00 +8h")
    await press(world, "bo", "Ask")
    await world.user("bo").post("home")
    await world.settled()
    home = next(view for view in await world.user("bo").views() if view["type"] == "home")
    assert "You asked Kim Ji-woo: Platform primary Wed 4 Mar 18:00 – Thu 5 Mar 02:00" in "\n".join(words(home["blocks"]))
    withdraw = next(element for element in elements(home["blocks"]) if words(element) == ["Withdraw"])
    await world.user("bo").click(withdraw["action_id"], view_id=home["id"], value=withdraw["value"])
    await world.settled()
    again = next(view for view in await world.user("bo").views() if view["type"] == "home")
    assert "You asked" not in "\n".join(words(again["blocks"]))
    assert "Bo Lindqvist withdrew what they asked" in await letters(world, "kim")


async def test_the_report_counts_what_was(sqlite_world: World) -> None:
    world = sqlite_world
    await world.user("lee").command("/inc sev1 checkout is down")
    await world.settled()
    await world.phone("ana").reply("ok")
    await world.advance(minutes=5)
    told_now = await ask(world, "ana", "report")
    assert "*Payments primary*, 2026 Q1 so far" in told_now
    assert "• Ana Silva: 1344 h (100 %), 56 nights, 8 weekends, 1 page\n" in told_now
    assert "2025 Q4" in await ask(world, "ana", "report last")


async def test_looking_costs_no_call_of_slack(sqlite_world: World) -> None:
    world = sqlite_world
    before = len(calls(world))
    await ask(world, "kim", "")
    await ask(world, "kim", "report")
    assert len(calls(world)) == before


async def test_a_temporary_schedule_is_shown_shift_by_shift_stands_and_is_taken_back(world: World) -> None:
    shown = await ask(world, "ana", "temporary payments @kim wed 18:00 +12h, @bo until thu 9:00, @kim thu 12:00 +2h")
    assert "In place of the schedule of Payments primary: *Wed 4 Mar 18:00 – Thu 5 Mar 14:00* (Europe/Lisbon, 20 h)." in shown
    assert "• Wed 4 Mar 18:00 – Thu 5 Mar 06:00: Kim Ji-woo\n• Thu 5 Mar 06:00–09:00: Bo Lindqvist\n" in shown
    assert "• Thu 5 Mar 09:00–12:00: :warning: *nobody*\n• Thu 5 Mar 12:00–14:00: Kim Ji-woo" in shown
    assert ":warning: Bo Lindqvist is on call at their time as Payments secondary and Platform primary as well." in shown
    assert await primary_then(world, "payments", days=2, hours=10) == "ana", "nobody has confirmed it"

    assert "Done: these shifts stand in place of the schedule of Payments primary" in await press(world, "ana", "Confirm")
    hours = {hour: await primary_then(world, "payments", days=2, hours=hour) for hour in (8, 9, 22, 25, 27, 29)}
    assert hours == {8: "ana", 9: "kim", 22: "bo", 25: None, 27: "kim", 29: "ana"}
    told_kim = await letters(world, "kim")
    assert "Ana Silva put shifts in place of the schedule of Payments primary *Thu 5 Mar 03:00–23:00* (Asia/Seoul)." in told_kim
    assert "You are on call *Thu 5 Mar 03:00–15:00*; *Thu 5 Mar 21:00–23:00*." in told_kim
    assert "You are on call *Thu 5 Mar 07:00–10:00*." in await letters(world, "bo")
    assert await letters(world, "ana") == "", "she did it herself"

    await world.advance(days=2, hours=10)
    assert "Kim Ji-woo (temporary schedule by Ana Silva until Thu 5 Mar 14:00) until Thu 5 Mar 06:00" in await ask(world, "ana", "payments")
    await world.user("lee").command("/inc sev1 checkout is down")
    await world.settled()
    assert "checkout is down" in world.phone("kim").last_sms

    shown = await ask(world, "bo", "payments")
    assert "Payments primary: temporary schedule of Kim Ji-woo and Bo Lindqvist (by Ana Silva) Wed 4 Mar 19:00 – Thu 5 Mar 15:00" in shown
    assert "Taken back: the plan holds again." in await press(world, "bo", "Take it back")
    assert await primary(world, "payments") == "ana"
    assert "Bo Lindqvist took a temporary schedule of Payments primary back: the plan holds again" in await letters(world, "kim")
    assert "from Wed 4 Mar 19:00 on." in await letters(world, "ana")


async def test_what_was_changed_is_listed_with_a_button_to_take_it_back(sqlite_world: World) -> None:
    world = sqlite_world
    await ask(world, "ana", "override @kim payments wed 18:00 +8h")
    await press(world, "ana", "Confirm")
    assert "Payments primary: Kim Ji-woo (by Ana Silva) Wed 4 Mar 19:00 – Thu 5 Mar 03:00" in await ask(world, "bo", "payments")
    assert "Taken back" in await press(world, "bo", "Take it back")
    assert "Bo Lindqvist took an override back: Payments primary *Wed 4 Mar 18:00" in await letters(world, "ana")
    assert "Take it back" not in await ask(world, "bo", "payments")


async def test_an_override_within_a_temporary_schedule_is_shown_and_goes_on_counting(sqlite_world: World) -> None:
    world = sqlite_world
    await ask(world, "ana", "override @kim payments wed 18:00 +2h")
    await press(world, "ana", "Confirm")
    shown = await ask(world, "ana", "temporary payments @bo wed 12:00 +8h")
    assert "• Wed 4 Mar 12:00–18:00: Bo Lindqvist" in shown
    assert "• Wed 4 Mar 18:00–20:00: Kim Ji-woo (override by Ana Silva for Bo Lindqvist until Wed 4 Mar 20:00)" in shown


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("temporary payments", "Who, and when? Name each with their time: `temporary payments @kim sat 9:00 +12h, @bo +12h`."),
        ("temporary payments wed 18:00 +8h", "I see nobody's name in that."),
        ("temporary payments @nobody wed 18:00 +8h", "I know nobody called `@nobody`."),
        ("temporary payments @kim wed 18:00 +8h, @zoe +8h", "not in the configuration, so nobody could page them"),
        ("temporary payments @kim, @bo +8h", "From when until when is each of them?"),
        ("temporary payments @kim soon, @bo +8h", "I cannot read `soon` as a time. Write `fri 18:00 +8h`"),
        ("temporary payments @kim fri 18:00, @bo +8h", "not for how long. Add a length or an end: `fri 18:00 +8h`"),
        ("temporary payments @kim yesterday 18:00 +8h", "That is over already"),
        ("temporary payments @kim today 7:00 to 12:00, @bo +8h", "That began already"),
        (
            "temporary payments @kim wed 18:00 +8h, @kim wed 20:00 +8h",
            "Kim Ji-woo stands in it twice from Wed 4 Mar 20:00 to Thu 5 Mar 02:00",
        ),
        ("temporary payments " + ", ".join(["@kim +1h"] * 80), "Those are too many times for one button."),
    ],
)
async def test_a_temporary_schedule_that_cannot_be_meant_gets_a_sentence(sqlite_world: World, line: str, says: str) -> None:
    assert says in await ask(sqlite_world, "ana", line)


async def test_two_temporary_schedules_at_once_are_refused_before_they_are_confirmed(sqlite_world: World) -> None:
    world = sqlite_world
    await ask(world, "ana", "temporary payments @kim wed 18:00 +8h")
    await press(world, "ana", "Confirm")
    refused = await ask(world, "bo", "temporary payments @bo wed 20:00 +1h")
    assert "A temporary schedule stands there from Wed 4 Mar 19:00 to Thu 5 Mar 03:00 already; remove it first." in refused
