"""The watchdog's minute: its synthetic alert comes in as others do."""

from bot.alerts import synthetic
from bot.alerts.intake import Intake
from bot.alerts.service import Delivery
from bot.paging.messages import SendSyntheticPage
from bot.work.queue import Claim
from bot.work.worker import Worker


class AlertWork:
    """What the room of alerts does later."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    def register(self, worker: Worker) -> None:
        """Let the worker do it."""
        worker.handles(SendSyntheticPage, self.send_synthetic_page)

    async def send_synthetic_page(self, order: SendSyntheticPage, claim: Claim) -> None:
        """Let the synthetic alert in, as old as its order."""
        await self._intake.take(Delivery(synthetic.SOURCE, synthetic.webhook(claim.wanted_at)))
