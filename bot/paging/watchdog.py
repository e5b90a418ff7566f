"""The watchdog: a synthetic page every minute, by the way that real ones take, from an alert to a sink, and an alarm when none arrives.

Every process orders one for the minute; the order's key lets one of them through. It belongs to no incident, reaches nobody, and is
removed when the next one begins.
"""

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlmodel import col

from bot import log
from bot.clock import Clock
from bot.db import BOT, Database, Tx, hold_incident
from bot.paging import sink
from bot.paging.messages import SendSyntheticPage, SinkReached
from bot.paging.models import Page, PageAttempt, PageCode, SyntheticPage
from bot.paging.service import Paging
from bot.work import queue
from bot.work.audit import Finding
from bot.work.models import WorkItem

EVERY_S = 60.0
SILENT_AFTER = timedelta(seconds=100)
"""One a minute and 40 s for what delays it: after 10 s another replica takes up what a dead one held. The auditor looks every minute,
so that a broken engine is known in less than three."""
KEPT = timedelta(hours=1)
ABOUT = "watchdog"

logger = log.get(__name__)


class Watchdog:
    """Orders synthetic pages and says when they stop arriving."""

    def __init__(self, database: Database, clock: Clock, paging: Paging) -> None:
        self._db = database
        self._paging = paging
        self._clock = clock
        self._since = clock.now()

    async def run(self) -> None:
        """Order one every minute, for ever, the first after a minute. A database that is away is the auditor's business."""
        self._since = self._clock.now()  # a start that takes long is no silence
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.order()
            except Exception as error:
                logger.warning("no synthetic page could be ordered", error=type(error).__name__)

    async def order(self) -> None:
        """Order the synthetic page of this minute, unless a replica has."""
        async with self._db.begin(actor=BOT) as tx:
            await queue.schedule(tx, SendSyntheticPage(), key=f"synthetic:{tx.now:%Y-%m-%dT%H:%M}", about=ABOUT)

    async def page(self, tx: Tx, since: datetime) -> None:
        """The synthetic alert has come in, ordered at `since`: page the sink, and forget the page before."""
        await hold_incident(tx, sink.INCIDENT)
        await _forget(tx)
        page_id = await self._paging.page_sink(tx, since)
        tx.session.add(SyntheticPage(page_id=page_id, ordered_at=since))

    async def on_sink_reached(self, tx: Tx, fact: SinkReached) -> None:
        """It has arrived."""
        arriving = update(SyntheticPage).where(col(SyntheticPage.page_id) == fact.page_id, col(SyntheticPage.arrived_at).is_(None))
        await tx.changed(arriving.values(arrived_at=tx.now))

    async def silence(self, tx: Tx) -> list[Finding]:
        """What the auditor asks: has none arrived for too long?"""
        arrived = await last_arrival(tx)
        self._since = min(self._since, tx.now)  # the clock may have been set back
        since = max(arrived or self._since, self._since)
        if tx.now - since <= SILENT_AFTER:
            return []
        sentence = f"No synthetic page has arrived since {since:%H:%M:%S} UTC: paging does not work. `tocsin doctor` says more."
        return [Finding(sentence, ABOUT)]


async def last_arrival(tx: Tx) -> datetime | None:
    """When the newest synthetic page arrived; None when none ever did, or none within an hour."""
    arrived = col(SyntheticPage.arrived_at)  # one of the future is from before the clock was set back
    found: datetime | None = (await tx.session.execute(select(func.max(arrived)).where(arrived <= tx.now))).scalar()
    return found


async def standing(tx: Tx) -> tuple[bool, str]:
    """For people: whether synthetic pages arrive, and when the last one did."""
    arrived = await last_arrival(tx)
    if arrived is None:
        return True, "no synthetic page has arrived yet; the first leaves a minute after the start"
    age = tx.now - arrived
    return age <= SILENT_AFTER, f"the last synthetic page arrived {age.total_seconds():.0f} s ago"


async def _forget(tx: Tx) -> None:
    """Remove the synthetic pages that went before, with their work, and what is known of those of more than an hour ago."""
    ids = list((await tx.session.execute(select(col(Page.id)).where(col(Page.incident_id) == sink.INCIDENT))).scalars())
    about = [f"page:{page_id}" for page_id in ids]
    ended = (col(WorkItem.about) == ABOUT) & col(WorkItem.state).in_(queue.FINAL)
    await tx.changed(delete(WorkItem).where(col(WorkItem.about).in_(about) | ended))
    for table in (PageCode, PageAttempt):
        await tx.changed(delete(table).where(col(table.page_id).in_(ids)))
    await tx.changed(delete(Page).where(col(Page.id).in_(ids)))
    await tx.changed(delete(SyntheticPage).where(col(SyntheticPage.ordered_at) < tx.now - KEPT))
