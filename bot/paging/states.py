"""The states of a page (somebody is needed) and of each attempt to reach one person by one method."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class PageState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    EXHAUSTED = "exhausted"
    CLOSED = "closed"


PAGE_SENTENCES: Mapping[PageState, str] = MappingProxyType(
    {
        PageState.OPEN: "Nobody has answered yet; the next step is due at its time.",
        PageState.ACKNOWLEDGED: "Somebody took it; escalation has stopped.",
        PageState.SNOOZED: "Somebody answered and asked to be reminded; escalation is paused until then.",
        PageState.EXHAUSTED: "Every step was taken and nobody has answered; an answer still counts.",
        PageState.CLOSED: "It is no longer needed: the incident is over or another page took its place.",
    }
)

PAGE_ALLOWED: Mapping[PageState, frozenset[PageState]] = MappingProxyType(
    {
        PageState.OPEN: frozenset({PageState.ACKNOWLEDGED, PageState.SNOOZED, PageState.EXHAUSTED, PageState.CLOSED}),
        # Back to open: un-ack, or an acknowledgement that wore off with no sign of life.
        PageState.ACKNOWLEDGED: frozenset({PageState.OPEN, PageState.SNOOZED, PageState.CLOSED}),
        PageState.SNOOZED: frozenset({PageState.OPEN, PageState.ACKNOWLEDGED, PageState.CLOSED}),
        # Back to open: escalated by hand, or a severity change that brings a new ladder.
        PageState.EXHAUSTED: frozenset({PageState.ACKNOWLEDGED, PageState.OPEN, PageState.CLOSED}),
        PageState.CLOSED: frozenset(),
    }
)


def needs_answer(state: PageState) -> bool:
    """Whether an acknowledgement would still change something."""
    return state in {PageState.OPEN, PageState.SNOOZED, PageState.EXHAUSTED}


def why_not_needed(state: PageState) -> str:
    """Why nothing more is sent for a page in this state, as the reason of an attempt that is held back."""
    return NOT_NEEDED.get(state, "the page began anew since")


NOT_NEEDED: Mapping[PageState, str] = MappingProxyType(
    {
        PageState.ACKNOWLEDGED: "somebody took it before",
        PageState.SNOOZED: "somebody put it off before",
        PageState.CLOSED: "it was over before",
    }
)


class AttemptState(StrEnum):
    PLANNED = "planned"
    CLAIMED = "claimed"
    CALLING = "calling"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    SEEN = "seen"
    ANSWERED = "answered"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


ATTEMPT_SENTENCES: Mapping[AttemptState, str] = MappingProxyType(
    {
        AttemptState.PLANNED: "It waits for its time.",
        AttemptState.CLAIMED: "A worker holds it and has not called the provider yet; if its lease ends, another may start afresh.",
        AttemptState.CALLING: "The provider is being called; if the lease ends here, ask the provider before sending again.",
        AttemptState.ACCEPTED: "The provider said yes.",
        AttemptState.DELIVERED: "It reached the phone or mailbox.",
        AttemptState.SEEN: "The person opened it.",
        AttemptState.ANSWERED: "The person answered.",
        AttemptState.FAILED: "It cannot reach the person; the next method is tried.",
        AttemptState.SUPPRESSED: "It was held back: answered meanwhile, no longer needed, stale, or over a declared cap.",
    }
)

ATTEMPT_ALLOWED: Mapping[AttemptState, frozenset[AttemptState]] = MappingProxyType(
    {
        AttemptState.PLANNED: frozenset({AttemptState.CLAIMED, AttemptState.SUPPRESSED}),
        AttemptState.CLAIMED: frozenset({AttemptState.PLANNED, AttemptState.CALLING, AttemptState.SUPPRESSED, AttemptState.FAILED}),
        # Receipts may overtake the provider's own answer, so every later state is open to a call. Back to claimed: a retry.
        AttemptState.CALLING: frozenset(
            {
                AttemptState.CLAIMED,
                AttemptState.ACCEPTED,
                AttemptState.DELIVERED,
                AttemptState.SEEN,
                AttemptState.ANSWERED,
                AttemptState.FAILED,
                AttemptState.SUPPRESSED,
            }
        ),
        AttemptState.ACCEPTED: frozenset({AttemptState.DELIVERED, AttemptState.SEEN, AttemptState.ANSWERED, AttemptState.FAILED}),
        AttemptState.DELIVERED: frozenset({AttemptState.SEEN, AttemptState.ANSWERED}),
        AttemptState.SEEN: frozenset({AttemptState.ANSWERED}),
        AttemptState.ANSWERED: frozenset(),
        # A carrier may report a failure and deliver after all; a person's answer always counts.
        AttemptState.FAILED: frozenset({AttemptState.DELIVERED, AttemptState.SEEN, AttemptState.ANSWERED}),
        AttemptState.SUPPRESSED: frozenset(),
    }
)

RECEIPTS = (AttemptState.ACCEPTED, AttemptState.DELIVERED, AttemptState.SEEN, AttemptState.ANSWERED)


def after_receipt(current: AttemptState, receipt: AttemptState) -> AttemptState:
    """The state after a provider's receipt. Receipts come twice and out of order: a late one never moves an attempt back."""
    return receipt if receipt in ATTEMPT_ALLOWED[current] else current
