"""What the pages of rooms below show of runs: which wait for the reader, which there were, and what the reader can start."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from bot.config.runbooks import Parameter, Runbook
from bot.db import ActorId, Tx
from bot.directory.service import Directory
from bot.incidents.lifecycle import is_open
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.incidents.web import PURPOSE as INCIDENT_PAGE
from bot.runbooks.approvers import Approvers
from bot.runbooks.catalogue import Catalogue
from bot.runbooks.models import Run, RunApproval
from bot.runbooks.records import LOG_PAGE, bound_of
from bot.runbooks.states import IS_OVER, RunState
from bot.web.links import PageLink
from bot.web.signing import Links

START_PAGE = "run"
"""What the links to a runbook's form are for, and where their path begins: `/run/<incident>/<runbook>`."""
LINKS_LAST = timedelta(days=3)
TAPPED = frozenset({"choice", "service", "host"})
"""Types of parameters that are chosen and never typed."""
ON_A_PHONE, RUNS_SHOWN = 5, 10
NAMES_NOBODY = "This link names nobody, so with it things can only be looked at. For a link of your own, type in Slack:"


class RunLinks:
    """Writes the links. A link is its reader's own: whoever it names acts through it."""

    def __init__(
        self,
        directory: Directory,
        incidents: Incidents,
        catalogue: Catalogue,
        approvers: Approvers,
        links: Links,
        alerts: Callable[[Tx, Incident], Awaitable[list[str]]],
    ) -> None:
        self._directory = directory
        self._incidents = incidents
        self._catalogue = catalogue
        self._approvers = approvers
        self._links = links
        self._alerts = alerts

    def run(self, run: Run, person: ActorId | None, *asking: str) -> str:
        """The address of a run's page, for one person."""
        return self._links.link(LOG_PAGE, str(run.number), *asking, person=person, lasts=LINKS_LAST)

    def incident(self, number: int, person: ActorId) -> str:
        """The address of an incident's page, for one person."""
        return self._links.link(INCIDENT_PAGE, str(number), person=person, lasts=LINKS_LAST)

    def start(self, incident: int, runbook: str, person: ActorId) -> str:
        """The address of the form that asks for a run."""
        return self._links.link(START_PAGE, str(incident), runbook, person=person, lasts=LINKS_LAST)

    async def on_phone(self, tx: Tx, incident_id: int, person: ActorId) -> Sequence[PageLink]:
        """For the page that woke somebody: what waits for them, and what they can start with a few taps."""
        incident = await self._incidents.get(tx, incident_id)
        return [*await self._waiting(tx, incident, person), *await self._startable(tx, incident, person, most=ON_A_PHONE)]

    async def on_incident(self, tx: Tx, incident: Incident, person: ActorId | None) -> Sequence[PageLink]:
        """For the incident's page: its runs; and for a reader who is named, what waits and what can be started."""
        rows = select(Run).where(col(Run.incident_id) == incident.number).order_by(col(Run.id).desc()).limit(RUNS_SHOWN)
        runs = list((await tx.session.execute(rows)).scalars())
        shown = [PageLink(f"Run {run.number}: {run.title}", self.run(run, person), run.state.value) for run in runs]
        if person is None:
            return [*shown, *([PageLink(NAMES_NOBODY, small=self._directory.config.commands.runbook)] if is_open(incident.state) else [])]
        waiting = [one for one in await self._waiting(tx, incident, person) if one.urgent]
        return [*waiting, *shown, *await self._startable(tx, incident, person)]

    async def suggested(self, tx: Tx, incident: Incident) -> list[Runbook]:
        """The runbooks that fit the incident."""
        return self._catalogue.suggested(incident.service, await self._alerts(tx, incident))

    async def _waiting(self, tx: Tx, incident: Incident, person: ActorId) -> list[PageLink]:
        """Runs of this incident that are not over, and those elsewhere that wait for this person's approval."""
        of_incident = (
            select(Run).where(col(Run.incident_id) == incident.number, col(Run.state).not_in(IS_OVER)).order_by(col(Run.id).desc())
        )
        runs = {run.number: run for run in (await tx.session.execute(of_incident)).scalars()}
        runs |= {run.number: run for run in await self._approvers.waiting_for(tx, person)}
        approved = select(col(RunApproval.run_id)).join(Run, col(Run.id) == col(RunApproval.run_id))
        mine_already = approved.where(col(RunApproval.person) == person, col(RunApproval.fingerprint) == col(Run.fingerprint))
        done = set((await tx.session.execute(mine_already.where(col(Run.state) == RunState.WAITING))).scalars())
        return [self._link(run, person, run.number in done) for run in runs.values()]

    def _link(self, run: Run, person: ActorId, has_approved: bool) -> PageLink:
        is_wanted = run.state == RunState.WAITING and run.requested_by != person and not has_approved
        label = f"{'Approve' if is_wanted else 'See'} run {run.number}: {run.title}"
        return PageLink(label, self.run(run, person), summary(run, self._directory.name(run.requested_by)), urgent=is_wanted)

    async def _startable(self, tx: Tx, incident: Incident, person: ActorId, most: int | None = None) -> list[PageLink]:
        """Those that fit first. On a phone (`most`) only what needs no typing; of what fits and needs some, where to type it."""
        if not is_open(incident.state) or incident.channel_id is None or not self._catalogue.runbooks:
            return []
        fits = await self.suggested(tx, incident)
        every = fits if most is not None else [*fits, *(one for one in self._catalogue.runbooks.values() if one not in fits)]
        typed = [one for one in every if most is not None and not is_tapped(one)]
        found = [
            PageLink(one.title, self.start(incident.number, one.id, person), more=bool(fits) and one not in fits)
            for one in every
            if one not in typed
        ][:most]
        command = self._directory.config.commands.incident
        return [*found, *(PageLink(f"{one.title}: in Slack", small=f"{command} run {one.id}") for one in typed)]


def is_tapped(runbook: Runbook) -> bool:
    """Whether it can be asked for without typing: each parameter has a default, or is chosen from a list."""
    return all(one.default is not None or not one.required or is_chosen(one) for one in runbook.parameters.values())


def is_chosen(parameter: Parameter) -> bool:
    """Whether a parameter is chosen from a list."""
    return parameter.type in TAPPED or parameter.lookup is not None


def summary(run: Run, requester: str) -> str:
    """What would run, where, and who wants it, in one line."""
    if not run.bound:
        return f"asked for by {requester}"
    bound = bound_of(run)
    given = ", ".join(f"{name} {value}" for name, value in bound.parameters.items())
    hosts = f"on {', '.join(bound.hosts[:5])}{' …' if len(bound.hosts) > 5 else ''}"
    return ", ".join(part for part in (given, hosts, f"asked for by {requester}") if part)
