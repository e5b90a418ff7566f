"""A rehearsal is what then happens: the same people by the same methods, to the second; and its questions and answers in words."""

import asyncio
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.clock import FakeClock
from bot.config.escalation import EscalationPolicy, EscalationStep
from bot.config.loader import load
from bot.config.models import Config, NamedWebhook
from bot.config.values import Target
from bot.db import BOT, ActorId, Database
from bot.directory.messages import FindSlackGroups
from bot.directory.service import Directory
from bot.errors import InvalidInput, NotFound
from bot.events import Listeners
from bot.oncall.checks import Checks
from bot.oncall.overriding import Overriding
from bot.oncall.roster import as_configured
from bot.oncall.service import OnCall
from bot.paging import messages
from bot.paging.climbing import Climbing
from bot.paging.deliveries import Deliveries
from bot.paging.notice import Accepted
from bot.paging.rehearsal import METHODS, Moment, Question, Rehearsal, moment
from bot.paging.service import PageRequest, Paging
from bot.paging.simulate import Answered, NobodyAnswered, Skipped, Told
from bot.work.orders import Done, Outcome
from bot.work.queue import Claim
from bot.work.worker import Worker
from tests.world import CONFIG

INCIDENT = 42
Fact = tuple[datetime, str, str]
START = datetime(2026, 11, 16, tzinfo=UTC)


class Played:
    """The real room with a clock that moves: what it told whom, and when."""

    def __init__(self, database: Database, clock: FakeClock, listeners: Listeners, config: Config) -> None:
        self.database, self.clock = database, clock
        directory = Directory(config)
        self.oncall = OnCall(directory)
        climbing = Climbing(directory, self.oncall, METHODS)
        self.paging = Paging(directory, climbing)
        self.deliveries = Deliveries(self.paging, climbing)
        self.overriding = Overriding(Checks(self.oncall, directory))
        self.worker = Worker(database, clock)
        self.worker.handles(messages.TakeStep, self._take_step)
        self.worker.handles(messages.DeliverPage, self._deliver)
        self.worker.handles(messages.RefreshPageMessages, nothing)
        self.worker.handles(messages.ExpectReceipt, nothing)
        self.worker.handles(messages.StandDownPerson, nothing)
        self.worker.handles(messages.HoldEnds, nothing)
        self.worker.handles(FindSlackGroups, nothing)
        self.told: list[Fact] = []
        self.skipped: list[Fact] = []
        self.exhausted: datetime | None = None
        listeners.on(messages.StepSkipped, self._on_skipped)
        listeners.on(messages.PageExhausted, self._on_exhausted)

    async def play(self, severity: int, service: str, answers: tuple[str, datetime] | None) -> None:
        """Page until the ladder is exhausted, or until somebody answers at that moment."""
        owner = self.paging.directory.owner(service)
        request = PageRequest(INCIDENT, severity, "It is down", self.clock.now(), service, owner.id if owner else None)
        async with self.database.begin(actor=ActorId("lee")) as tx:
            page = await self.paging.start(tx, request)
        end = answers[1] if answers else self.clock.now() + timedelta(hours=8)
        await self.worker.drain()
        while (due := await self.worker.next_due()) is not None and due <= end:
            self.clock.advance(due - self.clock.now())
            await self.worker.drain()
        if answers and page is not None:
            self.clock.advance(end - self.clock.now())
            async with self.database.begin(actor=ActorId(answers[0])) as tx:
                await self.paging.acknowledge(tx, page)
            before = list(self.told)
            while (due := await self.worker.next_due()) is not None and due <= end + timedelta(minutes=9):
                self.clock.advance(due - self.clock.now())
                await self.worker.drain()
            assert self.told == before

    async def _take_step(self, order: messages.TakeStep, claim: Claim) -> Outcome:
        async with self.database.begin(actor=BOT) as tx:
            await self.paging.take_step(tx, order.page_id, order.version)
        return Done()

    async def _deliver(self, order: messages.DeliverPage, claim: Claim) -> Outcome:
        async with self.database.begin(actor=BOT) as tx:
            delivery = await self.deliveries.begin(tx, order.attempt_id, claim)
        if delivery is None:
            return Done()
        self.told.append((self.clock.now(), delivery.attempt.person, delivery.attempt.method))
        async with self.database.begin(actor=BOT) as tx:
            return await self.deliveries.record(tx, order.attempt_id, Accepted("SM1"), claim, delivery.page.version)

    async def _on_skipped(self, _: object, fact: messages.StepSkipped) -> None:
        self.skipped.append((self.clock.now(), fact.role, fact.why))

    async def _on_exhausted(self, _: object, fact: messages.PageExhausted) -> None:
        self.exhausted = self.clock.now()


async def nothing(order: object, claim: Claim) -> Outcome:
    return Done()


@dataclass(frozen=True)
class Case:
    """A question, and what the world around it is like."""

    service: str
    severity: int
    start: datetime
    unreachable: frozenset[str] = frozenset()
    stand_in: tuple[str, str, int, int] | None = None  # person, schedule, minutes after the start, minutes long
    steps: tuple[tuple[int, tuple[str, ...]], ...] | None = None
    repeats: int = 0
    silent: frozenset[str] | None = None


def configured(case: Case) -> Config:
    config = load(CONFIG, {})
    people = {
        name: person.model_copy(update={"slack": None, "phone": None, "email": None}) if name in case.unreachable else person
        for name, person in config.people.items()
    }
    status = NamedWebhook(id="status", url="https://status.example.com/hook", key="a key for tests only")
    updates: dict[str, object] = {"people": people, "webhooks": {"status": status}}
    if case.steps is not None:
        steps = [
            EscalationStep(after=timedelta(minutes=minute), targets=tuple(Target.model_validate(target) for target in targets))
            for minute, targets in case.steps
        ]
        policy = EscalationPolicy(id=f"sev{case.severity}", steps=tuple(steps), repeats=case.repeats)
        updates["policies"] = {**config.policies, policy.id: policy}
    return config.model_copy(update=updates)


async def compare(case: Case, template: Path) -> None:
    """Rehearse, then let it happen."""
    config, clock, listeners = configured(case), FakeClock(case.start), Listeners()
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite+inline:///{shutil.copy(template, Path(folder) / 'tocsin.db')}", clock, listeners)
        try:
            played = Played(database, clock, listeners, config)
            async with database.begin(actor=BOT) as tx:
                await played.oncall.open_epochs(tx)
                if case.stand_in is not None:
                    person, schedule, after, length = case.stand_in
                    begin = case.start + timedelta(minutes=after)
                    await played.overriding.add_override(tx, schedule, person, begin, begin + timedelta(minutes=length))
                directory = played.paging.directory
                await directory.remember_groups(tx, SLACK_GROUPS)
                groups = await directory.people_of_groups(tx, directory.groups())
                roster = await played.oncall.roster(tx, tx.now)
            silent = tuple(case.silent) if case.silent is not None else ()
            question = Question(case.service, str(case.severity), Moment(case.start, UTC), silent, "90s" if case.silent is not None else "")
            happenings = Rehearsal(config, roster, groups=groups).happenings(question)
            answer = next(((one.person, one.at) for one in happenings if isinstance(one, Answered)), None)
            await played.play(case.severity, case.service, answer)
        finally:
            await database.close()
    assert sorted((one.at, one.person, one.method) for one in happenings if isinstance(one, Told)) == sorted(played.told)
    assert [(one.at, " and ".join(one.targets), one.why) for one in happenings if isinstance(one, Skipped)] == [
        (at, targets, why.replace(" has no way", " has no way")) for at, targets, why in named(played.skipped, config)
    ]
    assert next((one.at for one in happenings if isinstance(one, NobodyAnswered)), None) == played.exhausted


def named(facts: list[Fact], config: Config) -> list[Fact]:
    """People by id instead of by name, as a rehearsal's reasons have them."""
    names: Mapping[str, str] = {person.name: name for name, person in config.people.items()}
    found = []
    for at, targets, why in facts:
        for name, person in names.items():
            why = why.replace(f"{name} has no way", f"{person} has no way")
        found.append((at, targets, why))
    return found


PEOPLE = ("ana", "bo", "kim", "lee", "bea", "max")
SLACK_GROUPS = {"sre": ("U0BO0000000", "U0KIM000000", "U0NOBODY000"), "empty": ()}
target = st.sampled_from(
    [
        *("primary", "secondary", "manager", "lead", "expert", "executive", "fallback", "person:bo", "team:db", "rotation:db-primary"),
        *("everybody:platform-primary", "everybody:db-primary", "members:payments", "members:infra"),
        *("usergroup:sre", "usergroup:empty", "usergroup:unknown", "channel:general", "channel:ops", "webhook:status"),
    ]
)
minutes = st.lists(st.integers(0, 40), min_size=1, max_size=4, unique=True).map(sorted)
ladders = minutes.flatmap(
    lambda times: st.tuples(*(st.tuples(st.just(minute), st.lists(target, min_size=1, max_size=4).map(tuple)) for minute in times))
)
cases = st.builds(
    Case,
    service=st.sampled_from(["checkout", "api-gateway", "queue", "cdn", "batch-reports"]),
    severity=st.integers(1, 4),
    start=st.integers(0, 8 * 7 * 24 * 60).map(lambda minute: START + timedelta(minutes=minute)),
    unreachable=st.frozensets(st.sampled_from(PEOPLE), max_size=4),
    stand_in=st.none()
    | st.tuples(
        st.sampled_from(["ana", "kim", "lee", "max"]),
        st.sampled_from(["payments-primary", "db-primary", "platform-secondary"]),
        st.integers(0, 30),
        st.integers(1, 60),
    ),
    steps=st.none() | ladders,
    repeats=st.integers(0, 2),
    silent=st.none() | st.frozensets(st.sampled_from(PEOPLE), min_size=1, max_size=3),
)


def everything(template: Path, examples: int, is_sample: bool) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=is_sample,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(cases)
    @example(Case("checkout", 1, START))
    @example(Case("queue", 3, START + timedelta(hours=11, minutes=45)))  # the hand-off comes between two steps
    @example(Case("checkout", 1, START, unreachable=frozenset(PEOPLE)))
    @example(Case("checkout", 1, START, unreachable=frozenset({"ana", "bo", "bea", "kim", "max"})))
    @example(Case("checkout", 1, START, stand_in=("kim", "payments-secondary", 2, 10)))
    @example(Case("checkout", 2, START, steps=((0, ("secondary",)), (5, ("primary",))), repeats=2))
    @example(Case("queue", 2, START, steps=((0, ("channel:general",)), (5, ("usergroup:unknown",)), (9, ("webhook:status",))), repeats=1))
    @example(Case("queue", 1, START, steps=((0, ("channel:general", "secondary")), (5, ("everybody:db-primary", "members:db")))))
    @example(Case("cdn", 2, START, steps=((0, ("usergroup:empty",)), (5, ("usergroup:sre", "person:bo"))), silent=frozenset({"bo"})))
    def it_happens(case: Case) -> None:
        asyncio.run(compare(case, template))

    it_happens()


def test_what_was_rehearsed_is_what_then_happens(sqlite_template: Path) -> None:
    everything(sqlite_template, examples=25, is_sample=True)


@pytest.mark.soak
def test_whatever_is_rehearsed_is_what_then_happens(sqlite_template: Path) -> None:
    everything(sqlite_template, examples=3000, is_sample=False)


@pytest.mark.parametrize(
    ("at", "zone", "sentence"),
    [
        ("2027-03-14T02:30", "", "means another instant in every zone; add --zone"),
        (
            "2027-03-14T02:30",
            "America/New_York",
            "does not exist in America/New_York: the clocks go from 02:00 to 03:00. Ask for 2027-03-14T03:00",
        ),
        ("2027-03-14T02:30", "America/NewYork", "not a time zone; did you mean 'America/New_York'"),
        ("soon", "UTC", "'soon' is not a date and time; write it like 2027-03-14T02:30"),
    ],
)
def test_a_time_that_cannot_be_meant_is_refused_with_what_to_do(at: str, zone: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        moment(at, zone)
    assert sentence in str(refused.value)


def test_a_time_that_comes_twice_is_the_first_and_an_offset_tells_them_apart() -> None:
    twice = moment("2027-11-07T01:30", "America/New_York")
    assert twice.at == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)
    assert "01:30 comes twice that night; this is the first. The other is 2027-11-07T01:30:00-05:00." in twice.remark
    assert moment("2027-11-07T01:30-05:00", "America/New_York").at == datetime(2027, 11, 7, 6, 30, tzinfo=UTC)


def ask(**words: object) -> list[str]:
    config = load(CONFIG, {})
    values: dict[str, object] = {"service": "checkout", "severity": "1", "when": moment("2027-03-14T03:30", "America/New_York")}
    return Rehearsal(config, as_configured(config)).text(Question(**(values | words))).splitlines()  # type: ignore[arg-type]


def test_it_is_told_to_the_second_in_the_zone_that_was_asked_for() -> None:
    lines = ask()
    assert lines[0] == "Checkout, SEV1, from Sun 2027-03-14 03:30:00 EDT on, by policy sev1."
    assert lines[1].split() == [
        "03:30:00",
        "EDT",
        "+0:00",
        "Ana",
        "Silva",
        "by",
        "slack,",
        "sms,",
        "email:",
        "primary",
        "on",
        "call",
        "for",
        "Payments",
    ]
    assert lines[-1].split() == ["03:50:00", "EDT", "+20:00", "the", "ladder", "is", "exhausted:", "nobody", "has", "answered"]


def test_what_if_somebody_does_not_answer() -> None:
    assert [" ".join(line.split()[3:]) for line in ask(silent=("ana",), answer_after="45s")[-2:]] == [
        "Bo Lindqvist by slack, sms, email: secondary on call for Payments",
        "Bo Lindqvist answers; nothing more is sent",
    ]
    with pytest.raises(NotFound, match="There is no person 'anna'; did you mean 'ana'"):
        ask(silent=("anna",))
    with pytest.raises(InvalidInput, match="'soon' is not a duration"):
        ask(answer_after="soon")


def test_what_it_does_not_know_gets_a_sentence() -> None:
    assert ask(severity="sev4")[1:] == ["A SEV4 pages nobody."]
    with pytest.raises(NotFound, match="There is no service 'checkot'; did you mean 'checkout'"):
        ask(service="checkot")
    with pytest.raises(InvalidInput, match="'5' is not a severity; write sev1"):
        ask(severity="5")


async def test_the_command_counts_overrides_of_the_running_bot(sqlite_url: str) -> None:
    asked = ["simulate", "--directory", str(CONFIG), "--service", "checkout", "--severity", "1", "--at", "2027-03-14T03:30Z"]
    plain = await command(*asked, DATABASE_URL="")
    assert plain.splitlines()[1].split()[3:5] == ["Ana", "Silva"]
    start = datetime(2027, 3, 14, 3, tzinfo=UTC)
    database = Database(sqlite_url, FakeClock(start), Listeners())
    config = load(CONFIG, {})
    oncall = OnCall(Directory(config))
    async with database.begin(actor=ActorId("ana")) as tx:
        await Overriding(Checks(oncall, Directory(config))).add_override(tx, "payments-primary", "kim", start, start + timedelta(hours=1))
    await database.close()
    changed = await command(*asked, DATABASE_URL=sqlite_url.replace("+inline", ""))
    assert changed.splitlines()[1].split()[3:5] == ["Kim", "Ji-woo"]


async def command(*arguments: str, **environ: str) -> str:
    """What `tocsin` prints."""
    run = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        cwd=CONFIG.parents[2],
        env={"PATH": "/usr/bin:/bin", **environ},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await run.communicate()
    assert run.returncode == 0
    return printed.decode()
