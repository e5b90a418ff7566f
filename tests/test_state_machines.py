"""Whatever people do, in whatever order: incidents, pages, attempts and due work stay in allowed states, and agree with each other."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlmodel import col

from bot.clock import FakeClock
from bot.config.loader import load
from bot.db import BOT, ActorId, Database, Tx
from bot.directory.service import Directory
from bot.errors import InvalidTransition, Refusal
from bot.events import Listeners
from bot.incidents import lifecycle, roles, timeline
from bot.incidents.declaration import Declaration
from bot.incidents.lifecycle import ALLOWED, IncidentState, Milestone
from bot.incidents.messages import SeatActingCommander, StateChanged
from bot.incidents.models import COMMANDER, Incident, MilestoneRow, Role
from bot.incidents.pages import PageListener
from bot.incidents.service import Incidents
from bot.incidents.severity import Severity
from bot.oncall.service import OnCall
from bot.paging import messages as paging_messages
from bot.paging.climbing import Climbing
from bot.paging.deliveries import Deliveries
from bot.paging.messages import DeliverPage, TakeStep
from bot.paging.models import Page, PageAttempt
from bot.paging.notice import Accepted, Receipt, TryLater
from bot.paging.service import Paging
from bot.paging.states import ATTEMPT_ALLOWED, PAGE_ALLOWED, AttemptState, PageState, needs_answer
from bot.work import orders
from bot.work.models import WorkItem
from bot.work.orders import Done, Order, Outcome, Refused, WorkState
from bot.work.queue import FINAL, Claim
from bot.work.worker import Worker
from tests.world import CONFIG

PEOPLE = tuple(ActorId(name) for name in ("ana", "bo", "kim", "bea", "max"))
UNDO_FOR = timedelta(minutes=5)
RECEIPTS: tuple[Receipt, ...] = (Accepted("SM1"), Refused("no such number"), TryLater("busy"), TryLater("cut off", maybe_sent=True))

State = TypeVar("State")
Row = TypeVar("Row", Incident, MilestoneRow, Role, Page, PageAttempt, WorkItem)
Verb = Callable[[Tx], Awaitable[object]]
person = st.sampled_from(PEOPLE)


class Lives(RuleBasedStateMachine):
    """One incident on the real services, over a database of its own; the outside answers pages as it likes."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = TemporaryDirectory()
        path = shutil.copy(self.template, Path(self.folder.name) / "tocsin.db")
        self.clock, self.listeners = FakeClock(), Listeners()
        self.database = Database(f"sqlite+inline:///{path}", self.clock, self.listeners)
        config = load(CONFIG, {})
        directory = Directory(config)
        climbing = Climbing(directory, OnCall(directory), ("sms", "voice"))
        self.paging = Paging(directory, climbing)
        self.deliveries = Deliveries(self.paging, climbing)
        self.incidents = Incidents(self.paging)
        self.pages = PageListener(directory, self.incidents)
        self.worker = Worker(self.database, self.clock)
        self.receipt: Receipt = RECEIPTS[0]
        self.moves: list[StateChanged] = []
        self.seen: dict[type, list[Any]] = {}
        self.attempts: dict[int, AttemptState] = {}
        self.page_states: dict[int, PageState] = {}
        self._wire()

    def _wire(self) -> None:
        hears = (
            (paging_messages.PersonPaged, self.pages.on_person_paged),
            (paging_messages.PageAcknowledged, self.pages.on_acknowledged),
            (paging_messages.PageDeclined, self.pages.on_declined),
            (paging_messages.PageEscalated, self.pages.on_escalated),
            (paging_messages.FallbackPaged, self.pages.on_fallback_paged),
            (paging_messages.PageExhausted, self.pages.on_exhausted),
            (paging_messages.StepSkipped, self.pages.on_step_skipped),
            (StateChanged, self.on_state_changed),
        )
        for fact, listener in hears:
            self.listeners.on(fact, listener)  # type: ignore[arg-type]
        for order in kinds_of(Order):
            self.worker.handles(order, nothing)
        self.worker.handles(TakeStep, self.take_step)
        self.worker.handles(DeliverPage, self.deliver)
        self.worker.handles(SeatActingCommander, self.seat)

    # What happens by itself

    async def on_state_changed(self, tx: Tx, fact: StateChanged) -> None:
        self.moves.append(fact)

    async def take_step(self, order: TakeStep, claim: Claim) -> Outcome:
        async with self.database.begin(actor=BOT) as tx:
            await self.paging.take_step(tx, order.page_id, order.version)
        return Done()

    async def deliver(self, order: DeliverPage, claim: Claim) -> Outcome:
        async with self.database.begin(actor=BOT) as tx:
            delivery = await self.deliveries.begin(tx, order.attempt_id, claim)
        if delivery is None:
            return Done()
        assert needs_answer(delivery.page.state), "a send began for a page that somebody had taken"
        async with self.database.begin(actor=BOT) as tx:
            return await self.deliveries.record(tx, order.attempt_id, self.receipt, claim, delivery.page.version)

    async def seat(self, order: SeatActingCommander, claim: Claim) -> Outcome:
        async with self.database.begin(actor=BOT) as tx:
            incident = await self.incidents.held(tx, order.incident_id)
            page = await self.paging.newest_page(tx, order.incident_id)
            if page and page.acknowledged_by:
                await self.pages.seat_acting_commander(tx, incident, ActorId(page.acknowledged_by))
        return Done()

    # What people do

    @initialize(severity=st.sampled_from(Severity), by=person, is_private=st.booleans())
    def declare(self, severity: Severity, by: ActorId, is_private: bool) -> None:
        wanted = Declaration(title="checkout is down", severity=severity, is_private=is_private)
        self.act(by, lambda tx: self.incidents.declare(tx, wanted))

    @rule(by=person, severity=st.sampled_from(Severity))
    def change_severity(self, by: ActorId, severity: Severity) -> None:
        self.act(by, lambda tx: self.incidents.change_severity(tx, 1, severity, "looked again"))

    @rule(by=person, state=st.sampled_from(IncidentState))
    def change_state(self, by: ActorId, state: IncidentState) -> None:
        self.act(by, lambda tx: self.incidents.change_state(tx, 1, state))

    @rule(by=person, verb=st.sampled_from(("mitigate", "resolve", "cancel", "reopen", "update", "note")))
    def say(self, by: ActorId, verb: str) -> None:
        self.act(by, lambda tx: getattr(self.incidents, verb)(tx, 1, "because"))

    @rule(by=person)
    def undo(self, by: ActorId) -> None:
        before = self.incident()
        is_over = before.state in (IncidentState.RESOLVED, IncidentState.CANCELLED)
        in_time = before.ended_at is not None and self.clock.now() - before.ended_at <= UNDO_FOR
        refused = self.act(by, lambda tx: self.incidents.undo(tx, 1))
        assert (refused is None) == (is_over and in_time)
        if refused is None:
            assert self.incident().state == before.state_before_end
        else:
            assert isinstance(refused, InvalidTransition)

    @rule(by=person, verb=st.sampled_from(("resolve", "cancel")), minutes=st.sampled_from((0, 5, 6)))
    def regret(self, by: ActorId, verb: str, minutes: int) -> None:
        self.say(by, verb)
        self.time_passes(minutes)
        self.undo(by)

    @rule(by=person, whom=person)
    def lead(self, by: ActorId, whom: ActorId) -> None:
        self.act(by, lambda tx: roles.lead(tx, 1, whom))

    @rule(by=person, verb=st.sampled_from((roles.take_part, roles.leave)))
    def come_or_go(self, by: ActorId, verb: Callable[[Tx, int, ActorId], Awaitable[object]]) -> None:
        self.act(by, lambda tx: verb(tx, 1, by))

    @rule(by=person, verb=st.sampled_from(("acknowledge", "decline", "escalate_page")), data=st.data())
    def answer(self, by: ActorId, verb: str, data: st.DataObject) -> None:
        page = data.draw(st.sampled_from(sorted(self.page_states) or [1]))
        self.act(by, lambda tx: getattr(self.paging, verb)(tx, page))

    @rule(by=person)
    def acknowledge_incident(self, by: ActorId) -> None:
        self.act(by, lambda tx: self.paging.acknowledge_incident(tx, 1))

    @rule(by=person, whom=person)
    @precondition(lambda self: lifecycle.is_open(self.incident().state))
    def page_by_name(self, by: ActorId, whom: ActorId) -> None:
        request = self.incidents.page_request(self.incident())
        self.act(by, lambda tx: self.paging.page_person(tx, request, f"person:{whom}", "you wrote it"))

    @rule(receipt=st.sampled_from(RECEIPTS))
    def the_outside_changes(self, receipt: Receipt) -> None:
        self.receipt = receipt

    @rule(minutes=st.sampled_from((0, 1, 4, 5, 6, 31)))
    def time_passes(self, minutes: int) -> None:
        self.seen.clear()
        self.runner.run(self.advance(timedelta(minutes=minutes)))

    async def advance(self, step: timedelta) -> None:
        end = self.clock.now() + step
        while (due := await self.worker.next_due()) is not None and due <= end:
            self.clock.advance(max(timedelta(0), due - self.clock.now()))
            await self.worker.drain()
        self.clock.advance(end - self.clock.now())

    # What always holds

    @invariant()
    def the_incident_moves_as_allowed(self) -> None:
        if not self.moves:
            return
        for one, other in pairwise(self.moves):
            assert one.after == other.before
        for move in self.moves:
            is_undone = move.before in (IncidentState.RESOLVED, IncidentState.CANCELLED) and lifecycle.is_open(move.after)
            assert move.after in ALLOWED[move.before] or is_undone
        assert self.incident().state == self.moves[-1].after

    @invariant()
    def milestones_are_recorded_in_order_and_no_duration_is_negative(self) -> None:
        rows = self.rows(MilestoneRow)
        assert all(one.recorded_at <= other.recorded_at for one, other in pairwise(rows))
        assert all(row.happened_at <= row.recorded_at for row in rows)
        stones = [Milestone(row.kind, row.happened_at, row.recorded_at) for row in rows]
        times = lifecycle.durations(stones, self.incident().reopened_at) if rows else lifecycle.Durations()
        assert all(span is None or span >= timedelta(0) for span in (times.mttd, times.mtta, times.mttm, times.mttr))

    @invariant()
    def there_is_never_more_than_one_commander(self) -> None:
        seats = [row for row in self.rows(Role) if row.role == COMMANDER]
        assert sum(seat.until is None for seat in seats) <= 1
        assert all(one.until is not None and one.until <= other.since for one, other in pairwise(seats))

    @invariant()
    def what_is_over_pages_nobody_and_promises_nothing(self) -> None:
        incident = self.incident() if self.moves or self.rows(Incident) else None
        if incident is None or lifecycle.is_open(incident.state):
            return
        assert incident.next_update_at is None
        assert all(page.state == PageState.CLOSED for page in self.rows(Page))

    @invariant()
    def a_page_that_waits_has_its_next_step_and_one_that_does_not_has_none(self) -> None:
        waiting = [item for item in self.rows(WorkItem) if item.state in (WorkState.WAITING, WorkState.LEASED)]
        steps = {item.about: item for item in waiting if item.kind == TakeStep.kind()}
        sends = {item.about for item in waiting if item.kind == DeliverPage.kind()}
        pages = self.rows(Page)
        for page in pages:
            about = f"page:{page.id}"
            assert page.state in reachable(PAGE_ALLOWED, self.page_states.get(page.id or 0, PageState.OPEN))
            self.page_states[page.id or 0] = page.state
            assert (page.state == PageState.OPEN) == (about in steps) == (page.next_at is not None)
            assert (page.state == PageState.ACKNOWLEDGED) <= (page.acknowledged_by is not None)
            if about in steps:
                assert f'"version":{page.version}}}' in steps[about].payload
            if page.state in (PageState.ACKNOWLEDGED, PageState.CLOSED):
                assert about not in sends
        assert sum(page.asked_by is None and page.state != PageState.CLOSED for page in pages) <= 1

    @invariant()
    def attempts_move_as_allowed_and_are_unique(self) -> None:
        rows = self.rows(PageAttempt)
        for row in rows:
            before = self.attempts.get(row.id or 0, AttemptState.PLANNED)
            assert row.state in reachable(ATTEMPT_ALLOWED, before)
            self.attempts[row.id or 0] = row.state
        assert len({(row.page_id, row.step, row.loop, row.person, row.method) for row in rows}) == len(rows)

    @invariant()
    def due_work_is_leased_or_ended_or_neither(self) -> None:
        for item in self.rows(WorkItem):
            assert (item.state == WorkState.LEASED) == (item.lease is not None) == (item.lease_until is not None)
            assert (item.state in FINAL) == (item.finished_at is not None)
            assert item.state != WorkState.DEAD

    # Means

    def act(self, by: ActorId, verb: Verb) -> Refusal | None:
        """One transaction; a refusal undoes it, and is handed back."""
        moves = len(self.moves)
        self.seen.clear()

        async def transaction() -> Refusal | None:
            try:
                async with self.database.begin(actor=by) as tx:
                    await verb(tx)
            except Refusal as refusal:
                del self.moves[moves:]
                assert str(refusal).endswith((".", "!", "?", ")")) or "/inc" in str(refusal), str(refusal)
                return refusal
            return None

        return self.runner.run(transaction())

    def incident(self) -> Incident:
        return self.rows(Incident)[0]

    def rows(self, table: type[Row]) -> list[Row]:
        """All rows of a table as they stand, read once until something changes them."""

        async def read() -> list[Row]:
            async with self.database.read() as tx:
                return list((await tx.session.execute(select(table).order_by(col(table.id)))).scalars())

        if table not in self.seen:
            self.seen[table] = self.runner.run(read())
        return self.seen[table]

    def teardown(self) -> None:
        async def ended() -> list[str]:
            async with self.database.read() as tx:
                texts = [entry.text for entry in await timeline.entries(tx, 1)]
            await self.database.close()
            return texts

        texts = self.runner.run(ended())
        assert not any("Error" in text for text in texts)
        self.runner.close()
        self.folder.cleanup()


async def nothing(order: Order, claim: Claim) -> Outcome:
    """The rest of the house, for which this is not the place."""
    return orders.Done()


def kinds_of(kind: type[Order]) -> list[type[Order]]:
    return [found for one in kind.__subclasses__() for found in (one, *kinds_of(one))]


def reachable(allowed: Mapping[State, frozenset[State]], state: State) -> set[State]:
    """Where a state can lead, itself included: several moves may fall into one step of the story."""
    found, new = {state}, [state]
    while new:
        new = [following for one in new for following in allowed[one] if following not in found]
        found |= set(new)
    return found


def live(template: Path, examples: int, steps: int, *, is_sample: bool) -> None:
    """`is_sample`: always the same lives, and the first that breaks is told as it was; a sweep looks for the shortest one."""

    class OnThisDatabase(Lives):
        pass

    OnThisDatabase.template = template
    run_state_machine_as_test(
        OnThisDatabase,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=is_sample,
            phases=[Phase.generate] if is_sample else list(Phase),
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_no_order_of_verbs_breaks_an_incident_or_its_pages(sqlite_template: Path) -> None:
    live(sqlite_template, examples=10, steps=20, is_sample=True)


@pytest.mark.soak
def test_thousands_of_incidents_and_none_breaks(sqlite_template: Path) -> None:
    live(sqlite_template, examples=2000, steps=50, is_sample=False)
