"""People taking turns by the local wall clock. Nothing stores whose turn it is: it follows from the definition and the time.

A hand-off at a wall time that does not exist happens at the end of the gap, one that occurs twice at its first occurrence.
A turn that vanishes in a gap is nobody's: the turn passes at each hand-off that really happens.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from bot.errors import InvalidInput
from bot.oncall.walltime import instant, local, vanished_between


class Unit(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


STEPS = {Unit.HOUR: timedelta(hours=1), Unit.DAY: timedelta(days=1), Unit.WEEK: timedelta(weeks=1)}
ADVERBS = {Unit.HOUR: "hourly", Unit.DAY: "daily", Unit.WEEK: "weekly", Unit.MONTH: "monthly"}
LONGEST_GAP = timedelta(days=1)
"""Samoa left out a day; no clock ever jumped further, so that only shorter turns can vanish."""
Group = tuple[str, ...]
"""Who shares a turn. Empty: a turn of nobody."""


@dataclass(frozen=True)
class Rotation:
    """Turns of `count` units from `start` (local wall time without zone) on, each of one group of people."""

    id: str
    zone: str
    start: datetime
    participants: tuple[Group, ...]
    count: int = 1
    unit: Unit = Unit.WEEK

    def __post_init__(self) -> None:
        if self.start.tzinfo is not None:
            raise InvalidInput(f"The start of rotation {self.id} is a wall time; its zone stands apart.")
        if self.count < 1 or not self.participants:
            raise InvalidInput(f"Rotation {self.id} needs at least one participant and turns of at least one {self.unit.value}.")

    @property
    def name(self) -> str:
        """As people call it: "weekly rotation payments-primary"."""
        often = ADVERBS[self.unit] if self.count == 1 else f"{self.count}-{self.unit.value}"
        return f"{often} rotation {self.id}"

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

    @property
    def can_vanish(self) -> bool:
        """Are its turns short enough for a clock to jump over one?"""
        return self.unit is not Unit.MONTH and self.count * STEPS[self.unit] <= LONGEST_GAP


class Turn(NamedTuple):
    """Whose turn it is. `number` counts turns by the calendar, `place` participants; times are aware UTC."""

    number: int
    place: int
    since: datetime
    until: datetime


def turn_at(rotation: Rotation, at: datetime) -> Turn | None:
    """The turn in progress at an aware moment; `None` before the start."""
    number = max(0, rotation.number_at(local(at, rotation.zone)))
    since = begins(rotation, number)
    while since > at:  # the wall clock was set back, or jumped over the hand-off
        if number == 0:
            return None
        number -= 1
        since = begins(rotation, number)
    while (until := begins(rotation, number + 1)) <= at:
        number, since = number + 1, until
    return Turn(number, (number - vanished(rotation, number)) % len(rotation.participants), since, until)


def turns(rotation: Rotation, at: datetime) -> Iterator[Turn]:
    """The turn in progress at a moment, or the first one if that lies ahead, and those after it, without end."""
    turn = turn_at(rotation, at) or turn_at(rotation, begins(rotation, 0))
    if turn is None:
        return
    size, zone = len(rotation.participants), rotation.zone
    step = None if rotation.unit is Unit.MONTH else rotation.count * STEPS[rotation.unit]
    number, place, since, until = turn
    wall = rotation.boundary(number + 1)
    while True:
        if since != until:  # otherwise this one has no length
            yield Turn(number, place, since, until)
            place = (place + 1) % size
        number, since = number + 1, until
        wall = rotation.boundary(number + 1) if step is None else wall + step
        until = instant(wall, zone)


def begins(rotation: Rotation, number: int) -> datetime:
    """The moment at which turn `number` begins."""
    return instant(rotation.boundary(number), rotation.zone)


def vanished(rotation: Rotation, number: int) -> int:
    """How many turns before turn `number` had no length because the clock jumped over them."""
    if not rotation.can_vanish:
        return 0
    lost = 0
    for gap_start, gap_end in vanished_between(rotation.zone, rotation.start, rotation.boundary(number)):
        first = max(0, first_from(rotation, gap_start))
        last = min(number, rotation.number_at(gap_end))
        lost += max(0, last - first)
    return lost


def first_from(rotation: Rotation, wall: datetime) -> int:
    """The first turn that begins at this wall time or later."""
    number = rotation.number_at(wall)
    return number if rotation.boundary(number) == wall else number + 1
