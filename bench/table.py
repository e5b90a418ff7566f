"""The one table: figure, goal, reference, ratio."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Row:
    """One figure. `must` and `goal` bound `value`: a ratio to the reference, or an absolute number where there is none."""

    name: str
    what: str
    ours: str
    reference: str
    value: float
    spread: str
    must: float
    goal: float
    higher_is_better: bool = False

    @property
    def verdict(self) -> str:
        """Whether goal or must is met."""

        def meets(bound: float) -> bool:
            return self.value >= bound if self.higher_is_better else self.value <= bound

        return "goal" if meets(self.goal) else "must" if meets(self.must) else "MISSED"


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, str]:
    """The median of per-round ratios, and their range."""
    each = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    return median(each), f"{min(each):.2f} to {max(each):.2f}"


def show(rows: Sequence[Row]) -> str:
    """The table as text."""
    head = ("", "figure", "ours", "reference", "ratio", "range", "must", "goal", "met")
    lines = [head]
    for row in rows:
        sign = "≥" if row.higher_is_better else "≤"
        lines.append(
            (
                row.name,
                row.what,
                row.ours,
                row.reference,
                f"{row.value:.2f}",
                row.spread,
                f"{sign} {row.must:g}",
                f"{sign} {row.goal:g}",
                row.verdict,
            )
        )
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)
