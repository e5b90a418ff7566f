"""Closing what is done: items that end while a commit is under way are closed together in the next one.

A transaction costs the same for one item as for fifty, and in a storm of pages each would otherwise cost one more.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bot.db import BOT, Database
from bot.work import queue
from bot.work.orders import WorkState
from bot.work.queue import Claim


@dataclass(frozen=True)
class Waiting:
    """An item that is done, and whoever waits to hear that it is closed."""

    claim: Claim
    is_closed: asyncio.Future[bool]


class Closing:
    """Closes items of one process."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._waiting: list[Waiting] = []
        self._committing: asyncio.Task[None] | None = None

    async def close(self, claim: Claim) -> bool:
        """Close an item that is done. False when it is not closed: the lease was lost meanwhile, or it was ordered anew and waits again."""
        waiting = Waiting(claim, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_all())
        return await waiting.is_closed

    async def end(self) -> None:
        """Wait until nothing is being closed."""
        if self._committing is not None:
            await asyncio.wait([self._committing])

    async def _commit_all(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                try:
                    await self._commit(batch)
                except Exception as error:
                    for one in batch:
                        if not one.is_closed.done():
                            one.is_closed.set_exception(error)
        finally:
            self._committing = None

    async def _commit(self, batch: Sequence[Waiting]) -> None:
        closed: frozenset[int] = frozenset()
        if len(batch) > 1:
            async with self._db.begin(actor=BOT) as tx:
                closed = await queue.finish_all(tx, [one.claim for one in batch])
        for one in batch:
            is_closed = one.claim.id in closed
            if not is_closed:  # alone in its transaction: to wait for a row while others are held could be a deadlock
                async with self._db.begin(actor=BOT) as tx:
                    is_closed = await queue.finish(tx, one.claim, WorkState.DONE)
            if not one.is_closed.done():
                one.is_closed.set_result(is_closed)
