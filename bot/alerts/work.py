"""What the room of alerts does later: the watchdog's minute, and believing that what flapped is over."""

from bot.alerts import synthetic
from bot.alerts.intake import Intake
from bot.alerts.messages import SettleFlapping
from bot.alerts.service import Alerts, Delivery
from bot.db import BOT, Database
from bot.paging.messages import SendSyntheticPage
from bot.work.queue import Claim
from bot.work.worker import Worker


class AlertWork:
    """The handlers."""

    def __init__(self, database: Database, alerts: Alerts, intake: Intake) -> None:
        self._db = database
        self._alerts = alerts
        self._intake = intake

    def register(self, worker: Worker) -> None:
        """Let the worker do it."""
        worker.handles(SendSyntheticPage, self.send_synthetic_page)
        worker.handles(SettleFlapping, self.settle_flapping)

    async def send_synthetic_page(self, order: SendSyntheticPage, claim: Claim) -> None:
        """Let the synthetic alert in, as old as its order, as others come in."""
        await self._intake.take(Delivery(synthetic.SOURCE, synthetic.webhook(claim.wanted_at)))

    async def settle_flapping(self, order: SettleFlapping, claim: Claim) -> None:
        """What flapped has been quiet since this was ordered, or fires again."""
        async with self._db.begin(actor=BOT) as tx:
            await self._alerts.settle(tx, order.incident_id)
