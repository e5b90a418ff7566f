"""What the on-call room announces, and what it orders."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bot.work.orders import Order, Priority


@dataclass(frozen=True)
class OverrideAdded:
    """Who is on call was changed for a while. Ids of an override, its schedule, and who is on call by it (None: nobody)."""

    override_id: int
    schedule: str
    person: str | None
    by: str


@dataclass(frozen=True)
class OverrideRemoved:
    """An override ends, or never begins."""

    override_id: int
    schedule: str
    person: str | None
    by: str


@dataclass(frozen=True)
class TemporaryAdded:
    """Shifts stand in place of a whole schedule for a while."""

    temporary_id: int
    schedule: str
    by: str


@dataclass(frozen=True)
class TemporaryRemoved:
    """A temporary schedule ends, or never begins."""

    temporary_id: int
    schedule: str
    by: str


@dataclass(frozen=True)
class SwapAsked:
    """Somebody asks `asked` (None: anybody) to take their time on call."""

    swap_id: int
    schedule: str
    requester: str
    asked: str | None


@dataclass(frozen=True)
class SwapAccepted:
    """Somebody took it."""

    swap_id: int
    schedule: str
    requester: str
    taker: str


@dataclass(frozen=True)
class SwapDeclined:
    """Whoever was asked does not take it."""

    swap_id: int
    schedule: str
    requester: str
    by: str


@dataclass(frozen=True)
class SwapWithdrawn:
    """Whoever asked takes it back; `taker` had accepted it already, if not None."""

    swap_id: int
    schedule: str
    requester: str
    taker: str | None


@dataclass(frozen=True)
class ScheduleChanged:
    """Something about who is on call changed: overrides, swaps, a temporary schedule, or an edit that begins at `since`."""

    schedule: str
    since: datetime


@dataclass(frozen=True)
class TeamUnheard:
    """A team was to be told something (`sentence`), and has neither a channel that we may write to nor a lead. `key`: of that telling."""

    team: str
    sentence: str
    key: str


@dataclass(frozen=True)
class HandoffAhead:
    """At `at` others come on call. Who leaves, who comes, who stays or comes: ids."""

    schedule: str
    at: datetime
    outgoing: tuple[str, ...]
    incoming: tuple[str, ...]


@dataclass(frozen=True)
class HandedOff:
    """Since `at` these people are on call. `incoming` are new; at the first look nobody is, and `outgoing` is empty."""

    schedule: str
    at: datetime
    outgoing: tuple[str, ...]
    incoming: tuple[str, ...]
    people: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class WatchSchedule(Order):
    """See whether others have come on call, or will soon, and say so; then look again at the next time."""

    schedule: str


@dataclass(frozen=True, kw_only=True)
class AskTeam(Order):
    """Ask a team, in its channel or each of them, who takes somebody's time."""

    destination: ClassVar[str] = "slack"
    swap_id: int


@dataclass(frozen=True, kw_only=True)
class CloseCover(Order):
    """Let the question to the team say how it ended."""

    destination: ClassVar[str] = "slack"
    swap_id: int


@dataclass(frozen=True, kw_only=True)
class ReadAbsences(Order):
    """Read everybody's out-of-office calendar."""

    destination: ClassVar[str] = "calendars"
    priority: ClassVar[Priority] = Priority.REFRESH


@dataclass(frozen=True, kw_only=True)
class LookAhead(Order):
    """See whether a team will have nobody on call, and tell it what is new."""

    team: str


@dataclass(frozen=True, kw_only=True)
class TellTeam(Order):
    """Tell a team of gaps: in its channel, else its lead. `fill` is the proposal that a button carries, "" for none."""

    destination: ClassVar[str] = "slack"
    team: str
    text: str
    fill: str = ""
