"""What the on-call room announces."""

from dataclasses import dataclass
from datetime import datetime


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
