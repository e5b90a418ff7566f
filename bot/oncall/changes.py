"""What overrides and temporary schedules make of the people on call."""

from collections.abc import Sequence
from datetime import datetime

from bot.oncall.definition import Duty, Op, Override, TemporarySchedule

Found = tuple[tuple[Duty, ...], str]
"""Who is on call; and why nobody, if so."""


def stands(temporary: Sequence[TemporarySchedule], at: datetime, duties: tuple[Duty, ...], nobody: str) -> Found:
    """A temporary schedule stands in place of the layers. Of several the last made wins."""
    for schedule in reversed(temporary):
        if schedule.start <= at < schedule.end:
            return tuple(schedule.duty(person) for person in schedule.people(at)), "the temporary schedule has nobody at this time"
    return duties, nobody


def apply(active: Sequence[Override], duties: tuple[Duty, ...], nobody: str) -> Found:
    """What replaces all goes first, by the highest priority; every other change applies to what the ones before it left."""
    if not active:
        return duties, nobody
    people = {duty.person: duty for duty in duties}
    whole = [override for override in active if override.op is Op.REPLACE_ALL]
    if whole:
        highest = max(override.priority for override in whole)
        people = instead([override for override in whole if override.priority == highest], duties)
        nobody = "an override leaves the place empty"
    for override in active:
        match override.op:
            case Op.ADD:
                people.setdefault(str(override.person), Duty(str(override.person), "", override))
            case Op.REMOVE if people.pop(str(override.instead_of), None):
                nobody = f"an override took {override.instead_of} off call"
            case Op.REPLACE:
                people = replaced(people, override)
    return tuple(people.values()), nobody


def instead(overrides: Sequence[Override], duties: tuple[Duty, ...]) -> dict[str, Duty]:
    """Those whom overrides put in the place of everybody."""
    source = duties[0].source if duties else ""
    before = duties[0].person if len(duties) == 1 else None
    people: dict[str, Duty] = {}
    for override in overrides:
        if override.person is not None:
            people.setdefault(override.person, Duty(override.person, source, override, before if before != override.person else None))
    return people


def replaced(people: dict[str, Duty], override: Override) -> dict[str, Duty]:
    """Somebody stands in, at the place of whom they replace; nothing changes while that one is not on call."""
    gone, person = people.get(str(override.instead_of)), str(override.person)
    if gone is None:
        return people
    if person in people and person != gone.person:
        return {name: duty for name, duty in people.items() if name != gone.person}
    new = Duty(person, gone.source, override, gone.person)
    return {(person if name == gone.person else name): (new if name == gone.person else duty) for name, duty in people.items()}
