"""The verbs of a run. Each is one piece of a transaction; what touches Ansible is ordered as due work within it."""

import json
from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from bot.db import BOT, Tx
from bot.errors import AlreadyDone
from bot.runbooks.messages import FollowRun, VerifyRun
from bot.runbooks.models import Run, RunLock
from bot.runbooks.progress import Progress, read, started, written
from bot.runbooks.records import bound_of
from bot.runbooks.requests import Requests
from bot.runbooks.rerun import failed_hosts
from bot.runbooks.states import ALLOWED, IS_OVER, RunState
from bot.states import move

LOOK_EVERY = timedelta(seconds=1)


class Runs(Requests):
    """Requests, approves, starts, follows and ends runs."""

    # While it happens

    async def begin(self, tx: Tx, run_id: int, machine: str, of_queue: str) -> Run | None:
        """Take what it works on and call it running, here, for this queue or the bot; None when it is not wanted any more. `AlreadyDone`:
        another run is at it."""
        run = await self.held(tx, run_id)
        if run.state != RunState.APPROVED:
            return run if run.state == RunState.RUNNING and run.machine == machine else None
        await self._lock(tx, run)
        run.state, run.started_at, run.remark = move(ALLOWED, run.state, RunState.RUNNING), tx.now, ""
        run.machine, run.queue = machine, of_queue
        run.progress = written(started(bound_of(run).hosts))
        if run.reverses is not None:
            await self._taken_back(tx, run, run.reverses)
        await self._write_down(tx, run, f"run {run.number} starts on {', '.join(bound_of(run).hosts)}")
        await self._order(tx, run, FollowRun(run_id=run.number), "follow", after=LOOK_EVERY)
        await self.show(tx, run)
        return run

    async def queued(self, tx: Tx, run_id: int, why: str) -> None:
        """What it works on is held by another run: it waits, and says for whom."""
        run = await self.held(tx, run_id)
        if run.state == RunState.APPROVED and run.remark != why:
            run.remark = why
            await self.show(tx, run)

    async def stop(self, tx: Tx, run_id: int, because: str = "") -> Run:
        """End it: a request at once, one at work as soon as its processes are gone. What was done stays done."""
        run = await self.held(tx, run_id)
        if run.state in IS_OVER:
            raise AlreadyDone(f"Run {run.number} is {run.state.value} already. Nothing to do.")
        name = self._directory.name(tx.actor)
        if run.state == RunState.RUNNING:
            run.stopped_by, run.stopped_because = tx.actor, because or f"Stopped by {name}."
            await self._order(tx, run, FollowRun(run_id=run.number), "follow")
            await self.show(tx, run)
        else:
            run.stopped_by = tx.actor
            await self._end(tx, run, RunState.CANCELLED, because or f"Cancelled by {name}.")
        return run

    async def settle(self, tx: Tx, run_id: int) -> Run:
        """The actor looked at the hosts of a run that was lost: what it held is free again."""
        run = await self.held(tx, run_id)
        if run.state != RunState.LOST:
            raise AlreadyDone(f"Run {run.number} is {run.state.value}. Nothing to do.")
        await self._end(tx, run, RunState.FAILED, f"{self._directory.name(tx.actor)} looked at its hosts.")
        return run

    async def followed(self, tx: Tx, run: Run, progress: Progress) -> None:
        """It is further on. Its card is edited right after a look: with an older one's picture, people would wait for both."""
        run.progress = written(progress)
        until = await self.next_edit(tx, run) - tx.now
        if not until:
            await self.show(tx, run)
        after = until if until and until < 1.5 * LOOK_EVERY else LOOK_EVERY
        await self._order(tx, run, FollowRun(run_id=run.number), "follow", after=after)

    async def finished(self, tx: Tx, run: Run, progress: Progress) -> None:
        """Its process is through."""
        run.progress = written(progress)
        if run.stopped_by is not None:
            state = RunState.FAILED if run.stopped_by == BOT else RunState.CANCELLED
            await self._end(tx, run, state, f"{run.stopped_because} A command on another machine may still be at work.")
        elif not progress.succeeded:
            await self._end(tx, run, RunState.FAILED, failure(progress))
        elif self._catalogue.runbooks.get(run.runbook) is not None and self._catalogue.find(run.runbook).verify is not None:
            run.state, run.ended_at = move(ALLOWED, run.state, RunState.VERIFYING), tx.now
            await self._unlock(tx, run)
            await self._order(tx, run, VerifyRun(run_id=run.number), "verify")
            await self._write_down(tx, run, f"run {run.number} did its work; whether it helped is being watched")
            await self.show(tx, run)
        else:
            await self._end(tx, run, RunState.SUCCEEDED, "")

    async def lose(self, tx: Tx, run: Run, progress: Progress, why: str) -> None:
        """Nobody knows how it ended. Its hosts stay locked until somebody has looked at them."""
        run.progress = written(progress)
        run.state, run.remark, run.ended_at = move(ALLOWED, run.state, RunState.LOST), why, tx.now
        incident = await self._incidents.get(tx, run.incident_id)
        await self._write_down(tx, run, f"run {run.number} is lost: {why}")
        await self._incidents.say(tx, incident, f"*Run {run.number} is lost.* {why} Look at {', '.join(bound_of(run).hosts)}.")
        await self.show(tx, run)

    # Afterwards

    async def watch_on(self, tx: Tx, run: Run, after: timedelta) -> None:
        """Whether it helped is asked again later."""
        await self._order(tx, run, VerifyRun(run_id=run.number), "verify", after=after)
        await self.show(tx, run, at_leisure=True)

    async def end_watch(self, tx: Tx, run: Run, remark: str = "") -> None:
        """It did its work, and what that brought is known as far as it will be."""
        await self._end(tx, run, RunState.SUCCEEDED, remark)

    async def end_unbegun(self, tx: Tx, run: Run) -> None:
        """It was stopped before its first task."""
        await self._end(tx, run, RunState.CANCELLED, f"{run.stopped_because} Nothing was run.")

    async def again(self, tx: Tx, run_id: int) -> Run:
        """The actor asks for a run once more, with the same parameters, on those hosts alone on which it failed."""
        run = await self.get(tx, run_id)
        failed = failed_hosts(read(run.progress)) if run.progress else ()
        if run.state not in IS_OVER or not failed:
            raise AlreadyDone(f"Run {run.number} is {run.state.value}, and there is no host on which it failed. Nothing to do.")
        words = {**json.loads(run.words), "environment": run.environment}
        return await self.request(tx, await self._incidents.get(tx, run.incident_id), run.runbook, words, only=failed)

    async def _taken_back(self, tx: Tx, run: Run, reversed_run: int) -> None:
        """What is seen from now on is this run's doing, and no more that of the one that it takes back."""
        other = await self.held(tx, reversed_run)
        if other.state == RunState.VERIFYING:
            other.verified = f"Not watched to its end: run {run.number} takes it back."
            await self.end_watch(tx, other)

    async def _lock(self, tx: Tx, run: Run) -> None:
        """Take every host that the run changes, and its named lock; all or none."""
        runbook = self._catalogue.find(run.runbook)
        wanted = [f"host:{run.environment}/{host}" for host in bound_of(run).hosts] if runbook.changes else []
        wanted += [f"lock:{run.environment}/{runbook.lock}"] if runbook.lock else []
        await tx.lock("runs")
        taken = select(RunLock, Run).join(Run, col(Run.id) == col(RunLock.run_id)).where(col(RunLock.target).in_(wanted))
        for lock, holder in await tx.session.execute(taken):
            if holder.number != run.number:
                what = lock.target.partition(":")[2].partition("/")[2]
                who = self._directory.name(holder.requested_by)
                raise AlreadyDone(f"{what} is held by run {holder.number} ({holder.title}, asked for by {who}).")
        for target in wanted:
            await tx.insert_new(RunLock, target=target, run_id=run.number)


def failure(progress: Progress) -> str:
    """Why a run that is through did not succeed, in a sentence."""
    if not progress.ended:
        return "Ansible ended before the playbook was through; the log says why."
    bad = [name for name, host in progress.hosts.items() if host.failed or host.unreachable]
    return f"It failed on {', '.join(bad)}." if bad else "No host took part in it."
