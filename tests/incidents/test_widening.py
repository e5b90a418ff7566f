"""Whatever people do, and in whatever order: nobody is paged for width beyond its bounds."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlmodel import col

from bot.clock import FakeClock
from bot.config.loader import load
from bot.db import BOT, ActorId, Database, Tx
from bot.directory.service import Directory
from bot.errors import Refusal
from bot.events import Listeners
from bot.incidents import messages, roles
from bot.incidents.candidates import Candidates
from bot.incidents.declaration import Declaration
from bot.incidents.lifecycle import WORKED_ON, IncidentState, is_worked_on
from bot.incidents.messages import WidenIncident
from bot.incidents.models import WidthPage
from bot.incidents.pages import PageListener
from bot.incidents.service import Incidents
from bot.incidents.severity import Severity
from bot.incidents.widening import Widening
from bot.oncall.service import OnCall
from bot.paging import messages as paging_messages
from bot.paging.climbing import Climbing
from bot.paging.models import Page, PageAttempt
from bot.paging.service import Paging
from bot.paging.states import AttemptState
from bot.work.orders import Done, Order, Outcome
from bot.work.queue import Claim
from bot.work.worker import Worker
from tests.journeys.crowd import crowd

PEOPLE = tuple(ActorId(name) for name in ("ana", "bo", "kim", "bea", "lee"))
ALERT = ActorId("alertmanager:sandbox")
person = st.sampled_from(PEOPLE)


class Widths(RuleBasedStateMachine):
    """One incident of a service that has opted in, on the real services; what is sent outside ends nowhere."""

    template: Path
    company: Path
    paged: ClassVar[set[bool]] = set()
    """Whether anybody was paged with nobody asking, and without: over all lives."""

    def __init__(self) -> None:
        super().__init__()
        self.runner, self.folder = asyncio.Runner(), TemporaryDirectory()
        path = shutil.copy(self.template, Path(self.folder.name) / "tocsin.db")
        self.clock, self.listeners = FakeClock(), Listeners()
        listeners = self.listeners
        self.database = Database(f"sqlite+inline:///{path}", self.clock, listeners)
        config = load(self.company, {})
        directory = self.directory = Directory(config)
        oncall = OnCall(directory)
        self.paging = Paging(directory, Climbing(directory, oncall, ("sms", "voice")))
        self.incidents = Incidents(self.paging)
        self.candidates = Candidates(directory, oncall)
        self.widening = Widening(directory, self.candidates, self.incidents, self.paging)
        pages = PageListener(directory, self.incidents)
        listeners.on(paging_messages.PageAcknowledged, pages.on_acknowledged)
        listeners.on(messages.IncidentDeclared, self.widening.on_declared)
        listeners.on(messages.SeverityChanged, self.widening.on_severity_changed)
        listeners.on(messages.SeverityConfirmed, self.widening.on_confirmed)
        listeners.on(messages.StateChanged, self.widening.on_state_changed)
        listeners.on(messages.ResponderJoined, self.widening.on_responder_joined)
        self.worker = Worker(self.database, self.clock)
        for kind in kinds_of(Order):
            self.worker.handles(kind, nothing)
        self.worker.handles(WidenIncident, self.widen)
        self.known: set[str] = set()

    async def widen(self, order: WidenIncident, claim: Claim) -> None:
        async with self.database.begin(actor=BOT) as tx:
            await self.widening.widen(tx, order.incident_id)
            await self.check(tx)

    # What people do

    @initialize(
        by=st.sampled_from(("bea", ALERT)), severity=st.sampled_from((1, 1, 1, 2, 4)), is_private=st.sampled_from((False, False, True))
    )
    def declare(self, by: ActorId, severity: int, is_private: bool) -> None:
        origin = "alert" if by == ALERT else "slack"
        wanted = Declaration("checkout is down", severity=Severity(severity), is_private=is_private, origin=origin)
        self.act(ActorId(by), lambda tx: self.incidents.declare(tx, wanted))

    @rule(by=person, severity=st.sampled_from((1, 1, 2)))
    def change_severity(self, by: ActorId, severity: int) -> None:
        self.act(by, lambda tx: self.incidents.change_severity(tx, 1, Severity(severity), "looked again"))

    @rule(by=person, state=st.sampled_from((*WORKED_ON, *WORKED_ON, IncidentState.RESOLVED)))
    def change_state(self, by: ActorId, state: IncidentState) -> None:
        self.act(by, lambda tx: self.incidents.change_state(tx, 1, state))

    @rule(by=person, joins=st.booleans())
    def come_or_go(self, by: ActorId, joins: bool) -> None:
        self.act(by, lambda tx: roles.take_part(tx, 1, by) if joins else roles.leave(tx, 1, by))

    @rule(by=person)
    def acknowledge(self, by: ActorId) -> None:
        self.act(by, lambda tx: self.paging.acknowledge_incident(tx, 1))

    @rule(by=person)
    def page_next(self, by: ActorId) -> None:
        async def paged(tx: Tx) -> None:
            plan = await self.widening.plan(tx, await self.incidents.get(tx, 1))
            await self.widening.page(tx, 1, [one.person for one in plan.choice.chosen])
            await self.check(tx)

        self.act(by, paged)

    @rule(seconds=st.sampled_from((60, 299, 300, 301, 900)))
    def time_passes(self, seconds: int) -> None:
        self.runner.run(self.advance(timedelta(seconds=seconds)))

    @rule()
    def somebody_looks_too_soon(self) -> None:
        self.act(BOT, lambda tx: self.widening.widen(tx, 1))

    async def advance(self, step: timedelta) -> None:
        end = self.clock.now() + step
        while (due := await self.worker.next_due()) is not None and due <= end:
            self.clock.advance(max(timedelta(0), due - self.clock.now()))
            await self.worker.drain()
        self.clock.advance(end - self.clock.now())

    # What always holds

    async def check(self, tx: Tx) -> None:
        """Of each team no more than half is busy, as far as somebody of it has just been paged for width."""
        rows = list((await tx.session.execute(select(WidthPage))).scalars())
        fresh = {row.person for row in rows} - self.known
        self.known |= fresh
        told = select(col(PageAttempt.person)).join(Page, col(Page.id) == col(PageAttempt.page_id))
        asked = set((await tx.session.execute(told.where(col(PageAttempt.state) != AttemptState.SUPPRESSED))).scalars())
        busy = asked | {part.person for part in await roles.holders(tx, 1)}
        for name, team in self.candidates.teams().items():
            assert not team & fresh or 2 * len(team & busy) <= len(team), name
        by_bot = [row for row in rows if row.by == BOT and row.person in fresh]
        incident = await self.incidents.get(tx, 1)
        if fresh:
            assert is_worked_on(incident.state) and not incident.is_private
        if by_bot:
            assert incident.severity == 1 and incident.confirmed_by in PEOPLE
            assert len({part.person for part in await roles.holders(tx, 1)}) < 10

    @invariant()
    def no_five_minutes_have_more_than_three_with_nobody_asking(self) -> None:
        at = [row.at for row in self.runner.run(self.rows()) if row.by == BOT]
        for moment in at:
            assert sum(moment <= other < moment + timedelta(minutes=5) for other in at) <= 3

    # Means

    async def rows(self) -> list[WidthPage]:
        async with self.database.read() as tx:
            return list((await tx.session.execute(select(WidthPage))).scalars())

    def act(self, by: ActorId, verb: Callable[[Tx], Awaitable[object]]) -> None:
        async def transaction() -> None:
            try:
                async with self.database.begin(actor=by) as tx:
                    await verb(tx)
                    await self.check(tx)
            except Refusal:
                pass

        self.runner.run(transaction())

    def teardown(self) -> None:
        type(self).paged |= {(row.by == BOT) for row in self.runner.run(self.rows())}
        self.runner.run(self.database.close())
        self.runner.close()
        self.folder.cleanup()


WidthsT = TypeVar("WidthsT", bound=Widths)


async def nothing(order: Order, claim: Claim) -> Outcome:
    """The rest of the house, for which this is not the place."""
    return Done()


def kinds_of(kind: type[Order]) -> list[type[Order]]:
    return [found for one in kind.__subclasses__() for found in (one, *kinds_of(one))]


def tried(machine: type[WidthsT], template: Path, company: Path, examples: int, *, is_sample: bool = True) -> type[WidthsT]:
    """Run lives of this kind. `is_sample`: always the same ones; a sweep looks for the shortest that breaks."""
    machine.template, machine.company = template, company
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            database=None,
            derandomize=is_sample,
            phases=[Phase.generate] if is_sample else list(Phase),
            suppress_health_check=list(HealthCheck),
        ),
    )
    return machine


def test_no_order_of_events_pages_beyond_the_bounds(sqlite_template: Path, tmp_path: Path) -> None:
    machine = tried(Widths, sqlite_template, crowd(tmp_path, opted_in=True, are_experts=True), 20)
    assert machine.paged == {True, False}, "people were paged, with and without somebody asking"


@pytest.mark.soak
def test_thousands_of_incidents_and_none_is_widened_too_far(sqlite_template: Path, tmp_path: Path) -> None:
    tried(Widths, sqlite_template, crowd(tmp_path, opted_in=True, are_experts=True), 2000, is_sample=False)
