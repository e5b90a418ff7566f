"""How many action items were done, and how many in time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Owed:
    """An action item by its days: until when it was to be done, and when it was. An item without a day counts from when it was made."""

    made_on: date
    due_on: date | None = None
    done_on: date | None = None


@dataclass(frozen=True)
class Tally:
    """Items of a span of days, by what became of them."""

    in_time: int = 0
    late: int = 0
    undated: int = 0
    """Done, and nobody had named a day."""
    open: int = 0
    overdue: int = 0
    """Of those that are open."""

    @property
    def done(self) -> int:
        return self.in_time + self.late + self.undated

    @property
    def all(self) -> int:
        return self.done + self.open

    @property
    def rate(self) -> float | None:
        """The part that is done, 0 to 1; None of nothing."""
        return self.done / self.all if self.all else None


def tally(items: Iterable[Owed], since: date, until: date) -> Tally:
    """Count the items whose day lies from `since` to `until`; the latter is today, too."""
    counted = [item for item in items if since <= (item.due_on or item.made_on) <= until]
    done = [item for item in counted if item.done_on is not None]
    dated = [(item.due_on, item.done_on) for item in done if item.due_on is not None and item.done_on is not None]
    in_time = sum(done_on <= due_on for due_on, done_on in dated)
    left = [item for item in counted if item.done_on is None]
    return Tally(
        in_time=in_time,
        late=len(dated) - in_time,
        undated=len(done) - len(dated),
        open=len(left),
        overdue=sum(item.due_on is not None and item.due_on < until for item in left),
    )


def said(counted: Tally) -> str:
    """`7 of 9 done (78 %): 5 in time, 1 late, 1 without a day; 2 open, 1 of them overdue`."""
    if counted.rate is None:
        return "none"
    parts = ((counted.in_time, "in time"), (counted.late, "late"), (counted.undated, "without a day"))
    how = ", ".join(f"{number} {words}" for number, words in parts if number)
    left = f"; {counted.open} open" if counted.open else ""
    late = f", {counted.overdue} of them overdue" if counted.overdue else ""
    return f"{counted.done} of {counted.all} done ({counted.rate:.0%})".replace("%", " %") + (f": {how}" if how else "") + left + late
