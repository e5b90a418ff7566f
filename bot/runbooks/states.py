"""The life of a run."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class RunState(StrEnum):
    PREPARING = "preparing"
    WAITING = "waiting"
    APPROVED = "approved"
    RUNNING = "running"
    VERIFYING = "verifying"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    REFUSED = "refused"
    EXPIRED = "expired"


SENTENCES: Mapping[RunState, str] = MappingProxyType(
    {
        RunState.PREPARING: "What would happen is being found out; nothing has changed.",
        RunState.WAITING: "It waits for approval; nothing has changed.",
        RunState.APPROVED: "It is approved and about to start.",
        RunState.RUNNING: "It is at work.",
        RunState.VERIFYING: "Its work is done; whether it helped is being watched.",
        RunState.SUCCEEDED: "It did what it was to do.",
        RunState.FAILED: "It ended with an error; look at the hosts it had come to.",
        RunState.CANCELLED: "Somebody stopped it; what was done stays done.",
        RunState.LOST: "How it ended is not known; look at the hosts before anything else is run on them.",
        RunState.REFUSED: "It was declined, or could not begin; nothing has changed.",
        RunState.EXPIRED: "Nobody approved it in time; nothing has changed.",
    }
)

_NEVER_BEGUN = {RunState.REFUSED, RunState.EXPIRED, RunState.CANCELLED}
ALLOWED: Mapping[RunState, frozenset[RunState]] = MappingProxyType(
    {
        RunState.PREPARING: frozenset({RunState.WAITING, RunState.APPROVED, *_NEVER_BEGUN}),
        RunState.WAITING: frozenset({RunState.APPROVED, *_NEVER_BEGUN}),
        # Back to preparing: what was approved is not what would run now.
        RunState.APPROVED: frozenset({RunState.RUNNING, RunState.PREPARING, *_NEVER_BEGUN}),
        RunState.RUNNING: frozenset({RunState.VERIFYING, RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED, RunState.LOST}),
        RunState.VERIFYING: frozenset({RunState.SUCCEEDED, RunState.CANCELLED}),
        RunState.LOST: frozenset({RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED}),  # a person looked, and says how it was
        RunState.SUCCEEDED: frozenset(),
        RunState.FAILED: frozenset(),
        RunState.CANCELLED: frozenset(),
        RunState.REFUSED: frozenset(),
        RunState.EXPIRED: frozenset(),
    }
)

HOLDS_ITS_LOCK = frozenset({RunState.RUNNING, RunState.LOST})
"""Nothing else touches what such a run works on, or may have left half done."""
IS_OVER = frozenset(state for state, after in ALLOWED.items() if not after)
