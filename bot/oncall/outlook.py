"""When nobody will be on call, and what of that is news: a gap is said once, and once more when somebody fills it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.oncall.fairness import merged
from bot.oncall.walltime import instant, local

AHEAD = timedelta(days=14)
"""How soon a gap begins that is told. Two weeks: long enough to ask around, and the next hand-off of a weekly rotation is always in it."""
FARTHEST = timedelta(weeks=8)
"""How far ahead the end of such a gap is looked for."""
WEEK = timedelta(days=7)
Time = tuple[datetime, datetime]


@dataclass(frozen=True)
class Outlook:
    """The gaps as of the last look, which saw those that begin before `until`. Those of two weeks before it are remembered, too."""

    gaps: tuple[Time, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True)
class News:
    """Times at which nobody is on call and that was not known, and times that were known and that somebody has now."""

    opened: tuple[Time, ...]
    closed: tuple[Time, ...]


def news(known: Outlook, found: Sequence[Time], now: datetime, zone: str) -> News:
    """What is new. Of what comes into sight as time goes by only what is no continuation of a gap, and no repetition from week to week."""
    opened = [piece for piece in without(found, known.gaps) if not is_more_of_the_same(piece, known, found, zone)]
    still = [(max(start, now), end) for start, end in known.gaps if end > now]
    return News(tuple(opened), tuple(without(still, found)))


def is_more_of_the_same(piece: Time, known: Outlook, found: Sequence[Time], zone: str) -> bool:
    """Whether a time could not be seen before, and goes on with a gap or repeats one by the week, as of a team without nights."""
    start, end = piece
    if known.until is None or start < known.until:
        return False
    if any(gap_end == start for _, gap_end in known.gaps):
        return True
    week_before = instant(local(start, zone) - WEEK, zone), instant(local(end, zone) - WEEK, zone)
    return not without([week_before], [*known.gaps, *found])


def remembered(known: Outlook, found: Sequence[Time], now: datetime, until: datetime) -> Outlook:
    """What is known after a look from `now` on, which found these gaps to begin before `until`."""
    since = now - WEEK - WEEK
    past = [(max(start, since), min(end, now)) for start, end in known.gaps if start < now and end > since]
    return Outlook(tuple(merged([*past, *found])), until)


def without(times: Iterable[Time], taken: Iterable[Time]) -> list[Time]:
    """What of some times lies in none of the others, in order."""
    found: list[Time] = []
    others = merged(taken)
    for start, end in merged(times):
        for first, last in others:
            if last <= start or first >= end:
                continue
            if first > start:
                found.append((start, first))
            start = max(start, last)
        if start < end:
            found.append((start, end))
    return found
