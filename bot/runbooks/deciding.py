"""What somebody can do about a run from its page: the same verbs as in Slack, for whom the page's link names."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.db import ActorId, Database, Tx
from bot.errors import AlreadyDone, InvalidInput, NotAllowed
from bot.incidents.service import Incidents
from bot.runbooks import approval
from bot.runbooks.models import Run
from bot.runbooks.page_links import RunLinks
from bot.runbooks.progress import read
from bot.runbooks.rerun import failed_hosts
from bot.runbooks.service import Runs
from bot.runbooks.states import IS_OVER, RunState

ALONE = "alone"
"""The page that asks why nobody else looks at it."""


@dataclass(frozen=True)
class Choices:
    """What the page offers. `why_not`: why its reader cannot approve, as a sentence."""

    may_approve: bool = False
    why_not: str = ""
    may_decline: bool = False
    may_stop: bool = False
    alone: str = ""
    """The address that asks for the reason to go alone, where that is possible."""
    again: tuple[str, ...] = ()
    """The hosts on which it could be run again."""
    may_settle: bool = False


class Deciding:
    """Offers and does it."""

    def __init__(self, database: Database, incidents: Incidents, runs: Runs, links: RunLinks) -> None:
        self._db = database
        self._incidents = incidents
        self._runs = runs
        self._links = links

    async def choices(self, tx: Tx, run: Run, person: ActorId) -> Choices:
        """What this person can do about the run as it stands now."""
        if run.state == RunState.WAITING:
            with tx.acting(person):
                why_not = await self._runs.why_not_approve(tx, run)
            incident = await self._incidents.get(tx, run.incident_id)
            is_theirs = run.requested_by == person
            is_alone = is_theirs and approval.may_go_alone(incident.severity, tx.now - run.requested_at)
            alone = self._links.run(run, person, ALONE) if is_alone else ""
            return Choices(may_approve=not why_not, why_not=why_not, may_decline=not is_theirs, may_stop=is_theirs, alone=alone)
        failed = failed_hosts(read(run.progress)) if run.progress and run.state in IS_OVER else ()
        may_stop = run.state in (RunState.PREPARING, RunState.APPROVED, RunState.RUNNING) and run.stopped_by is None
        return Choices(may_stop=may_stop, again=failed, may_settle=run.state == RunState.LOST)

    def address(self, run: Run, person: ActorId) -> str:
        """The run's page, for this person."""
        return self._links.run(run, person)

    async def act(self, run_id: int, person: ActorId | None, fields: Mapping[str, str]) -> str | None:
        """Do what was tapped; the address that follows, None for the same page. Being second is no error: the page says who was first."""
        if person is None:
            raise NotAllowed("This link names nobody, so nothing can be done with it. Open the newest one that you were sent yourself.")
        try:
            async with self._db.begin(actor=person) as tx:
                run = await self._do(tx, run_id, fields)
                return self._links.run(run, person)
        except AlreadyDone:
            async with self._db.read() as tx:
                if (await self._runs.get(tx, run_id)).state == RunState.WAITING:
                    raise  # nobody was first: what was shown is not what would run now
            return None

    async def _do(self, tx: Tx, run_id: int, fields: Mapping[str, str]) -> Run:
        match fields.get("action", ""):
            case "approve":
                return await self._runs.approve(tx, run_id, fields.get("fingerprint", ""))
            case "decline":
                return await self._runs.decline(tx, run_id)
            case "stop":
                return await self._runs.stop(tx, run_id)
            case "alone":
                return await self._runs.go_alone(tx, run_id, fields.get("because", ""))
            case "settle":
                return await self._runs.settle(tx, run_id)
            case "again":
                run = await self._runs.again(tx, run_id)
                await self._runs.show(tx, run)
                return run
            case _:
                raise InvalidInput("The page has no such button. Open the link again.")
