"""Orders, handlers and small verbs for the tests of the post room."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import select
from sqlmodel import col

from bot.db import BOT, Database
from bot.work import queue
from bot.work.models import WorkItem
from bot.work.orders import Order, Outcome, Priority
from bot.work.queue import Claim, Lane
from bot.work.worker import Worker

SOON = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Greet(Order):
    """Something harmless to order."""

    who: str
    at: datetime | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Wake(Order):
    """Something urgent."""

    destination: ClassVar[str] = "sms"
    priority: ClassVar[Priority] = Priority.PAGE
    who: str


@dataclass(frozen=True, kw_only=True)
class Draw(Order):
    """Something for the same outside as `Wake`, but not urgent."""

    destination: ClassVar[str] = "sms"
    priority: ClassVar[Priority] = Priority.REFRESH
    attempts: ClassVar[int] = 3
    who: str


class Doer:
    """A handler that writes down what it did, and ends each try as it was told."""

    def __init__(self, *outcomes: Outcome | Exception) -> None:
        self.done: list[str] = []
        self.attempts: list[int] = []
        self._outcomes = list(outcomes)

    async def __call__(self, order: Greet | Wake | Draw, claim: Claim) -> Outcome | None:
        self.done.append(order.who)
        self.attempts.append(claim.attempt)
        outcome = self._outcomes.pop(0) if self._outcomes else None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@asynccontextmanager
async def at_work(*workers: Worker) -> AsyncIterator[None]:
    """The workers run for as long as the block lasts."""
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        await asyncio.gather(*(worker.stop(grace_s=1) for worker in workers))
        await asyncio.gather(*tasks)


async def eventually(happened: Callable[[], bool], within_s: float = 3.0) -> None:
    """Wait until it happened: well within the 5 s of the safety poll, so that a poll cannot be what brought it about."""
    async with asyncio.timeout(within_s):
        while not happened():  # noqa: ASYNC110 (whatever it is, it rings no event of ours)
            await asyncio.sleep(0.005)


async def order(database: Database, what: Order, key: str, about: str = "", due: datetime | None = None) -> bool:
    async with database.begin(actor=BOT) as tx:
        return await queue.schedule(tx, what, key=key, about=about, due=due)


async def refresh(database: Database, what: Order, key: str, due: datetime | None = None) -> None:
    async with database.begin(actor=BOT) as tx:
        await queue.refresh(tx, what, key=key, due=due)


async def item(database: Database, key: str) -> WorkItem:
    async with database.read() as tx:
        return (await tx.session.execute(select(WorkItem).where(col(WorkItem.key) == key))).scalar_one()


async def claim_one(database: Database, lease: str, lane: Lane = Lane("inside", Priority.NORMAL)) -> list[Claim]:  # noqa: B008 (frozen)
    async with database.begin(actor=BOT) as tx:
        return await queue.claim(tx, lane, lease=lease, limit=1)
