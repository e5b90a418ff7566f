"""How shifts lie on a calendar: days, weeks, months, and strips for a timeline. Values in, values out; times in one reader's zone."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.oncall.definition import Shift

TONES = 8
"""So many people in a row have colours of their own."""
NOBODY = "nobody"
DAY = timedelta(days=1)


class View(StrEnum):
    WEEK = "week"
    MONTH = "month"
    TIMELINE = "timeline"


@dataclass(frozen=True)
class Window:
    """What one page shows: from `start` until `end` (aware UTC), which are midnights in `zone`; `days` are its dates."""

    view: View
    zone: str
    days: tuple[date, ...]
    start: datetime
    end: datetime

    @property
    def previous(self) -> date:
        """A day within the page before."""
        return self.days[0] - DAY

    @property
    def following(self) -> date:
        """A day within the page after."""
        return self.days[-1] + DAY


@dataclass(frozen=True)
class Piece:
    """A stretch of the calendar: somebody's, or nobody's. `why` in words; `is_changed` by an override or swap."""

    start: datetime
    end: datetime
    person: str | None
    name: str
    why: str = ""
    is_changed: bool = False
    tone: str = "gap"


@dataclass(frozen=True)
class Line:
    """A piece as it lies within one day: wall times, `24:00` where the day ends."""

    begins: str
    ends: str
    piece: Piece
    is_whole_day: bool


@dataclass(frozen=True)
class Day:
    """A day with who is on call in it. `is_shown`: it belongs to the month that is looked at."""

    date: date
    is_today: bool
    lines: tuple[Line, ...]
    is_shown: bool = True

    @property
    def names(self) -> tuple[Piece, ...]:
        """Everybody of the day, each once, in their order."""
        found: dict[tuple[str | None, bool], Piece] = {}
        for line in self.lines:
            found.setdefault((line.piece.person, line.piece.is_changed), line.piece)
        return tuple(found.values())


@dataclass(frozen=True)
class Bar:
    """A piece as part of a strip: where it begins and how wide it is, in hundredths of the strip."""

    left: float
    width: float
    piece: Piece


@dataclass(frozen=True)
class Strip:
    """A row of the timeline. Pieces at the same time lie in `lanes` of their own."""

    title: str
    lanes: tuple[tuple[Bar, ...], ...]
    is_final: bool = False


def window(view: View, day: date, zone: str) -> Window:
    """The week (from Monday) or the month (in whole weeks) around a day; a timeline shows a week."""
    if view is View.MONTH:
        first = day.replace(day=1)
        last = (first + timedelta(days=31)).replace(day=1) - DAY
        first, last = first - first.weekday() * DAY, last + (6 - last.weekday()) * DAY
    else:
        first = day - day.weekday() * DAY
        last = first + 6 * DAY
    days = tuple(first + number * DAY for number in range((last - first).days + 1))
    return Window(view, zone, days, midnight(first, zone), midnight(last + DAY, zone))


def pieces(
    shifts: Iterable[Shift],
    gaps: Iterable[tuple[datetime, datetime]],
    tones: "Tones",
    name: Callable[[str], str],
    zone: str,
) -> tuple[Piece, ...]:
    """Shifts and gaps as pieces, in the order of their begin."""
    found = [
        Piece(
            shift.start,
            shift.end,
            shift.person,
            name(shift.person),
            shift.duty.why(zone, name),
            shift.duty.change is not None,
            tones.of(shift.person),
        )
        for shift in shifts
    ]
    found += [Piece(start, end, None, NOBODY, "nobody is on call") for start, end in gaps]
    return tuple(sorted(found, key=lambda piece: (piece.start, piece.end, piece.name)))


class Tones:
    """A colour for each person, the same on the whole page."""

    def __init__(self, people: Iterable[str]) -> None:
        self._numbers = {person: number for number, person in enumerate(dict.fromkeys(people))}

    def of(self, person: str) -> str:
        """The person's colour by name: `p0` to `p7`."""
        return f"p{self._numbers.setdefault(person, len(self._numbers)) % TONES}"


def days(found: Sequence[Piece], shown: Window, today: date, month: int | None = None) -> tuple[Day, ...]:
    """The days of a window with what lies in each."""
    return tuple(_day(found, day, shown.zone, today, month in (None, day.month)) for day in shown.days)


def weeks(all_days: Sequence[Day]) -> tuple[tuple[Day, ...], ...]:
    """Days in rows of seven."""
    return tuple(tuple(all_days[at : at + 7]) for at in range(0, len(all_days), 7))


def strip(title: str, found: Sequence[Piece], shown: Window, *, is_final: bool = False) -> Strip:
    """Pieces as a row of the timeline."""
    length = (shown.end - shown.start).total_seconds()
    lanes: list[list[Bar]] = []
    ends: list[datetime] = []
    for piece in found:
        start, end = max(piece.start, shown.start), min(piece.end, shown.end)
        if start >= end:
            continue
        left = (start - shown.start).total_seconds() / length * 100
        bar = Bar(round(left, 3), round((end - start).total_seconds() / length * 100, 3), piece)
        lane = next((number for number, until in enumerate(ends) if until <= start), len(lanes))
        if lane == len(lanes):
            lanes.append([])
            ends.append(end)
        lanes[lane].append(bar)
        ends[lane] = end
    return Strip(title, tuple(tuple(lane) for lane in lanes) or ((),), is_final)


def marks(shown: Window) -> tuple[tuple[float, date], ...]:
    """Where each day begins, in hundredths of the strip: a day with a change of clocks is narrower or wider."""
    length = (shown.end - shown.start).total_seconds()
    return tuple((round((midnight(day, shown.zone) - shown.start).total_seconds() / length * 100, 3), day) for day in shown.days)


def midnight(day: date, zone: str) -> datetime:
    """When a day begins in a zone; where midnight is jumped over, a little later."""
    return datetime.combine(day, time(0), ZoneInfo(zone)).astimezone(UTC)


def _day(found: Sequence[Piece], day: date, zone: str, today: date, is_shown: bool) -> Day:
    begins, ends = midnight(day, zone), midnight(day + DAY, zone)
    lines = []
    for piece in found:
        if piece.start < ends and piece.end > begins:
            first = "00:00" if piece.start <= begins else wall(piece.start, zone)
            last = "24:00" if piece.end >= ends else wall(piece.end, zone)
            lines.append(Line(first, last, piece, piece.start <= begins and piece.end >= ends))
    return Day(day, day == today, tuple(lines), is_shown)


def wall(at: datetime, zone: str) -> str:
    """The time of day in a zone."""
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M}"


def today(now: datetime, zone: str) -> date:
    """The date in a zone."""
    return now.astimezone(ZoneInfo(zone)).date()


def heading(shown: Window) -> str:
    """`November 2026`, or `23–29 Nov 2026` with as much of both ends as differs."""
    if shown.view is View.MONTH:
        return f"{shown.days[10]:%B %Y}"
    first, last = shown.days[0], shown.days[-1]
    if first.year != last.year:
        return f"{first.day} {first:%b %Y} – {last.day} {last:%b %Y}"
    if first.month != last.month:
        return f"{first.day} {first:%b} – {last.day} {last:%b %Y}"
    return f"{first.day}–{last.day} {last:%b %Y}"


def months(now: datetime, back: int, ahead: int) -> tuple[datetime, datetime]:
    """From the first of a month `back` months ago until that of `ahead` months after this one, in UTC."""
    first, last = (divmod(now.year * 12 + now.month - 1 + shift, 12) for shift in (-back, ahead + 1))
    return datetime(first[0], first[1] + 1, 1, tzinfo=UTC), datetime(last[0], last[1] + 1, 1, tzinfo=UTC)
