"""Who is away now: out-of-office calendars, read every hour and kept, so that nobody waits for one during an incident."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, select
from sqlmodel import col

from bot import log
from bot.db import BOT, Database, Tx
from bot.directory.service import Directory
from bot.oncall import absences
from bot.oncall.messages import ReadAbsences
from bot.oncall.models import OnCallAbsence
from bot.work import queue
from bot.work.queue import Claim
from bot.work.worker import Worker

AHEAD = timedelta(weeks=8)
"""As far as anybody plans; a calendar that cannot be read any more is still believed this far."""
KEY = "read_absences"
logger = log.get(__name__)


class Leave:
    """Keeps what the calendars of the configuration say, and answers from it."""

    def __init__(self, database: Database, directory: Directory, folder: Path) -> None:
        self._db = database
        self._directory = directory
        self._folder = folder

    def register(self, worker: Worker) -> None:
        """Let the worker read calendars."""
        worker.handles(ReadAbsences, self.read)

    async def order(self, tx: Tx, at: datetime | None = None) -> None:
        """Have them read: when a process starts, when the configuration is another, and every hour."""
        if any(person.out_of_office for person in self._directory.config.people.values()):
            await queue.refresh(tx, ReadAbsences(), key=KEY)

    async def read(self, order: ReadAbsences, claim: Claim) -> None:
        """Read all, beside everything else; what cannot be read keeps what was read of it before."""
        async with self._db.read() as tx:
            now = tx.now
        config = self._directory.config
        found = await asyncio.to_thread(lambda: asyncio.run(absences.gather(config, self._folder, now, now + AHEAD)))
        for person, why in found.unread.items():
            logger.warning("calendar not read", person=person, why=why)
        async with self._db.begin(actor=BOT) as tx:
            gone = set((await tx.session.execute(select(col(OnCallAbsence.person)))).scalars()) - found.unread.keys()
            await tx.changed(delete(OnCallAbsence).where(col(OnCallAbsence.person).in_(gone)))
            for person, away in found.away.items():
                for one in away:
                    tx.session.add(OnCallAbsence(person=person, starts_at=one.start, ends_at=one.end))

    @staticmethod
    async def away(tx: Tx) -> Mapping[str, datetime]:
        """Who is away at this moment, and until when."""
        now = (col(OnCallAbsence.starts_at) <= tx.now) & (col(OnCallAbsence.ends_at) > tx.now)
        rows = (await tx.session.execute(select(OnCallAbsence).where(now).order_by(col(OnCallAbsence.ends_at)))).scalars()
        return {row.person: row.ends_at for row in rows}

    @staticmethod
    async def during(tx: Tx, start: datetime, end: datetime) -> frozenset[str]:
        """Who is away at any time between two moments."""
        rows = select(col(OnCallAbsence.person)).where(col(OnCallAbsence.starts_at) < end, col(OnCallAbsence.ends_at) > start)
        return frozenset((await tx.session.execute(rows)).scalars())
