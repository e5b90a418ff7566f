"""What a few numbers say, and how surely: medians with exact intervals, and how long things stay open when some still are.

Times to mend are few and lopsided, so nothing here assumes a shape: the interval of a median is between two of the values themselves
(the sign test turned around; Conover, Practical Nonparametric Statistics, 3.2), and what is still open counts for as long as it has
been open and no longer (Kaplan and Meier 1958).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

SURE = 0.95
"""How often an interval like this has the true median in it, at least."""


@dataclass(frozen=True)
class Median:
    """The middle of `n` values, and an interval that has the true one in 95 of 100 such cases; None where `n` is too small for one."""

    n: int = 0
    middle: timedelta | None = None
    low: timedelta | None = None
    high: timedelta | None = None


class Change(StrEnum):
    """How one median differs from another."""

    FEW = "too few to compare"
    SHORTER = "shorter"
    LONGER = "longer"
    UNCLEAR = "no clear change"


@dataclass(frozen=True)
class Lifetime:
    """How long something was open; `is_over` when it was ended, and not just looked at."""

    length: timedelta
    is_over: bool


def median(values: Iterable[timedelta]) -> Median:
    """The median and its exact interval."""
    ordered = sorted(values)
    n = len(ordered)
    if n == 0:
        return Median()
    middle = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    rank = interval_rank(n)
    return Median(n, middle, ordered[rank - 1], ordered[n - rank]) if rank else Median(n, middle)


def interval_rank(n: int) -> int:
    """Of `n` ordered values, the rank whose value begins the interval (its mirror ends it); 0 where no interval is sure enough."""
    # P(at most k of n values are below the median) = (C(n,0) + … + C(n,k)) / 2**n, in whole numbers so that no n is too large
    allowed, ways, below, rank = (1 - SURE) / 2, 1, 0, 0
    for k in range(n // 2):
        below += ways
        if below / 2**n > allowed:
            break
        rank, ways = k + 1, ways * (n - k) // (k + 1)
    return rank


def compared(now: Median, before: Median) -> Change:
    """Whether one is shorter than the other: only said where their intervals lie apart."""
    if now.low is None or now.high is None or before.low is None or before.high is None:
        return Change.FEW
    if now.high < before.low:
        return Change.SHORTER
    return Change.LONGER if now.low > before.high else Change.UNCLEAR


def half_life(lives: Collection[Lifetime]) -> timedelta | None:
    """After how long half of them are over; None when that cannot be told yet."""
    open_part = 1.0
    for length in sorted({life.length for life in lives if life.is_over}):
        at_risk = sum(life.length >= length for life in lives)
        ended = sum(life.is_over and life.length == length for life in lives)
        open_part *= 1 - ended / at_risk
        if open_part <= 0.5 + 1e-12:
            return length
    return None
