"""The auditor: looks every minute for what should never be, says so once, and tells an outside heartbeat while all is well."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import ClientError, ClientSession, ClientTimeout
from prometheus_client import Gauge
from sqlalchemy import delete, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col

from bot import log
from bot.db import BOT, Database, Tx
from bot.work.models import Alarm, WorkItem
from bot.work.orders import Priority, WorkState

EVERY_S = 60.0
LONGEST_LEASE = timedelta(minutes=15)
"""No handler takes so long: every outside call has a timeout of seconds."""
OVERDUE_AFTER = timedelta(minutes=2)
DEAD_SHOWN_FOR = timedelta(hours=1)
FAILED_TOO_OFTEN = 3
"""Tries of a page in a row that ended in an error of ours."""
HEARTBEAT_TIMEOUT_S = 5

alarms = Gauge("tocsin_alarms", "What the auditor finds wrong now")
logger = log.get(__name__)


@dataclass(frozen=True)
class Finding:
    """Something is wrong. `about` names what ("incident:42", "work:deliver_page"); the same check and `about` is the same finding."""

    sentence: str
    about: str


@dataclass(frozen=True)
class AlarmRaised:
    """Fact: the auditor found something that it had not found a minute before."""

    sentence: str
    about: str


Check = Callable[[Tx], Awaitable[list[Finding]]]


class Auditor:
    """Runs the checks of all rooms. `findings` is what is wrong now, as of the last audit."""

    def __init__(self, database: Database, heartbeat_url: str | None = None) -> None:
        self._db = database
        self._heartbeat_url = heartbeat_url
        self._checks: dict[str, Check] = {}
        self.findings: tuple[Finding, ...] = ()
        for check in (endless_leases, overdue_work, failing_pages, dead_work):
            self.add(check.__name__, check)

    def add(self, name: str, check: Check) -> None:
        """Ask `check(tx)` at every audit, in a read-only transaction."""
        self._checks[name] = check

    async def run(self) -> None:
        """Audit every minute, for ever, first after a minute: at its start a process takes up what was left overdue.

        A database that is away is itself a finding, and no heartbeat.
        """
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.audit()
            except Exception as error:
                logger.exception("audit failed")
                self.findings = (Finding(f"The auditor itself cannot work: {type(error).__name__}.", "audit"),)

    async def audit(self) -> tuple[Finding, ...]:
        """Look once: announce what is new, forget what is over, and ping the heartbeat if nothing is wrong."""
        found = await self._look()
        await self._remember(found)
        self.findings = tuple(found.values())
        alarms.set(len(found))
        if not found and self._heartbeat_url:
            await _ping(self._heartbeat_url)
        return self.findings

    async def _look(self) -> dict[str, Finding]:
        found: dict[str, Finding] = {}
        for name, check in self._checks.items():
            try:
                async with self._db.read() as tx:
                    found |= {f"{name}:{finding.about}": finding for finding in await check(tx)}
            except (SQLAlchemyError, OSError):
                raise
            except Exception:  # a bug in one check hides none of the others
                logger.exception("check failed", check=name)
                found[f"{name}:"] = Finding(f"The check '{name}' failed; the log has the reason.", f"check:{name}")
        return found

    async def _remember(self, found: dict[str, Finding]) -> None:
        async with self._db.read() as tx:
            known = set((await tx.session.execute(select(col(Alarm.key)))).scalars())
        if known == found.keys():
            return
        async with self._db.begin(actor=BOT) as tx:
            await tx.changed(delete(Alarm).where(col(Alarm.key).not_in(found)))
            for key, finding in found.items():
                if await tx.insert_new(Alarm, key=key, sentence=finding.sentence, about=finding.about, raised_at=tx.now):
                    logger.error("alarm", sentence=finding.sentence, about=finding.about)
                    await tx.announce(AlarmRaised(finding.sentence, finding.about))


async def endless_leases(tx: Tx) -> list[Finding]:
    """Items that some process has held for so long that it must hang."""
    held = (
        select(col(WorkItem.id), col(WorkItem.kind), col(WorkItem.key))
        .where(
            col(WorkItem.state) == WorkState.LEASED, col(WorkItem.leased_at) < tx.now - LONGEST_LEASE, col(WorkItem.lease_until) > tx.now
        )
        .limit(20)
    )
    minutes = int(LONGEST_LEASE.total_seconds() // 60)
    return [
        Finding(f"Work '{row.kind}' ({row.key}) has been under way for more than {minutes} minutes: it hangs.", f"work_item:{row.id}")
        for row in await tx.session.execute(held)
    ]


async def overdue_work(tx: Tx) -> list[Finding]:
    """Kinds of work that are due, and nobody takes them."""
    late = tx.now - OVERDUE_AFTER
    waiting = (col(WorkItem.state) == WorkState.WAITING) & (col(WorkItem.due_at) < late)
    abandoned = (col(WorkItem.state) == WorkState.LEASED) & (col(WorkItem.lease_until) < late)
    kinds = (
        select(col(WorkItem.kind), func.count().label("items"), func.min(col(WorkItem.due_at)).label("since"))
        .where(waiting | abandoned)
        .group_by(col(WorkItem.kind))
    )
    return [
        Finding(f"{row.items} × '{row.kind}' due since {row.since:%H:%M} UTC, and nobody takes them.", f"work:{row.kind}")
        for row in await tx.session.execute(kinds)
    ]


async def failing_pages(tx: Tx) -> list[Finding]:
    """Pages that fail for an error of ours each time they are tried."""
    failing = select(col(WorkItem.id), col(WorkItem.kind), col(WorkItem.key), col(WorkItem.failures), col(WorkItem.last_error)).where(
        col(WorkItem.state) == WorkState.WAITING, col(WorkItem.priority) <= Priority.PAGE, col(WorkItem.failures) >= FAILED_TOO_OFTEN
    )
    return [
        Finding(f"Work '{row.kind}' ({row.key}) fails each time, and is tried again: {row.last_error}", f"failing:{row.id}")
        for row in await tx.session.execute(failing.limit(20))
    ]


async def dead_work(tx: Tx) -> list[Finding]:
    """Work that was given up within the last hour."""
    dead = select(col(WorkItem.id), col(WorkItem.kind), col(WorkItem.key), col(WorkItem.last_error)).where(
        col(WorkItem.state) == WorkState.DEAD, col(WorkItem.finished_at) > tx.now - DEAD_SHOWN_FOR
    )
    return [
        Finding(f"Work '{row.kind}' ({row.key}) was given up: {row.last_error}", f"work_item:{row.id}")
        for row in await tx.session.execute(dead.limit(20))
    ]


async def _ping(url: str) -> None:
    try:
        async with ClientSession(timeout=ClientTimeout(total=HEARTBEAT_TIMEOUT_S)) as session, session.get(url) as answer:
            answer.raise_for_status()
    except (ClientError, TimeoutError, OSError) as error:  # the outside will notice that nothing came
        logger.warning("heartbeat not delivered", error=type(error).__name__)
