"""Where the marks of a lane stand, and what is written beside them, so that nothing covers anything: in points, told how wide texts are."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

SIGN = 9.0
"""A mark's own width."""
AIR = 5.0
"""Between things in a row."""
NEAR = 2.0
"""Between a mark and its label."""
GROWTH = 1.6
LONGEST = 40
"""Letters of one label."""

Measure = Callable[[str], float]


@dataclass(frozen=True)
class Point:
    """Something at `x`, or from there to `until`, and what it is."""

    x: float
    words: str
    until: float | None = None
    is_bad: bool = False


@dataclass(frozen=True)
class Placed:
    """One or several marks that are drawn as one, in a row of the lane; the label begins (or ends) at `text_x`."""

    x: float
    until: float
    row: int
    count: int
    label: str
    text_x: float
    is_left: bool = False
    """The label stands to the left of the mark, since there is no place to the right of it."""
    is_bad: bool = False

    def box(self, measure: Measure) -> tuple[float, float]:
        """What it covers of its row."""
        wide = measure(self.label) if self.label else 0.0
        low = min(self.x - SIGN / 2, self.text_x - wide if self.is_left else self.x - SIGN / 2)
        return low, max(self.until + SIGN / 2, self.text_x + wide if self.label and not self.is_left else self.until + SIGN / 2)


def place(
    points: Sequence[Point], left: float, right: float, measure: Measure, rows: int = 3, together: float = SIGN * 0.8
) -> tuple[Placed, ...]:
    """Place the points between two edges, in no more rows than these.

    What stands closer than `together`, or has no room even so, is drawn as one, with its number.
    """
    while True:
        found = _try(list(grouped(points, together)), left, right, measure, rows)
        if found is not None:
            return found
        together = max(together * GROWTH, 1.0)


def grouped(points: Sequence[Point], together: float) -> Iterator[tuple[Point, ...]]:
    """Points that are no further from the first of their group than `together`."""
    group: list[Point] = []
    for point in sorted(points, key=lambda one: (one.x, one.words)):
        if group and point.x - group[0].x > together:
            yield tuple(group)
            group = []
        group.append(point)
    if group:
        yield tuple(group)


def _try(groups: Sequence[tuple[Point, ...]], left: float, right: float, measure: Measure, rows: int) -> tuple[Placed, ...] | None:
    """Each group in the first row that has room for it, with as much of its label as there is room for; None when one has none."""
    ends = [left - SIGN] * rows
    placed = []
    for group in groups:
        one = _placed(group, ends, right, measure)
        if one is None and len(groups) == 1:
            one = _mark(group, 0, "")
        if one is None:
            return None
        ends[one.row] = one.box(measure)[1] + AIR
        placed.append(one)
    return tuple(placed)


def _placed(group: tuple[Point, ...], ends: Sequence[float], right: float, measure: Measure) -> Placed | None:
    start = group[0].x - SIGN / 2
    for label in labels(group):
        for row in (row for row, end in enumerate(ends) if start >= end):
            mark = _mark(group, row, label)
            if not label or mark.box(measure)[1] <= right:
                return mark
            if start - NEAR - measure(label) >= ends[row]:
                return replace(mark, text_x=start - NEAR, is_left=True)
    return None


def _mark(group: tuple[Point, ...], row: int, label: str) -> Placed:
    until = max(point.until or point.x for point in group)
    return Placed(group[0].x, until, row, len(group), label, until + SIGN / 2 + NEAR, is_bad=all(point.is_bad for point in group))


def labels(group: Sequence[Point]) -> Iterator[str]:
    """What may be written beside marks, the best first. A number of marks that are drawn as one is always said."""
    short = [clipped(text) for text in dict.fromkeys(point.words for point in group)]
    if len(group) == 1:
        yield short[0]
        if len(short[0]) > LONGEST // 2:
            yield clipped(short[0], LONGEST // 2)
        yield ""
        return
    bad = sum(point.is_bad for point in group)
    number = f"×{len(group)}"
    if len(short) == 1 and bad in (0, len(group)):
        yield f"{short[0]} {number}"
    elif len(group) == 2 and not bad:
        yield "; ".join(short)
    if bad:
        yield f"{number}, {bad} failed"
    yield number


def clipped(text: str, longest: int = LONGEST) -> str:
    """The text on one line, cut where it is too long."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"
