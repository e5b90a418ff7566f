"""The life of a hand-off, and when somebody is awake."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo


class HandoffState(StrEnum):
    AHEAD = "ahead"
    DUE = "due"
    CONFIRMED = "confirmed"
    SILENT = "silent"
    VOID = "void"


SENTENCES: Mapping[HandoffState, str] = MappingProxyType(
    {
        HandoffState.AHEAD: "It lies ahead; both people have the note.",
        HandoffState.DUE: "The time has come, and whoever comes has not said so yet.",
        HandoffState.CONFIRMED: "Whoever comes said that they have it.",
        HandoffState.SILENT: "Nobody said so for long; the team's lead was told.",
        HandoffState.VOID: "The plan changed before it came.",
    }
)

ALLOWED: Mapping[HandoffState, frozenset[HandoffState]] = MappingProxyType(
    {
        HandoffState.AHEAD: frozenset({HandoffState.DUE, HandoffState.CONFIRMED, HandoffState.VOID}),
        HandoffState.DUE: frozenset({HandoffState.CONFIRMED, HandoffState.SILENT, HandoffState.VOID}),
        HandoffState.SILENT: frozenset({HandoffState.CONFIRMED, HandoffState.VOID}),  # late is better than never
        HandoffState.CONFIRMED: frozenset({HandoffState.VOID}),
        HandoffState.VOID: frozenset(),
    }
)

WAKES, SLEEPS = time(8), time(22)
"""Nobody is nudged outside of these hours of theirs: the pager wakes people, a formality does not."""
NUDGE_AFTER = timedelta(minutes=30)
LEAD_AFTER = timedelta(hours=1)
"""After the nudge, in hours in which the person is awake."""


def when_awake(at: datetime, zone: str) -> datetime:
    """The moment itself, if it falls into waking hours in the zone, else the next morning there."""
    local = at.astimezone(ZoneInfo(zone))
    if WAKES <= local.time() < SLEEPS:
        return at
    day = local.date() if local.time() < WAKES else local.date() + timedelta(days=1)
    return datetime.combine(day, WAKES, ZoneInfo(zone)).astimezone(UTC)
