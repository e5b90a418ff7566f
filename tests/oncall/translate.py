"""Schedules in the form of the shared vectors → ours. What repeats with pauses becomes turns of nobody and restrictions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from math import lcm
from typing import Any

from bot.oncall.definition import (
    BEGINNING,
    Combine,
    Epoch,
    Layer,
    Op,
    Override,
    Overrides,
    Restriction,
    Schedule,
    Swap,
    SwapState,
    TemporarySchedule,
    TemporaryShift,
)
from bot.oncall.epochs import WantedLayer, aligned, follow
from bot.oncall.rotation import Group, Rotation, Unit
from bot.oncall.walltime import instant, local

Raw = Mapping[str, Any]
UNITS = {"hourly": Unit.HOUR, "daily": Unit.DAY, "weekly": Unit.WEEK, "monthly": Unit.MONTH}
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONG_AGO = datetime.fromisoformat("1970-01-01")  # a wall time


@dataclass(frozen=True)
class Piece:
    """A layer, and between which moments it is part of the schedule."""

    layer: Layer
    since: datetime | None = None
    until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def groups_of(participants: Sequence[Any]) -> tuple[Group, ...]:
    return tuple((one,) if isinstance(one, str) else tuple(one or ()) for one in participants)


def schedule(vector: Raw) -> tuple[Schedule, Overrides]:
    """A vector's schedule and what was changed about it."""
    raw = vector["schedule"]
    first = min((moment(query["at"]) for query in vector["queries"]), default=None)
    begins_then = "before-start" in vector.get("tags", ())  # elsewhere a rotation's start is only where its hand-offs are counted from
    pieces = [piece for layer in raw["layers"] for piece in pieces_of(layer, raw, None if begins_then else first)]
    dates = sorted({BEGINNING, *(date for piece in pieces for date in (piece.since, piece.until) if date is not None)})
    combine = Combine.PRIORITY if vector.get("semantics") == "priority" else Combine.TOGETHER
    epochs = tuple(Epoch(date, tuple(piece.layer for piece in pieces if piece.holds(date)), combine) for date in dates)
    return Schedule(vector["id"], raw["timezone"], epochs), changes(raw)


def changes(raw: Raw) -> Overrides:
    found = [
        Override(
            Op(one["op"]), moment(one["start"]), moment(one["end"]), one.get("add"), one.get("remove"), priority=one.get("priority", 0)
        )
        for one in raw.get("overrides") or ()
    ]
    for one in raw.get("swaps") or ():
        state = SwapState.ACCEPTED if one["taken_by"] else SwapState.ASKED
        found += Swap(one["requester"], moment(one["start"]), moment(one["end"]), state, taker=one["taken_by"]).overrides()
    temporary = [
        TemporarySchedule(
            moment(one["start"]),
            moment(one["end"]),
            tuple(TemporaryShift(shift["user"], moment(shift["start"]), moment(shift["end"])) for shift in one["shifts"]),
        )
        for one in raw.get("temporary_schedules") or ()
    ]
    return Overrides(tuple(found), tuple(temporary))


def pieces_of(raw: Raw, whole: Raw, first: datetime | None) -> Iterator[Piece]:
    """One layer. `first` is the earliest moment asked about, if the rotation runs since ever."""
    rotation, priority = raw["rotation"], raw.get("priority", 0)
    restrictions = tuple(restriction(one) for one in raw.get("restrictions") or ())
    match rotation["type"]:
        case "fixed":
            everybody = tuple(person for group in groups_of(rotation["participants"]) for person in group)
            made = [Piece(Layer(Rotation(raw["id"], whole["timezone"], LONG_AGO, (everybody,))))]
        case "single":
            start = moment(rotation["start"])
            alone = Rotation(raw["id"], rotation["timezone"], LONG_AGO, groups_of(rotation["participants"])[:1])
            made = [Piece(Layer(alone), start, start + timedelta(seconds=rotation["duration_s"]))]
        case "recurring":
            made = list(recurring(raw["id"], rotation))
        case "weekly-template":
            made = list(weekly_template(raw["id"], rotation))
        case _:
            made = list(turning(raw["id"], rotation, whole.get("changes") or (), first))
    for piece in made:
        layer = replace(piece.layer, restrictions=(*restrictions, *piece.layer.restrictions), priority=priority, zone=whole["timezone"])
        yield replace(piece, layer=layer)


def restriction(raw: Raw) -> Restriction:
    return Restriction(time.fromisoformat(raw["from"]), time.fromisoformat(raw["to"]), frozenset(DAYS.index(day) for day in raw["days"]))


def turning(name: str, raw: Raw, edits: Sequence[Raw], first: datetime | None) -> Iterator[Piece]:
    """A rotation by the clock, its order told by an anchor, perhaps edited on the way."""
    zone, groups = raw["timezone"], groups_of(raw["participants"])
    rotation = Rotation(name, zone, local(moment(raw["start"]), zone), groups, raw.get("shift_length", 1), UNITS[raw["type"]])
    if "anchor" in raw:
        begun = moment(raw["anchor"]["shift_start"])
        rotation = aligned(rotation, groups.index(groups_of([raw["anchor"]["participant"]])[0]), begun)
    if first is not None and instant(rotation.start, zone) > first:
        rotation = earlier(rotation, first)
    layer, since = Layer(rotation), None
    for edit in edits:
        at, order = moment(edit["at"]), edited(groups, edit)
        yield Piece(layer, since, at)
        groups, since = order, at
        layer = follow(layer, WantedLayer(replace(layer.rotation, participants=order)), at)
    yield Piece(layer, since)


def earlier(rotation: Rotation, at: datetime) -> Rotation:
    """The same rotation, begun before a moment."""
    number = rotation.number_at(local(at, rotation.zone)) - 1
    shift = number % len(rotation.participants)
    return replace(rotation, start=rotation.boundary(number), participants=rotation.participants[shift:] + rotation.participants[:shift])


def edited(groups: tuple[Group, ...], edit: Raw) -> tuple[Group, ...]:
    """The participants after an edit, in their written order."""
    match edit["op"]:
        case "remove_participant":
            return tuple(group for group in groups if group != (edit["user"],))
        case "add_participant":
            place = edit.get("index", len(groups))
            return (*groups[:place], (edit["user"],), *groups[place:])
        case "set_participants":
            return groups_of(edit["participants"])
    raise NotImplementedError(edit["op"])


@dataclass(frozen=True)
class Slots:
    """Slots that repeat: their rhythm as a rotation of short turns with turns of nobody, and how long each lasts."""

    rotation: Rotation
    days: frozenset[int]
    duration: timedelta
    since: datetime
    until: datetime | None = None
    month_days: frozenset[int] = frozenset()
    whole: timedelta = DAY

    def pieces(self) -> Iterator[Piece]:
        """A layer for each day (or hour) that a slot lasts, the last perhaps shorter, so that slots may overlap."""
        left, number = self.duration, 0
        while left > timedelta(0):
            start = self.rotation.start + number * self.whole
            part = min(left, self.whole)
            yield Piece(Layer(replace(self.rotation, start=start), self.windows(start, part, number)), self.since, self.until)
            left, number = left - part, number + 1

    def windows(self, start: datetime, part: timedelta, number: int) -> tuple[Restriction, ...]:
        """When the part of a slot that begins `number` days (or hours) after it is open."""
        if self.whole == HOUR:
            if part == HOUR:
                return ()
            hours = [start.replace(hour=hour) for hour in range(24)]
            return tuple(Restriction(hour.time(), (hour + part).time()) for hour in hours)
        days = frozenset((day + number) % 7 for day in self.days)
        month_days = frozenset(day + number for day in self.month_days)
        if any(day > 28 for day in month_days) and number:
            raise NotImplementedError("a slot of several days at the end of a month")
        return (Restriction(start.time(), (start + part).time(), days, month_days),)


def recurring(name: str, raw: Raw) -> Iterator[Piece]:
    """Slots of `duration_s` that repeat with `frequency`, groups taking turns."""
    zone, groups, interval = raw["timezone"], groups_of(raw["participants"]), raw.get("interval") or 1
    start = local(moment(raw["start"]), zone)
    days = frozenset(DAYS.index(day) for day in raw.get("by_day") or ())
    spaced = tuple(group for one in groups for group in (one, *[()] * (interval - 1)))  # a slot, then nobody until the next
    since = max(moment(raw["start"]), moment(raw.get("rotation_start") or raw["start"]))
    until = moment(raw["until"]) if raw.get("until") else None
    every = Slots(Rotation(name, zone, start, spaced, 1, UNITS[raw["frequency"]]), days, timedelta(seconds=raw["duration_s"]), since, until)
    rotation = every.rotation
    match raw["frequency"]:
        case "hourly":
            yield from replace(every, whole=HOUR).pieces()
        case "daily" if days:
            rotation = replace(rotation, participants=by_selected_day(groups, days, interval, start.weekday()))
            yield from replace(every, rotation=rotation).pieces()
        case "daily":
            yield from replace(every, days=frozenset(range(7))).pieces()
        case "weekly":
            begun = start - (start.weekday() - DAYS.index(raw.get("week_start") or "MO")) % 7 * DAY
            yield from replace(every, rotation=replace(rotation, start=begun), days=days or {start.weekday()}).pieces()
        case "monthly":
            month_days = frozenset(raw.get("by_monthday") or (() if days else (start.day,)))
            rotation = replace(rotation, start=start.replace(day=1))
            yield from replace(every, rotation=rotation, days=days or frozenset(range(7)), month_days=month_days).pieces()


def by_selected_day(groups: tuple[Group, ...], days: frozenset[int], interval: int, first: int) -> tuple[Group, ...]:
    """Day by day from weekday `first` on until it repeats: the turn passes after `interval` selected days."""
    weeks = lcm(interval * len(groups), len(days)) // len(days)
    found: list[Group] = []
    seen = 0
    for day in range(7 * weeks):
        if (first + day) % 7 in days:
            found.append(groups[seen // interval % len(groups)])
            seen += 1
        else:
            found.append(())
    return tuple(found)


def weekly_template(name: str, raw: Raw) -> Iterator[Piece]:
    """Events counted in seconds from a local midnight, each group having them for `period_weeks`."""
    zone, period = raw["timezone"], raw.get("period_weeks") or 1
    week = datetime.fromisoformat(raw["anchor_week"])
    spaced = tuple(group for one in groups_of(raw["participants"]) for group in (one, *[()] * (period - 1)))
    for number, event in enumerate(raw["events"]):
        start = week + timedelta(seconds=event["start_s"])
        rotation = Rotation(f"{name}-{number}", zone, start, spaced)
        duration = timedelta(seconds=event["duration_s"])
        yield from Slots(rotation, frozenset({start.weekday()}), duration, instant(start, zone)).pieces()
