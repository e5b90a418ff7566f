"""What a schedule is: layers of rotations with restrictions, in dated epochs; and what people change about it for a while.

Everything here is plain values. `schedule.py` says who is on call by them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.errors import InvalidInput
from bot.oncall.rotation import Rotation

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""From when a schedule's first epoch holds. Its rotations have starts of their own."""
EVERY_DAY = frozenset(range(7))


class Combine(StrEnum):
    """How layers make one answer."""

    PRIORITY = "priority"  # the highest layer with somebody wins, equals are on call together
    TOGETHER = "together"  # everybody of every layer


@dataclass(frozen=True)
class Restriction:
    """When a layer holds: on these weekdays (Monday is 0) from `start` (included) until `end` (excluded), wall times.

    An `end` before `start` is the next day's, and belongs to the first; equal times mean whole days. `month_days` narrow the days.
    """

    start: time
    end: time
    days: frozenset[int] = EVERY_DAY
    month_days: frozenset[int] = frozenset()

    def holds_on(self, day: datetime) -> bool:
        """Does a window begin on this day?"""
        return day.weekday() in self.days and (not self.month_days or day.day in self.month_days)

    @property
    def is_always(self) -> bool:
        """Is there no moment at which it does not hold?"""
        return self.start == self.end and self.days == EVERY_DAY and not self.month_days


@dataclass(frozen=True)
class Layer:
    """A rotation, narrowed by restrictions (none: it always holds) in the zone of its rotation.

    `is_continued`: the rotation ran already when its epoch began, so that it has no time before its start.
    """

    rotation: Rotation
    restrictions: tuple[Restriction, ...] = ()
    priority: int = 0
    is_continued: bool = False
    zone: str | None = None  # of the restrictions, where it is another than the rotation's

    @property
    def id(self) -> str:
        return self.rotation.id

    @property
    def restrictions_zone(self) -> str:
        return self.zone or self.rotation.zone


@dataclass(frozen=True)
class Epoch:
    """From `since` (aware UTC) until the next epoch these layers hold."""

    since: datetime
    layers: tuple[Layer, ...]
    combine: Combine = Combine.PRIORITY


@dataclass(frozen=True)
class Schedule:
    """Who is planned to be on call, over all time. An edit adds an epoch and never touches those that have begun."""

    id: str
    zone: str
    epochs: tuple[Epoch, ...]

    def epoch(self, at: datetime) -> Epoch | None:
        """The epoch that holds at a moment."""
        return next((epoch for epoch in reversed(self.epochs) if epoch.since <= at), None)


def always(schedule_id: str, zone: str, *layers: Layer, combine: Combine = Combine.PRIORITY) -> Schedule:
    """A schedule that was never edited."""
    return Schedule(schedule_id, zone, (Epoch(BEGINNING, layers, combine),))


class Op(StrEnum):
    """What an override does to who is on call."""

    ADD = "add"  # `person` is on call as well
    REPLACE = "replace"  # `person` stands in for `instead_of`, while that one is on call
    REMOVE = "remove"  # `instead_of` is not on call
    REPLACE_ALL = "replace-all"  # `person` alone is on call; without one nobody is


class Kind(StrEnum):
    OVERRIDE = "override"
    SWAP = "swap"
    TEMPORARY = "temporary schedule"  # how a shift of one says what it comes from; no row of overrides is of this kind


@dataclass(frozen=True)
class Override:
    """A change from `start` until `end` (aware UTC, end excluded), made by `by`. Of several that replace all, the highest priority wins."""

    op: Op
    start: datetime
    end: datetime
    person: str | None = None
    instead_of: str | None = None
    by: str | None = None
    priority: int = 0
    kind: Kind = Kind.OVERRIDE
    id: int | None = None

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise InvalidInput("An override must end after it starts.")
        if self.op in (Op.REPLACE, Op.REMOVE) and self.instead_of is None:
            raise InvalidInput("Say who is not on call meanwhile.")
        if self.op in (Op.ADD, Op.REPLACE) and self.person is None:
            raise InvalidInput("Say who is on call meanwhile.")


@dataclass(frozen=True)
class TemporaryShift:
    """Somebody's time within a temporary schedule."""

    person: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class TemporarySchedule:
    """From `start` until `end` these shifts stand in place of all layers; where they leave a gap, nobody is on call."""

    start: datetime
    end: datetime
    shifts: tuple[TemporaryShift, ...]
    by: str | None = None
    id: int | None = None

    def people(self, at: datetime) -> tuple[str, ...]:
        """Who is on call by it at a moment within it, each once."""
        return tuple(dict.fromkeys(shift.person for shift in self.shifts if shift.start <= at < shift.end))

    def duty(self, person: str) -> "Duty":
        """Somebody's being on call by it."""
        return Duty(person, "", Override(Op.ADD, self.start, self.end, person, by=self.by, kind=Kind.TEMPORARY))


class SwapState(StrEnum):
    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Swap:
    """`requester` asks somebody to take their time from `start` until `end`; once accepted, `taker` has it.

    `asked` is None when anybody may take it. With a `return_start` the requester takes that time of the taker's.
    """

    requester: str
    start: datetime
    end: datetime
    state: SwapState = SwapState.ASKED
    asked: str | None = None
    taker: str | None = None
    return_start: datetime | None = None
    return_end: datetime | None = None
    id: int | None = None
    schedule: str = ""
    reason: str = ""

    def overrides(self) -> tuple[Override, ...]:
        """What it changes: nothing until it is accepted."""
        if self.state is not SwapState.ACCEPTED or self.taker is None:
            return ()
        given = Override(Op.REPLACE, self.start, self.end, self.taker, instead_of=self.requester, kind=Kind.SWAP)
        if self.return_start is None or self.return_end is None:
            return (given,)
        back = replace(given, start=self.return_start, end=self.return_end, person=self.requester, instead_of=self.taker)
        return (given, back)


@dataclass(frozen=True)
class Overrides:
    """Everything that people changed about one schedule, in the order in which they did: later changes apply to what earlier ones left."""

    overrides: tuple[Override, ...] = ()
    temporary: tuple[TemporarySchedule, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.overrides or self.temporary)

    def edges(self) -> Iterator[datetime]:
        """Every moment at which one of them begins or ends."""
        for override in self.overrides:
            yield from (override.start, override.end)
        for schedule in self.temporary:
            yield from (schedule.start, schedule.end)
            for shift in schedule.shifts:
                yield from (shift.start, shift.end)


NONE = Overrides()


@dataclass(frozen=True, slots=True)
class Duty:
    """Somebody on call, and why: by a rotation (`source`, in words), put there or added by `change`, in place of `instead_of`."""

    person: str
    source: str
    change: Override | None = None
    instead_of: str | None = None

    def why(self, zone: str, name: Callable[[str], str] = str) -> str:
        """In words, times in `zone`: "weekly rotation payments-primary, override by ana until Mon 18:00"."""
        if self.change is None:
            return self.source
        until = self.change.end.astimezone(ZoneInfo(zone))
        who = f" by {name(self.change.by)}" if self.change.by else ""
        stands_in = f" for {name(self.instead_of)}" if self.instead_of and self.instead_of != self.change.by else ""
        text = f"{self.change.kind.value}{who}{stands_in} until {until:%a} {until.day} {until:%b} {until:%H:%M}"
        return f"{self.source}, {text}" if self.source else text


@dataclass(frozen=True)
class OnCall:
    """Who is on call, and until when that is sure to stay so (`None`: for as long as can be computed). `nobody`: why there is no one."""

    duties: tuple[Duty, ...]
    until: datetime | None
    nobody: str = ""

    @property
    def people(self) -> tuple[str, ...]:
        """Their ids, each once."""
        return tuple(duty.person for duty in self.duties)


class Shift(NamedTuple):
    """One person's uninterrupted time on call for one reason; aware UTC, end excluded."""

    start: datetime
    end: datetime
    duty: Duty

    @property
    def person(self) -> str:
        return self.duty.person
