"""Drafting: read what happened, assemble and render it outside of any transaction, keep it."""

import asyncio
from collections.abc import Mapping

from bot import log
from bot.db import BOT, Database
from bot.directory.service import Directory
from bot.incidents.service import Incidents
from bot.incidents.severity import Severity
from bot.postmortems import render
from bot.postmortems.material import Gatherer, Material
from bot.postmortems.messages import DraftPostmortem
from bot.postmortems.service import OVER, Postmortems
from bot.web.markdown import to_html
from bot.work.queue import Claim
from bot.work.worker import Worker

logger = log.get(__name__)


class PostmortemWork:
    """The handlers of this room's due work."""

    def __init__(
        self, database: Database, directory: Directory, incidents: Incidents, gatherer: Gatherer, postmortems: Postmortems
    ) -> None:
        self._db = database
        self._directory = directory
        self._incidents = incidents
        self._gatherer = gatherer
        self._postmortems = postmortems

    def register(self, worker: Worker) -> None:
        """Tell the worker what is done here."""
        worker.handles(DraftPostmortem, self.draft)

    async def draft(self, order: DraftPostmortem, claim: Claim) -> None:
        """Draft the postmortem as things stand now, unless the incident was reopened meanwhile."""
        async with self._db.read() as tx:
            incident = await self._incidents.get(tx, order.incident_id)
            if incident.state not in OVER:
                return
            material = await self._gatherer.gather(tx, incident)
        impact = {level: self._directory.config.severity.level(level).impact for level in Severity}
        markdown, html = await asyncio.to_thread(_rendered, material, impact)  # a long channel takes a while, and pages must not wait
        async with self._db.begin(actor=BOT) as tx:
            kept = await self._postmortems.keep(tx, incident, markdown, html)
        if kept is not None:
            logger.info("postmortem drafted", incident=incident.number, version=kept.version)


def _rendered(material: Material, impact: Mapping[Severity, str]) -> tuple[str, str]:
    markdown = render.to_markdown(material, impact)
    return markdown, to_html(markdown)
