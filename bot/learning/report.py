"""The report of a quarter as one value: what happened, how long it took, what comes again, what became of what was to be done.

Everything that is shown of it (page, PDF, Slack) is read off this value. Times are told with how sure they are, and a change is only
called one where that is sure. Private incidents are counted and never named.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.incidents.completion import Owed, Tally, tally
from bot.incidents.lifecycle import Durations
from bot.incidents.likeness import Told
from bot.learning.estimates import Change, Lifetime, Median, compared, half_life, median
from bot.learning.recurring import Group, groups
from bot.oncall.fairness import Quarter

TOP = 8
"""Services and causes that are named; what is left is one line."""
ALIKE = 5
COMPARED = 1000
"""Newest incidents whose titles are compared: whoever has more in half a year has thousands of alerts, and other worries."""
KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "mttd": ("Time to detect", "from the start of impact to detection"),
        "mtta": ("Time to acknowledge", "from the first page to the first answer"),
        "mttm": ("Time to mitigate", "from the start of impact to mitigation"),
        "mttr": ("Time to resolve", "from the start of impact to the last resolve"),
    }
)


@dataclass(frozen=True)
class Review:
    """What became of the postmortem of an incident that is over; `due_on` when one was promised for a day."""

    over_at: datetime
    due_on: date | None = None
    published_at: datetime | None = None


@dataclass(frozen=True)
class Past:
    """An incident that counts: accepted, and not found to be none or another."""

    number: int
    title: str
    severity: int
    declared_at: datetime
    durations: Durations
    service: str | None = None
    is_private: bool = False
    is_open: bool = False
    tags: tuple[str, ...] = ()
    review: Review | None = None


@dataclass(frozen=True)
class Item:
    """An action item."""

    made_at: datetime
    done_at: datetime | None = None
    due_on: date | None = None


@dataclass(frozen=True)
class Noisy:
    """An alert that fired often."""

    name: str
    fired: int
    acted_on: int


@dataclass(frozen=True)
class AlertQuality:
    """What became of every time that an alert fired: recorded alone, found to be nothing, acted on, or not decided yet."""

    fired: int = 0
    alone: int = 0
    noise: int = 0
    acted_on: int = 0
    undecided: int = 0
    noisiest: tuple[Noisy, ...] = ()


@dataclass(frozen=True)
class Material:
    """What a report is made of: two quarters of everything. `items` are those made until the end of the time."""

    incidents: tuple[Past, ...]
    items: tuple[Item, ...] = ()
    alerts: AlertQuality = AlertQuality()
    alerts_before: AlertQuality = AlertQuality()
    vocabulary: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bar:
    """A number of this quarter and of the one before."""

    name: str
    now: int
    before: int


@dataclass(frozen=True)
class Month:
    """How many incidents of each severity, SEV1 first, began in a month."""

    first: date
    counts: tuple[int, int, int, int]


@dataclass(frozen=True)
class Times:
    """One of the four durations: of the quarter, of the one before, and month by month."""

    name: str
    meaning: str
    now: Median
    before: Median
    change: Change
    months: tuple[tuple[date, Median], ...]


@dataclass(frozen=True)
class Recurrence:
    """Incidents of these two quarters that are like each other, at least one of this one: each title with its incidents, the newest
    first. Never a private one."""

    words: tuple[str, ...]
    titles: tuple[tuple[str, tuple[int, ...]], ...]

    @property
    def total(self) -> int:
        """How many incidents there are."""
        return sum(len(numbers) for _, numbers in self.titles)


@dataclass(frozen=True)
class Items:
    """Action items: of those whose day was in the quarter, how many are done; what is open now; and after how long half of all that were
    made in two quarters (`lives` of them) are done. None: not to be told yet."""

    counted: Tally
    open: int
    overdue: int
    half_life: timedelta | None
    half_life_before: timedelta | None
    lives: int


@dataclass(frozen=True)
class Reviews:
    """Postmortems of incidents that are over: published, of those with a day by that day, late and still missing, and how long it took."""

    over: int
    published: int
    in_time: int
    had_a_day: int
    overdue: int
    took: Median


@dataclass(frozen=True)
class Report:
    """A quarter of the company's, or of one team's. `until` is now while it still runs; everything "before" is the quarter before."""

    scope: str
    quarter: Quarter
    until: datetime
    total: Bar
    severities: tuple[Bar, ...]
    months: tuple[Month, ...]
    services: tuple[Bar, ...]
    causes: tuple[Bar, ...]
    tagged: int
    alike: tuple[Recurrence, ...]
    times: tuple[Times, ...]
    items: Items
    reviews: Reviews
    alerts: AlertQuality
    alerts_before: AlertQuality
    private: int
    still_open: int
    team: str | None = field(default=None)

    @property
    def is_running(self) -> bool:
        """Is the quarter not over?"""
        return self.until < self.quarter.end


def report(scope: str, team: str | None, this: Quarter, before: Quarter, until: datetime, zone: ZoneInfo, material: Material) -> Report:
    """Draw the report up. The same material gives the same report, in whatever order it is handed in."""
    everything = sorted((one for one in material.incidents if one.declared_at <= until), key=lambda one: one.number)
    now = [one for one in everything if _within(one.declared_at, this)]
    then = [one for one in everything if _within(one.declared_at, before)]
    return Report(
        scope=scope,
        team=team,
        quarter=this,
        until=until,
        total=Bar("Incidents", len(now), len(then)),
        severities=tuple(Bar(f"SEV{n}", _of_severity(now, n), _of_severity(then, n)) for n in (1, 2, 3, 4)),
        months=tuple(_month(first, [*then, *now], zone) for first in _months(before, this)),
        services=_top(now, then, lambda one: [one.service or "no service"]),
        causes=_top(now, then, lambda one: _countable(one, everything, material.vocabulary)),
        tagged=sum(bool(one.tags) for one in now),
        alike=_alike(everything, {one.number for one in now}),
        times=tuple(_times(kind, now, then, _months(before, this), zone) for kind in KINDS),
        items=_items(material.items, this, before, until, zone),
        reviews=_reviews(now, until, zone),
        alerts=material.alerts,
        alerts_before=material.alerts_before,
        private=sum(one.is_private for one in now),
        still_open=sum(one.is_open for one in now),
    )


def _within(at: datetime, quarter: Quarter) -> bool:
    return quarter.start <= at < quarter.end


def _of_severity(incidents: Iterable[Past], severity: int) -> int:
    return sum(one.severity == severity for one in incidents)


def _months(*quarters: Quarter) -> list[date]:
    return [date(quarter.year, quarter.number * 3 - 2 + offset, 1) for quarter in quarters for offset in range(3)]


def _in_month(at: datetime, first: date, zone: ZoneInfo) -> bool:
    local = at.astimezone(zone)
    return (local.year, local.month) == (first.year, first.month)


def _month(first: date, incidents: Iterable[Past], zone: ZoneInfo) -> Month:
    mine = [one for one in incidents if _in_month(one.declared_at, first, zone)]
    return Month(first, (_of_severity(mine, 1), _of_severity(mine, 2), _of_severity(mine, 3), _of_severity(mine, 4)))


def _top(now: Sequence[Past], then: Sequence[Past], names: Callable[[Past], Iterable[str]]) -> tuple[Bar, ...]:
    """What is most often, named; the rest as one line."""
    here, earlier = (Counter(name for one in incidents for name in names(one)) for incidents in (now, then))
    shown = sorted(here, key=lambda name: (-here[name], name))
    bars = [Bar(name, here[name], earlier[name]) for name in shown[:TOP]]
    if rest := shown[TOP:]:
        bars.append(Bar(f"{len(rest)} others", sum(here[name] for name in rest), sum(earlier[name] for name in rest)))
    return tuple(bars)


def _countable(one: Past, everything: Iterable[Past], vocabulary: Sequence[str]) -> Sequence[str]:
    """The tags that may be told: a word that only a private incident has is its own."""
    if not one.is_private:
        return one.tags
    known = {*vocabulary, *(tag for other in everything if not other.is_private for tag in other.tags)}
    return [tag for tag in one.tags if tag in known]


def _alike(incidents: Sequence[Past], now: set[int]) -> tuple[Recurrence, ...]:
    named = {one.number: one for one in [one for one in incidents if not one.is_private][-COMPARED:]}
    found: list[Group] = [
        group
        for group in groups([Told(one.number, one.title, one.service) for one in named.values()])
        if any(number in now for number in group.numbers)
    ]
    return tuple(_recurrence(group, named) for group in found[:ALIKE])


def _recurrence(group: Group, named: Mapping[int, Past]) -> Recurrence:
    titles: dict[str, tuple[int, ...]] = {}
    for number in reversed(group.numbers):
        titles[named[number].title] = (*titles.get(named[number].title, ()), number)
    return Recurrence(group.words, tuple(titles.items()))


def _times(kind: str, now: Sequence[Past], then: Sequence[Past], months: Iterable[date], zone: ZoneInfo) -> Times:
    def of(incidents: Iterable[Past]) -> Median:
        urgent = (one for one in incidents if one.severity < 4)  # nobody is woken for the others, and they wait for days
        return median(span for one in urgent if (span := getattr(one.durations, kind)) is not None)

    here, earlier = of(now), of(then)
    by_month = tuple((first, of(one for one in [*then, *now] if _in_month(one.declared_at, first, zone))) for first in months)
    return Times(*KINDS[kind], here, earlier, compared(here, earlier), by_month)


def _items(items: Iterable[Item], this: Quarter, before: Quarter, until: datetime, zone: ZoneInfo) -> Items:
    """As things stood at the end of the time: what was done later was open then."""
    mine = [item if _is_done(item, until) else replace(item, done_at=None) for item in items if item.made_at <= until]
    still = [item for item in mine if item.done_at is None]
    today = (until - timedelta(microseconds=1)).astimezone(zone).date()
    recent = [_life(item, until) for item in mine if item.made_at >= before.start]
    then = [_life(item, this.start) for item in mine if _within(item.made_at, before)]
    return Items(
        counted=tally([_owed(item, zone) for item in mine], this.start.astimezone(zone).date(), today),
        open=len(still),
        overdue=sum(item.due_on is not None and item.due_on < today for item in still),
        half_life=half_life(recent),
        half_life_before=half_life(then),
        lives=len(recent),
    )


def _is_done(item: Item, at: datetime) -> bool:
    return item.done_at is not None and item.done_at <= at


def _owed(item: Item, zone: ZoneInfo) -> Owed:
    return Owed(item.made_at.astimezone(zone).date(), item.due_on, item.done_at.astimezone(zone).date() if item.done_at else None)


def _life(item: Item, until: datetime) -> Lifetime:
    """How long it has been open by then. Whoever corrects a clock may have ended it before it began."""
    end = item.done_at if item.done_at is not None and item.done_at <= until else None
    return Lifetime(max((end or until) - item.made_at, timedelta(0)), end is not None)


def _reviews(now: Iterable[Past], until: datetime, zone: ZoneInfo) -> Reviews:
    over = [one.review for one in now if one.review is not None]
    out = [(one, one.published_at) for one in over if one.published_at is not None and one.published_at <= until]
    with_day = [(one.due_on, at) for one, at in out if one.due_on is not None]
    today = until.astimezone(zone).date()
    missing = [one for one in over if one.published_at is None or one.published_at > until]
    late = sum(one.due_on is not None and one.due_on < today for one in missing)
    return Reviews(
        over=len(over),
        published=len(out),
        in_time=sum(at.astimezone(zone).date() <= day for day, at in with_day),
        had_a_day=len(with_day) + late,
        overdue=late,
        took=median(max(at - one.over_at, timedelta(0)) for one, at in out),
    )
