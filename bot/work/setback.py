"""A clock that was set back: leases and pages of the time before would hold, and wait, for as long as it was set back by.

What lies further ahead than anything that is ordered now could is of that time. A lease becomes one of now: its holder goes on renewing
it, and a dead one's runs out. A page's work waits once more for as long as when it was ordered. What people planned by the calendar stays.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Row, select, update
from sqlmodel import col

from bot import log
from bot.db import BOT, Database, Tx
from bot.work.models import WorkItem
from bot.work.orders import Priority, WorkState
from bot.work.queue import LEASE

EVERY_S = 10.0
AHEAD = timedelta(seconds=10)
"""What is ordered now is dated at most so far ahead: twice what the clocks of replicas may differ by."""
logger = log.get(__name__)


class Setback:
    """Mends what a clock that was set back has left ahead of us. Replicas may all look: what one has mended, no other finds."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def run(self) -> None:
        """Look every ten seconds, for ever. A database that is away is the auditor's business."""
        while True:
            try:
                await self.look()
            except Exception as error:
                logger.warning("could not look whether the clock was set back", error=type(error).__name__)
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """Mend what there is; what others are writing at this moment, the next time."""
        async with self._db.read() as tx:
            if not await _ahead(tx):
                return
        async with self._db.begin(actor=BOT) as tx:
            found = await _ahead(tx, hold=True)
            for item in found:
                values = {"ordered_at": min(item.ordered_at, tx.now)}
                if item.state == WorkState.LEASED:
                    values |= {"leased_at": tx.now, "lease_until": tx.now + LEASE}
                elif item.ordered_at > tx.now:
                    by = item.ordered_at - tx.now
                    values |= {"due_at": item.due_at - by, "wanted_at": item.wanted_at - by}
                await tx.changed(update(WorkItem).where(col(WorkItem.id) == item.id).values(**values))
            tx.work_ordered = True
        logger.warning("the clock was set back: work of the time before is of now again", items=len(found))


async def _ahead(tx: Tx, *, hold: bool = False) -> Sequence[Row[*tuple[object, ...]]]:
    """Leases that end, and waiting pages that were ordered, at a time that cannot be yet."""
    leased = (col(WorkItem.state) == WorkState.LEASED) & (col(WorkItem.lease_until) > tx.now + LEASE + AHEAD)
    waiting = (
        (col(WorkItem.state) == WorkState.WAITING) & (col(WorkItem.priority) <= Priority.PAGE) & (col(WorkItem.ordered_at) > tx.now + AHEAD)
    )
    wanted = (col(WorkItem.id), col(WorkItem.state), col(WorkItem.ordered_at), col(WorkItem.due_at), col(WorkItem.wanted_at))
    found = select(*wanted).where(leased | waiting)
    return (await tx.session.execute(found.with_for_update(skip_locked=True) if hold else found.limit(1))).all()
