"""Every zone at every change of its clocks, minute by minute, against a clock that is simply watched; and samples in between."""

import random
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest

from bot.clock import pin_zones
from bot.oncall.definition import NONE, Layer, Restriction, Schedule, always
from bot.oncall.rotation import Rotation, Unit
from bot.oncall.schedule import shifts, who

YEARS = (datetime(2015, 1, 1, tzinfo=UTC), datetime(2037, 12, 31, tzinfo=UTC))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
AROUND = 3 * HOUR
PEOPLE = (("ana",), ("bo",), ("kim",))
SAMPLE = {  # odd ones: half an hour, Ramadan, two hours, negative summer time, midnight, a quarter past, many a year
    "Europe/Berlin": 2,
    "America/New_York": 2,
    "Australia/Lord_Howe": 4,
    "Africa/Casablanca": 3,
    "Antarctica/Troll": 2,
    "Europe/Dublin": 2,
    "Africa/Cairo": 2,
    "Asia/Gaza": 2,
    "America/Havana": 2,
    "Pacific/Chatham": 2,
    "America/Caracas": 1,
    "Asia/Pyongyang": 2,
}


def changes(zone: str, start: datetime = YEARS[0], end: datetime = YEARS[1]) -> Iterator[datetime]:
    """Every moment at which a zone's clocks change, found by looking twice a day."""
    tz, at = ZoneInfo(zone), start
    before = at.astimezone(tz).utcoffset()
    while at < end:
        following = at + DAY / 2
        after = following.astimezone(tz).utcoffset()
        if after != before:
            low, high = at, following
            while high - low > MINUTE:
                middle = low + (high - low) // 2
                middle = middle.replace(second=0, microsecond=0)
                low, high = (middle, high) if middle.astimezone(tz).utcoffset() == before else (low, middle)
            yield high
        at, before = following, after


def walls(zone: str, moments: list[datetime]) -> list[datetime]:
    """What a clock on the wall shows at each moment."""
    tz = ZoneInfo(zone)
    return [moment.astimezone(tz).replace(tzinfo=None) for moment in moments]


def watched_turns(rotation: Rotation, moments: list[datetime]) -> list[tuple[str, ...]]:
    """Whose turn it is at each moment: it passes when the clock first shows a hand-off or something later, once a moment."""
    reached = list(accumulate(walls(rotation.zone, moments), max))
    place = rotation.number_at(reached[0]) % len(PEOPLE)
    found = []
    for before, now in zip([reached[0], *reached], reached, strict=False):
        place += rotation.number_at(now) > rotation.number_at(before)
        found.append(rotation.participants[place % len(PEOPLE)])
    return found


def watched_window(zone: str, restriction: Restriction, moments: list[datetime]) -> list[bool]:
    """Whether a window is open: from when the clock first shows its start until it last shows its end."""
    shown = walls(zone, moments)
    reached = list(accumulate(shown, max))
    later = [*list(accumulate(reversed(shown), min))[-2::-1], datetime.fromisoformat("9999-01-01")]
    first = shown[0].replace(hour=0, minute=0) - DAY
    days = [first + number * DAY for number in range((shown[-1] - first) // DAY + 1)]
    windows = [
        (
            datetime.combine(day, restriction.start),
            datetime.combine(day if restriction.end > restriction.start else day + DAY, restriction.end),
        )
        for day in days
    ]
    return [
        any(start <= past and (now < end or future <= end) for start, end in windows)
        for past, now, future in zip(reached, shown, later, strict=True)
    ]


def rotations(zone: str, change: datetime) -> Iterator[Rotation]:
    """Turns whose hand-offs lie in and around the hours that are skipped or repeated, begun with the moments that are watched."""
    tz = ZoneInfo(zone)
    begin = (change - AROUND).astimezone(tz).replace(tzinfo=None)
    shown = change.astimezone(tz).replace(tzinfo=None)
    for name, start, unit, count in (
        ("hourly", begin, Unit.HOUR, 1),
        ("odd-hourly", begin.replace(minute=begin.minute // 2), Unit.HOUR, 1),
        ("daily", shown - 3 * DAY - timedelta(minutes=15), Unit.DAY, 1),
        ("daily-later", shown - 3 * DAY + timedelta(minutes=10), Unit.DAY, 1),
        ("weekly", shown - 7 * DAY, Unit.WEEK, 1),
    ):
        yield Rotation(name, zone, start, PEOPLE, count, unit)


def hold(zone: str, change: datetime) -> None:
    """Around one change of clocks every minute has exactly the people that are promised."""
    moments = [change - AROUND + number * MINUTE for number in range(int(2 * AROUND / MINUTE))]
    for rotation in rotations(zone, change):
        agree(always("s", zone, Layer(rotation)), moments, watched_turns(rotation, moments), rotation)
    shown = walls(zone, [change])[0]
    weekly = Rotation("weekly", zone, shown - 7 * DAY, (("ana",),))
    for start, end in (((shown - HOUR / 2).time(), (shown + HOUR / 2).time()), (time(1, 15), time(2, 45)), (time(22), time(2, 30))):
        restriction = Restriction(start, end)
        open_at = watched_window(zone, restriction, moments)
        agree(always("s", zone, Layer(weekly, (restriction,))), moments, [("ana",) if is_open else () for is_open in open_at], restriction)


def agree(definition: Schedule, moments: list[datetime], expected: list[tuple[str, ...]], about: object) -> None:
    """`who` every 15 minutes and at each hand-off, the list of shifts at every minute."""
    found = shifts(definition, NONE, moments[0], moments[-1] + MINUTE)
    by_minute = [tuple(shift.person for shift in found if shift.start <= moment < shift.end) for moment in moments]
    assert by_minute == expected, (definition.zone, moments[0], about)
    for number, moment in enumerate(moments):
        if number % 15 == 0 or expected[number] != expected[number - 1]:
            assert who(definition, NONE, moment).people == expected[number], (definition.zone, moment, about)


@pytest.mark.parametrize("zone", SAMPLE)
def test_every_minute_around_a_change_of_clocks_has_who_is_promised(zone: str) -> None:
    for change in list(changes(zone, datetime(2015, 1, 1, tzinfo=UTC), datetime(2019, 1, 1, tzinfo=UTC)))[: SAMPLE[zone]]:
        hold(zone, change)


@pytest.mark.soak
@pytest.mark.parametrize("zone", sorted(zoneinfo.available_timezones() - {"localtime"}))
def test_every_minute_around_every_change_of_every_zone_has_who_is_promised(zone: str) -> None:
    for change in changes(zone):
        hold(zone, change)
    between(zone, 500)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns"])
def test_between_changes_turns_follow_the_wall_clock(zone: str) -> None:
    between(zone, 50)


def between(zone: str, number: int) -> None:
    """At random moments the turn is what the calendar says, where no hand-off is near a change of clocks: at noon."""
    lots = random.Random(zone)
    noon = datetime.fromisoformat("2014-12-29T12:00")
    weekly = Rotation("weekly", zone, noon, PEOPLE)
    definition = always("s", zone, Layer(weekly))
    for _ in range(number):
        moment = YEARS[0] + lots.random() * (YEARS[1] - YEARS[0])
        expected = PEOPLE[(walls(zone, [moment])[0] - noon) // (7 * DAY) % 3]
        assert who(definition, NONE, moment).people == expected, moment


def test_the_day_that_samoa_left_out() -> None:
    hold("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC))


def test_zone_data_is_that_of_the_pinned_package() -> None:
    pin_zones()
    assert zoneinfo.TZPATH == ()
    assert ZoneInfo("Europe/Berlin").utcoffset(datetime.fromisoformat("2026-07-01")) == 2 * HOUR
