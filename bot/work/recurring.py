"""Recurring work: hand-offs, digests, retention. Due work that orders its own next occurrence.

Each occurrence is an item under a key of its own, so that ten replicas make one of it; the next one is ordered before the present one is
done, so that a failure never ends the series. What was missed while nothing ran is done once, late.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.db import BOT, Database, Tx
from bot.work import inbox, queue
from bot.work.orders import Order
from bot.work.queue import Claim
from bot.work.worker import Worker

Body = Callable[[Tx, datetime], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Recur(Order):
    """One occurrence of the series called `name`."""

    name: str
    at: datetime


@dataclass(frozen=True)
class Series:
    """When something comes again (five cron fields in a zone), and what it does."""

    cron: str
    zone: str
    body: Body


class Recurring:
    """The series of this process, the same in every replica."""

    def __init__(self, database: Database, worker: Worker) -> None:
        self._db = database
        self._series: dict[str, Series] = {}
        worker.handles(Recur, self._occur)
        self.add("retention", "17 * * * *", forget_old)

    def add(self, name: str, cron: str, body: Body, zone: str = "UTC") -> None:
        """Call `body(tx, at)` once for each time that `cron` names in `zone`; wrong ones are refused by `start`."""
        self._series[name] = Series(cron, zone, body)

    async def start(self, tx: Tx) -> None:
        """Order the next occurrence of every series: at each start of a process, once it is ready (this loads APScheduler)."""
        for name in self._series:
            await self._order_next(tx, name)

    async def _order_next(self, tx: Tx, name: str) -> None:
        series = self._series[name]
        at = next_time(series.cron, series.zone, tx.now)
        await queue.schedule(tx, Recur(name=name, at=at), key=_key(name, at), about=f"recurring:{name}", due=at)

    async def _occur(self, order: Recur, claim: Claim) -> None:
        if order.name not in self._series:  # dropped by a newer version
            return
        async with self._db.begin(actor=BOT) as tx:
            await self._order_next(tx, order.name)
        async with self._db.begin(actor=BOT) as tx:
            if await inbox.first_time(tx, _key(order.name, order.at)):  # a crash after this commit repeats nothing
                await self._series[order.name].body(tx, order.at)


async def forget_old(tx: Tx, at: datetime) -> None:
    """Retention of the post room: inbox entries that nobody would repeat, and items that ended a month ago."""
    await inbox.forget_old(tx)
    await queue.forget_finished(tx)


def next_time(cron: str, zone: str, after: datetime) -> datetime:
    """The first moment after `after` that five cron fields name in `zone` (weekdays by name: "mon", never by number)."""
    from apscheduler.triggers.cron import CronTrigger

    fields = cron.split()
    if len(fields) == 5 and any(character.isdigit() for character in fields[4]):
        raise ValueError(f"'{cron}' names weekdays by number, which cron and APScheduler count from different days: write mon, tue …")
    trigger = CronTrigger.from_crontab(cron, timezone=ZoneInfo(zone))
    while (found := trigger.get_next_fire_time(None, after + timedelta(microseconds=1))) is not None:
        after = found.astimezone(UTC)
        if not found.astimezone(ZoneInfo(zone)).fold or fields[1] == "*":
            return after
        # the hour that comes twice when summer time ends: once a day means once
    raise ValueError(f"'{cron}' names no moment that will ever come")


def _key(name: str, at: datetime) -> str:
    return f"recurring:{name}:{at:%Y-%m-%dT%H:%MZ}"
