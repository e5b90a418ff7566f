"""An incident on one page: what the picture shows, as plain facts, and the same in words for whoever does not see it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from bot.incidents.lifecycle import IncidentState, humane
from bot.postmortems.lines import Entry, counted

SEVERITY = re.compile(r"(?:severity SEV[1-4] → |declared )?SEV([1-4])\b")
ENDS = {"resolved": IncidentState.RESOLVED, "cancelled": IncidentState.CANCELLED, "merged": IncidentState.MERGED}
SHORTEST = timedelta(minutes=2)
"""No picture is of less: seconds would look like hours."""
BEFORE = timedelta(hours=1)
"""How long before the first thing that is known of an incident something still belongs to its picture, such as the change before it."""
TOLD_EACH = 6
"""Marks of a lane that the words name; of more, the first and the last."""


class Shape(StrEnum):
    """How a lane's marks look: they are told apart by shape, and by colour for those who see it."""

    ALERT = "alert"
    PAGE = "page"
    ANSWER = "answer"
    PERSON = "person"
    CHANGE = "change"
    RUN = "run"
    UPDATE = "update"


@dataclass(frozen=True)
class Mark:
    """Something that happened at a moment, or from it `until` another. `is_bad` when it came to grief."""

    at: datetime
    words: str
    until: datetime | None = None
    is_bad: bool = False


@dataclass(frozen=True)
class Lane:
    """Marks of one kind. The title is a plural: "Pages"."""

    title: str
    shape: Shape
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Curve:
    """A measured share (0 to 1) over time; None where nothing was measured. `trouble` says why there is no value at all."""

    title: str
    values: tuple[tuple[datetime, float | None], ...] = ()
    trouble: str = ""


@dataclass(frozen=True)
class Picture:
    """Everything that is drawn. Times are shown in `zone`."""

    number: int
    title: str
    start: datetime
    end: datetime
    zone: tzinfo
    severities: tuple[tuple[datetime, int], ...]
    states: tuple[tuple[datetime, str], ...]
    milestones: tuple[tuple[datetime, str], ...]
    lanes: tuple[Lane, ...]
    curve: Curve | None = None
    later: int = field(default=0)
    """How much happened after its end, and is not drawn."""


def picture(
    number: int,
    title: str,
    entries: Iterable[Entry],
    milestones: Sequence[tuple[datetime, str]],
    lanes: Iterable[Lane],
    zone: tzinfo,
    curve: Curve | None = None,
) -> Picture | None:
    """The picture of an incident, from the first thing that is known of it to its last milestone. None when nothing is known."""
    written = sorted(entries, key=lambda entry: (entry.happened_at, entry.recorded_at))
    levels, states = tuple(severities(written)), tuple(lived(written))
    full = [Lane(lane.title, lane.shape, tuple(sorted(lane.marks, key=lambda mark: (mark.at, mark.words)))) for lane in lanes]
    stones = tuple(sorted(milestones))
    begins = [at for at, _ in (*levels, *states, *stones)]
    if not begins:
        return None
    ends = [at for at, _ in (*states, *stones)]
    marks = [mark for lane in full for mark in lane.marks]
    earliest = min(begins) - BEFORE
    start = min([*begins, *(mark.at for mark in marks if mark.at >= earliest)])
    end = max([*ends, start + SHORTEST])
    kept = [Lane(lane.title, lane.shape, tuple(mark for mark in lane.marks if start <= mark.at <= end)) for lane in full]
    return Picture(
        number, title, start, end, zone, levels, states, stones, tuple(lane for lane in kept if lane.marks), curve,
        sum(mark.at > end for mark in marks),
    )  # fmt: skip


def severities(entries: Iterable[Entry]) -> Iterator[tuple[datetime, int]]:
    """The severity from each moment on at which it changed."""
    before = None
    for entry in entries:
        found = SEVERITY.match(entry.text) if entry.kind in ("severity", "declared") else None
        if found and int(found[1]) != before:
            before = int(found[1])
            yield entry.happened_at, before


def lived(entries: Sequence[Entry]) -> Iterator[tuple[datetime, str]]:
    """The state from each moment on at which it changed."""
    moves = [entry.text.partition(" → ")[::2] for entry in entries if entry.kind == "state"]
    before_end = current = moves[0][0] if moves else IncidentState.INVESTIGATING.value
    for entry in entries:
        wanted = current
        match entry.kind:
            case "declared":
                yield entry.happened_at, current
            case "state":
                wanted = entry.text.partition(" → ")[2]
            case "resolved" | "cancelled" | "merged":
                before_end, wanted = current, ENDS[entry.kind].value
            case "reopened":
                wanted = IncidentState.INVESTIGATING.value
            case "undone":
                wanted = before_end
        if wanted != current:
            current = wanted
            yield entry.happened_at, current


def in_words(shown: Picture) -> str:
    """The picture in sentences."""
    return " ".join(_told(shown))


def _told(shown: Picture) -> Iterator[str]:
    clock = Clock(shown)
    span = humane(shown.end - shown.start)
    yield f"Incident #{shown.number}, {shown.title}: {clock.whole(shown.start)} to {clock.whole(shown.end)} {clock.zone}, {span}."
    if shown.severities:
        yield f"Severity: {', then '.join(f'SEV{level} from {clock.of(at)}' for at, level in shown.severities)}."
    if shown.states:
        yield f"State: {', then '.join(f'{state} from {clock.of(at)}' for at, state in shown.states)}."
    if shown.milestones:
        yield f"Milestones: {', '.join(f'{what} {clock.of(at)}' for at, what in shown.milestones)}."
    for lane in shown.lanes:
        named = lane.marks if len(lane.marks) <= TOLD_EACH else (lane.marks[0], lane.marks[-1])
        some = "" if len(named) == len(lane.marks) else f"{len(lane.marks)}, the first and the last: "
        yield f"{lane.title}: {some}{'; '.join(_marked(mark, clock) for mark in named)}."
    if shown.curve is not None:
        yield f"{shown.curve.title}: {measured(shown.curve, clock)}."
    if shown.later:
        yield f"{counted(shown.later, 'mark')} after the end {'is' if shown.later == 1 else 'are'} not drawn."


def _marked(mark: Mark, clock: "Clock") -> str:
    return f"{mark.words} {clock.of(mark.at)}" + (f" to {clock.of(mark.until)}" if mark.until else "")


def measured(curve: Curve, clock: "Clock") -> str:
    """What a curve says, in words."""
    known = [(value, at) for at, value in curve.values if value is not None]
    if not known:
        return (curve.trouble or "nothing was measured").rstrip(".")
    most, at = max(known, key=lambda one: (one[0], -one[1].timestamp()))
    return f"at most {share(most)} at {clock.of(at)}, {share(known[-1][0])} in the end"


def share(value: float) -> str:
    """`12 %`, `0.4 %`."""
    percent = value * 100
    return f"{percent:.0f} %" if percent >= 10 or percent == 0 else f"{percent:.2g} %"


class Clock:
    """How a picture's times read: with the day where it has several, with seconds where it is short."""

    def __init__(self, shown: Picture) -> None:
        self._zone = shown.zone
        start, end = shown.start.astimezone(shown.zone), shown.end.astimezone(shown.zone)
        self._has_days, self._has_seconds = start.date() != end.date(), end - start < timedelta(minutes=20)
        self.zone = str(shown.zone)

    def of(self, at: datetime) -> str:
        """`09:12`, `Tue 09:12` where there are several days, `09:12:05` where all is over in minutes."""
        day = "%a " if self._has_days else ""
        return f"{at.astimezone(self._zone):{day}{'%H:%M:%S' if self._has_seconds else '%H:%M'}}"

    def whole(self, at: datetime) -> str:
        """`2026-03-02 09:12`."""
        return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M}"
