"""Width: who else could help, in which order and why, and how many of them may be paged. Told the time.

An acknowledgement stops the ladder. More hands are invited, and paged only when a person asks, or where a service has opted in.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.incidents.lifecycle import IncidentState, is_worked_on

# Bounds, not policy: whoever opts in must know that no edit lets a machine wake a whole company.
AT_ONCE = 3
"""How many are offered to a person at once, and how many at most are paged within `EVERY` with nobody asking."""
EVERY = timedelta(minutes=5)
SEV1 = 1


@dataclass(frozen=True)
class Candidate:
    """Somebody who could help, and why: "secondary on call for Platform, a dependency"."""

    person: str
    why: str


@dataclass(frozen=True)
class Part:
    """A service: whoever is on call for it now, in the order of their roles, and who knows it best."""

    name: str
    on_call: tuple[Candidate, ...] = ()
    experts: tuple[str, ...] = ()


@dataclass(frozen=True)
class LeftOut:
    """Somebody who is not asked, and why not."""

    candidate: Candidate
    reason: str


@dataclass(frozen=True)
class Choice:
    """Who is next, and who would have been."""

    chosen: tuple[Candidate, ...]
    left_out: tuple[LeftOut, ...]


def in_order(own: Part, dependencies: Sequence[Part]) -> tuple[Candidate, ...]:
    """Everybody who could help, each once, those nearest first: on call for what is broken, its experts, then the same of what it needs."""
    order = [*own.on_call, *(Candidate(one, f"expert for {own.name}") for one in own.experts)]
    order += [Candidate(one.person, f"{one.why}, a dependency") for part in dependencies for one in part.on_call]
    order += [Candidate(one, f"expert for {part.name}, a dependency") for part in dependencies for one in part.experts]
    first: dict[str, Candidate] = {}
    for candidate in order:
        first.setdefault(candidate.person, candidate)
    return tuple(first.values())


def to_invite(candidates: Iterable[Candidate], here: Set[str], away: Set[str], wanted: int) -> tuple[Candidate, ...]:
    """Whom to invite, so that with those who are `here` there are as many as wanted. An invitation wakes nobody."""
    fresh = [one for one in candidates if one.person not in here and one.person not in away]
    return tuple(fresh[: max(0, wanted - len(here))])


def choose(
    candidates: Iterable[Candidate], unfit: Mapping[str, str], busy: Set[str], teams: Mapping[str, Set[str]], limit: int = AT_ONCE
) -> Choice:
    """The next to page, at most `limit`: nobody who is `unfit` (and why), and of no team more than half together with its `busy`."""
    chosen: list[Candidate] = []
    left_out: list[LeftOut] = []
    taken = set(busy)
    for one in candidates:
        if len(chosen) >= limit:
            break
        spent = next((name for name, people in teams.items() if one.person in people and is_half_gone(people, taken)), None)
        reason = unfit.get(one.person) or (f"half of {spent} is busy with it already" if spent else None)
        if reason:
            left_out.append(LeftOut(one, reason))
        else:
            chosen.append(one)
            taken.add(one.person)
    return Choice(tuple(chosen), tuple(left_out))


def is_half_gone(team: Set[str], taken: Set[str]) -> bool:
    """Whether one more of this team would be more than half of it."""
    return 2 * (len(team & taken) + 1) > len(team)


@dataclass(frozen=True)
class Situation:
    """What decides whether an incident may be widened by pages."""

    severity: int
    state: IncidentState
    is_private: bool
    is_drill: bool
    is_opted_in: bool
    """Its service lets Tocsin page more people with nobody asking."""
    is_confirmed_by_person: bool
    responders: int
    wanted: int


def why_never(state: IncidentState, is_private: bool, is_drill: bool) -> str | None:
    """Why nobody at all is invited or paged for width, as half a sentence; None when a person may ask for it."""
    if is_private:
        return "it is private, so only those join who are called by name"
    if is_drill:
        return "it is a drill, so only those are paged who are on call for it"
    if state is IncidentState.TRIAGE:
        return "nobody has accepted it yet"
    if not is_worked_on(state):
        return f"it is {state.value}"
    return None


def why_not_alone(now: Situation) -> str | None:
    """Why nobody is paged for width unless a person asks; None when it may be done."""
    if not now.is_opted_in:
        return "its service has not opted in"
    if (never := why_never(now.state, now.is_private, now.is_drill)) is not None:
        return never
    if now.severity != SEV1:
        return f"it is a SEV{now.severity}"
    if not now.is_confirmed_by_person:
        return "no person has confirmed it"
    if now.responders >= now.wanted:
        return f"{now.responders} of {now.wanted} respond"
    return None


def allowance(paged_at: Iterable[datetime], now: datetime) -> int:
    """How many may be paged now with nobody asking, after those that were paged for width, by whomever."""
    return max(0, AT_ONCE - len(recent(paged_at, now)))


def next_look(paged_at: Iterable[datetime], now: datetime) -> datetime:
    """When more may be paged, or the same questions have other answers."""
    return min(recent(paged_at, now), default=now) + EVERY


def recent(paged_at: Iterable[datetime], now: datetime) -> list[datetime]:
    return [at for at in paged_at if now - at < EVERY]
