"""What fired for a team in a time: for whoever comes on call."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import col

from bot.alerts.models import Alert, AlertEvent
from bot.alerts.sources import AlertStatus
from bot.config.models import Team
from bot.db import Tx
from bot.directory.service import Directory
from bot.incidents.models import Incident
from bot.slack.text import escape

NOISY = 5
"""Fired so often in a week, an alert deserves to be mended or deleted."""


class FiredAlerts:
    """Counts how often the alerts of a team's services began to fire."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def fired(self, tx: Tx, team: Team, since: datetime, until: datetime) -> Sequence[str]:
        """Every alert that fired, the most frequent first."""
        return [f"{escape(name)}{_of(service)}: {_times(times)}" for name, service, times in await self._counted(tx, team, since, until)]

    async def noisy(self, tx: Tx, team: Team, since: datetime, until: datetime) -> Sequence[str]:
        """Those that fired again and again."""
        found = [row for row in await self._counted(tx, team, since, until) if row[2] >= NOISY]
        return [
            f"{escape(name)}{_of(service)} fired {_times(times)} in a week: mend it or make it quieter" for name, service, times in found
        ]

    async def _counted(self, tx: Tx, team: Team, since: datetime, until: datetime) -> list[tuple[str, str | None, int]]:
        services = [service.id for service in self._directory.config.services.values() if service.owner == team.id]
        rows = (
            select(col(Alert.name), col(Alert.service), func.count())
            .join(AlertEvent, (col(AlertEvent.source) == col(Alert.source)) & (col(AlertEvent.fingerprint) == col(Alert.fingerprint)))
            .outerjoin(Incident, col(Incident.id) == col(Alert.incident_id))
            .where(
                col(AlertEvent.status) == AlertStatus.FIRING,
                col(AlertEvent.received_at) > since,
                col(AlertEvent.received_at) <= until,
                col(Alert.service).in_(services) | (col(Incident.team) == team.id),
                col(Incident.is_private).is_not(True),
            )
            .group_by(col(Alert.name), col(Alert.service))
        )
        found = [(name, service, times) for name, service, times in (await tx.session.execute(rows)).all()]
        return sorted(found, key=lambda row: (-row[2], row[0]))


def _of(service: str | None) -> str:
    return f" ({escape(service)})" if service else ""


def _times(times: int) -> str:
    return "once" if times == 1 else f"{times} times"
