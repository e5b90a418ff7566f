"""What became of alerts that fired in a time: for who looks back at how good they are."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlmodel import col

from bot.alerts.models import Alert, AlertEvent
from bot.alerts.sources import AlertStatus
from bot.db import Tx
from bot.incidents.lifecycle import IncidentState, is_open
from bot.incidents.models import Incident


class Outcome(StrEnum):
    """Recorded only; it opened an incident that was declined, or ended with nobody having touched it; a person acted; not decided yet."""

    ALONE = "alone"
    NOISE = "noise"
    ACTED_ON = "acted on"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Firings:
    """How often alerts of one name fired with one outcome. No name where only a private incident knows of it."""

    name: str
    outcome: Outcome
    times: int


async def firings(tx: Tx, since: datetime, until: datetime, team: str | None = None, services: Collection[str] = ()) -> list[Firings]:
    """All firings between two moments, of everybody or of what a team answers for."""
    rows = (
        select(col(Alert.name), col(Incident.state), col(Incident.is_touched), col(Incident.is_private), func.count())
        .select_from(AlertEvent)
        .join(Alert, (col(AlertEvent.source) == col(Alert.source)) & (col(AlertEvent.fingerprint) == col(Alert.fingerprint)))
        .outerjoin(Incident, col(Incident.id) == col(AlertEvent.incident_id))
        .where(col(Incident.is_drill).is_not(True))
        .where(col(AlertEvent.status) == AlertStatus.FIRING, col(AlertEvent.received_at) >= since, col(AlertEvent.received_at) < until)
        .group_by(col(Alert.name), col(Incident.state), col(Incident.is_touched), col(Incident.is_private))
    )
    if team is not None:
        rows = rows.where(col(Alert.service).in_(services) | (col(Incident.team) == team))
    found = (await tx.session.execute(rows)).all()
    return [
        Firings("" if is_private else name, outcome(state, bool(is_touched)), times) for name, state, is_touched, is_private, times in found
    ]


def outcome(state: IncidentState | None, is_touched: bool) -> Outcome:
    """What became of a firing, by its incident's state (None: it has none)."""
    if state is None:
        return Outcome.ALONE
    if state is IncidentState.CANCELLED:
        return Outcome.NOISE
    if is_touched or state is IncidentState.MERGED:
        return Outcome.ACTED_ON
    return Outcome.UNDECIDED if is_open(state) else Outcome.NOISE
