"""How the load of being on call is shared: hours, nights and weekends of each person, by the clock where they live."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.errors import InvalidInput
from bot.oncall.definition import Shift

NIGHT_BEGINS, NIGHT_ENDS = time(22), time(6)
COUNTS_FROM = timedelta(hours=1)
"""So much of a night or weekend makes it one that was spent on call."""
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Share:
    """One person's part. `hours` of being on call; nights (22:00 to 06:00) and weekends with at least an hour of it; pages taken."""

    person: str
    hours: float = 0.0
    nights: int = 0
    weekends: int = 0
    pages: int = 0

    def of(self, total: float) -> float:
        """The part of all hours, in hundredths."""
        return round(self.hours / total * 100, 1) if total else 0.0


@dataclass(frozen=True)
class Quarter:
    """Three months, in one zone."""

    year: int
    number: int
    start: datetime
    end: datetime

    @property
    def name(self) -> str:
        """`2026 Q4`."""
        return f"{self.year} Q{self.number}"

    @property
    def key(self) -> str:
        """`2026q4`, as it is typed and stands in addresses."""
        return f"{self.year}q{self.number}"


def quarter(asked: str, now: datetime, zone: str) -> Quarter:
    """The quarter called "" (the present one), "last", "q3" (the newest) or "2026q3"."""
    today = now.astimezone(ZoneInfo(zone)).date()
    year, number = today.year, (today.month - 1) // 3 + 1
    if asked == "last":
        year, number = (year, number - 1) if number > 1 else (year - 1, 4)
    elif asked:
        named, _, digit = asked.lower().partition("q")
        if digit not in ("1", "2", "3", "4") or (named and not (named.isdecimal() and 2000 <= int(named) <= 2100)):
            raise InvalidInput("Name a quarter like 2026q3.")
        year = int(named) if named else year if int(digit) <= number else year - 1
        number = int(digit)
    first = date(year, number * 3 - 2, 1)
    after = date(year + 1, 1, 1) if number == 4 else date(year, number * 3 + 1, 1)
    return Quarter(year, number, _begin(first, zone), _begin(after, zone))


def shares(shifts: Iterable[Shift], people: Iterable[str], zone_of: Callable[[str], str], pages: Mapping[str, int]) -> tuple[Share, ...]:
    """Everybody's part, most hours first. `people` are listed though they have none; time on call twice at once counts once."""
    spans: dict[str, list[tuple[datetime, datetime]]] = {person: [] for person in people}
    for shift in shifts:
        spans.setdefault(shift.person, []).append((shift.start, shift.end))
    for person in pages:
        spans.setdefault(person, [])
    found = [replace(share(person, merged(theirs), zone_of(person)), pages=pages.get(person, 0)) for person, theirs in spans.items()]
    return tuple(sorted(found, key=lambda one: (-one.hours, one.person)))


def share(person: str, spans: Iterable[tuple[datetime, datetime]], zone: str) -> Share:
    """One person's hours, nights and weekends."""
    hours, nights, weekends = timedelta(0), dict[date, timedelta](), dict[date, timedelta]()
    for start, end in spans:
        hours += end - start
        day = start.astimezone(ZoneInfo(zone)).date() - DAY
        while _begin(day, zone) < end:
            _add(nights, day, _overlap(start, end, _at(day, NIGHT_BEGINS, zone), _at(day + DAY, NIGHT_ENDS, zone)))
            if day.weekday() >= 5:
                saturday = day - (day.weekday() - 5) * DAY
                _add(weekends, saturday, _overlap(start, end, _begin(day, zone), _begin(day + DAY, zone)))
            day += DAY
    return Share(person, round(hours.total_seconds() / 3600, 2), _counted(nights), _counted(weekends))


def merged(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Spans that touch or overlap as one."""
    found: list[tuple[datetime, datetime]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _add(sums: dict[date, timedelta], day: date, length: timedelta) -> None:
    sums[day] = sums.get(day, timedelta(0)) + length


def _counted(sums: Mapping[date, timedelta]) -> int:
    return sum(length >= COUNTS_FROM for length in sums.values())


def _overlap(start: datetime, end: datetime, first: datetime, last: datetime) -> timedelta:
    return max(timedelta(0), min(end, last) - max(start, first))


def _at(day: date, clock: time, zone: str) -> datetime:
    return datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)


def _begin(day: date, zone: str) -> datetime:
    return _at(day, time(0), zone)
