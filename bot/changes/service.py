"""The verbs of changes: one is told, and those around an incident are found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlmodel import col

from bot.changes.models import Change
from bot.changes.report import Report
from bot.db import BOT, Tx
from bot.directory.service import Directory
from bot.incidents import timeline
from bot.incidents.accounts import Account
from bot.incidents.lifecycle import Milestone, MilestoneKind, corrected
from bot.incidents.models import Incident
from bot.incidents.service import Incidents

KEPT = timedelta(days=400)
"""Longer than the postmortems that quote them are amended."""
MOST = 200
"""Changes that are looked at around one incident."""


@dataclass(frozen=True)
class Around:
    """A change around an incident: how long before it began (negative: after), and whether it is of the incident's service."""

    change: Change
    before: timedelta
    is_its_own: bool


class Changes:
    """Keeps what was changed."""

    def __init__(self, directory: Directory, incidents: Incidents) -> None:
        self._directory = directory
        self._incidents = incidents

    async def record(self, tx: Tx, report: Report, once: str) -> tuple[Change, bool]:
        """Keep a change, and whether it is new. Open incidents of its service have it on their timelines and cards."""
        known = self._directory.service(report.service) if report.service else None
        service = known.id if known else report.service or None
        words = {"title": report.title, "environment": report.environment, "by": report.by, "url": report.url, "told_by": tx.actor}
        times = {"happened_at": report.happened_at, "recorded_at": tx.now}
        is_new = await tx.insert_new(Change, once=once, kind=report.kind, service=service, **words, **times)
        change = (await tx.session.execute(select(Change).where(col(Change.once) == once))).scalar_one()
        if is_new and service is not None:
            await self._tell_open(tx, change)
        return change, is_new

    async def _tell_open(self, tx: Tx, change: Change) -> None:
        """The lowest number first, since each incident is held."""
        for one in sorted(await self._incidents.open_now(tx), key=lambda incident: incident.number):
            if one.service == change.service:
                incident = await self._incidents.held(tx, one.number)
                text = f"{change.kind.value}: {told(change)}"
                await timeline.record(tx, one.number, "change", text, key=str(change.id), actor=BOT, happened_at=change.happened_at)
                await self._incidents.refresh(tx, incident, at_leisure=True)

    async def around(self, tx: Tx, incident: Incident, reach: timedelta) -> Sequence[Around]:
        """What changed from `reach` before the incident began until it ended: its own service first, then the newest."""
        began = await self.began(tx, incident)
        until = incident.ended_at or tx.now
        rows = select(Change).where(col(Change.happened_at) >= began - reach, col(Change.happened_at) <= until)
        newest = rows.order_by(col(Change.happened_at).desc(), col(Change.id).desc()).limit(MOST)
        found = [
            Around(change, began - change.happened_at, change.service in (None, incident.service))
            for change in (await tx.session.execute(newest)).scalars()
        ]
        return sorted(found, key=lambda one: not one.is_its_own)

    async def began(self, tx: Tx, incident: Incident) -> datetime:
        """When the harm began, as far as it is known."""
        rows = await timeline.milestones(tx, incident.number)
        stones = [Milestone(row.kind, row.happened_at, row.recorded_at) for row in rows]
        return corrected(stones, MilestoneKind.IMPACT_STARTED) or incident.declared_at

    async def accounts(self, tx: Tx, incident: Incident) -> Sequence[Account]:
        """For the postmortem: what changed in its service, or in everything, within a day before it and while it lasted."""
        found = [one.change for one in await self.around(tx, incident, timedelta(days=1)) if one.is_its_own]
        return [Account(change.happened_at, f"{change.kind.value}: {told(change)}", change.url) for change in reversed(found)]

    async def spans(self, tx: Tx, incident: Incident) -> Sequence[tuple[datetime, str, datetime | None, bool]]:
        """For its picture: the same, each at its moment."""
        return [(one.at, one.text, None, False) for one in await self.accounts(tx, incident)]

    @staticmethod
    async def forget_old(tx: Tx) -> None:
        """What is too old for anybody to ask about."""
        await tx.changed(delete(Change).where(col(Change.happened_at) < tx.now - KEPT))


def told(change: Change) -> str:
    """A change in plain words, without its time: `checkout v42 in production, by kim`."""
    where = f" in {change.environment}" if change.environment else ""
    return f"{change.title}{where}{f', by {change.by}' if change.by else ''}"
