"""Who is on call at a moment, and over time: one stream of spans that both questions read, so that they cannot disagree.

A stream tiles the time from a moment on, without gap, overlap or end; where nobody is on call it says so. A span may begin before
that moment, and two that follow each other may say the same.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain

from bot.oncall.changes import apply, stands
from bot.oncall.definition import NONE, Combine, Duty, Epoch, Layer, OnCall, Overrides, Restriction, Schedule, Shift
from bot.oncall.rotation import turns
from bot.oncall.walltime import instant, last_instant, local

DAY = timedelta(days=1)
END_OF_TIME = datetime(9990, 1, 1, tzinfo=UTC)
LONGEST_OPEN = timedelta(days=8)
"""A restriction that never closes is told a week at a time."""
LONGEST_CLOSED = timedelta(days=62)
"""And one that does not open, two months at a time."""


@dataclass(slots=True)
class Span:
    """Nobody comes or goes from `since` until `until`. `nobody` is why there is no one."""

    since: datetime
    until: datetime
    duties: tuple[Duty, ...]
    nobody: str = ""


Spans = Iterator[Span]


def who(definition: Schedule, overrides: Overrides, at: datetime) -> OnCall:
    """Who is on call at a moment (aware), and why."""
    span = next(spans(definition, overrides, at))
    return OnCall(span.duties, span.until if span.until < END_OF_TIME else None, "" if span.duties else span.nobody)


def shifts(definition: Schedule, overrides: Overrides, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """Everybody's time on call between two moments (aware), cut to them, in the order of their starts."""
    return gathered(spans(definition, overrides, start), start, end)


def layer_shifts(layer: Layer, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """What one layer alone would give between two moments: for showing a schedule layer by layer."""
    return gathered(of_layer(layer, start), start, end)


def gaps(definition: Schedule, overrides: Overrides, start: datetime, end: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """When nobody is on call between two moments."""
    found: list[tuple[datetime, datetime]] = []
    for span in spans(definition, overrides, start):
        if span.since >= end:
            break
        if not span.duties:
            since, until = max(span.since, start), min(span.until, end)
            if found and found[-1][1] == since:
                since = found.pop()[0]
            found.append((since, until))
    return tuple(found)


def next_change(definition: Schedule, overrides: Overrides, at: datetime, within: timedelta = timedelta(days=366)) -> datetime | None:
    """The first moment after `at` at which other people are on call; `None` when there is none within that time."""
    people: set[str] | None = None
    for span in spans(definition, overrides, at):
        found = {duty.person for duty in span.duties}
        if people is not None and found != people:
            return span.since
        people = found
        if span.until > at + within:
            return None
    return None


def gathered(stream: Spans, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """A stream as shifts: each person's spans that follow each other for the same reason are one."""
    found: list[Shift] = []
    running: list[tuple[Duty, datetime]] = []
    before: tuple[Duty, ...] = ()
    for span in stream:
        if span.since >= end:
            break
        if span.duties is before or span.duties == before:
            continue
        since = span.since if span.since > start else start
        if len(before) == len(span.duties) == 1:  # as nearly always: one comes, one goes
            found.append(Shift(running[0][1], since, before[0]))
            before = span.duties
            running = [(before[0], since)]
            continue
        before = span.duties
        found += [Shift(begun, since, duty) for duty, begun in running if duty not in before]
        running = [(duty, next((begun for same, begun in running if same == duty), since)) for duty in before]
    found += [Shift(begun, end, duty) for duty, begun in running]
    found.sort(key=lambda shift: (shift.start, shift.end, shift.duty.person))
    return tuple(found)


def spans(definition: Schedule, overrides: Overrides, at: datetime) -> Spans:
    """The whole schedule from a moment on."""
    stream = planned(definition, at)
    return overlaid(stream, overrides, at) if overrides else stream


def planned(definition: Schedule, at: datetime) -> Spans:
    """What the epochs plan."""
    epochs = definition.epochs
    for number, epoch in enumerate(epochs):
        until = epochs[number + 1].since if number + 1 < len(epochs) else END_OF_TIME
        if until <= at:
            continue
        if epoch.since > at:
            yield Span(at, epoch.since, (), f"{definition.id} has not begun")
            at = epoch.since
        stream = of_epoch(definition, epoch, at)
        first = next(stream)
        first.since = max(first.since, epoch.since)
        if until is END_OF_TIME:
            yield first
            yield from stream
            return
        for span in chain((first,), stream):
            if span.until >= until:
                span.until = until
                yield span
                break
            yield span
        at = until
    yield Span(at, END_OF_TIME, (), f"{definition.id} has ended" if epochs else f"{definition.id} has no layers")


def of_epoch(definition: Schedule, epoch: Epoch, at: datetime) -> Spans:
    """What the layers of one epoch make together."""
    if not epoch.layers:
        return iter((Span(at, END_OF_TIME, (), f"{definition.id} has no layers"),))
    if len(epoch.layers) == 1:
        return of_layer(epoch.layers[0], at)
    is_together = epoch.combine is Combine.TOGETHER
    priorities = [0 if is_together else layer.priority for layer in epoch.layers]

    def decide(found: Sequence[Span]) -> tuple[tuple[Duty, ...], str]:
        active = [priority for priority, span in zip(priorities, found, strict=True) if span.duties]
        if not active:
            return (), "; ".join(dict.fromkeys(span.nobody for span in found))
        highest = max(active)
        people: dict[str, Duty] = {}
        for priority, span in zip(priorities, found, strict=True):
            if priority == highest:
                for duty in span.duties:
                    people.setdefault(duty.person, duty)
        return tuple(people.values()), ""

    return side_by_side([of_layer(layer, at) for layer in epoch.layers], decide)


def side_by_side(streams: Sequence[Spans], decide: Callable[[Sequence[Span]], tuple[tuple[Duty, ...], str]]) -> Spans:
    """Several streams as one that changes wherever one of them does."""
    current = [next(stream) for stream in streams]
    since = max(span.since for span in current)
    while True:
        until = min(span.until for span in current)
        yield Span(since, until, *decide(current))
        if until >= END_OF_TIME:
            return
        since = until
        current = [span if span.until > until else next(stream) for span, stream in zip(current, streams, strict=True)]


def of_layer(layer: Layer, at: datetime) -> Spans:
    """What one layer gives by itself."""
    turning = of_rotation(layer, at)
    if not layer.restrictions or any(restriction.is_always for restriction in layer.restrictions):
        return turning
    return within(turning, of_restrictions(layer, at))


def within(turning: Spans, openings: Spans) -> Spans:
    """A rotation as far as its restrictions let it: nobody, where they are closed."""
    turn, opening = next(turning), next(openings)
    since = max(turn.since, opening.since)
    while True:
        until = min(turn.until, opening.until)
        if opening.nobody:
            yield Span(since, until, (), opening.nobody)
        else:
            yield Span(since, until, turn.duties, turn.nobody)
        since = until
        if turn.until == until:
            turn = next(turning)
        if opening.until == until:
            opening = next(openings)


def of_rotation(layer: Layer, at: datetime) -> Spans:
    """The turns of a rotation; before its start nobody, or, when it is continued, whose turn comes first."""
    rotation = layer.rotation
    source, nobody = rotation.name, f"{rotation.id} has nobody in this turn"
    groups: dict[int, tuple[Duty, ...]] = {}
    is_first = True
    for turn in turns(rotation, at):
        duties = groups.get(turn.place)
        if duties is None:
            duties = groups[turn.place] = tuple(Duty(person, source) for person in rotation.participants[turn.place])
        if is_first and turn.since > at:
            early = duties if layer.is_continued else ()
            yield Span(at, turn.since, early, nobody if layer.is_continued else f"{rotation.id} has not begun")
        is_first = False
        yield Span(turn.since, turn.until, duties, nobody)


def of_restrictions(layer: Layer, at: datetime) -> Spans:
    """When the restrictions are open (a span without a reason for nobody) and when closed."""
    zone, closed = layer.restrictions_zone, f"{layer.id} does not hold at this time"
    day = local(at, zone).replace(hour=0, minute=0, second=0, microsecond=0) - DAY
    position, opening = at, None
    while True:
        for start, end in windows(layer.restrictions, zone, day):
            if end <= position:
                continue
            if opening is not None and start <= opening[1]:
                opening = (opening[0], max(opening[1], end))
                continue
            if opening is not None:
                yield from until_closed(position, opening, closed)
                position = opening[1]
            opening = (start, end)
        day += DAY
        frontier = instant(day, zone)  # nothing that is still to come opens before
        if opening is not None and opening[1] < frontier:
            yield from until_closed(position, opening, closed)
            position, opening = opening[1], None
        elif opening is not None and frontier - max(opening[0], position) > LONGEST_OPEN:
            yield from until_closed(position, (opening[0], frontier), closed)
            position, opening = frontier, (frontier, opening[1]) if opening[1] > frontier else None
        elif opening is None and frontier - position > LONGEST_CLOSED:
            yield Span(position, frontier, (), closed)
            position = frontier


def until_closed(position: datetime, opening: tuple[datetime, datetime], closed: str) -> Spans:
    """The closed time before an opening, and the opening."""
    if opening[0] > position:
        yield Span(position, opening[0], (), closed)
    yield Span(opening[0], opening[1], ())


def windows(restrictions: Sequence[Restriction], zone: str, day: datetime) -> list[tuple[datetime, datetime]]:
    """The windows that begin on a day (its midnight as a wall time), in order. A window whose both ends vanish in a gap is none."""
    found = []
    for restriction in restrictions:
        if restriction.holds_on(day):
            closes = day if restriction.end > restriction.start else day + DAY
            start = instant(datetime.combine(day, restriction.start), zone)
            end = last_instant(datetime.combine(closes, restriction.end), zone)
            if start < end:
                found.append((start, end))
    return sorted(found)


def overlaid(stream: Spans, overrides: Overrides, at: datetime) -> Spans:
    """A stream with what people changed about it."""
    edges = sorted({edge for edge in overrides.edges() if edge > at})
    place = 0
    for span in stream:
        since = max(span.since, at)
        while place < len(edges) and edges[place] <= since:
            place += 1
        while place < len(edges) and edges[place] < span.until:
            yield overlay(span, overrides, since, edges[place])
            since = edges[place]
            place += 1
        yield overlay(span, overrides, since, span.until)


def overlay(span: Span, overrides: Overrides, since: datetime, until: datetime) -> Span:
    """One span in which no change begins or ends."""
    duties, nobody = stands(overrides.temporary, since, span.duties, span.nobody)
    duties, nobody = apply([one for one in overrides.overrides if one.start <= since < one.end], duties, nobody)
    return Span(since, until, duties, nobody)


__all__ = ["NONE", "Span", "gaps", "layer_shifts", "next_change", "shifts", "who"]
