"""A time at which nobody is on call is told to the team once, ahead of it, and filled from there. It is Monday 2 March 2026, 09:00 UTC."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import FakeClock
from tests.journeys.conftest import running_world
from tests.journeys.test_oncall import letters, press, primary_then
from tests.journeys.test_reload import Files, copied, reloaded
from tests.world import World

MAX_IS_AWAY = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:test
BEGIN:VEVENT
UID:1
DTSTAMP:20260301T000000Z
SUMMARY:Holiday
DTSTART:20260307T000000Z
DTEND:20260315T000000Z
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return copied(tmp_path)


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: FakeClock, files: Files) -> AsyncIterator[World]:
    async with running_world(database_url, tmp_path, clock, config=files.folder) as world:
        yield world


@pytest.fixture
async def sqlite_world(sqlite_url: str, tmp_path: Path, clock: FakeClock, files: Files) -> AsyncIterator[World]:
    async with running_world(sqlite_url, tmp_path, clock, config=files.folder) as world:
        yield world


async def open_a_gap(world: World, files: Files) -> None:
    """From Monday in two weeks on, every second week of Payments is nobody's."""
    files.edit(
        "teams", "    start: 2026-01-05 09:00\n    participants: [ana]", "    start: 2026-01-05 09:00\n    participants: [ana, none]"
    )
    await reloaded(world)


async def days_pass(world: World, days: int) -> None:
    """So many days, in halves: what comes every minute is not done once for each of them."""
    for _ in range(2 * days):
        world.clock.advance(timedelta(hours=12))
        await world.settled()


async def told(world: World, channel: str = "payments") -> list[str]:
    """What the team reads of gaps, in full."""
    return [message.shown for message in await world.sandbox.channel(channel).messages() if "on call as" in message.shown]


async def test_a_gap_is_told_in_the_teams_channel_once_and_filled_by_a_button_there(world: World, files: Files) -> None:
    await open_a_gap(world, files)
    assert await told(world) == [], "it begins two weeks from now to the minute"
    await days_pass(world, 2)
    [text] = await told(world)
    assert "*Nobody is on call as Payments primary* (UTC)" in text
    assert "• Mon 16 Mar 09:00 – Mon 23 Mar 09:00" in text
    assert "`/oncall override me payments-primary …`" in text
    await days_pass(world, 1)
    await world.stop()
    await world.start()
    assert len(await told(world)) == 1

    shown = await press(world, "bo", "I take the first", "payments")
    assert (
        "You stand in as Payments primary: *Mon 16 Mar 10:00 – Mon 23 Mar 10:00* (Europe/Stockholm, 7 days), where nobody is on call."
        in shown
    )
    await press(world, "bo", "Confirm", "payments")
    assert await primary_then(world, "payments", days=13) == "bo"
    assert (
        "Somebody is on call as Payments primary again (UTC):\n• Mon 16 Mar 09:00 – Mon 23 Mar 09:00: Bo Lindqvist"
        in (await told(world))[1]
    )
    await days_pass(world, 1)
    assert len(await told(world)) == 2


async def test_the_next_gap_is_told_in_the_morning_when_it_comes_into_sight(sqlite_world: World, files: Files) -> None:
    world = sqlite_world
    await open_a_gap(world, files)
    await days_pass(world, 14)
    assert len(await told(world)) == 1, "the next one begins two weeks from now to the minute"
    await days_pass(world, 2)
    assert len(await told(world)) == 2
    assert "• Mon 30 Mar 09:00 – Mon 6 Apr 09:00" in (await told(world))[-1]
    await days_pass(world, 2)
    assert len(await told(world)) == 2


async def test_a_team_without_a_channel_hears_it_through_its_lead_and_one_without_either_through_the_ops_channel(
    sqlite_world: World, files: Files
) -> None:
    world = sqlite_world
    files.edit("teams", "    length: 12h\n    participants: [kim, lee]", "    length: 12h\n    participants: [kim, none]")
    files.edit("teams", "    participants: [bo, kim]", "    participants: [bo, none]")
    files.edit("teams", "    members: [bo, kim, lee]\n    lead: lee\n", "    members: [bo, kim, lee]\n")
    await reloaded(world)
    assert "*Nobody is on call as Databases primary*" in await letters(world, "kim")
    assert "• and 9 more times" in await letters(world, "kim")
    assert "*Nobody is on call as Platform primary*" in "\n".join(await told(world, "ops"))
    await days_pass(world, 4)
    assert (await letters(world, "kim")).count("Nobody is on call as Databases") == 1, "each day is as the others"


async def test_whoever_is_free_and_was_on_call_least_lately_is_named_and_nobody_who_is_away_then(sqlite_world: World, files: Files) -> None:
    world = sqlite_world
    files.edit("teams", "members: [ana, bo, kim]", "members: [ana, bo, kim, max]")
    await open_a_gap(world, files)
    await days_pass(world, 2)
    [text] = await told(world)
    assert "Least lately on call of those who are free then: *Max Adeyemi* (not lately, 0 h around these months)." in text

    (files.folder / "max.ics").write_text(MAX_IS_AWAY)
    files.edit("people", "    level: executive", "    level: executive\n    out_of_office: max.ics")
    await reloaded(world)
    await world.user("ana").command("/oncall off mon 9 march 9:00 +8h")
    await world.settled()
    shown = (await world.user("ana").sees("general"))[-1].shown
    lines = [line for line in shown.splitlines() if line.startswith("*")]
    assert lines[-1].startswith("*Max Adeyemi*: not lately, 0 h around these months; out of office then")
    await press(world, "ana", "Ask the whole team")
    question = [message.shown for message in await world.sandbox.channel("payments").messages() if "who takes" in message.shown]
    assert question and "Max" not in question[0], "he is away, and the others are on call then"


async def test_a_stand_in_who_is_no_longer_configured_leaves_a_gap(sqlite_world: World, files: Files) -> None:
    world = sqlite_world
    await world.user("ana").command("/oncall override @max payments wed 18:00 +8h")
    await world.settled()
    await press(world, "ana", "Confirm")
    assert await told(world) == []
    people = (files.folder / "people.yaml").read_text()
    (files.folder / "people.yaml").write_text(people[: people.index("  max:\n")])
    files.edit("company", 'executives: [max]\nfallback: ["person:ana", "person:max"]', 'fallback: ["person:ana"]')
    await reloaded(world)
    [text] = await told(world)
    assert "*Nobody is on call as Payments primary* (UTC)" in text and "• Wed 4 Mar 18:00 – Thu 5 Mar 02:00" in text
