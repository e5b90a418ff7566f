"""The worker: claims due work, runs its handlers side by side, and writes down how each ended."""

import asyncio
import contextlib
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar, cast

from prometheus_client import Counter as Metric
from prometheus_client import Histogram

from bot import log
from bot.clock import Clock
from bot.db import BOT, Database, Tx
from bot.work import queue
from bot.work.orders import Done, Order, Outcome, Refused, TryLater, WorkDied, WorkState, back_off
from bot.work.queue import Claim

OrderT = TypeVar("OrderT", bound=Order)
Handler = Callable[[OrderT, Claim], Awaitable[Outcome | None]]

BATCH = 32
LANE = 8
"""How many items of one destination are worked on at once, per process."""
SAFETY_POLL_S = 5.0
RENEW_EVERY_S = 3.0
GIVE_UP_AFTER = timedelta(hours=24)
"""How long an outside may be away before what was meant for it is given up."""

ended = Metric("tocsin_work_ended_total", "Items of due work by how a try ended", ["kind", "outcome"])
lateness = Histogram("tocsin_work_lateness_seconds", "From due to started", ["kind"], buckets=(0.05, 0.2, 0.5, 1, 2, 5, 15, 60, 300, 3600))
logger = log.get(__name__)


class Worker:
    """Runs handlers for due work until it is stopped. Several may run on one database, in one process each."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock
        self._handlers: dict[str, tuple[type[Order], Handler[Order]]] = {}
        self._running: dict[int, tuple[Claim, asyncio.Task[None]]] = {}
        self._awake = asyncio.Event()
        self._stopping = False
        self._name = uuid.uuid4().hex[:8]
        self.last_round: datetime | None = None
        """When the worker last looked for work: what the readiness check asks."""

    def handles(self, order: type[OrderT], handler: Handler[OrderT]) -> None:
        """`handler(order, claim)` does every order of this type; None counts as `Done()`."""
        self._handlers[order.kind()] = (order, cast("Handler[Order]", handler))

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of work that have a handler."""
        return frozenset(self._handlers)

    def wake(self) -> None:
        """Look for due work now."""
        self._awake.set()

    async def run(self) -> None:
        """Work until `stop`. A database that is away is waited for."""
        renewal = asyncio.create_task(self._renew_leases())
        try:
            while not self._stopping:
                self._awake.clear()
                try:
                    pause = await self._round()
                except Exception:
                    logger.exception("work round failed")
                    pause = 1.0
                if pause > 0:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._awake.wait(), pause)
        finally:
            renewal.cancel()

    async def stop(self, grace_s: float = 8.0) -> None:
        """Claim nothing more, let what runs finish within `grace_s` seconds; what does not is left to its lease."""
        self._stopping = True
        self._awake.set()
        tasks = [task for _, task in self._running.values()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace_s)
            for task in late:
                task.cancel()

    async def drain(self, timeout_s: float = 10.0) -> bool:
        """Do everything that is due now and what follows from it. False when something still ran after `timeout_s` real seconds."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        while True:
            await self._claim_and_start()
            tasks = [task for _, task in self._running.values()]
            left = deadline - asyncio.get_running_loop().time()
            if not tasks:
                return True
            if left <= 0:
                return False
            await asyncio.wait(tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)

    async def next_due(self) -> datetime | None:
        """When the next waiting item becomes due."""
        async with self._db.read() as tx:
            return await queue.next_due(tx, busy=frozenset(self._running))

    async def _round(self) -> float:
        """One look for work; returns how many seconds to pause unless woken."""
        self.last_round = self._clock.now()
        if await self._claim_and_start():
            return 0.0
        due = await self.next_due()
        if due is None:
            return SAFETY_POLL_S
        return min(SAFETY_POLL_S, max(0.005, (due - self._clock.now()).total_seconds()))

    async def _claim_and_start(self) -> int:
        lanes = Counter(claim.destination for claim, _ in self._running.values())
        full = frozenset(lane for lane, busy in lanes.items() if busy >= LANE)
        due = await self.next_due()
        if due is None or due > self._clock.now():
            return 0
        async with self._db.begin(actor=BOT) as tx:
            lease = f"{self._name}:{uuid.uuid4().hex[:12]}"
            claims = await queue.claim(tx, lease=lease, limit=BATCH, full=full, busy=frozenset(self._running))
        for claim in claims:
            self._running[claim.id] = (claim, asyncio.create_task(self._work(claim)))
        return len(claims)

    async def _work(self, claim: Claim) -> None:
        try:
            lateness.labels(claim.kind).observe(max(0.0, (self._clock.now() - claim.due_at).total_seconds()))
            outcome = await self._try(claim)
            async with self._db.begin(actor=BOT) as tx:
                await self._write_down(tx, claim, outcome)
        except Exception:
            logger.exception("work could not be written down", kind=claim.kind, key=claim.key)  # its lease runs out, and it is tried again
        finally:
            self._running.pop(claim.id, None)
            self._awake.set()

    async def _try(self, claim: Claim) -> Outcome:
        known = self._handlers.get(claim.kind)
        if known is None:
            return TryLater("this process has no handler for it", timedelta(seconds=30))
        order_type, handler = known
        try:
            return await handler(queue.from_payload(order_type, claim.payload), claim) or Done()
        except Exception as bug:
            logger.exception("work failed", kind=claim.kind, key=claim.key, attempt=claim.attempt)
            why = f"{type(bug).__name__}: {bug}"
            return TryLater(why) if claim.attempt < order_type.attempts else Refused(why)

    async def _write_down(self, tx: Tx, claim: Claim, outcome: Outcome) -> None:
        ended.labels(claim.kind, type(outcome).__name__).inc()
        match outcome:
            case Done():
                await queue.finish(tx, claim, WorkState.DONE)
            case TryLater(why, after) if tx.now - claim.ordered_at < GIVE_UP_AFTER:
                await queue.put_back(tx, claim, tx.now + (after or back_off(claim.attempt)), why)
            case TryLater(why) | Refused(why):
                if await queue.finish(tx, claim, WorkState.DEAD, why):
                    logger.error("work given up", kind=claim.kind, key=claim.key, why=why)
                    await tx.announce(WorkDied(claim.kind, claim.key, claim.about, why))

    async def _renew_leases(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            claims = [claim for claim, _ in self._running.values()]
            if claims:
                try:
                    async with self._db.begin(actor=BOT) as tx:
                        await queue.renew(tx, claims)
                except Exception:
                    logger.exception("leases could not be renewed")
