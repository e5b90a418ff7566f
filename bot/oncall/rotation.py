"""People taking turns by the local wall clock. Nothing stores whose turn it is: it follows from the definition and the time.

A hand-off at a wall time that does not exist happens at the end of the gap, one that occurs twice at its first occurrence.
A turn that vanishes in a gap is nobody's: the turn passes at each hand-off that really happens.
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.errors import InvalidInput


class Unit(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


STEPS = {Unit.HOUR: timedelta(hours=1), Unit.DAY: timedelta(days=1), Unit.WEEK: timedelta(weeks=1)}
LAST_YEAR = 9998  # beyond it dates cannot be computed with


@dataclass(frozen=True)
class Rotation:
    """Turns of `count` units from `start` (local wall time without zone) on. A participant may be `None`: a turn of nobody."""

    id: str
    zone: str
    start: datetime
    participants: tuple[str | None, ...]
    count: int = 1
    unit: Unit = Unit.WEEK

    def __post_init__(self) -> None:
        if self.start.tzinfo is not None:
            raise InvalidInput(f"The start of rotation {self.id} is a wall time; its zone stands apart.")
        if self.count < 1 or not self.participants:
            raise InvalidInput(f"Rotation {self.id} needs at least one participant and turns of at least one {self.unit.value}.")

    def boundary(self, number: int) -> datetime:
        """The wall time at which turn `number` (from 0) begins. On the 31st of a shorter month: its last day."""
        if self.unit is not Unit.MONTH:
            return self.start + number * self.count * STEPS[self.unit]
        years, month = divmod(self.start.month - 1 + number * self.count, 12)
        year, month = self.start.year + years, month + 1
        return self.start.replace(year=year, month=month, day=min(self.start.day, monthrange(year, month)[1]))

    def number_at(self, wall: datetime) -> int:
        """The turn that wall time falls into by the calendar alone; negative before the start."""
        if self.unit is not Unit.MONTH:
            return (wall - self.start) // (self.count * STEPS[self.unit])
        months = (wall.year - self.start.year) * 12 + wall.month - self.start.month
        number = months // self.count
        return number if self.boundary(number) <= wall else number - 1


@dataclass(frozen=True)
class Turn:
    """Whose turn it is. `index` counts participants; times are aware UTC."""

    index: int
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Override:
    """From `start` until `end` (aware, end excluded) `person` stands in, or is there as well if `adds`.

    With `replaces` it holds only while that person would be on call; a `person` of `None` leaves the place empty.
    """

    start: datetime
    end: datetime
    person: str | None
    replaces: str | None = None
    adds: bool = False

    def covers(self, at: datetime) -> bool:
        return self.start <= at < self.end


@dataclass(frozen=True)
class OnCall:
    """Who is on call, why, and until when that stays so. `also`: people added by overrides. `None`: nobody, or no end in sight."""

    person: str | None
    why: str
    until: datetime | None
    also: tuple[str, ...] = ()


def who(rotation: Rotation, overrides: Iterable[Override], at: datetime) -> OnCall:
    """Who is on call at a moment. Of several overrides that hold the last given wins."""
    known = tuple(overrides)
    turn = turn_at(rotation, at)
    person = rotation.participants[turn.index] if turn else None
    changes = [moment for one in known for moment in (one.start, one.end) if moment > at]
    changes.append(turn.until if turn else instant(rotation.start, rotation.zone))
    why = f"turn {turn.index + 1} of {len(rotation.participants)} in {rotation.id}" if turn else f"{rotation.id} has not begun"
    if turn and person is None:
        why = f"{rotation.id} has nobody in this turn"
    also: dict[str, None] = {}
    scheduled = person
    for override in known:
        if not override.covers(at) or (override.replaces is not None and override.replaces != scheduled):
            continue
        if override.adds:
            if override.person is not None:
                also[override.person] = None
            continue
        person = override.person
        why = f"override, instead of {scheduled}" if scheduled else "override"
    return OnCall(person, why, min(changes), tuple(name for name in also if name != person))


def turn_at(rotation: Rotation, at: datetime) -> Turn | None:
    """The turn in progress at an aware moment; `None` before the start."""
    wall = at.astimezone(ZoneInfo(rotation.zone)).replace(tzinfo=None)
    if at < instant(rotation.start, rotation.zone):
        return None
    number = max(0, rotation.number_at(wall))
    while begins(rotation, number) > at:  # the wall clock was set back, or jumped over the hand-off
        number -= 1
    while begins(rotation, number + 1) <= at:
        number += 1
    index = (number - vanished(rotation, number)) % len(rotation.participants)
    return Turn(index, begins(rotation, number), begins(rotation, number + 1))


def begins(rotation: Rotation, number: int) -> datetime:
    """The moment at which turn `number` begins."""
    return instant(rotation.boundary(number), rotation.zone)


def vanished(rotation: Rotation, number: int) -> int:
    """How many turns before turn `number` had no length because the clock jumped over them."""
    lost = 0
    for year in range(rotation.start.year - 1, rotation.boundary(number).year + 2):  # UTC years reach over local ones
        for gap_start, gap_end in gaps(rotation.zone, year):
            first = max(0, first_from(rotation, gap_start))
            last = min(number, rotation.number_at(gap_end))
            lost += max(0, last - first)
    return lost


def first_from(rotation: Rotation, wall: datetime) -> int:
    """The first turn that begins at this wall time or later."""
    number = rotation.number_at(wall)
    return number if rotation.boundary(number) == wall else number + 1


def instant(wall: datetime, zone: str) -> datetime:
    """The moment of a wall time: of two the first, and for one that does not exist the end of the gap."""
    local = wall.replace(tzinfo=ZoneInfo(zone), fold=0)
    moment = local.astimezone(UTC)
    if moment.astimezone(local.tzinfo).replace(tzinfo=None) == wall:
        return moment
    for gap_start, gap_end in gaps(zone, wall.year) + gaps(zone, wall.year - 1) + gaps(zone, wall.year + 1):
        if gap_start <= wall < gap_end:
            return gap_end.replace(tzinfo=local.tzinfo).astimezone(UTC)
    return moment


@lru_cache(maxsize=4096)
def gaps(zone: str, year: int) -> tuple[tuple[datetime, datetime], ...]:
    """The wall times that a year of this zone jumps over: from (included) until (excluded). By the UTC year."""
    if not 1 < year < LAST_YEAR:
        return ()
    tz, found = ZoneInfo(zone), list[tuple[datetime, datetime]]()
    day = datetime(year, 1, 1, tzinfo=UTC)
    while day.year == year:
        following = day + timedelta(days=1)
        # Several changes within one day are rare but real, so quiet days are skipped and others are searched by the hour.
        if offset(tz, day) != offset(tz, following) or offset(tz, day) != offset(tz, day + timedelta(hours=12)):
            found.extend(gap for hour in range(24) if (gap := gap_between(tz, day + timedelta(hours=hour))))
        day = following
    return tuple(found)


def gap_between(tz: ZoneInfo, hour: datetime) -> tuple[datetime, datetime] | None:
    """The gap that falls into the hour from this moment, if the clock is set forward in it."""
    before, after = hour, hour + timedelta(hours=1)
    if offset(tz, after) <= offset(tz, before):
        return None
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if offset(tz, middle) == offset(tz, before):
            before = middle
        else:
            after = middle
    change = after.replace(tzinfo=None)
    return change + offset(tz, hour), change + offset(tz, after)


def offset(tz: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(tz).utcoffset() or timedelta(0)
