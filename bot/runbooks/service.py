"""The verbs of a run. Each is one piece of a transaction; what touches Ansible is ordered as due work within it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select
from sqlmodel import col

from bot.config.runbooks import Runbook
from bot.config.values import duration_text
from bot.db import BOT, Tx, hold_incident
from bot.directory.service import PROGRAM, Directory
from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotFound, Refusal
from bot.incidents import roles, timeline
from bot.incidents.lifecycle import is_open
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.runbooks import approval
from bot.runbooks.approval import Bound
from bot.runbooks.approvers import Approvers
from bot.runbooks.catalogue import Catalogue
from bot.runbooks.messages import BeginRun, ExpireRun, FollowRun, MissWorker, PrepareRun, RunEnded, ShowRun, VerifyRun
from bot.runbooks.models import Run, RunApproval, RunLock
from bot.runbooks.progress import Progress, read, started, written
from bot.runbooks.rerun import failed_hosts
from bot.runbooks.states import ALLOWED, HOLDS_ITS_LOCK, IS_OVER, SENTENCES, RunState
from bot.states import move
from bot.work import queue
from bot.work.models import WorkItem
from bot.work.orders import at_queue

LOG_PAGE = "runs"
"""What the links to a run's page are for, and where their path begins."""
FASTEST_EDIT = timedelta(seconds=2)
"""Between two edits of a run's card; with more runs than two at once, that many seconds: they share what Slack allows."""
LOOK_EVERY = timedelta(seconds=1)
WORKER_WITHIN = timedelta(seconds=20)
"""How long a run waits for a worker of its queue before its card says that there is none."""


@dataclass(frozen=True)
class Rehearsal:
    """What the dry run showed: what would change, what to know before saying yes, and what went wrong with it."""

    plan: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    trouble: str = ""


@dataclass(frozen=True)
class ByRule:
    """A rule asks, because of an alert. Unless it `may_start` by itself, somebody must approve."""

    rule: str
    because: str
    may_start: bool
    approvals: int | None = None

    def needs(self, by_runbook: int) -> int:
        """How many people must approve it."""
        wanted = by_runbook if self.approvals is None else self.approvals
        return wanted if self.may_start else max(1, wanted)


class Runs:
    """Requests, approves, starts, follows and ends runs."""

    def __init__(self, directory: Directory, incidents: Incidents, catalogue: Catalogue, asking: Approvers) -> None:
        self._directory = directory
        self._incidents = incidents
        self._catalogue = catalogue
        self._asking = asking

    # Before anything happens

    async def request(
        self,
        tx: Tx,
        incident: Incident,
        name: str,
        words: Mapping[str, str],
        *,
        only: Sequence[str] = (),
        reverses: int | None = None,
        by_rule: ByRule | None = None,
        once: str | None = None,
    ) -> Run:
        """The actor asks for a run, on `only` these of its hosts if any are named, perhaps one that takes another back. Nothing happens
        yet: what would is found out first. What was asked for under the key `once` is not asked for again."""
        await hold_incident(tx, incident.number)
        if once is not None and (before := await self.asked_before(tx, once)) is not None:
            return before
        runbook = self._catalogue.find(name)
        if not is_open(incident.state):
            raise Refusal(f"#{incident.number} is {incident.state.value}, so nothing is run for it. `/inc reopen` first.")
        if incident.channel_id is None:
            raise Refusal(f"#{incident.number} has no channel in which a run could be approved and followed. Nothing was run.")
        if by_rule is None:
            await self._check_requester(tx, incident, runbook)
        environment = self._catalogue.environment(runbook, words.get("environment", ""))
        needs = runbook.approvals_needed(incident.severity, environment)
        given = {key: value for key, value in words.items() if key != "environment"}
        run = Run(
            incident_id=incident.number,
            runbook=runbook.id,
            title=runbook.title,
            environment=environment,
            words=json.dumps(given, sort_keys=True),
            only=json.dumps(only),
            once=once,
            reverses=reverses,
            rule=by_rule.rule if by_rule else "",
            because=by_rule.because if by_rule else "",
            needs=by_rule.needs(needs) if by_rule else needs,
            requested_by=tx.actor,
            requested_at=tx.now,
        )
        tx.session.add(run)
        await tx.session.flush()
        typed = " ".join([runbook.id, *(f"{key}={value}" for key, value in words.items())])
        again = f" on {', '.join(only)} alone" if only else ""
        why = f", because {by_rule.because}" if by_rule else ""
        await self._write_down(tx, run, f"asked for run {run.number}: {typed}{again}{why}")
        await self._order(tx, run, PrepareRun(run_id=run.number), "prepare")
        return run

    async def prepared(self, tx: Tx, run_id: int, bound: Bound, found: Rehearsal) -> None:
        """It is known what would happen. It waits for approval, or starts when none is needed."""
        run, remark = await self.held(tx, run_id), found.trouble
        if run.state != RunState.PREPARING:
            return
        if run.bound and (changed := "; ".join(approval.differences(bound_of(run), bound))):
            remark = f"Since it was approved: {changed}. Approve it as it is now, or decline. {remark}".strip()
            await self._write_down(tx, run, f"run {run.number} was not started, for since it was approved {changed}")
        run.bound, run.fingerprint, run.remark = json.dumps(asdict(bound)), bound.fingerprint, remark
        run.plan, run.cautions = json.dumps(found.plan), json.dumps(found.cautions)
        for caution in found.cautions:
            await self._write_down(tx, run, f"run {run.number}: {caution}")
        run.expires_at = tx.now + self._catalogue.find(run.runbook).approval_expires
        if run.rule and run.needs == 0 and (found.trouble or found.cautions):
            await self._needs_a_look(tx, run, found)
        if run.needs > 0:
            await self._wait(tx, run)
        elif run.rule:
            wait = self._catalogue.announced_for(run.rule)
            run.remark = f"It starts by itself within {duration_text(wait)}, unless somebody cancels it."
            await self._approved(tx, run, after=wait)
        else:
            await self._approved(tx, run)

    async def _needs_a_look(self, tx: Tx, run: Run, found: Rehearsal) -> None:
        """Nobody has looked at what a rule would do, and its dry run says something that somebody must."""
        run.needs = 1
        incident = await self._incidents.get(tx, run.incident_id)
        told = f"🤖 *Run {run.number} does not start by itself*, for what its dry run says. Somebody must approve it on its card{{words}}"
        await self._incidents.say(tx, incident, told, words="; ".join([*found.cautions, *([found.trouble] if found.trouble else [])]))

    async def rehearse_again(self, tx: Tx, run_id: int) -> None:
        """What would run now is not what was approved: what it would do is found out and shown once more."""
        run = await self.held(tx, run_id)
        if run.state == RunState.APPROVED:
            run.state = move(ALLOWED, run.state, RunState.PREPARING)
            await self._order(tx, run, PrepareRun(run_id=run.number), "prepare")
            await self.show(tx, run)

    async def refuse(self, tx: Tx, run_id: int, why: str) -> None:
        """It cannot be run, and says why."""
        run = await self.held(tx, run_id)
        if run.state in (RunState.PREPARING, RunState.APPROVED):
            await self._end(tx, run, RunState.REFUSED, why)

    async def approve(self, tx: Tx, run_id: int, fingerprint: str) -> Run:
        """The actor looked at exactly this and says yes."""
        run = await self._waiting(tx, run_id)
        if fingerprint != run.fingerprint:
            raise AlreadyDone(f"Run {run.number} has changed since this was shown, so nothing was approved. Look at its card as it is now.")
        if why := await self.why_not_approve(tx, run):
            raise NotAllowed(f"Nothing was approved. {why}")
        tx.session.add(RunApproval(run_id=run.number, fingerprint=run.fingerprint, person=tx.actor, at=tx.now))
        await tx.session.flush()
        await self._write_down(tx, run, f"approved run {run.number}")
        if len(await self.approvers(tx, run)) >= run.needs:
            await self._approved(tx, run)
        else:
            await self._asking.decided(tx, run)
            await self._asking.ask(tx, run)
            await self.show(tx, run)
        return run

    async def why_not_approve(self, tx: Tx, run: Run) -> str:
        """Why an approval by the actor would not count, as a sentence; "" when it would."""
        is_known = self._directory.person(tx.actor) is not None
        why_not = approval.why_not(tx.actor, run.requested_by, await self.approvers(tx, run), is_known)
        return why_not or await self._asking.why_not(tx, run, self._catalogue.runbooks.get(run.runbook))

    async def go_alone(self, tx: Tx, run_id: int, because: str) -> Run:
        """Break glass: nobody came, it is urgent, and whoever asked goes without a second person, for a reason that stays written."""
        run = await self._waiting(tx, run_id)
        incident = await self._incidents.get(tx, run.incident_id)
        if tx.actor != run.requested_by and not run.rule:
            raise NotAllowed("Only whoever asked for a run may go alone. You can approve it.")
        if not approval.may_go_alone(incident.severity, tx.now - run.requested_at):
            raise NotAllowed("Going alone is for SEV1 and SEV2, once a request has waited for 3 min. Nothing was started.")
        if not because.strip():
            raise InvalidInput("Say why nobody else could look at it; the reason stands in the postmortem.")
        run.alone_because = because.strip()
        await self._write_down(tx, run, f"went alone with run {run.number}: {run.alone_because}")
        await self._incidents.say(tx, incident, f"*Run {run.number} goes without a second person*, by {{actor}}:", words=run.alone_because)
        await self._approved(tx, run)
        return run

    async def decline(self, tx: Tx, run_id: int) -> Run:
        """The actor says no, which ends the request."""
        run = await self._waiting(tx, run_id)
        run.stopped_by = tx.actor
        await self._end(tx, run, RunState.REFUSED, f"Declined by {self._directory.name(tx.actor)}.")
        return run

    async def expire(self, tx: Tx, run_id: int) -> None:
        """Nobody approved it in time: what was true then may not be true now."""
        run = await self.held(tx, run_id)
        if run.state == RunState.WAITING and approval.is_expired(run.expires_at, tx.now):
            await self._end(tx, run, RunState.EXPIRED, "Nobody approved it in time. Ask again if it is still wanted.")

    # While it happens

    async def begin(self, tx: Tx, run_id: int, machine: str) -> Run | None:
        """Take what it works on and call it running; None when it is not wanted any more. `AlreadyDone`: another run is at it."""
        run = await self.held(tx, run_id)
        if run.state != RunState.APPROVED:
            return run if run.state == RunState.RUNNING and run.machine == machine else None
        await self._lock(tx, run)
        run.state, run.started_at, run.machine, run.remark = move(ALLOWED, run.state, RunState.RUNNING), tx.now, machine, ""
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
        """It is further on."""
        run.progress = written(progress)
        await self._order(tx, run, FollowRun(run_id=run.number), "follow", after=LOOK_EVERY)
        await self.show(tx, run, at_leisure=True)

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

    # Looking

    async def get(self, tx: Tx, run_id: int) -> Run:
        """The run. `NotFound` when there is none."""
        found = await tx.session.get(Run, run_id, populate_existing=True)
        if found is None:
            raise NotFound(f"There is no run {run_id}.")
        return found

    async def held(self, tx: Tx, run_id: int) -> Run:
        """The run, held until the transaction ends: its incident first, as everywhere."""
        await hold_incident(tx, (await self.get(tx, run_id)).incident_id)
        wanted = select(Run).where(col(Run.id) == run_id).with_for_update()
        return (await tx.session.execute(wanted, execution_options={"populate_existing": True})).scalars().one()

    async def approvers(self, tx: Tx, run: Run) -> list[str]:
        """Who said yes to exactly what is bound now."""
        said = select(col(RunApproval.person)).where(col(RunApproval.run_id) == run.id, col(RunApproval.fingerprint) == run.fingerprint)
        return list((await tx.session.execute(said.order_by(col(RunApproval.id)))).scalars())

    async def show(self, tx: Tx, run: Run, *, at_leisure: bool = False) -> None:
        """Let its card show what is true now; `at_leisure` no oftener than all runs together may edit."""
        due, key = None, f"run:{run.number}:card"
        if at_leisure:
            at_work = select(func.count()).where(col(Run.state) == RunState.RUNNING)
            pace = max(FASTEST_EDIT, timedelta(seconds=int((await tx.session.execute(at_work)).scalar_one())))
            edited = (await tx.session.execute(select(col(WorkItem.finished_at)).where(col(WorkItem.key) == key))).scalar_one_or_none()
            due = max(tx.now, (edited or tx.now) + pace)
        await tx.session.flush()
        await queue.refresh(tx, ShowRun(run_id=run.number), key=key, about=f"run:{run.number}", due=due, at_latest=at_leisure)

    async def asked_before(self, tx: Tx, once: str) -> Run | None:
        """The run that was asked for under this key."""
        return (await tx.session.execute(select(Run).where(col(Run.once) == once))).scalars().first()

    async def _check_requester(self, tx: Tx, incident: Incident, runbook: Runbook) -> None:
        if tx.actor.startswith(PROGRAM):
            program = self._directory.config.programs.get(tx.actor.removeprefix(PROGRAM))
            if program is None or runbook.id not in program.runbooks:
                raise NotAllowed(f"{self._directory.name(tx.actor).capitalize()} may not ask for {runbook.id}. Nothing was run.")
            return
        if self._directory.person(tx.actor) is None:
            raise NotAllowed("Only people of Tocsin's directory ask for runs, and you are not in it. Nothing was run.")
        team = self._directory.team(incident.team) if incident.team else None
        if runbook.requesters == "team" and (team is None or tx.actor not in (*team.members, team.lead, team.manager)):
            raise NotAllowed(f"{runbook.id} is for the people of {team.name if team else 'the team'}. Ask one of them. Nothing was run.")
        if runbook.requesters == "responders" and incident.number not in await roles.of_person(tx, tx.actor):
            raise NotAllowed(f"{runbook.id} is for who has a part in #{incident.number}: `/inc join` first. Nothing was run.")

    async def _waiting(self, tx: Tx, run_id: int) -> Run:
        run = await self.held(tx, run_id)
        if run.state != RunState.WAITING:
            raise AlreadyDone(f"Run {run.number} is {run.state.value}: {SENTENCES[run.state]} Nothing to do.")
        if approval.is_expired(run.expires_at, tx.now):
            raise AlreadyDone(f"Run {run.number} waited too long for an approval. Ask for it again if it is still wanted.")
        return run

    async def _wait(self, tx: Tx, run: Run) -> None:
        run.state = move(ALLOWED, run.state, RunState.WAITING)
        if run.expires_at is not None:
            await self._order(tx, run, ExpireRun(run_id=run.number), "expire", after=run.expires_at - tx.now)
        if not run.rule:  # what nobody asked for wakes nobody: the incident itself pages whom it should
            await self._asking.ask(tx, run)
        await self.show(tx, run)
        if (alone_at := run.requested_at + approval.ALONE_AFTER) > tx.now:  # by then the card has one more button
            await queue.schedule(tx, ShowRun(run_id=run.number), key=f"run:{run.number}:alone", about=f"run:{run.number}", due=alone_at)

    async def _approved(self, tx: Tx, run: Run, after: timedelta = timedelta(0)) -> None:
        run.state = move(ALLOWED, run.state, RunState.APPROVED)
        await self._asking.decided(tx, run)
        await self._order(tx, run, BeginRun(run_id=run.number), "begin", after=after)
        await self.show(tx, run)

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

    async def _unlock(self, tx: Tx, run: Run) -> None:
        await tx.changed(delete(RunLock).where(col(RunLock.run_id) == run.id))

    async def _end(self, tx: Tx, run: Run, state: RunState, remark: str) -> None:
        run.state, run.remark = move(ALLOWED, run.state, state), remark
        run.ended_at = run.ended_at or tx.now
        if state not in HOLDS_ITS_LOCK:
            await self._unlock(tx, run)
        await queue.cancel(tx, key=f"run:{run.number}:expire")
        if run.started_at is None:
            await self._asking.decided(tx, run)
        says = " ".join(part for part in (run.verified, remark) if part)
        await self._write_down(tx, run, f"run {run.number} {state.value}" + (f": {says}" if says else ""))
        await self.show(tx, run)
        await tx.announce(RunEnded(run.number, run.incident_id))

    async def _write_down(self, tx: Tx, run: Run, text: str) -> None:
        await timeline.record(tx, run.incident_id, "run", text)

    async def _order(
        self, tx: Tx, run: Run, order: PrepareRun | BeginRun | FollowRun | VerifyRun | ExpireRun, part: str, after: timedelta = timedelta(0)
    ) -> None:
        await tx.session.flush()
        place = None if isinstance(order, ExpireRun) else self._catalogue.place(run.environment)
        where = at_queue(order.destination, place) if place else None
        await queue.refresh(tx, order, key=f"run:{run.number}:{part}", about=f"run:{run.number}", due=tx.now + after, destination=where)
        if place and isinstance(order, PrepareRun | BeginRun):
            missing = MissWorker(run_id=run.number)
            await queue.refresh(tx, missing, key=f"run:{run.number}:worker", about=f"run:{run.number}", due=tx.now + WORKER_WITHIN)


def bound_of(run: Run) -> Bound:
    """What was shown, and would be approved."""
    raw = json.loads(run.bound)
    return Bound(**{**raw, "hosts": tuple(raw["hosts"])})


def failure(progress: Progress) -> str:
    """Why a run that is through did not succeed, in a sentence."""
    if not progress.ended:
        return "Ansible ended before the playbook was through; the log says why."
    bad = [name for name, host in progress.hosts.items() if host.failed or host.unreachable]
    return f"It failed on {', '.join(bad)}." if bad else "No host took part in it."


def run_id(run: Run) -> str:
    """The name of a run for the engine: never used again, also by a database that begins anew."""
    return f"run-{run.number}-{int(run.requested_at.timestamp())}"
