"""Runs on another machine: what a worker finds out there, the bot is told of in orders, and does what follows from it.

A worker changes a run's rows itself where that is all. What others hear of (people, rules, the incident) happens in the bot's own process,
which knows how to reach them: a worker has neither Slack's token nor a phone.
"""

import json
import uuid
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlmodel import col

from bot.db import BOT, Database, Tx
from bot.directory.service import Directory
from bot.runbooks.approval import Bound
from bot.runbooks.effects import Effects
from bot.runbooks.messages import MissWorker, TakeReport
from bot.runbooks.models import QueueWorker, Run
from bot.runbooks.progress import Progress, read, written
from bot.runbooks.records import NEXT
from bot.runbooks.requests import Rehearsal
from bot.runbooks.service import Runs
from bot.runbooks.states import RunState
from bot.runbooks.verification import Reading
from bot.runbooks.work import LOST_AFTER
from bot.work import queue
from bot.work.audit import Finding
from bot.work.orders import Done, Outcome
from bot.work.queue import Claim
from bot.work.worker import Worker

SEEN_EVERY_S = 5.0
MISSED_AFTER = timedelta(seconds=20)
"""A queue whose workers have all been silent for so long has none."""


class FarRuns(Runs):
    """The verbs of a run in a worker: what others hear of is reported."""

    async def refuse(self, tx: Tx, run_id: int, why: str) -> None:
        """It cannot be run."""
        await report(tx, run_id, "refuse", why)

    async def prepared(self, tx: Tx, run_id: int, bound: Bound, rehearsal: Rehearsal) -> None:
        """It is known what would happen."""
        await report(tx, run_id, "prepared", {"bound": asdict(bound), "rehearsal": asdict(rehearsal)})

    async def finished(self, tx: Tx, run: Run, progress: Progress) -> None:
        """Its process is through."""
        await report(tx, run.number, "finished", written(progress))

    async def lose(self, tx: Tx, run: Run, progress: Progress, why: str) -> None:
        """Nobody knows how it ended."""
        await report(tx, run.number, "lose", {"progress": written(progress), "why": why})

    async def end_unbegun(self, tx: Tx, run: Run) -> None:
        """It was stopped before its first task."""
        await report(tx, run.number, "end_unbegun", "")


class FarEffects(Effects):
    """What comes after a run's work, in a worker: its answers are reported."""

    async def answered(self, tx: Tx, run_id: int, reading: Reading) -> None:
        """The verification asked once more."""
        await report(tx, run_id, "answered", asdict(reading))


async def report(tx: Tx, run_id: int, what: str, found: object) -> None:
    """Let the bot take what a worker found."""
    order = TakeReport(run_id=run_id, what=what, found=json.dumps(found))
    await queue.schedule(tx, order, key=f"run:{run_id}:report:{uuid.uuid4().hex[:12]}", about=f"run:{run_id}")


async def sign_of_life(tx: Tx, name: str, machine: str) -> None:
    """A worker of this queue is there."""
    if not await tx.insert_new(QueueWorker, machine=machine, queue=name, seen_at=tx.now):
        await tx.changed(update(QueueWorker).where(col(QueueWorker.machine) == machine).values(queue=name, seen_at=tx.now))


async def last_seen(tx: Tx, *, of_queue: str | None = None, machine: str | None = None) -> datetime | None:
    """When a worker of this queue, or on this machine, last gave a sign of life."""
    wanted = select(func.max(col(QueueWorker.seen_at)))
    wanted = wanted.where(col(QueueWorker.queue) == of_queue) if of_queue is not None else wanted.where(col(QueueWorker.machine) == machine)
    return (await tx.session.execute(wanted)).scalar_one()


async def is_at_work(tx: Tx, of_queue: str) -> bool:
    """Whether a run that a worker of this queue began is not through."""
    found = select(col(Run.id)).where(col(Run.queue) == of_queue, col(Run.state) == RunState.RUNNING).limit(1)
    return (await tx.session.execute(found)).first() is not None


class FarReports:
    """Takes in the bot what workers report, and misses them."""

    def __init__(self, database: Database, directory: Directory, runs: Runs, effects: Effects) -> None:
        self._db = database
        self._directory = directory
        self._runs = runs
        self._effects = effects

    def register(self, worker: Worker) -> None:
        """Let the worker of the bot do these orders."""
        worker.handles(TakeReport, self.take)
        worker.handles(MissWorker, self.miss)

    async def take(self, order: TakeReport, claim: Claim) -> Outcome:
        """Do what follows from a report. One that comes twice finds the run in another state."""
        found = json.loads(order.found)
        async with self._db.begin(actor=BOT) as tx:
            run = await self._runs.held(tx, order.run_id)
            is_running = run.state == RunState.RUNNING
            match order.what:
                case "refuse":
                    await self._runs.refuse(tx, order.run_id, found)
                case "prepared":
                    bound = Bound(**{**found["bound"], "hosts": tuple(found["bound"]["hosts"])})
                    plan, cautions = tuple(found["rehearsal"]["plan"]), tuple(found["rehearsal"]["cautions"])
                    await self._runs.prepared(tx, order.run_id, bound, Rehearsal(plan, cautions, found["rehearsal"]["trouble"]))
                case "finished" if is_running:
                    remark, progress = run.remark, read(found)
                    await self._runs.finished(tx, run, progress)
                    run.remark = remark or run.remark  # why it could not even start
                case "lose" if is_running:
                    await self._runs.lose(tx, run, read(found["progress"]), found["why"])
                case "end_unbegun" if is_running:
                    await self._runs.end_unbegun(tx, run)
                case "answered":
                    await self._effects.answered(tx, order.run_id, Reading(**found))
        return Done()

    async def miss(self, order: MissWorker, claim: Claim) -> Outcome:
        """A run that waits for a worker, or whose worker is silent, says so on its card; in the end it is lost."""
        async with self._db.begin(actor=BOT) as tx:
            run = await self._runs.held(tx, order.run_id)
            if await (self._missed_at_work(tx, run) if run.state == RunState.RUNNING else self._missed(tx, run)):
                await miss_later(tx, run.number)
        return Done()

    async def _missed(self, tx: Tx, run: Run) -> bool:
        """A run that waits for a worker; whether to look again."""
        about = self._directory.config.environments.get(run.environment)
        if run.state in NEXT:
            await self._runs.hand_on(tx, run)
            if about is not None and about.queue is not None and is_missed(seen := await last_seen(tx, of_queue=about.queue), tx.now):
                run.remark = f"It waits: {no_worker(about.queue, seen)}"
                await self._runs.show(tx, run)
        elif run.state != RunState.WAITING:
            return False
        return about is not None and about.queue is not None

    async def _missed_at_work(self, tx: Tx, run: Run) -> bool:
        """A run on a worker's machine, which it keeps whatever the configuration says by now; whether to look again."""
        if not run.queue:
            return False
        seen = await last_seen(tx, machine=run.machine)
        if seen is not None and tx.now - seen < LOST_AFTER:
            return True
        await self._runs.lose(tx, run, read(run.progress), f"{run.machine}, on which it ran, does not answer.")
        return False

    async def queues_without_worker(self, tx: Tx) -> list[Finding]:
        """Queues that are configured and that nobody serves."""
        found = []
        for name in sorted({one.queue for one in self._directory.config.environments.values() if one.queue}):
            seen = await last_seen(tx, of_queue=name)
            if is_missed(seen, tx.now):
                found.append(Finding(f"{sentence(no_worker(name, seen))} Runs that need it wait.", f"queue:{name}"))
        return found


async def miss_later(tx: Tx, run_id: int) -> None:
    """Look in a while whether a run's worker is there."""
    await queue.refresh(tx, MissWorker(run_id=run_id), key=f"run:{run_id}:worker", about=f"run:{run_id}", due=tx.now + MISSED_AFTER)


def is_missed(seen: datetime | None, now: datetime) -> bool:
    """Whether nobody serves a queue."""
    return seen is None or now - seen >= MISSED_AFTER


def no_worker(name: str, seen: datetime | None) -> str:
    """What is missing, and what to do."""
    since = f"no worker of queue {name} has been heard of since {seen:%d %b %H:%M} UTC" if seen else f"queue {name} has never had a worker"
    return f"{since}. Start one: `tocsin worker --queue {name}`."


def sentence(text: str) -> str:
    """With a capital at its beginning."""
    return text[:1].upper() + text[1:]
