"""Finding runs, showing them, and writing down what becomes of them."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import delete, func, select
from sqlmodel import col

from bot.db import Tx, hold_incident
from bot.directory.service import Directory
from bot.errors import NotFound
from bot.incidents import timeline
from bot.incidents.service import Incidents
from bot.runbooks.approval import Bound
from bot.runbooks.approvers import Approvers
from bot.runbooks.catalogue import Catalogue
from bot.runbooks.messages import BeginRun, ExpireRun, FollowRun, MissWorker, PrepareRun, RunEnded, ShowRun, VerifyRun
from bot.runbooks.models import Run, RunApproval, RunLock
from bot.runbooks.progress import fates, read
from bot.runbooks.states import ALLOWED, HOLDS_ITS_LOCK, RunState
from bot.states import move
from bot.work import queue
from bot.work.models import WorkItem
from bot.work.orders import Order, WorkState, at_queue

LOG_PAGE = "runs"
"""What the links to a run's page are for, and where their path begins."""
FASTEST_EDIT = timedelta(seconds=2)
"""Between two edits of a run's card; with more runs than two at once, that many seconds: they share what Slack allows."""
WORKER_WITHIN = timedelta(seconds=20)
"""How long a run waits for a worker of its queue before its card says that there is none."""


NEXT: Mapping[RunState, Callable[[int], tuple[str, PrepareRun | BeginRun | VerifyRun]]] = MappingProxyType(
    {
        RunState.PREPARING: lambda number: ("prepare", PrepareRun(run_id=number)),
        RunState.APPROVED: lambda number: ("begin", BeginRun(run_id=number)),
        RunState.VERIFYING: lambda number: ("verify", VerifyRun(run_id=number)),
    }
)
"""What waits to be done about a run, wherever its environment is served."""


class RunRecords:
    """The runs there are."""

    def __init__(self, directory: Directory, incidents: Incidents, catalogue: Catalogue, asking: Approvers) -> None:
        self._directory = directory
        self._incidents = incidents
        self._catalogue = catalogue
        self._asking = asking

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
        due = await self.next_edit(tx, run) if at_leisure else None
        await tx.session.flush()
        await queue.refresh(tx, ShowRun(run_id=run.number), key=card_key(run), about=f"run:{run.number}", due=due, at_latest=at_leisure)

    async def next_edit(self, tx: Tx, run: Run) -> datetime:
        """When its card may be edited again, now at the earliest."""
        at_work = select(func.count()).where(col(Run.state) == RunState.RUNNING)
        pace = max(FASTEST_EDIT, timedelta(seconds=int((await tx.session.execute(at_work)).scalar_one())))
        last = select(col(WorkItem.finished_at)).where(col(WorkItem.key) == card_key(run))
        edited = (await tx.session.execute(last)).scalar_one_or_none()  # none while an edit is on its way
        return max(tx.now, (edited or tx.now) + pace)

    async def hand_on(self, tx: Tx, run: Run) -> None:
        """What was ordered for a run goes to whoever serves its environment now, if that is somebody else since."""
        part, order = NEXT[run.state](run.number)
        waits = select(col(WorkItem.destination), col(WorkItem.due_at))
        waits = waits.where(col(WorkItem.key) == f"run:{run.number}:{part}", col(WorkItem.state) == WorkState.WAITING)
        if (found := (await tx.session.execute(waits)).first()) and found.destination != self._destination(run, order):
            await self._order(tx, run, order, part, after=max(found.due_at - tx.now, timedelta(0)))

    async def asked_before(self, tx: Tx, once: str) -> Run | None:
        """The run that was asked for under this key."""
        return (await tx.session.execute(select(Run).where(col(Run.once) == once))).scalars().first()

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
        hosts = f" ({fates(read(run.progress))})" if run.progress else ""
        await self._write_down(tx, run, f"run {run.number} {state.value}" + (f": {says}" if says else "") + hosts)
        await self.show(tx, run)
        await tx.announce(RunEnded(run.number, run.incident_id))

    async def _write_down(self, tx: Tx, run: Run, text: str) -> None:
        await timeline.record(tx, run.incident_id, "run", text)

    async def _order(
        self, tx: Tx, run: Run, order: PrepareRun | BeginRun | FollowRun | VerifyRun | ExpireRun, part: str, after: timedelta = timedelta(0)
    ) -> None:
        await tx.session.flush()
        where = self._destination(run, order)
        await queue.refresh(tx, order, key=f"run:{run.number}:{part}", about=f"run:{run.number}", due=tx.now + after, destination=where)
        if where != order.destination and isinstance(order, PrepareRun | BeginRun):
            missing = MissWorker(run_id=run.number)
            await queue.refresh(tx, missing, key=f"run:{run.number}:worker", about=f"run:{run.number}", due=tx.now + WORKER_WITHIN)

    def _destination(self, run: Run, order: Order) -> str:
        """Who does it: whoever serves its environment now; but whoever began a run follows it."""
        if isinstance(order, ExpireRun):
            return order.destination
        place = run.queue if isinstance(order, FollowRun) else self._catalogue.place(run.environment)
        return at_queue(order.destination, place) if place else order.destination


def card_key(run: Run) -> str:
    """The key under which a run's card is posted and edited."""
    return f"run:{run.number}:card"


def bound_of(run: Run) -> Bound:
    """What was shown, and would be approved."""
    raw = json.loads(run.bound)
    return Bound(**{**raw, "hosts": tuple(raw["hosts"])})


def run_id(run: Run) -> str:
    """The name of a run for the engine: never used again, also by a database that begins anew."""
    return f"run-{run.number}-{int(run.requested_at.timestamp())}"
