"""Escalation: whom to page next. The policy is frozen when escalation starts, and all times count from that start.

A target is a role of the service's team (`primary`, `secondary`, `lead`, `manager`, `expert`, `executive`, `fallback`), somebody by name
(`person:ana`, `team:payments`, `rotation:payments-primary`, `schedule:…`), many at once (`everybody:<schedule>`, `members:<team>`,
`usergroup:<handle>`), or a place where nobody in particular is called (`channel:<name>`, `webhook:<id>`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeVar

from bot.errors import InvalidInput

MethodT = TypeVar("MethodT", bound=str)
FOR_EVER = -1
URGENT = 2
"""Up to this severity nobody's cap, quiet hours or long snooze keeps a page back."""
ROLES = frozenset({"primary", "secondary", "lead", "manager", "expert", "executive", "fallback"})
KINDS = frozenset({"person", "team", "rotation", "schedule", "everybody", "members", "usergroup", "channel", "webhook"})
PLACES: Mapping[str, str] = MappingProxyType({"channel": "slack", "webhook": "webhook"})
"""Kinds of targets that are no person, and the method by which each is told."""


@dataclass(frozen=True)
class Step:
    """Whom to page `after` that much time without an answer, counted from the start of the round."""

    after: timedelta
    targets: tuple[str, ...]


@dataclass(frozen=True)
class EscalationPolicy:
    """Steps in the order of their times. `repeats` more rounds follow the first (`FOR_EVER`: without end).

    The last step of a round has `last_wait` to be answered before the next round begins, or before the policy is exhausted.
    """

    id: str
    steps: tuple[Step, ...] = ()
    repeats: int = 0
    last_wait: timedelta = timedelta(minutes=5)

    def __post_init__(self) -> None:
        offsets = [step.after for step in self.steps]
        if offsets != sorted(set(offsets)) or any(offset < timedelta(0) for offset in offsets):
            raise InvalidInput(f"The steps of policy {self.id} must come at growing times, the first at 0 or later.")
        if self.repeats < FOR_EVER:
            raise InvalidInput(f"Policy {self.id} cannot repeat {self.repeats} times.")
        if self.repeats and self.last_wait <= timedelta(0):
            raise InvalidInput(f"Policy {self.id} repeats, so its last step needs time for an answer.")
        for target in (target for step in self.steps for target in step.targets):
            check_target(target, self.id)

    @property
    def round_length(self) -> timedelta:
        """The time from the start of one round to the start of the next."""
        return self.steps[-1].after + self.last_wait if self.steps else self.last_wait

    @property
    def exhausted_after(self) -> timedelta:
        """How long after the start nobody is left to be paged and the last has had time to answer. Meaningless for ever."""
        return self.round_length * (self.repeats + 1) if self.steps else timedelta(0)

    @property
    def total(self) -> int | None:
        """How many steps there are over all rounds; `None` when it repeats for ever."""
        if not self.steps:
            return 0
        return None if self.repeats == FOR_EVER else len(self.steps) * (self.repeats + 1)

    def step(self, number: int) -> Step:
        """Step `number`, counted from 0 over all rounds, with its time from the very start."""
        turn, index = divmod(number, len(self.steps))
        return Step(self.steps[index].after + turn * self.round_length, self.steps[index].targets)


def ladder(policy_id: str, rungs: Iterable[tuple[int, tuple[str, ...]]], repeats: int = 0) -> EscalationPolicy:
    """Build a policy from (minutes from the start, targets)."""
    return EscalationPolicy(policy_id, tuple(Step(timedelta(minutes=minute), targets) for minute, targets in rungs), repeats)


def check_target(target: str, policy_id: str) -> None:
    """Raise `InvalidInput` unless the target is a role or names somebody."""
    kind, colon, name = target.partition(":")
    if target not in ROLES and not (colon and kind in KINDS and name):
        raise InvalidInput(
            f"Policy {policy_id} pages {target!r}, which is neither a role nor one of {', '.join(f'{one}:' for one in sorted(KINDS))} "
            "with a name."
        )


def place_method(target: str) -> str | None:
    """The method by which a place is told; None for everything that means people."""
    return PLACES.get(target.partition(":")[0]) if ":" in target else None


def is_place(target: str) -> bool:
    """Whether a target, or whom an attempt is for, is a place and no person."""
    return place_method(target) is not None


def has_told(targets: Collection[str], reached: Collection[str]) -> bool:
    """Whether a step told whom it meant: a person, or, where it means places alone, one of them.

    A channel beside people does not stand in for them: when none of them is found, the step after this one comes at once.
    """
    if all(is_place(target) for target in targets):
        return bool(reached)
    return any(not is_place(one) for one in reached)


@dataclass(frozen=True)
class PageNow:
    """Page these targets. `skipped` steps went stale while nobody was looking and are taken as done with this one."""

    number: int  # over all rounds, from 0; record `number + 1` steps as taken
    targets: tuple[str, ...]
    due: datetime
    skipped: int = 0
    late: timedelta = timedelta(0)

    @property
    def taken(self) -> int:
        """The number of steps that are taken once this one is."""
        return self.number + 1


@dataclass(frozen=True)
class Wait:
    """Nothing is due before `until`."""

    until: datetime


@dataclass(frozen=True)
class Exhausted:
    """Every step of every round has been taken, and the last has had its time."""


def next_step(policy: EscalationPolicy, taken: int, started_at: datetime, now: datetime) -> PageNow | Wait | Exhausted:
    """Decide what to do once `taken` steps have gone unanswered. Of several overdue steps only the newest is paged."""
    if policy.total is not None and taken >= policy.total:
        end = started_at + policy.exhausted_after
        return Wait(end) if now < end else Exhausted()
    number = newest_due(policy, taken, started_at, now)
    if number is None:
        return Wait(started_at + policy.step(taken).after)
    step = policy.step(number)
    due = started_at + step.after
    return PageNow(number, step.targets, due, skipped=number - taken, late=now - due)


def newest_due(policy: EscalationPolicy, taken: int, started_at: datetime, now: datetime) -> int | None:
    """The last step not yet taken whose time has come; `None` if even the next one lies ahead."""
    elapsed = now - started_at
    if policy.step(taken).after > elapsed:
        return None
    turn = max(0, elapsed // policy.round_length) if policy.repeats else 0
    if policy.repeats != FOR_EVER:
        turn = min(turn, policy.repeats)
    within = elapsed - turn * policy.round_length
    reached = sum(step.after <= within for step in policy.steps)
    return max(taken, turn * len(policy.steps) + reached - 1)


def escalate_now(policy: EscalationPolicy, taken: int, started_at: datetime, now: datetime) -> tuple[PageNow | Exhausted, datetime]:
    """Take the next step at once, asked by a person, and the start that keeps the steps after it at their distance from this one."""
    if policy.total is not None and taken >= policy.total:
        return Exhausted(), started_at
    decision = next_step(policy, taken, started_at, now)
    if isinstance(decision, PageNow):
        return decision, started_at
    step = policy.step(taken)
    return PageNow(taken, step.targets, now), now - step.after


def lateness(late: timedelta) -> str:
    """What a page that comes late says about itself; empty below a minute."""
    minutes = int(late.total_seconds() // 60)
    return f"late by {minutes} min" if minutes >= 1 else ""


def longest_snooze(severity: int) -> timedelta:
    """How long one person may put off a page: what is urgent and nobody works on must not wait for the morning."""
    return timedelta(hours=1) if severity <= URGENT else timedelta(days=1)


def ways(
    written: Sequence[tuple[MethodT, timedelta]], reachable: Collection[MethodT], stopped: Collection[MethodT] = ()
) -> dict[MethodT, timedelta]:
    """A person's methods with their delays, of those `written` in their rules.

    Where what was written first is no way to reach them, the rest move up to its time. What they had and have `stopped` makes way for the
    next method after it, which takes its time.
    """
    delays: dict[MethodT, timedelta] = {}
    for method, after in written:
        if method in reachable:
            delays.setdefault(method, after)
    for method in [one for one in delays if one in stopped]:
        at = delays.pop(method)
        later = [(after, other) for other, after in delays.items() if after > at]
        if later:
            delays[min(later, key=lambda one: one[0])[1]] = at
    sooner = min(delays.values()) - min(after for _, after in written) if delays else timedelta(0)
    return {method: after - sooner for method, after in delays.items()}
