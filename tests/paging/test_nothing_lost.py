"""Whatever is paged and answered: every attempt ends, with a reason where it was not sent, and first pages do not wait."""

import asyncio
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import col

from bot.clock import FakeClock
from bot.config.escalation import EscalationPolicy, EscalationStep, NotificationRule, NotificationRules
from bot.config.loader import load
from bot.config.models import Config
from bot.config.values import Target
from bot.db import BOT, ActorId, Database
from bot.directory.service import Directory
from bot.errors import Refusal
from bot.events import Listeners
from bot.oncall.service import OnCall
from bot.paging import messages
from bot.paging.climbing import Climbing
from bot.paging.crowds import REACHED
from bot.paging.deliveries import Deliveries, Delivery
from bot.paging.models import Page, PageAttempt
from bot.paging.notice import Accepted, Receipt, TryLater
from bot.paging.senders import Sender, Senders
from bot.paging.service import PageRequest, Paging
from bot.paging.states import AttemptState
from bot.paging.throttle import OVER_CAP
from bot.work.orders import Done, Outcome, Refused
from bot.work.queue import Claim
from bot.work.worker import Worker
from tests.world import CONFIG

START = datetime(2026, 11, 22, 9, tzinfo=UTC)
SERVICES = ("checkout", "storage", "api-gateway", "queue")
ENDED = (*REACHED, AttemptState.SUPPRESSED, AttemptState.FAILED)


@dataclass(frozen=True)
class Starts:
    severity: int
    service: str


@dataclass(frozen=True)
class Answers:
    """`who` does this to the n-th incident so far."""

    who: str
    what: str
    incident: int


@dataclass(frozen=True)
class Waits:
    seconds: float


@dataclass(frozen=True)
class Provider:
    """How the provider answers from now on."""

    how: str


Happens = Starts | Answers | Waits | Provider


def configured() -> Config:
    """Everybody is told by text at once and called a minute later; ladders of two steps; tight caps."""
    config = load(CONFIG, {})
    told = (NotificationRule(method="sms"), NotificationRule(method="voice", after=timedelta(minutes=1)))
    rules = NotificationRules(urgent=told, normal=told)
    steps = [
        EscalationStep(after=timedelta(minutes=minute), targets=(Target.model_validate(target),))
        for minute, target in ((0, "primary"), (3, "person:max"))
    ]
    policies = {f"sev{severity}": EscalationPolicy(id=f"sev{severity}", steps=tuple(steps), repeats=1) for severity in (1, 2, 3)}
    caps = config.paging.most_per_hour.model_copy(update={"sms": 3, "voice": 1})
    people = {name: person.model_copy(update={"rules": rules}) for name, person in config.people.items()}
    paging = config.paging.model_copy(update={"most_per_hour": caps, "together_after": 3})
    return config.model_copy(update={"people": people, "policies": {**config.policies, **policies}, "paging": paging})


class House:
    """Paging as it is, with a provider that does what it is told to."""

    def __init__(self, database: Database, clock: FakeClock, listeners: Listeners) -> None:
        self.database, self.clock = database, clock
        self.directory = Directory(configured())
        climbing = Climbing(self.directory, OnCall(self.directory), ("sms", "voice"))
        self.paging = Paging(self.directory, climbing)
        senders = Senders({"sms": Sender("sms:+1", 1), "voice": Sender("voice:+1", 1)})
        self.deliveries = Deliveries(self.paging, climbing, senders)
        self.provider, self.sent, self.incidents = "takes it", 0, 0
        self.worker = Worker(database, clock)
        self.worker.handles(messages.TakeStep, self._take_step)
        self.worker.handles(messages.DeliverPage, self._deliver)
        for other in (messages.RefreshPageMessages, messages.ExpectReceipt, messages.StandDownPerson, messages.HoldEnds):
            self.worker.handles(other, _nothing)

    async def happens(self, one: Happens) -> None:
        match one:
            case Starts(severity, service):
                self.incidents += 1
                owner = self.directory.owner(service)
                request = PageRequest(self.incidents, severity, "It is down", self.clock.now(), service, owner.id if owner else None)
                async with self.database.begin(actor=BOT) as tx:
                    await self.paging.start(tx, request)
            case Answers(who, what, incident):
                await self._answer(who, what, 1 + incident % max(1, self.incidents))
            case Waits(seconds):
                await self.advance(timedelta(seconds=seconds))
            case Provider(how):
                self.provider = how
        await self.worker.drain()

    async def _answer(self, who: str, what: str, incident: int) -> None:
        try:
            async with self.database.begin(actor=ActorId(who)) as tx:
                page = await self.paging.newest_page(tx, incident)
                if page is None or page.id is None:
                    return
                match what:
                    case "take":
                        await self.paging.acknowledge(tx, page.id)
                    case "escalate":
                        await self.paging.escalate_page(tx, page.id)
                    case "decline":
                        await self.paging.decline(tx, page.id)
                    case "worse":
                        await self.paging.reconsider(tx, incident, 1, "It is worse")
                    case _:
                        await self.paging.stand_down(tx, incident)
        except Refusal:
            pass

    async def advance(self, time: timedelta) -> None:
        end = self.clock.now() + time
        await self.worker.drain()
        while (due := await self.worker.next_due()) is not None and due <= end:
            self.clock.advance(max(timedelta(0), due - self.clock.now()))
            await self.worker.drain()
        self.clock.advance(max(timedelta(0), end - self.clock.now()))

    async def _take_step(self, order: messages.TakeStep, claim: Claim) -> Outcome:
        async with self.database.begin(actor=BOT) as tx:
            await self.paging.take_step(tx, order.page_id, order.version)
        return Done()

    async def _deliver(self, order: messages.DeliverPage, claim: Claim) -> Outcome:
        async with self.database.begin(actor=BOT) as tx:
            delivery = await self.deliveries.begin(tx, order.attempt_id, claim)
        if not isinstance(delivery, Delivery):
            return delivery
        receipt: Receipt = TryLater("it is away")
        if self.provider != "is away":
            self.sent += 1
            receipt = Accepted(f"SM{self.sent}") if self.provider == "takes it" else Refused("it refuses")
        async with self.database.begin(actor=BOT) as tx:
            return await self.deliveries.record(tx, order.attempt_id, receipt, claim, delivery.page.version)


async def _nothing(order: object, claim: Claim) -> Outcome:
    return Done()


async def play(happens: list[Happens], template: Path) -> None:
    """Let it happen, give the provider back, and look at every attempt two hours later."""
    clock, listeners = FakeClock(START), Listeners()
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite+inline:///{shutil.copy(template, Path(folder) / 'tocsin.db')}", clock, listeners)
        try:
            house = House(database, clock, listeners)
            for one in happens:
                await house.happens(one)
            house.provider = "takes it"
            await house.advance(timedelta(hours=2))
            async with database.read() as tx:
                joined = select(PageAttempt, Page).join(Page, col(Page.id) == col(PageAttempt.page_id))
                attempts = [(row[0], row[1]) for row in await tx.session.execute(joined)]
        finally:
            await database.close()
    was_broken = any(isinstance(one, Provider) for one in happens)
    for attempt, page in attempts:
        assert attempt.state in ENDED, f"{attempt} has come to no end"
        assert attempt.state in REACHED or attempt.reason, f"{attempt} says nowhere why it was not sent"
        assert page.severity > 2 or attempt.reason != OVER_CAP, "no cap touches SEV1 and SEV2"
        is_first = attempt.step == 0 and attempt.loop == 0 and attempt.due_at == page.started_at
        if is_first and attempt.accepted_at and not was_broken:
            storm = sum(is_before(other, attempt) for other, _ in attempts) >= 3
            assert attempt.accepted_at - attempt.due_at <= timedelta(seconds=15 if storm else 0), "a first page does not wait"


def is_before(other: PageAttempt, attempt: PageAttempt) -> bool:
    """Whether another attempt was sent to the same phone in the minute before."""
    same = (other.person, other.method) == (attempt.person, attempt.method)
    return same and other.accepted_at is not None and attempt.due_at - timedelta(minutes=1) < other.accepted_at <= attempt.due_at


person = st.sampled_from(["ana", "bea", "bo", "max"])
happenings: st.SearchStrategy[Happens] = st.one_of(
    st.builds(Starts, st.integers(1, 3), st.sampled_from(SERVICES)),
    st.builds(Starts, st.integers(1, 3), st.just("checkout")),
    st.builds(Answers, person, st.sampled_from(["take", "escalate", "decline", "worse", "over"]), st.integers(0, 9)),
    st.builds(Waits, st.sampled_from([0.5, 3, 16, 61, 200])),
    st.builds(Provider, st.sampled_from(["takes it", "is away", "refuses"])),
)
SEV2 = Starts(2, "checkout")
SEV3 = Starts(3, "checkout")


def everything(template: Path, examples: int, is_sample: bool) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=is_sample,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.lists(happenings, min_size=1, max_size=12))
    @example([SEV2] * 8)
    @example([SEV3, Waits(1), SEV3, Waits(1), SEV3, Waits(1), SEV3, SEV3, Starts(1, "checkout"), Answers("ana", "take", 2)])
    @example([Provider("is away"), SEV2, SEV2, SEV3, Answers("ana", "take", 0), Waits(16), Provider("refuses"), SEV2, Waits(3)])
    def it_happens(happens: list[Happens]) -> None:
        asyncio.run(play(happens, template))

    it_happens()


def test_no_attempt_is_lost_and_no_first_page_waits(sqlite_template: Path) -> None:
    everything(sqlite_template, examples=12, is_sample=True)


@pytest.mark.soak
def test_whatever_happens_no_attempt_is_lost_and_no_first_page_waits(sqlite_template: Path) -> None:
    everything(sqlite_template, examples=2000, is_sample=False)
