"""Due work for those who hear of an incident outside its channel."""

from bot.db import BOT, Database
from bot.incidents.customers import Customers
from bot.incidents.executives import Executives
from bot.incidents.messages import DraftNotice, TellExecutives, TrackIncident
from bot.incidents.tracking import Tracking
from bot.work.queue import Claim
from bot.work.worker import Worker


class AudienceWork:
    """Each looks again at how the incident stands before anybody is told."""

    def __init__(self, database: Database, executives: Executives, customers: Customers, tracking: Tracking) -> None:
        self._db = database
        self._executives = executives
        self._customers = customers
        self._tracking = tracking

    def register(self, worker: Worker) -> None:
        """Let the worker do these orders."""
        worker.handles(TellExecutives, self.tell_executives)
        worker.handles(DraftNotice, self.draft_notice)
        worker.handles(TrackIncident, self._tracking.track)

    async def tell_executives(self, order: TellExecutives, claim: Claim) -> None:
        """The alert, or the all-clear."""
        async with self._db.begin(actor=BOT) as tx:
            await self._executives.tell(tx, order.incident_id)

    async def draft_notice(self, order: DraftNotice, claim: Claim) -> None:
        """A draft for those who may approve it."""
        async with self._db.begin(actor=BOT) as tx:
            await self._customers.look(tx, order.incident_id)
