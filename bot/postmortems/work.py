"""Drafting: read what happened, assemble and render it outside of any transaction, keep it."""

from bot import log
from bot.db import BOT, Database
from bot.incidents.service import Incidents
from bot.postmortems.measuring import Measuring
from bot.postmortems.messages import DraftPostmortem
from bot.postmortems.service import OVER, Postmortems
from bot.postmortems.writing import Writer
from bot.work.queue import Claim
from bot.work.worker import Worker

logger = log.get(__name__)


class PostmortemWork:
    """The handlers of this room's due work."""

    def __init__(self, database: Database, incidents: Incidents, writer: Writer, postmortems: Postmortems, measuring: Measuring) -> None:
        self._db = database
        self._incidents = incidents
        self._writer = writer
        self._postmortems = postmortems
        self._measuring = measuring

    def register(self, worker: Worker) -> None:
        """Tell the worker what is done here."""
        worker.handles(DraftPostmortem, self.draft)

    async def draft(self, order: DraftPostmortem, claim: Claim) -> None:
        """Draft the postmortem as things stand now, unless the incident was reopened meanwhile."""
        async with self._db.read() as tx:
            incident = await self._incidents.get(tx, order.incident_id)
        if incident.state not in OVER:
            return
        await self._measuring.measure(incident)
        async with self._db.read() as tx:
            material = await self._writer.gather(tx, incident)
        markdown, html = await self._writer.write(material)
        async with self._db.begin(actor=BOT) as tx:
            kept = await self._postmortems.keep(tx, incident, markdown, html)
        if kept is not None:
            logger.info("postmortem drafted", incident=incident.number, version=kept.version)
