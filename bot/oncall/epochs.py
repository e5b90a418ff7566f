"""How an edit of a schedule takes effect: as a new epoch, never in the past, and never so that a shift in progress is cut.

An edit without a date waits for the hand-off at which nobody's present shift is left. The turn goes on with whoever would have been
next, unless the edit says with whom it starts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.oncall.definition import BEGINNING, Combine, Epoch, Layer, Restriction
from bot.oncall.rotation import Group, Rotation, begins, turn_at
from bot.oncall.schedule import of_layer


@dataclass(frozen=True)
class WantedLayer:
    """A layer as it was written: participants in that order, and perhaps who is to start."""

    rotation: Rotation
    starting_with: str | None = None
    restrictions: tuple[Restriction, ...] = ()
    priority: int = 0
    zone: str | None = None


@dataclass(frozen=True)
class Wanted:
    """What was written to hold from `since` (None: from ever). `source` is its text: the same text is the same wish."""

    since: datetime | None
    source: str
    layers: tuple[WantedLayer, ...]
    combine: Combine = Combine.PRIORITY


@dataclass(frozen=True)
class Held:
    """An epoch that is kept, and the wish it came from."""

    epoch: Epoch
    source: str

    @property
    def since(self) -> datetime:
        return self.epoch.since


def planned(held: Sequence[Held], wanted: Sequence[Wanted], now: datetime) -> tuple[Held, ...]:
    """The epochs after an edit: those that have begun stay as they are, those to come are what is wanted now.

    `wanted` is in the order of its dates, the first without one.
    """
    if not held:
        return first_epochs(wanted)
    begun = [one for one in held if one.since <= now]
    ahead = [one for one in held if one.since > now]
    earliest = end_of_shifts(begun[-1].epoch, now)
    due = [one for one in wanted if one.since is None or one.since <= now]
    plan = list(begun)
    if due[-1].source != plan[-1].source:
        pending = next((one for one in ahead[:1] if one.source == due[-1].source), None)
        edited = pending or continued(plan[-1], due[-1], earliest)
        if edited.since == plan[-1].since:  # it begins this very moment, with nobody on call: nothing of it has been
            plan.pop()
        plan.append(edited)
        if edited.since <= now:  # nobody was on call: the shifts in progress are its own from this moment on
            earliest = end_of_shifts(edited.epoch, now)
    for wish in wanted[len(due) :]:
        since = max(wish.since or now, earliest)
        if since <= plan[-1].since and plan[-1].since >= now:
            plan.pop()  # two changes on one date: the later one holds
        kept = next((one for one in ahead if one.source == wish.source and one.since == since), None)
        plan.append(kept if kept and plan[-1] in held else continued(plan[-1], wish, since))
    return tuple(plan)


def first_epochs(wanted: Sequence[Wanted]) -> tuple[Held, ...]:
    """What is said about a schedule for the first time holds from the beginning."""
    first = wanted[0]
    plan = [Held(Epoch(BEGINNING, tuple(as_written(layer) for layer in first.layers), first.combine), first.source)]
    for wish in wanted[1:]:
        plan.append(continued(plan[-1], wish, wish.since or BEGINNING))
    return tuple(plan)


def end_of_shifts(epoch: Epoch, now: datetime) -> datetime:
    """When the last of the turns in progress is over; now, when nobody is on call."""
    found = [next(of_layer(layer, now)) for layer in epoch.layers]
    return max([now, *(span.until for span in found if span.duties)])


def continued(before: Held, wish: Wanted, since: datetime) -> Held:
    """A wish as the epoch after another one."""
    old = {layer.id: layer for layer in before.epoch.layers}
    layers = tuple(follow(old.get(layer.rotation.id), layer, since) for layer in wish.layers)
    return Held(Epoch(since, layers, wish.combine), wish.source)


def follow(old: Layer | None, wanted: WantedLayer, since: datetime) -> Layer:
    """A wanted layer, its turns going on from those of the layer before it."""
    turn = turn_at(old.rotation, since) if old else None
    if old is None or turn is None:
        return as_written(wanted)
    order = old.rotation.participants[turn.place :] + old.rotation.participants[: turn.place]
    first = first_group(wanted, order)
    rotation = aligned(wanted.rotation, first, since)
    return Layer(rotation, wanted.restrictions, wanted.priority, is_continued=True, zone=wanted.zone)


def as_written(wanted: WantedLayer) -> Layer:
    """A layer that begins with its rotation's start."""
    groups = wanted.rotation.participants
    place = index_of(groups, wanted.starting_with) if wanted.starting_with else 0
    rotation = replace(wanted.rotation, participants=groups[place:] + groups[:place])
    return Layer(rotation, wanted.restrictions, wanted.priority, zone=wanted.zone)


def first_group(wanted: WantedLayer, order: Sequence[Group]) -> int:
    """Whose turn it is first: who was asked for, else the next of the old `order`; where that one left, whoever now follows the last."""
    groups = wanted.rotation.participants
    if wanted.starting_with:
        return index_of(groups, wanted.starting_with)
    places = [place_of(groups, old) for old in order]
    if places[0] is None and places[-1] is not None:
        return (places[-1] + 1) % len(groups)
    return next((place for place in places if place is not None), 0)


def place_of(groups: Sequence[Group], old: Group) -> int | None:
    """Where an old group is now, or whoever is left of it."""
    if old in groups:
        return groups.index(old)
    return next((number for number, group in enumerate(groups) if set(group) & set(old)), None)


def index_of(groups: Sequence[Group], person: str) -> int:
    return next((number for number, group in enumerate(groups) if person in group), 0)


def aligned(rotation: Rotation, first: int, at: datetime) -> Rotation:
    """The rotation with its participants turned so that the turn at a moment belongs to group `first`."""
    if begins(rotation, 0) > at:
        rotation = replace(rotation, start=start_before(rotation, at))
    turn = turn_at(rotation, at)
    shift = (first - turn.place) % len(rotation.participants) if turn else first
    groups = rotation.participants
    return replace(rotation, participants=groups[shift:] + groups[:shift])


def start_before(rotation: Rotation, at: datetime) -> datetime:
    """A hand-off of the same rhythm at or before a moment, not one that a short month moved."""
    number = rotation.number_at(at.replace(tzinfo=None) - timedelta(days=2))
    while rotation.boundary(number).day != rotation.start.day and rotation.unit.value == "month":
        number -= 1
    return rotation.boundary(number)
