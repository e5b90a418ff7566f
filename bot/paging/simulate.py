"""What would happen: whom a ladder pages, how and when, told only the time. The same policy and the same targets decide as when it is real.

A rehearsal walks the ladder as `climbing` does, without a page: a step that finds nobody makes way for the one after it at once.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.paging.policy import EscalationPolicy, Exhausted, PageNow, Wait, escalate_now, has_told, is_place, next_step
from bot.paging.throttle import is_capped

ROUNDS_SHOWN = 3
"""Of a ladder that repeats for ever."""


@dataclass(frozen=True)
class Called:
    """Somebody whom a step means, or a place, and why."""

    person: str
    why: str


@dataclass(frozen=True)
class Told:
    """One person is told by one method."""

    at: datetime
    person: str
    method: str
    step: int
    why: str


@dataclass(frozen=True)
class HeldBack:
    """A cap keeps a message from a person."""

    at: datetime
    person: str
    method: str


@dataclass(frozen=True)
class Skipped:
    """A step finds nobody."""

    at: datetime
    targets: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Answered:
    """Somebody takes the page: nothing more is sent."""

    at: datetime
    person: str


@dataclass(frozen=True)
class NobodyAnswered:
    """The ladder is exhausted, and the channel hears that nobody has answered."""

    at: datetime


@dataclass(frozen=True)
class GoesOn:
    """The ladder repeats for ever; this is where the rehearsal stops."""

    at: datetime


Happening = Told | HeldBack | Skipped | Answered | NobodyAnswered | GoesOn
Meant = Callable[[tuple[str, ...], datetime], tuple[list[Called], list[str]]]
"""Whom targets mean at a moment, and a reason for each that means nobody."""
Ways = Callable[[str], Mapping[str, timedelta]]
"""How a person can be reached: each method with its delay."""
Caps = Mapping[str, int]
"""How many messages a person gets by a method in an hour."""


@dataclass(frozen=True)
class Answers:
    """Who would answer: `silent` people never do; everybody else after `delay`, or nobody at all (None)."""

    delay: timedelta | None = None
    silent: Collection[str] = ()

    def of(self, person: str) -> timedelta | None:
        """How long after they are first told this person takes the page."""
        return None if person in self.silent or is_place(person) else self.delay


def rehearse(
    policy: EscalationPolicy,
    meant: Meant,
    ways: Ways,
    started_at: datetime,
    answers: Answers,
    caps: Caps = MappingProxyType({}),
    last_ways: Ways | None = None,
) -> list[Happening]:
    """Everything that would happen from the start until somebody answers or nobody is left, in the order of time.

    Of `caps` it knows what this ladder alone uses up, not what people are told of other incidents. `last_ways` is how the fallback can be
    reached, where that is more than `ways`.
    """
    walk = Walk(policy, meant, ways, started_at, last_ways or ways, caps)
    walk.run(answers)
    return walk.story(answers)


@dataclass
class Walk:
    """A ladder on its way."""

    policy: EscalationPolicy
    meant: Meant
    ways: Ways
    started_at: datetime
    last_ways: Ways
    caps: Caps = field(default_factory=dict)
    taken: int = 0
    told: list[Told] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    end: NobodyAnswered | GoesOn | None = None

    def run(self, answers: Answers) -> None:
        """Take step after step until the end, or until somebody has answered."""
        now = self.started_at
        while self.end is None:
            self.go_on(next_step(self.policy, self.taken, self.started_at, now), now)
            if self.end is not None:
                return
            following = self.next_at(now)
            answered = self.first_answer(answers)
            if answered is not None and answered.at <= following:
                return
            if self.policy.total is None and self.taken >= ROUNDS_SHOWN * len(self.policy.steps):
                self.end = GoesOn(following)
            now = following

    def go_on(self, decision: PageNow | Wait | Exhausted, now: datetime) -> None:
        empty = 0
        while isinstance(decision, PageNow):
            if self.take(decision, now):
                break
            empty += 1
            if empty == len(self.policy.steps):
                break
            decision, self.started_at = escalate_now(self.policy, self.taken, self.started_at, now)
        if isinstance(decision, Exhausted) or empty == len(self.policy.steps):
            self.after_the_last(now)

    def take(self, step: PageNow, now: datetime) -> bool:
        """Page everybody whom a step means; False when that is nobody."""
        self.taken = step.taken
        return self.page(step.targets, step.number, now, self.ways)

    def after_the_last(self, now: datetime) -> None:
        was_anybody_told = any(not is_place(told.person) for told in self.told)
        if was_anybody_told and (self.policy.total is None or self.taken < self.policy.total):
            return
        if not was_anybody_told and self.page(("fallback",), self.taken - 1, now, self.last_ways):
            return
        self.end = NobodyAnswered(now)

    def page(self, targets: tuple[str, ...], step: int, now: datetime, ways: Ways) -> bool:
        people, missing = self.meant(targets, now)
        reached: list[str] = []
        for one in people:
            delays = ways(one.person)
            if not delays:
                missing = [*missing, f"{one.person} has no way to be reached"]
                continue
            reached.append(one.person)
            if not any(told.step == step and told.person == one.person for told in self.told):
                self.told += [Told(now + after, one.person, method, step, one.why) for method, after in delays.items()]
        is_told = has_told(targets, reached)
        if not is_told:
            self.skipped.append(Skipped(now, targets, "; ".join(missing)))
        return is_told

    def next_at(self, now: datetime) -> datetime:
        """When the ladder is looked at again."""
        match next_step(self.policy, self.taken, self.started_at, now):
            case Wait(until):
                return until
            case PageNow(due=due):
                return due
            case Exhausted():
                return now + self.policy.last_wait

    def first_answer(self, answers: Answers) -> Answered | None:
        """Who would be the first to answer what was sent so far."""
        heard = [one for one in self.within_caps() if isinstance(one, Told)]
        found = [Answered(told.at + delay, told.person) for told in heard if (delay := answers.of(told.person)) is not None]
        return min(found, key=lambda one: one.at) if found else None

    def within_caps(self) -> list[Told | HeldBack]:
        """What was told, in the order of time; what would be too much is held back."""
        found: list[Told | HeldBack] = []
        sent: dict[tuple[str, str], list[datetime]] = {}
        for one in sorted(self.told, key=lambda told: told.at):
            earlier = sent.setdefault((one.person, one.method), [])
            most = None if is_place(one.person) else self.caps.get(one.method)
            if most is not None and is_capped(most, earlier, one.at):
                found.append(HeldBack(one.at, one.person, one.method))
            else:
                earlier.append(one.at)
                found.append(one)
        return found

    def story(self, answers: Answers) -> list[Happening]:
        """What happened, in the order of time; an answer cancels what would have come after it."""
        happened: list[Happening] = [*self.skipped, *self.within_caps(), *([self.end] if self.end else [])]
        first = self.first_answer(answers)
        if first is not None:
            happened = [*(one for one in happened if one.at <= first.at and not isinstance(one, NobodyAnswered | GoesOn)), first]
        return sorted(happened, key=lambda one: (one.at, isinstance(one, Answered | NobodyAnswered | GoesOn)))
