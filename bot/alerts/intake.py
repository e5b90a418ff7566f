"""The intake: webhooks that arrive while a commit is under way are committed together in the next one, each answered after its own.

A commit costs the same for one alert as for hundreds, so in a storm the intake takes whatever waits; alone, a webhook waits for nobody.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bot import faultpoints, log
from bot.alerts.service import Alerts, Delivery, Taken
from bot.db import ActorId, Database
from bot.errors import Unavailable

MOST_AT_ONCE = 64
MOST_WAITING = 2000
"""More than this many webhooks waiting are turned away with 503: their sender keeps them and tries again."""
logger = log.get(__name__)
INTAKE = ActorId("alertmanager:intake")


@dataclass(frozen=True)
class Waiting:
    """A delivery whose sender waits for the answer."""

    delivery: Delivery
    answer: asyncio.Future[Taken]


class Intake:
    """Takes deliveries and answers each once it is safe."""

    def __init__(self, database: Database, alerts: Alerts) -> None:
        self._db = database
        self._alerts = alerts
        self._waiting: list[Waiting] = []
        self._committing: asyncio.Task[None] | None = None

    async def take(self, delivery: Delivery) -> Taken:
        """Store one delivery and return what became of it, after the commit. Raises `Unavailable` when too many wait."""
        if len(self._waiting) >= MOST_WAITING:
            raise Unavailable("More alerts arrive than can be stored just now. Send this again in a moment.")
        waiting = Waiting(delivery, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_all())
        return await waiting.answer

    async def _commit_all(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
                await self._commit(batch)
        finally:
            self._committing = None

    async def _commit(self, batch: Sequence[Waiting]) -> None:
        """One transaction for the batch. If that fails, one each, so that a single bad one fails alone."""
        try:
            taken = await self._store([one.delivery for one in batch])
        except Exception as error:
            if len(batch) == 1:
                if not batch[0].answer.done():
                    batch[0].answer.set_exception(error)
                return
            logger.warning("webhooks are stored one by one", error=f"{type(error).__name__}: {error}")
            for one in batch:
                await self._commit([one])
            return
        for one, answer in zip(batch, taken, strict=True):
            if not one.answer.done():
                one.answer.set_result(answer)

    async def _store(self, deliveries: Sequence[Delivery]) -> list[Taken]:
        async with self._db.begin(actor=INTAKE) as tx:
            taken = await self._alerts.take(tx, deliveries)
            faultpoints.reached("alerts: before commit")
        faultpoints.reached("alerts: committed, not answered")
        return taken
