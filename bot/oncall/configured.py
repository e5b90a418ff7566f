"""Schedules as configuration describes them: what is wanted of each, from when on."""

import json
from collections.abc import Mapping
from datetime import datetime

from bot.config.models import Config
from bot.config.oncall import Layer as ConfiguredLayer
from bot.config.oncall import Restriction as ConfiguredRestriction
from bot.config.oncall import Rotation as ConfiguredRotation
from bot.config.oncall import Schedule as ConfiguredSchedule
from bot.oncall.definition import EVERY_DAY, Combine, Restriction, Schedule
from bot.oncall.epochs import Wanted, WantedLayer, first_epochs
from bot.oncall.records import restriction_json
from bot.oncall.rotation import Rotation, Unit
from bot.oncall.walltime import instant

Dated = tuple[datetime | None, Rotation, str | None]
"""From when a rotation is so, what it is, and who starts."""


def schedules(config: Config) -> Mapping[str, Schedule]:
    """Every schedule, as if nothing had ever been edited."""
    return {
        name: Schedule(name, zone_of(config, name), tuple(held.epoch for held in first_epochs(wanted(config, name))))
        for name in ids(config)
    }


def ids(config: Config) -> tuple[str, ...]:
    """What can be asked who is on call: schedules, and rotations by themselves."""
    return (*config.schedules, *config.rotations)


def answering(config: Config) -> tuple[str, ...]:
    """Every schedule that answers for something: those configured, and rotations that are not only a layer of one."""
    layers = {layer.rotation for found in config.schedules.values() for layer in found.layers}
    used = {name for team in config.teams.values() if team.oncall for name in team.oncall.schedules().values()}
    return tuple(name for name in ids(config) if name in config.schedules or name not in layers or name in used)


def zone_of(config: Config, schedule_id: str) -> str:
    """The zone a schedule is shown in."""
    found = config.schedules.get(schedule_id) or config.rotations.get(schedule_id)
    return found.zone if found else config.zone


def wanted(config: Config, schedule_id: str) -> tuple[Wanted, ...]:
    """What is wanted of a schedule or rotation (its id is known), in the order of dates."""
    schedule = config.schedules.get(schedule_id)
    if schedule is None:
        rotation = config.rotations[schedule_id]
        schedule = ConfiguredSchedule(id=schedule_id, zone=rotation.zone, layers=(ConfiguredLayer(rotation=schedule_id),))
    dated = {layer.rotation: rotations(config.rotations[layer.rotation]) for layer in schedule.layers}
    dates = sorted({since for found in dated.values() for since, _, _ in found if since is not None})
    return tuple(wish(schedule, dated, since) for since in (None, *dates))


def rotations(configured: ConfiguredRotation) -> tuple[Dated, ...]:
    """A configured rotation, and what its epochs make of it."""
    first = rotation_of(
        configured.id, configured.zone, configured.start, configured.participants, configured.length.count, configured.length.unit
    )
    found: list[Dated] = [(None, first, configured.starting_with)]
    for epoch in configured.epochs:
        before = found[-1][1]
        length = epoch.length
        after = rotation_of(
            before.id,
            epoch.zone or before.zone,
            epoch.start or before.start,
            epoch.participants or before.participants,
            length.count if length else before.count,
            length.unit if length else before.unit.value,
        )
        found.append((instant(epoch.since, after.zone), after, epoch.starting_with))
    return tuple(found)


def rotation_of(name: str, zone: str, start: datetime, participants: tuple[tuple[str, ...], ...], count: int, unit: str) -> Rotation:
    return Rotation(name, zone, start, participants, count, Unit(unit))


def wish(schedule: ConfiguredSchedule, dated: Mapping[str, tuple[Dated, ...]], since: datetime | None) -> Wanted:
    """What is wanted from one date on."""
    layers = []
    for layer in schedule.layers:
        at, rotation, first = [one for one in dated[layer.rotation] if one[0] is None or (since is not None and one[0] <= since)][-1]
        starts = first if at == since else None  # who starts, does so once
        restrictions = tuple(restriction(one) for one in layer.restrictions)
        layers.append(WantedLayer(rotation, starts, restrictions, layer.priority, schedule.zone if restrictions else None))
    return Wanted(since, source(tuple(layers), schedule.combine), tuple(layers), Combine(schedule.combine))


def restriction(configured: ConfiguredRestriction) -> Restriction:
    return Restriction(configured.start, configured.end, frozenset(configured.days) or EVERY_DAY, frozenset(configured.month_days))


def source(layers: tuple[WantedLayer, ...], combine: str) -> str:
    """A wish as text, to tell whether it changed."""
    written = [
        {
            "rotation": layer.rotation.id,
            "zone": layer.rotation.zone,
            "start": layer.rotation.start.isoformat(),
            "participants": layer.rotation.participants,
            "length": [layer.rotation.count, layer.rotation.unit.value],
            "starting_with": layer.starting_with,
            "priority": layer.priority,
            "restrictions": [restriction_json(one) for one in layer.restrictions],
            "restrictions_zone": layer.zone,
        }
        for layer in layers
    ]
    return json.dumps({"combine": combine, "layers": written}, sort_keys=True)
