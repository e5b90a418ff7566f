"""Who is asked to approve a run, and may: told in Slack at once, paged when nobody does, left alone when it is decided."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from bot.config.runbooks import Runbook
from bot.db import ActorId, Tx
from bot.directory.service import Directory
from bot.incidents import roles
from bot.incidents.lifecycle import is_open
from bot.incidents.messages import SeverityChanged
from bot.incidents.models import COMMANDER, Incident
from bot.incidents.service import Incidents
from bot.oncall.roster import schedules_of
from bot.oncall.service import OnCall
from bot.paging.ladders import quiet_until
from bot.paging.policy import EscalationPolicy, Step
from bot.paging.service import Paging
from bot.runbooks.messages import AskApprover, PageApprovers
from bot.runbooks.models import ApprovalAsked, Run
from bot.runbooks.states import RunState
from bot.work import queue

MOST_CALLED = 5
"""Of those who have a part in the incident: more phones that ring at once bring no approval sooner."""
APART_URGENT, APART_NORMAL = timedelta(minutes=2), timedelta(minutes=10)
"""Between the steps of the ladder. In SEV1 and SEV2 whoever asked may go alone soon; nobody above them is woken before that."""
LADDER: tuple[tuple[str, ...], ...] = (("secondary",), ("lead", "manager", "expert"), ("fallback",))


class Approvers:
    """Finds, tells and pages the people who could approve a run."""

    def __init__(self, directory: Directory, incidents: Incidents, oncall: OnCall, paging: Paging) -> None:
        self._directory = directory
        self._incidents = incidents
        self._oncall = oncall
        self._paging = paging

    async def why_not(self, tx: Tx, run: Run, runbook: Runbook | None) -> str:
        """Why the actor is nobody who may approve this runbook, as a sentence; "" when they may."""
        if runbook is None:
            return f"{run.runbook} has been removed from the configuration since it was asked for."
        if runbook.approvers == "anyone":
            return ""
        incident = await self._incidents.get(tx, run.incident_id)
        team = await self._of_team(tx, incident)
        if tx.actor in team or tx.actor in await self._paging.called_about(tx, incident.number, about(run)):
            return ""
        if runbook.approvers == "team":
            return f"{runbook.id} is for the service's team to approve, and for who is on call for it."
        if tx.actor not in await self._with_a_part(tx, incident):
            return f"{runbook.id} is for who has a part in #{incident.number} to approve: `/inc join` first."
        return ""

    async def ask(self, tx: Tx, run: Run) -> None:
        """It waits: whoever could approve it is told at once, and paged unless somebody does soon."""
        incident = await self._incidents.get(tx, run.incident_id)
        await tx.session.flush()
        for person, why in (await self.asked(tx, run, incident)).items():
            await tx.insert_new(ApprovalAsked, run_id=run.number, person=person, why=why)
        await self._tell(tx, run)
        due = tx.now + self._patience(incident)
        await queue.refresh(tx, PageApprovers(run_id=run.number), key=_key(run), about=about(run), due=due)

    async def on_severity_changed(self, tx: Tx, fact: SeverityChanged) -> None:
        """What has become urgent does not wait for an approval as long as it did."""
        incident = await self._incidents.held(tx, fact.incident_id)
        rows = select(Run).where(col(Run.incident_id) == incident.number, col(Run.state) == RunState.WAITING)
        for run in (await tx.session.execute(rows)).scalars() if fact.after < fact.before else ():
            due = tx.now + self._patience(incident)
            await queue.refresh(tx, PageApprovers(run_id=run.number), key=_key(run), about=about(run), due=due, at_latest=True)

    def _patience(self, incident: Incident) -> timedelta:
        """How long those who were told in Slack have before they are paged."""
        runs = self._directory.config.runs
        return runs.page_after if self._incidents.level(incident).rules == "urgent" else runs.page_after_normal

    async def decided(self, tx: Tx, run: Run) -> None:
        """It waits no longer, or not for the same people: what was told is edited, and nobody is paged for it any more."""
        await tx.session.flush()
        await self._tell(tx, run)
        await queue.cancel(tx, key=_key(run))
        await self._paging.call_off_about(tx, run.incident_id, about(run))

    async def page(self, tx: Tx, run: Run, approved: list[str]) -> None:
        """Nobody has approved it yet. Page those who could, step by step, and never who asked."""
        incident = await self._incidents.get(tx, run.incident_id)
        if run.state != RunState.WAITING or not is_open(incident.state):
            return
        service = self._directory.service(incident.service) if incident.service else None
        is_quiet = quiet_until(service, incident.severity, tx.now) > tx.now
        if is_quiet or not self._paging.policy(incident.severity, incident.team, drill=incident.is_drill).steps:
            return
        here = list(await self._with_a_part(tx, incident, run))[:MOST_CALLED]
        apart = APART_URGENT if self._incidents.level(incident).rules == "urgent" else APART_NORMAL
        steps = [(*(f"person:{person}" for person in here), "primary"), *(() if incident.is_drill else LADDER)]
        policy = EscalationPolicy("approval", tuple(Step(apart * n, targets) for n, targets in enumerate(steps)), last_wait=apart)
        request = self._incidents.page_request(incident, about=about(run), without=(run.requested_by, *approved))
        with tx.acting(ActorId(run.requested_by)):
            await self._paging.call(tx, request, policy, f"approve run {run.number}: {run.title}")

    async def asked(self, tx: Tx, run: Run, incident: Incident) -> Mapping[str, str]:
        """Whoever could approve it and is near: who leads, responds, or is on call for it; and for what each was chosen.

        Of a private incident nobody hears in this way who has not heard of it before.
        """
        on_call = await self._on_call(tx, incident, run)
        if incident.is_private:
            on_call = {person: on_call[person] for person in await self._incidents.paged(tx, incident) if person in on_call}
        return {**on_call, **await self._with_a_part(tx, incident, run)}

    async def waiting_for(self, tx: Tx, person: str) -> list[Run]:
        """The runs that somebody was asked to approve and that still wait, the newest first."""
        rows = select(Run).join(ApprovalAsked, col(ApprovalAsked.run_id) == col(Run.id))
        mine = rows.where(col(ApprovalAsked.person) == person, col(Run.state) == RunState.WAITING)
        return list((await tx.session.execute(mine.order_by(col(Run.id).desc()))).scalars())

    async def _tell(self, tx: Tx, run: Run) -> None:
        rows = select(col(ApprovalAsked.person)).where(col(ApprovalAsked.run_id) == run.id)
        for person in (await tx.session.execute(rows)).scalars():
            order, key = AskApprover(run_id=run.number, person=person), f"run:{run.number}:ask:{person}"
            await queue.refresh(tx, order, key=key, about=about(run))

    async def _with_a_part(self, tx: Tx, incident: Incident, run: Run | None = None) -> dict[str, str]:
        """Who has a part in the incident, who leads first; without who asked for the run."""
        parts = {part.person: f"{part.role} of #{incident.number}" for part in reversed(await roles.holders(tx, incident.number))}
        known = {person: why for person, why in parts.items() if self._directory.person(person) and (not run or person != run.requested_by)}
        return dict(sorted(known.items(), key=lambda one: not one[1].startswith(COMMANDER)))

    async def _on_call(self, tx: Tx, incident: Incident, run: Run | None = None) -> dict[str, str]:
        """Who is on call for the incident's team."""
        if incident.team is None:
            return {}
        roster = await self._oncall.roster(tx, tx.now, schedules_of(self._directory.config, incident.team))
        found = [roster.who(incident.team, role, tx.now) for role in ("primary", "secondary")]
        return {person: one.why for one in found for person in one.people if not run or person != run.requested_by}

    async def _of_team(self, tx: Tx, incident: Incident) -> set[str]:
        team = self._directory.team(incident.team) if incident.team else None
        members = (*team.members, team.lead, team.manager) if team else ()
        return {*await self._on_call(tx, incident), *(person for person in members if person)}


def about(run: Run) -> str:
    """What a page for an approval says that it is about."""
    return f"run:{run.number}"


def _key(run: Run) -> str:
    return f"run:{run.number}:page"
