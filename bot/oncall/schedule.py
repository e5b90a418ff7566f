"""The roles of a team's on-call: primary and secondary, each by its own rotation or by who comes next in the primary's."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.oncall.rotation import OnCall, Override, Rotation, turn_at, who

__all__ = ["OnCall", "Override", "Role", "Schedule", "holder"]


class Role(StrEnum):
    PRIMARY = "primary"
    SECONDARY = "secondary"


@dataclass(frozen=True)
class Schedule:
    """A team's rotations. Without a `secondary` of its own, the secondary is who has the primary's next turn."""

    primary: Rotation
    secondary: Rotation | None = None


def holder(schedule: Schedule, role: Role, at: datetime, primary: Iterable[Override] = (), secondary: Iterable[Override] = ()) -> OnCall:
    """Who holds a role at a moment, given the overrides of each role."""
    first = who(schedule.primary, primary, at)
    if role is Role.PRIMARY:
        return first
    if schedule.secondary is not None:
        return who(schedule.secondary, secondary, at)
    return second(schedule.primary, first, tuple(secondary), at)


def second(rotation: Rotation, first: OnCall, overrides: tuple[Override, ...], at: datetime) -> OnCall:
    """The next participant after the turn in progress who is not the primary already."""
    turn = turn_at(rotation, at)
    if turn is None:
        following = None
    else:
        later = rotation.participants[turn.index + 1 :] + rotation.participants[: turn.index]
        following = next((person for person in later if person is not None and person != first.person), None)
    why = f"next turn in {rotation.id}" if following else f"{rotation.id} has nobody else"
    alone = Rotation(rotation.id, rotation.zone, rotation.start, (following,), rotation.count, rotation.unit)
    found = who(alone, overrides, at)
    ends = [moment for moment in (found.until, first.until) if moment is not None]
    return OnCall(found.person, why if found.person == following else found.why, min(ends) if ends else None, found.also)
