"""Where the report's bars and marks stand, in hundredths of their rail, so that they are as wide as the page is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from bot.learning.estimates import Median
from bot.learning.report import Bar, Month, Report, Times
from bot.learning.wording import median_text, rough

SHORT_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Mark:
    """A median on its rail, with its interval where it has one; `says` is the same in words."""

    label: str
    says: str
    value: str
    middle: float | None = None
    low: float | None = None
    high: float | None = None
    is_before: bool = False


@dataclass(frozen=True)
class Part:
    """A part of a bar, from `start`."""

    name: str
    start: float
    width: float
    number: int


@dataclass(frozen=True)
class Stack:
    """A bar made of parts."""

    label: str
    says: str
    total: int
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Pair:
    """A number of now above the one of before."""

    bar: Bar
    now: float
    before: float


def marks(times: Times, quarter_start: date) -> list[Mark]:
    """The months of one duration, on one scale."""
    longest = max((found.high or found.middle or timedelta(0) for _, found in times.months), default=timedelta(0))
    return [_mark(month(first), found, longest, first < quarter_start) for first, found in times.months]


def _mark(label: str, found: Median, longest: timedelta, is_before: bool) -> Mark:
    if found.middle is None:
        return Mark(label, f"{label}: none", "–", is_before=is_before)
    middle, low, high = (
        None if span is None else place(span / longest if longest else 0.0) for span in (found.middle, found.low, found.high)
    )
    return Mark(label, f"{label}: {median_text(found)}", rough(found.middle), middle, low, high, is_before)


def stacks(report: Report) -> list[Stack]:
    """Incidents by month and severity, on one scale."""
    highest = max((sum(one.counts) for one in report.months), default=0)
    return [_stack(one, highest) for one in report.months]


def _stack(one: Month, highest: int) -> Stack:
    parts, start = [], 0.0
    for severity, number in enumerate(one.counts, start=1):
        width = number / highest * 100 if highest else 0.0
        if number:
            parts.append(Part(f"sev{severity}", round(start, 2), round(width, 2), number))
        start += width
    said = ", ".join(f"{number} SEV{severity}" for severity, number in enumerate(one.counts, start=1) if number) or "none"
    return Stack(month(one.first), f"{month(one.first)}: {said}", sum(one.counts), tuple(parts))


def pairs(bars: Iterable[Bar]) -> list[Pair]:
    """Numbers side by side with those of the quarter before, on one scale."""
    shown = list(bars)
    highest = max((max(bar.now, bar.before) for bar in shown), default=0)
    return [Pair(bar, _of(bar.now, highest), _of(bar.before, highest)) for bar in shown]


def month(first: date) -> str:
    """`Oct`."""
    return SHORT_MONTHS[first.month - 1]


def place(part: float) -> float:
    """A place on a rail that leaves room for a dot at both ends."""
    return round(2 + part * 96, 2)


def _of(number: int, highest: int) -> float:
    return round(number / highest * 100, 2) if highest else 0.0
