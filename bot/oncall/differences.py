"""Who is on call differs: two versions of a schedule compared over a time."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from bot.oncall.definition import Overrides, Schedule, Shift
from bot.oncall.schedule import shifts


@dataclass(frozen=True)
class Difference:
    """From `start` until `end` other people are on call: `before` by the old schedule, `after` by the new one, in alphabetical order."""

    start: datetime
    end: datetime
    before: tuple[str, ...]
    after: tuple[str, ...]


def differences(old: Schedule, new: Schedule, overrides: Overrides, start: datetime, end: datetime) -> tuple[Difference, ...]:
    """Every time between two moments at which the two schedules have other people on call."""
    if old.epochs == new.epochs:
        return ()
    found: list[Difference] = []
    theirs, ours = (by_edge(shifts(one, overrides, start, end)) for one in (old, new))
    before, after = Counter[str](), Counter[str]()
    for since, until in pairwise(sorted({start, end, *theirs, *ours})):
        before.update(theirs.get(since, {}))
        after.update(ours.get(since, {}))
        there, here = (tuple(sorted(name for name, times in people.items() if times > 0)) for people in (before, after))
        last = found[-1] if found else None
        if there != here and last and last.end == since and (last.before, last.after) == (there, here):
            found[-1] = Difference(last.start, until, there, here)
        elif there != here:
            found.append(Difference(since, until, there, here))
    return tuple(found)


def by_edge(found: tuple[Shift, ...]) -> dict[datetime, Counter[str]]:
    """Who comes (+1) and goes (-1) at each moment."""
    edges: defaultdict[datetime, Counter[str]] = defaultdict(Counter)
    for shift in found:
        edges[shift.start][shift.person] += 1
        edges[shift.end][shift.person] -= 1
    return dict(edges)
