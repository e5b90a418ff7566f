"""The life of an incident: its states and legal moves, its milestones, and the durations that follow from them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from bot.errors import InvalidInput, InvalidTransition
from bot.states import move


class IncidentState(StrEnum):
    TRIAGE = "triage"
    INVESTIGATING = "investigating"
    MITIGATING = "mitigating"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    MERGED = "merged"


SENTENCES: Mapping[IncidentState, str] = MappingProxyType(
    {
        IncidentState.TRIAGE: "An alert opened it; nobody has accepted it yet, and it is not counted until then.",
        IncidentState.INVESTIGATING: "People are finding out what is wrong.",
        IncidentState.MITIGATING: "The cause is known well enough; people are stopping the harm.",
        IncidentState.MONITORING: "The harm has stopped; people watch whether it stays so.",
        IncidentState.RESOLVED: "It is over; the postmortem is being written.",
        IncidentState.CLOSED: "It is over and everything that was owed is done.",
        IncidentState.CANCELLED: "It was no incident, or was declined.",
        IncidentState.MERGED: "It was the same as another incident and goes on there.",
    }
)

WORKED_ON = frozenset({IncidentState.INVESTIGATING, IncidentState.MITIGATING, IncidentState.MONITORING})
OPEN = WORKED_ON | {IncidentState.TRIAGE}
ENDS = frozenset({IncidentState.RESOLVED, IncidentState.CANCELLED, IncidentState.MERGED})

ALLOWED: Mapping[IncidentState, frozenset[IncidentState]] = MappingProxyType(
    {
        IncidentState.TRIAGE: frozenset({IncidentState.INVESTIGATING, IncidentState.CANCELLED, IncidentState.MERGED}),
        IncidentState.INVESTIGATING: (WORKED_ON - {IncidentState.INVESTIGATING}) | ENDS,
        IncidentState.MITIGATING: (WORKED_ON - {IncidentState.MITIGATING}) | ENDS,
        IncidentState.MONITORING: (WORKED_ON - {IncidentState.MONITORING}) | ENDS,
        IncidentState.RESOLVED: frozenset({IncidentState.CLOSED, IncidentState.INVESTIGATING}),
        IncidentState.CLOSED: frozenset({IncidentState.INVESTIGATING}),
        IncidentState.CANCELLED: frozenset({IncidentState.INVESTIGATING}),
        IncidentState.MERGED: frozenset(),
    }
)

UNDO_WINDOW = timedelta(minutes=5)  # a resolve or cancel by a slip of the thumb


def is_open(state: IncidentState) -> bool:
    """Whether it still needs people: triage, investigating, mitigating or monitoring."""
    return state in OPEN


def is_worked_on(state: IncidentState) -> bool:
    """Whether it was accepted and is not over: pages, promises and roles apply."""
    return state in WORKED_ON


def state_named(word: str) -> IncidentState | None:
    """The state that a person names, in any case, or `None`."""
    word = word.strip().lower()
    return next((state for state in IncidentState if state.value == word), None)


def after_mitigated(current: IncidentState) -> IncidentState:
    """The state that the verb `mitigated` leads to. Already monitoring, it only stamps the milestone."""
    if current is IncidentState.MONITORING:
        return current
    return move(ALLOWED, current, IncidentState.MONITORING)


def after_reopen(current: IncidentState) -> IncidentState:
    """The state that reopening leads to. Only what is over can be reopened; raises `InvalidTransition`."""
    if is_open(current):
        raise InvalidTransition(f"It is {current.value}, so there is nothing to reopen.")
    return move(ALLOWED, current, IncidentState.INVESTIGATING)


def undo(
    current: IncidentState, before: IncidentState, ended_at: datetime, now: datetime, window: timedelta = UNDO_WINDOW
) -> IncidentState:
    """The state to go back to when a resolve or cancel is undone within `window`; raises `InvalidTransition`."""
    if current not in {IncidentState.RESOLVED, IncidentState.CANCELLED}:
        raise InvalidTransition(f"It is {current.value}; only a resolve or a cancel can be undone.")
    if not is_open(before):
        raise InvalidTransition(f"It was {before.value} before, so there is nothing to go back to.")
    if not can_undo(ended_at, now, window):
        minutes = int(window.total_seconds() // 60)
        raise InvalidTransition(
            f"It was {current.value} {humane(now - ended_at)} ago and can be undone for {minutes} min only. Reopen it instead."
        )
    return before


def can_undo(ended_at: datetime, now: datetime, window: timedelta = UNDO_WINDOW) -> bool:
    """Whether a resolve or cancel of `ended_at` can still be undone."""
    return now - ended_at <= window


class MilestoneKind(StrEnum):
    IMPACT_STARTED = "impact_started"
    DETECTED = "detected"
    DECLARED = "declared"
    PAGED = "paged"
    ACKNOWLEDGED = "acknowledged"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"


@dataclass(frozen=True)
class Milestone:
    """When something happened, and when we were told."""

    kind: MilestoneKind
    happened_at: datetime
    recorded_at: datetime


@dataclass(frozen=True)
class Durations:
    """Times to detect, acknowledge, mitigate and resolve. `None` where a milestone is missing or the two contradict each other."""

    mttd: timedelta | None = None
    mtta: timedelta | None = None
    mttm: timedelta | None = None
    mttr: timedelta | None = None


def durations(milestones: Iterable[Milestone], reopened_at: datetime | None = None) -> Durations:
    """Compute the durations. The last mitigation and the last resolve count; what was recorded before `reopened_at` does not end anything.

    Detection counts from the start of impact, acknowledgement from the first page, and mitigation and resolution from the
    start of impact or, where that is unknown, from detection or declaration.
    """
    known = tuple(milestones)
    ends = tuple(one for one in known if reopened_at is None or one.recorded_at > reopened_at)
    impact = corrected(known, MilestoneKind.IMPACT_STARTED)
    detected = earliest(known, MilestoneKind.DETECTED)
    start = impact or detected or earliest(known, MilestoneKind.DECLARED)
    return Durations(
        mttd=between(impact, detected or earliest(known, MilestoneKind.DECLARED)),
        mtta=between(earliest(known, MilestoneKind.PAGED), earliest(known, MilestoneKind.ACKNOWLEDGED)),
        mttm=between(start, latest(ends, MilestoneKind.MITIGATED) or latest(ends, MilestoneKind.RESOLVED)),
        mttr=between(start, latest(ends, MilestoneKind.RESOLVED)),
    )


def corrected(milestones: Iterable[Milestone], kind: MilestoneKind) -> datetime | None:
    """When it happened according to who spoke last: the start of impact is usually found out late."""
    return chosen(milestones, kind, lambda rows: max(rows, key=lambda one: (one.recorded_at, one.happened_at)))


def earliest(milestones: Iterable[Milestone], kind: MilestoneKind) -> datetime | None:
    """When it first happened."""
    return chosen(milestones, kind, lambda rows: min(rows, key=lambda one: one.happened_at))


def latest(milestones: Iterable[Milestone], kind: MilestoneKind) -> datetime | None:
    """When it last happened."""
    return chosen(milestones, kind, lambda rows: max(rows, key=lambda one: one.happened_at))


def chosen(milestones: Iterable[Milestone], kind: MilestoneKind, choose: Callable[[list[Milestone]], Milestone]) -> datetime | None:
    rows = [one for one in milestones if one.kind is kind]
    return choose(rows).happened_at if rows else None


def between(start: datetime | None, end: datetime | None) -> timedelta | None:
    """The time from start to end; `None` if either is unknown or the end comes first."""
    if start is None or end is None or end < start:
        return None
    return end - start


def humane(span: timedelta) -> str:
    """A duration for people, cut to what matters: `40 s`, `1 min 30 s`, `12 min`, `2 h 06 min`, `2 d 3 h 04 min`."""
    if span < timedelta(0):
        raise InvalidInput("A duration cannot be negative.")
    total = span.days * 86_400 + span.seconds
    days, rest = divmod(total, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h {minutes:02} min"
    if hours:
        return f"{hours} h {minutes:02} min"
    if minutes >= 10:
        return f"{minutes} min"
    if minutes:
        return f"{minutes} min {seconds:02} s" if seconds else f"{minutes} min"
    return f"{seconds} s"
