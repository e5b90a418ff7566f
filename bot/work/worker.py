"""The worker: claims due work, runs its handlers side by side, and writes down how each ended."""

import asyncio
import contextlib
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar, cast

from prometheus_client import Counter as Metric
from prometheus_client import Histogram

from bot import faultpoints, log
from bot.clock import Clock
from bot.db import BOT, Database, Tx
from bot.work import queue
from bot.work.closing import Closing
from bot.work.orders import Done, Order, Outcome, Priority, Refused, TryLater, WorkDied, WorkState, back_off
from bot.work.queue import Claim, Lane

OrderT = TypeVar("OrderT", bound=Order)
Handler = Callable[[OrderT, Claim], Awaitable[Outcome | None]]

WIDTH = 8
"""How many items of one lane are worked on at once, per process."""
WIDTHS = {"sms": 48, "voice": 48, "email": 16, "page-slack": 16, "push": 16, "webhook": 16, "github": 1}
"""Wider lanes: their providers take many at once, and a thousand pages must not wait for each other. GitHub asks for one at a time."""
WRITE_DOWN_AGAIN_S = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Pauses while a database that went away during a try is waited for: what was sent should not be sent again."""
SAFETY_POLL_S = 5.0
LOOK_EVERY_S = 0.1
"""In a flood, which lanes have work is known for so long: to look goes through everything that is due, ten thousand times for ten
thousand items, and who waits in another lane can wait for so long."""
RENEW_EVERY_S = 3.0
GIVE_UP_AFTER = timedelta(hours=24)
"""How long an outside may be away before what was meant for it is given up."""

ended = Metric("tocsin_work_ended_total", "Items of due work by how a try ended", ["kind", "outcome"])
lateness = Histogram("tocsin_work_lateness_seconds", "From due to started", ["kind"], buckets=(0.05, 0.2, 0.5, 1, 2, 5, 15, 60, 300, 3600))
logger = log.get(__name__)


@dataclass(frozen=True)
class Broke(TryLater):
    """The handler raised: an error of ours, or the database was away."""


class Worker:
    """Runs handlers for due work until it is stopped. Several may run on one database, in one process each."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        widths: Mapping[str, int] | None = None,
        renew_every_s: float = RENEW_EVERY_S,
        queue: str | None = None,
    ) -> None:
        """With a `queue` it works for that alone, elsewhere; without, for everything that no queue is named for."""
        self._db = database
        self._clock = clock
        self._widths = {**WIDTHS, **(widths or {})}
        self._renew_every_s = renew_every_s
        self._queue = queue
        self._handlers: dict[str, tuple[type[Order], Handler[Order]]] = {}
        self._running: dict[int, tuple[Claim, asyncio.Task[None]]] = {}
        self._claimed = 0
        self._awake = asyncio.Event()
        self._stopping = False
        self._claiming = asyncio.Lock()
        self._flooded: tuple[Lane, ...] = ()
        """Lanes in which more was due than there was room for, when last claimed from."""
        self._look_again_at = 0.0
        self._closing = Closing(database)
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

    @property
    def begun(self) -> int:
        """How many items were claimed so far."""
        return self._claimed

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
                        async with asyncio.timeout(pause):
                            await self._awake.wait()
            if tasks := [task for _, task in self._running.values()]:
                await asyncio.wait(tasks)  # until `stop` gives up on them they keep their leases
        finally:
            renewal.cancel()
            await asyncio.gather(renewal, return_exceptions=True)  # it may be inside a transaction

    async def stop(self, grace_s: float = 8.0) -> None:
        """Claim nothing more, let what runs finish within `grace_s` seconds; what does not is left to its lease."""
        self._stopping = True
        self._awake.set()
        async with self._claiming:  # a claim that is under way starts its tasks first
            tasks = [task for _, task in self._running.values()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._closing.end()

    async def drain(self, timeout_s: float = 10.0) -> bool:
        """Do everything that is due now and what follows from it. False when something still ran after `timeout_s` real seconds."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        while True:
            was_idle, before = not self._running, self._claimed
            await self._claim_and_start()
            tasks = [task for _, task in self._running.values()]
            left = deadline - asyncio.get_running_loop().time()
            if was_idle and self._claimed == before:  # nobody else, such as `run`, has claimed anything meanwhile
                return True
            if left <= 0:
                return False
            if tasks:  # if not, what ran has just made room: look again
                await asyncio.wait(tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)

    async def next_due(self) -> datetime | None:
        """When this process can next start something: lanes that are full are left out until one of their items ends."""
        full = frozenset(lane for lane in self._lanes_in_use() if self._room(lane) <= 0)
        async with self._db.read() as tx:
            return await queue.next_due(tx, busy=frozenset(self._running), full=full, of_queue=self._queue)

    async def _round(self) -> float:
        """One look for work; returns how many seconds to pause unless woken."""
        self.last_round = self._clock.now()
        if await self._claim_and_start():
            return 0.0
        if self._is_flooded:
            return max(0.005, self._look_again_at - asyncio.get_running_loop().time())
        due = await self.next_due()
        if due is None:
            return SAFETY_POLL_S
        return min(SAFETY_POLL_S, max(0.005, (due - self._clock.now()).total_seconds()))

    async def _claim_and_start(self) -> int:
        async with self._claiming:
            if self._is_flooded:
                lanes = [lane for lane in self._flooded if self._room(lane) > 0]
                if not lanes:
                    return 0
                if started := await self._claim(lanes):
                    return started
            self._look_again_at = asyncio.get_running_loop().time() + LOOK_EVERY_S
            async with self._db.read() as tx:
                due = await queue.lanes_due(tx, frozenset(self._running))
                lanes = [lane for lane in due if lane.queue == self._queue and self._room(lane) > 0]
            return await self._claim(lanes)

    @property
    def _is_flooded(self) -> bool:
        """Is it known where there is work, more than there is room for?"""
        return bool(self._flooded) and asyncio.get_running_loop().time() < self._look_again_at

    async def _claim(self, lanes: Sequence[Lane]) -> int:
        """Lease what there is room for in these lanes, and begin to work on it."""
        if self._stopping or not lanes:
            return 0
        claims: list[Claim] = []
        flooded = [lane for lane in self._flooded if self._room(lane) <= 0]
        async with self._db.begin(actor=BOT) as tx:
            for lane in lanes:
                room = self._room(lane)
                lease = f"{self._name}:{uuid.uuid4().hex[:12]}"
                found = await queue.claim(tx, lane, lease=lease, limit=room, busy=frozenset(self._running))
                claims += found
                flooded += [lane] if len(found) == room else []
        self._flooded = tuple(flooded)
        self._claimed += len(claims)
        for claim in claims:
            self._running[claim.id] = (claim, asyncio.create_task(self._work(claim)))
        return len(claims)

    def _lanes_in_use(self) -> Counter[Lane]:
        return Counter(claim.lane for claim, _ in self._running.values())

    def _room(self, lane: Lane) -> int:
        return self._widths.get(lane.destination, WIDTH) - self._lanes_in_use()[lane]

    async def _work(self, claim: Claim) -> None:
        log.about_work(claim.about)
        is_over = False
        try:
            lateness.labels(claim.kind).observe(max(0.0, (self._clock.now() - claim.due_at).total_seconds()))
            faultpoints.reached(f"{claim.kind}: claimed")
            outcome = await self._try(claim)
            faultpoints.reached(f"{claim.kind}: done, not noted")
            is_over = await self._write_down(claim, outcome)
        except Exception:
            logger.exception("work could not be written down", kind=claim.kind, key=claim.key)  # its lease runs out, and it is tried again
        finally:
            was_full = self._room(claim.lane) <= 0
            self._running.pop(claim.id, None)
            if was_full or not is_over:  # else there is nothing new to claim
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
            why = f"{type(bug).__name__}; the log has the rest"  # its words may be a private incident's, and people read this anywhere
            # A page is tried for a day, however often: giving it up for an error that may pass would be losing it. The auditor tells of it.
            is_last = claim.priority > Priority.PAGE and claim.failures + 1 >= order_type.attempts
            return Refused(why) if is_last else Broke(why)

    async def _write_down(self, claim: Claim, outcome: Outcome) -> bool:
        """Whether the item is closed, so that nothing of it waits any more."""
        ended.labels(claim.kind, type(outcome).__name__).inc()
        for pause in (*WRITE_DOWN_AGAIN_S, None):
            try:
                if isinstance(outcome, Done):
                    return await self._closing.close(claim)
                async with self._db.begin(actor=BOT) as tx:
                    return await self._close(tx, claim, outcome)
            except Exception:
                if pause is None:
                    raise
                logger.warning("the database is away; trying again", kind=claim.kind, key=claim.key)
                await asyncio.sleep(pause)
        return False

    async def _close(self, tx: Tx, claim: Claim, outcome: TryLater | Refused) -> bool:
        match outcome:
            case TryLater(why, after) if tx.now - claim.wanted_at < GIVE_UP_AFTER:
                failures = claim.failures + 1 if isinstance(outcome, Broke) else 0
                pause = after or back_off(claim.attempt)
                await queue.put_back(tx, claim, tx.now + pause, why, failures)
                tx.work_ordered |= pause.total_seconds() < SAFETY_POLL_S  # others, who do not know of it, would come too late
            case TryLater(why) | Refused(why):
                if await queue.finish(tx, claim, WorkState.DEAD, why):
                    logger.error("work given up", kind=claim.kind, key=claim.key, why=why)
                    await self._announce_death(tx, WorkDied(claim.kind, claim.key, claim.about, why))
                    return True
        return False

    async def _announce_death(self, tx: Tx, death: WorkDied) -> None:
        try:
            async with tx.savepoint():
                await tx.announce(death)
        except Exception:  # whoever listens has a bug; the item stays dead all the same, and the auditor finds it
            logger.exception("nobody could be told that work was given up", kind=death.kind, key=death.key)

    async def _renew_leases(self) -> None:
        while True:
            await asyncio.sleep(self._renew_every_s)
            claims = [claim for claim, _ in self._running.values()]
            if claims:
                try:
                    async with self._db.begin(actor=BOT) as tx:
                        await queue.renew(tx, claims)
                except Exception:
                    logger.exception("leases could not be renewed")
