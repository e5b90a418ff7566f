"""The life of a hand-off, and when somebody is awake."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType


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

NUDGE_AFTER = timedelta(minutes=30)
LEAD_AFTER = timedelta(hours=1)
"""After the nudge, in hours in which the person is awake."""
