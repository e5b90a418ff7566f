"""Asking for a run: what is asked for is found out, shown, and approved, declined, or left to expire."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from bot.config.runbooks import Runbook
from bot.config.values import duration_text
from bot.db import Tx, hold_incident
from bot.directory.service import PROGRAM
from bot.errors import AlreadyDone, InvalidInput, NotAllowed, Refusal
from bot.incidents import roles
from bot.incidents.lifecycle import is_open
from bot.incidents.models import Incident
from bot.runbooks import approval
from bot.runbooks.approval import Bound
from bot.runbooks.messages import BeginRun, ExpireRun, PrepareRun, ShowRun
from bot.runbooks.models import Run, RunApproval
from bot.runbooks.records import RunRecords, bound_of
from bot.runbooks.states import ALLOWED, SENTENCES, RunState
from bot.states import move
from bot.work import queue


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


class Requests(RunRecords):
    """Takes requests for runs and what people say to them."""

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
