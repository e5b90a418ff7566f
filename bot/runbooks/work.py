"""What runs do later or outside: look at the scene, rehearse, start, follow and verify."""

import json
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from bot import faultpoints
from bot.config.runbooks import Verification
from bot.db import BOT, Database
from bot.errors import AlreadyDone, Refusal
from bot.runbooks import files, output
from bot.runbooks.approval import Bound
from bot.runbooks.catalogue import Catalogue, Scene
from bot.runbooks.checks import Checks
from bot.runbooks.effects import Effects
from bot.runbooks.leftovers import Leftovers
from bot.runbooks.messages import BeginRun, ConsiderRules, ExpireRun, FollowRun, PrepareRun, VerifyRun
from bot.runbooks.models import Run
from bot.runbooks.progress import Progress, fold, read
from bot.runbooks.records import run_id
from bot.runbooks.remedies import Remedies
from bot.runbooks.requests import Rehearsal
from bot.runbooks.runner import CannotStart, Life, PlaybookRunner
from bot.runbooks.secrets import Secrets
from bot.runbooks.service import Runs
from bot.runbooks.states import RunState
from bot.runbooks.verification import Reading
from bot.runbooks.watching import watched
from bot.work.orders import Done, Outcome, TryLater
from bot.work.queue import Claim
from bot.work.worker import Worker

REHEARSES_WITHIN_S = 60
LARGEST_OUTPUT = 20_000_000
"""Bytes; a playbook that prints more is in an endless loop."""
BEGINS_WITHIN = timedelta(minutes=1)
HELD_AGAIN = timedelta(seconds=2)
SOON, LATER = timedelta(seconds=0.1), timedelta(seconds=1)
"""Until one that another machine looks after may be taken by that one: it hears of it at once, unless it is away."""
LOST_AFTER = timedelta(minutes=5)
"""A machine that has not told of its run for so long is gone."""


class RunWork:
    """The handlers of the runbooks room. `machine` names this one among several replicas; it serves `of_queue`, or the bot."""

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        runs: Runs,
        effects: Effects,
        remedies: Remedies,
        runner: PlaybookRunner,
        checks: Checks,
        leftovers: Leftovers,
        secrets: Secrets,
        machine: str,
        of_queue: str = "",
    ) -> None:
        self._db = database
        self._catalogue = catalogue
        self._runs = runs
        self._effects = effects
        self._remedies = remedies
        self._runner = runner
        self._checks = checks
        self._leftovers = leftovers
        self._machine = machine
        self._queue = of_queue
        self._secrets = secrets

    def register(self, worker: Worker) -> None:
        """Let the worker do these orders."""
        worker.handles(PrepareRun, self.prepare)
        worker.handles(BeginRun, self.begin)
        worker.handles(FollowRun, self.follow)
        worker.handles(VerifyRun, self.verify)
        worker.handles(ExpireRun, self.expire)
        worker.handles(ConsiderRules, self.consider)

    async def prepare(self, order: PrepareRun, claim: Claim) -> Outcome:
        """Find out what would happen, and say it on the card."""
        async with self._db.read() as tx:
            run = await self._runs.get(tx, order.run_id)
        if run.state != RunState.PREPARING:
            return Done()
        try:
            scene, bound = await self._scene(run)
            found = await self._rehearsed(run, scene, bound) if scene.runbook.check_mode else Rehearsal()
        except (Refusal, CannotStart) as no:
            async with self._db.begin(actor=BOT) as tx:
                await self._runs.refuse(tx, order.run_id, str(no))
            return Done()
        faultpoints.reached("run: rehearsed, not written down")
        async with self._db.begin(actor=BOT) as tx:
            await self._runs.prepared(tx, order.run_id, bound, found)
        await self._leftovers.rehearsed(rehearsal(run, bound))
        return Done()

    async def begin(self, order: BeginRun, claim: Claim) -> Outcome:
        """Look whether it still is what was approved; take its hosts; start it."""
        async with self._db.read() as tx:
            run = await self._runs.get(tx, order.run_id)
        if run.state not in (RunState.APPROVED, RunState.RUNNING):
            return Done()
        try:
            scene, bound = await self._scene(run)
        except Refusal as no:
            async with self._db.begin(actor=BOT) as tx:
                await self._runs.refuse(tx, order.run_id, str(no))
            return Done()
        if run.state == RunState.APPROVED and bound.fingerprint != run.fingerprint:
            async with self._db.begin(actor=BOT) as tx:
                await self._runs.rehearse_again(tx, order.run_id)
            return Done()
        return await self._start(run, scene, bound)

    async def _start(self, run: Run, scene: Scene, bound: Bound) -> Outcome:
        try:
            async with self._db.begin(actor=BOT) as tx:
                await self._remedies.check_alone(tx, run.number)
                begun = await self._runs.begin(tx, run.number, self._machine, self._queue)
        except AlreadyDone as held:
            is_alone = bool(run.rule) and run.needs == 0
            async with self._db.begin(actor=BOT) as tx:
                if is_alone:  # by the time it is free again, the alert may be about something else
                    await self._runs.refuse(tx, run.number, f"Nothing was run: {held}")
                else:
                    await self._runs.queued(tx, run.number, f"It waits: {held}")
            return Done() if is_alone else TryLater(str(held), HELD_AGAIN)
        except Refusal as no:
            async with self._db.begin(actor=BOT) as tx:
                await self._runs.refuse(tx, run.number, str(no))
            return Done()
        if begun is None or begun.started_at is None:
            return Done()
        faultpoints.reached("run: called running, not started")
        try:
            if not await self._look_before(begun, scene.runbook.verify):
                return Done()
            await self._runner.start(self._catalogue.spec(scene, bound, run_id(run), is_dry=False))
        except CannotStart as no:
            async with self._db.begin(actor=BOT) as tx:
                held_run = await self._runs.held(tx, run.number)
                if held_run.state == RunState.RUNNING:
                    await self._runs.finished(tx, held_run, read(held_run.progress))
                    held_run.remark = str(no)
            return Done()
        faultpoints.reached("run: started, not followed")
        return Done()

    async def _look_before(self, run: Run, verify: Verification | None) -> bool:
        """How things stand is asked before the first task, so that there is something to compare the end with. False: stopped meanwhile."""
        if verify is None or run.watch:
            return True
        before = await self._checks.ask_before(run, verify)
        async with self._db.begin(actor=BOT) as tx:
            return await self._effects.looked_before(tx, run.number, before)

    async def follow(self, order: FollowRun, claim: Claim) -> Outcome:
        """Look how far it is. Only the machine on which it runs can tell; one that is gone takes the answer with it."""
        async with self._db.read() as tx:
            run = await self._runs.get(tx, order.run_id)
            kept, now = await output.position(tx, order.run_id), tx.now
        if run.state != RunState.RUNNING or run.started_at is None:
            return Done()
        if run.machine != self._machine:
            if (late := now - claim.wanted_at) < LOST_AFTER:
                return TryLater("it runs on another machine, which looks after it", min(max(SOON, late / 10), LATER))
            return await self._lose(run, read(run.progress), f"{run.machine}, on which it ran, does not answer.")
        before = read(run.progress)
        hiding = await self._secrets.known()
        look = await self._runner.look(run_id(run), before.seen)
        progress = fold(before, look.events)
        is_over = look.life != Life.RUNNING
        log, folder = self._runner.log(run_id(run)), self._runner.files(run_id(run))
        printed = await self._runner.reading(partial(output.printed, log, kept, hiding, is_over=is_over))
        left = await self._runner.reading(partial(files.collected, folder, hiding)) if is_over else ([], [])
        if look.life == Life.LOST:
            await self._runner.stop(run_id(run))  # what it left behind is watched over by nobody
        if look.life == Life.LOST and run.stopped_by is None and not progress.ended:
            return await self._lose(run, progress, "Its process ended without a word.", kept, printed, left)
        if look.life == Life.UNKNOWN:
            if now - run.started_at < BEGINS_WITHIN:
                return TryLater("it is about to start", timedelta(seconds=1))
            return await self._lose(run, progress, "It was never started.")
        if look.life == Life.RUNNING and (run.stopped_by or await self._must_end(run, look.written)):
            await self._runner.stop(run_id(run))
        async with self._db.begin(actor=BOT) as tx:
            held = await self._runs.held(tx, order.run_id)
            if held.state != RunState.RUNNING:
                return Done()
            await output.keep(tx, run.number, kept, printed)
            if look.life == Life.RUNNING:
                await self._runs.followed(tx, held, progress)
                return Done()
            await self._runs.finished(tx, held, progress)
            await files.keep(tx, held, *left)
        await self._leftovers.ended(run_id(run))
        return Done()

    async def verify(self, order: VerifyRun, claim: Claim) -> Outcome:
        """Ask once whether it helped."""
        async with self._db.read() as tx:
            run = await self._runs.get(tx, order.run_id)
        runbook = self._catalogue.runbooks.get(run.runbook)
        if run.state != RunState.VERIFYING:
            return Done()
        verify = runbook.verify if runbook is not None else None
        reading = await self._checks.ask(run, verify) if verify is not None else Reading(is_good=False, says="", is_known=False)
        async with self._db.begin(actor=BOT) as tx:
            await self._effects.answered(tx, order.run_id, reading)
        return Done()

    async def consider(self, order: ConsiderRules, claim: Claim) -> Outcome:
        """Let rules do what they may in an incident."""
        async with self._db.begin(actor=BOT) as tx:
            await self._remedies.consider(tx, order.incident_id)
        return Done()

    async def expire(self, order: ExpireRun, claim: Claim) -> Outcome:
        """Its time is over."""
        async with self._db.begin(actor=BOT) as tx:
            await self._runs.expire(tx, order.run_id)
        return Done()

    async def _scene(self, run: Run) -> tuple[Scene, Bound]:
        scene = await self._catalogue.scene(self._catalogue.find(run.runbook), run.environment)
        return scene, scene.bound(json.loads(run.words), json.loads(run.only))

    async def _rehearsed(self, run: Run, scene: Scene, bound: Bound) -> Rehearsal:
        """The dry run, to its end."""
        name = rehearsal(run, bound)
        await self._runner.start(self._catalogue.spec(scene, bound, name, is_dry=True))
        progress, _ = await watched(self._runner, name, bound.hosts, REHEARSES_WITHIN_S)
        trouble = (
            "" if progress.succeeded else f"The dry run did not succeed: {'; '.join(progress.failures[:3]) or 'it did not come to its end'}"
        )
        return Rehearsal(progress.plan, progress.cautions, trouble)

    async def _must_end(self, run: Run, written: int) -> bool:
        """Has it taken too long, or written too much? Then that is written down, and it is stopped."""
        runbook = self._catalogue.runbooks.get(run.runbook)
        async with self._db.begin(actor=BOT) as tx:
            if run.started_at is not None and runbook is not None and tx.now - run.started_at > runbook.timeout:
                await self._runs.stop(tx, run.number, f"Stopped after {int(runbook.timeout.total_seconds())} s, its time-out.")
            elif written > LARGEST_OUTPUT:
                await self._runs.stop(tx, run.number, f"Stopped: it printed more than {LARGEST_OUTPUT // 1_000_000} MB.")
            else:
                return False
        return True

    async def _lose(
        self,
        run: Run,
        progress: Progress,
        why: str,
        kept: int = 0,
        printed: Sequence[output.Piece] = (),
        left: tuple[Sequence[files.Left], Sequence[str]] = ((), ()),
    ) -> Outcome:
        async with self._db.begin(actor=BOT) as tx:
            held = await self._runs.held(tx, run.number)
            if held.state == RunState.RUNNING:
                await output.keep(tx, run.number, kept, printed)
                await self._runs.lose(tx, held, progress, why)
                await files.keep(tx, held, *left)
        return Done()


def rehearsal(run: Run, bound: Bound) -> str:
    """The name of a dry run for the engine."""
    return f"{run_id(run)}-dry-{bound.fingerprint[:12]}"
