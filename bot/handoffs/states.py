"""The life of a hand-off and of a hand-over, and how long each waits."""

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


class HandoverState(StrEnum):
    OFFERED = "offered"
    TAKEN = "taken"
    DECLINED = "declined"
    UNANSWERED = "unanswered"
    WITHDRAWN = "withdrawn"


HANDOVER_SENTENCES: Mapping[HandoverState, str] = MappingProxyType(
    {
        HandoverState.OFFERED: "The command was offered; who leads goes on leading.",
        HandoverState.TAKEN: "Whoever it was offered to leads.",
        HandoverState.DECLINED: "Whoever it was offered to cannot.",
        HandoverState.UNANSWERED: "Whoever it was offered to was paged, and has not answered.",
        HandoverState.WITHDRAWN: "It was offered to another, somebody else took the seat, or the incident is over.",
    }
)

HANDOVER_ALLOWED: Mapping[HandoverState, frozenset[HandoverState]] = MappingProxyType(
    {
        HandoverState.OFFERED: frozenset({HandoverState.TAKEN, HandoverState.DECLINED, HandoverState.UNANSWERED, HandoverState.WITHDRAWN}),
        HandoverState.UNANSWERED: frozenset(
            {HandoverState.TAKEN, HandoverState.DECLINED, HandoverState.WITHDRAWN}
        ),  # late is better than never
        HandoverState.TAKEN: frozenset(),
        HandoverState.DECLINED: frozenset(),
        HandoverState.WITHDRAWN: frozenset(),
    }
)

PAGE_AFTER_URGENT = timedelta(minutes=2)
PAGE_AFTER = timedelta(minutes=10)
"""How long who is offered the command has to answer in Slack before they are paged."""
