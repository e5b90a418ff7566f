"""Telling what is new from what is repeated, so that a webhook may come twice, late, or after the one that follows it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.alerts.sources import AlertStatus, Signal


class Change(StrEnum):
    """What a signal changes about its alert."""

    FIRES = "fires"
    STOPS = "stops"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Known:
    """What was last recorded of an alert."""

    status: AlertStatus
    starts_at: datetime
    ends_at: datetime | None
    incident_id: int | None


def change_of(signal: Signal, known: Known | None) -> Change:
    """Decide by the times that the alert itself carries: they are the same in every copy of a delivery.

    A resolved alert that was never seen to fire changes its record and opens nothing. One that ended and is sent as firing again
    fires again, even with the same start: Alertmanager resolves by time-out what Prometheus, back after a gap, goes on firing with
    the start it had. Only what began before the last known beginning is an old copy.
    """
    if known is None:
        return Change.FIRES if signal.is_firing else Change.STOPS
    if signal.is_firing:
        is_back = known.status is AlertStatus.RESOLVED and signal.starts_at >= known.starts_at
        return Change.FIRES if is_back else Change.NOTHING
    is_its_end = known.status is AlertStatus.FIRING and signal.starts_at >= known.starts_at
    return Change.STOPS if is_its_end else Change.NOTHING
