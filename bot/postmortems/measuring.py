"""Measuring the harm that an incident did: the queries of its service are asked once it is over, and what they say is kept."""

import math
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote_plus

from sqlalchemy import select
from sqlmodel import col

from bot.config.runbooks import PrometheusServer
from bot.db import BOT, Database, Tx
from bot.directory.service import Directory
from bot.incidents import timeline
from bot.incidents.impact import Aspect
from bot.incidents.lifecycle import Milestone, MilestoneKind, corrected, earliest, latest
from bot.incidents.models import Incident
from bot.postmortems.impact import Measure
from bot.postmortems.models import PostmortemMeasure
from bot.prometheus import query


class Measuring:
    """Asks Prometheus, outside of any transaction."""

    def __init__(self, database: Database, directory: Directory) -> None:
        self._db = database
        self._directory = directory

    async def measure(self, incident: Incident) -> None:
        """Ask what was not asked yet, or was not answered, for the time from the start of impact to the last resolve."""
        wanted = dict(self._queries(incident))
        server = self._server(incident)
        if not wanted or server is None or server.url is None:
            return
        async with self._db.read() as tx:
            rows = await timeline.milestones(tx, incident.number)
            known = {row.aspect: row for row in await measured(tx, incident.number)}
        stones = [Milestone(row.kind, row.happened_at, row.recorded_at) for row in rows]
        began = corrected(stones, MilestoneKind.IMPACT_STARTED) or earliest(stones, MilestoneKind.DECLARED)
        over = latest(stones, MilestoneKind.RESOLVED)
        if began is None or over is None or over <= began:
            return
        for aspect, words in wanted.items():
            asked = words.replace("{window}", f"{math.ceil((over - began).total_seconds())}s")
            row = known.get(aspect.value)
            if row is None or not row.text or (row.query, row.since, row.until) != (asked, began, over):
                await self._keep(await _asked(server, incident, aspect, asked, began, over))

    async def _keep(self, found: PostmortemMeasure) -> None:
        async with self._db.begin(actor=BOT) as tx:
            await tx.session.merge(found)

    def _queries(self, incident: Incident) -> Iterator[tuple[Aspect, str]]:
        service = self._directory.service(incident.service) if incident.service else None
        for aspect in Aspect:
            words = getattr(service.impact, aspect.value) if service else None
            if words:
                yield aspect, words

    def _server(self, incident: Incident) -> PrometheusServer | None:
        service = self._directory.service(incident.service) if incident.service else None
        known = self._directory.config.environments
        named = known.get(service.impact.environment) if service and service.impact.environment else None
        places = [named] if named else list(known.values())
        return next((place.prometheus for place in places if place.prometheus is not None), None)


async def _asked(
    server: PrometheusServer, incident: Incident, aspect: Aspect, words: str, began: datetime, over: datetime
) -> PostmortemMeasure:
    shown = f"{server.url}/graph?g0.expr={quote_plus(words)}&g0.end_input={quote_plus(f'{over:%Y-%m-%d %H:%M:%S}')}&g0.tab=1"
    row = PostmortemMeasure(incident_id=incident.number, aspect=aspect.value, query=words, since=began, until=over, url=shown)
    secret = server.authorization.get_secret_value() if server.authorization else None
    try:
        found = await query.values(str(server.url), words, secret, over)
    except query.QueryFailed as failed:
        row.trouble = str(failed).rstrip(".")
        return row
    total = sum(value for value in found if math.isfinite(value))
    if found:
        row.text = f"{total:.1%}".replace("%", " %") if aspect is Aspect.BUDGET else f"{total:,.0f}"
    else:
        row.trouble = "the query of its service finds nothing"
    return row


async def measured(tx: Tx, incident_id: int) -> list[PostmortemMeasure]:
    """What is known of an incident by measurement."""
    rows = select(PostmortemMeasure).where(col(PostmortemMeasure.incident_id) == incident_id).order_by(col(PostmortemMeasure.aspect))
    return list((await tx.session.execute(rows)).scalars())


def as_measure(row: PostmortemMeasure) -> Measure:
    """For the document."""
    return Measure(Aspect(row.aspect), row.text, row.url, row.trouble)
