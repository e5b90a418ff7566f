"""What `tocsin check` says about who is on call: each finding at its line, and who differs once an edit is loaded."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.clock import FakeClock
from bot.config.loader import load
from bot.db import BOT, ActorId, Database
from bot.directory.service import Directory
from bot.oncall.absences import gather
from bot.oncall.checking import Standing, as_written, checked, stored
from bot.oncall.checks import Checks
from bot.oncall.configured import wanted
from bot.oncall.differences import differences
from bot.oncall.overriding import Overriding
from bot.oncall.service import OnCall
from tests.oncall.test_epochs import as_schedule, planned

NOW = datetime(2026, 12, 7, 12, tzinfo=UTC)  # a Monday
SOUND = """\
company: Example
executives: [bea]
fallback: ["person:bea"]
audiences: {customer_approvers: [bea]}
people:
  ana: {name: Ana, slack: U0ANA, phone: +15550100001, level: senior, country: PT, zone: Europe/Lisbon}
  bo: {name: Bo, slack: U0BO, phone: +15550100002, level: senior}
  kim: {name: Kim, slack: U0KIM, phone: +15550100003, level: senior, zone: Asia/Seoul}
  lee: {name: Lee, slack: U0LEE, phone: +15550100004, level: senior}
  bea: {name: Bea, slack: U0BEA, phone: +15550100005, level: manager}
teams:
  payments:
    name: Payments
    manager: bea
    oncall: {primary: days, secondary: second}
services:
  checkout: {name: Checkout, owner: payments}
schedules:
  days:
    zone: Europe/Berlin
    layers:
      - rotation: first
rotations:
  first:
    zone: Europe/Berlin
    start: 2026-01-05 09:00
    participants: [bo, kim]
  second:
    start: 2026-01-05 09:00
    participants: [lee]
"""


def findings(folder: Path, *edits: tuple[str, str], standing: Standing | None = None) -> list[str]:
    """The warnings for the sound directory with some of its words replaced."""
    text = SOUND
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    (folder / "all.yaml").write_text(text)
    report = checked(folder, {}, standing or {}, NOW)
    assert report.is_sound, report.text()
    return [warning.removeprefix(f"{folder}/all.yaml:") for warning in report.warnings]


def line(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


def test_nothing_is_found_where_nothing_is_wrong(tmp_path: Path) -> None:
    assert findings(tmp_path) == []


def test_a_gap_is_found_once_with_its_place_and_size(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, ("      - rotation: first\n", "      - rotation: first\n        restrictions: [{days: [sat, sun]}]\n"))
    assert found == (
        f"{line(SOUND, '  days:')}: nobody is primary on call for team 'payments' from Mon 2026-12-07 13:00 to Sat 2026-12-12 00:00 CET "
        "(9 gaps and 960 h in 8 weeks); add a layer or a participant for that time."
    )


def test_layers_of_one_rank_that_overlap(tmp_path: Path) -> None:
    (found,) = findings(
        tmp_path,
        ("      - rotation: first\n", "      - rotation: first\n      - rotation: third\n"),
        ("rotations:", "rotations:\n  third: {start: 2026-12-21 08:00, participants: [ana]}"),
        ("country: PT, ", ""),
    )
    assert (
        found
        == (
            f"{line(SOUND, '  days:')}: layers 'first' and 'third' of schedule 'days' are both on call from Mon 2026-12-21 09:00 to "
            "Mon 2026-12-28 09:00 CET; give one a higher 'priority', or say 'combine: together'."
        )
        or "layers 'first' and 'third'" in found
    )
    assert (
        findings(
            tmp_path,
            ("layers:\n      - rotation: first\n", "combine: together\n    layers:\n      - rotation: first\n      - rotation: third\n"),
            ("rotations:", "rotations:\n  third: {start: 2026-12-21 08:00, participants: [ana]}"),
            ("country: PT, ", ""),
        )
        == []
    )


def test_people_who_cannot_be_reached_or_are_too_junior(tmp_path: Path) -> None:
    found = findings(tmp_path, ("slack: U0LEE, phone: +15550100004, level: senior", "level: engineer"))
    assert found[1:] == [
        f"{line(SOUND, '    participants: [lee]')}: rotation 'second' gives turns to 'lee', who has no Slack id, phone or e-mail address; "
        "a page in those turns reaches nobody.",
        f"{line(SOUND, '    participants: [lee]')}: rotation 'second' makes 'lee' (engineer) secondary on call for team 'payments', "
        "which asks for senior or above; change the turn, the level, or 'eligibility'.",
    ]


def test_people_who_are_on_call_twice_at_once(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, ("participants: [lee]", "participants: [bo, lee]"))
    assert found.startswith(f"{line(SOUND, '  second:')}: 'bo' is on call twice at once, in 'days' and 'second', from Mon 2026-12-")
    assert found.endswith("in 8 weeks); two pages at once have one person to answer them.")


def test_shifts_on_public_holidays_where_people_live(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, ("participants: [lee]", "participants: [ana]"))
    assert found.startswith(f"{line(SOUND, '  second:')}: 'ana' is on call in 'second' on public holidays in PT: 2026-12-08 (")
    assert "2026-12-25 (" in found
    (unknown,) = findings(tmp_path, ("participants: [lee]", "participants: [ana]"), ("PT", "XX"))
    assert unknown == f"{line(SOUND, '  ana:')}: public holidays of 'XX' are not known; write it like DE or DE-BE."


CALENDAR = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//test//EN
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20261214
DTEND;VALUE=DATE:20261216
SUMMARY:Skiing
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART:20260105T100000Z
DTEND:20260105T110000Z
RRULE:FREQ=WEEKLY;BYDAY=WE
SUMMARY:Focus
TRANSP:TRANSPARENT
END:VEVENT
END:VCALENDAR
"""
AWAY = ("name: Lee,", "name: Lee, out_of_office: lee.ics,")


def test_shifts_in_somebodys_out_of_office(tmp_path: Path) -> None:
    (tmp_path / "lee.ics").write_text(CALENDAR)
    assert findings(tmp_path, AWAY) == [
        f"{line(SOUND, '  second:')}: 'lee' is on call in 'second' from Mon 2026-12-14 00:00 to Wed 2026-12-16 00:00 UTC "
        'and out of office then ("Skiing"); ask for a swap or an override.'
    ]


@pytest.mark.parametrize(("content", "why"), [(None, "No such file"), ("no calendar", "it is no iCalendar")])
def test_a_calendar_that_cannot_be_read_is_told(tmp_path: Path, content: str | None, why: str) -> None:
    if content is not None:
        (tmp_path / "lee.ics").write_text(content)
    (found,) = findings(tmp_path, AWAY)
    assert found.startswith(f"{line(SOUND, '  lee:')}: the out-of-office calendar of 'lee' cannot be read (")
    assert why in found


@pytest.fixture
async def calendars() -> AsyncIterator[str]:
    """A web server with Lee's calendar."""

    async def calendar(_: web.Request) -> web.Response:
        return web.Response(text=CALENDAR, content_type="text/calendar")

    app = web.Application()
    app.add_routes([web.get("/lee.ics", calendar)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_a_calendar_may_be_an_address(tmp_path: Path, calendars: str) -> None:
    for name, words in (("lee.ics", "Skiing"), ("gone.ics", "404")):
        (tmp_path / "all.yaml").write_text(SOUND.replace("name: Lee,", f"name: Lee, out_of_office: '{calendars}/{name}',"))
        found = await gather(load(tmp_path, {}), tmp_path, NOW, NOW + timedelta(weeks=8))
        assert words in str(found)


def test_who_differs_is_printed_before_it_takes_effect(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, text in (
        (old, SOUND),
        (new, SOUND.replace("[bo, kim]", "[bo, lee]").replace("[lee]", "[ana]").replace("country: PT, ", "")),
    ):
        folder.mkdir()
        (folder / "all.yaml").write_text(text)
    assert checked(old, {}, as_written(load(old, {})), NOW).differences == ("Who is on call stays the same for 8 weeks.",)
    found = checked(new, {}, as_written(load(old, {})), NOW).differences
    assert found[0] == "Who is on call differs in the next 8 weeks:"
    assert "  days: Mon 2026-12-14 09:00 to Mon 2026-12-21 09:00 CET: lee instead of kim" in found
    assert not [one for one in found if one.startswith("  first: ")]
    assert "  second: Mon 2026-12-14 09:00 to Mon 2027-02-01 12:00 UTC: ana instead of lee" in found


async def test_it_is_compared_with_what_the_database_holds(tmp_path: Path, database: Database, clock: FakeClock) -> None:
    (tmp_path / "all.yaml").write_text(SOUND)
    config = load(tmp_path, {})
    oncall = OnCall(Directory(config))
    async with database.begin(actor=BOT) as tx:
        await oncall.open_epochs(tx)
        overriding = Overriding(Checks(oncall, Directory(config)))
    async with database.begin(actor=ActorId("ana")) as tx:
        made = await overriding.add_override(tx, "second", "bo", tx.now + timedelta(days=8), tx.now + timedelta(days=9))
    (tmp_path / "all.yaml").write_text(SOUND.replace("[lee]", "[ana]"))
    edited = load(tmp_path, {})
    async with database.read() as tx:
        standing = await stored(tx, edited)
    assert standing["second"][1].overrides == (made,)
    before = as_schedule(standing["second"][0])
    after = as_schedule(planned(standing["second"][0], wanted(edited, "second"), clock.now()))
    found = differences(before, after, standing["second"][1], clock.now(), clock.now() + timedelta(weeks=2))
    assert [(one.before, one.after) for one in found] == [(("lee",), ("ana",)), (("lee",), ("ana",))]  # the override splits it in two
