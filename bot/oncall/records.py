"""Epochs and shifts as JSON text, for their rows, and back."""

import json
from datetime import datetime, time
from functools import lru_cache

from bot.oncall.definition import Combine, Epoch, Layer, Restriction, TemporaryShift
from bot.oncall.rotation import Rotation, Unit


def epoch_text(epoch: Epoch) -> str:
    """The epoch without its date."""
    return json.dumps({"combine": epoch.combine.value, "layers": [layer_json(layer) for layer in epoch.layers]}, sort_keys=True)


def layer_json(layer: Layer) -> dict[str, object]:
    rotation = layer.rotation
    return {
        "id": rotation.id,
        "zone": rotation.zone,
        "start": rotation.start.isoformat(),
        "participants": rotation.participants,
        "count": rotation.count,
        "unit": rotation.unit.value,
        "restrictions": [restriction_json(restriction) for restriction in layer.restrictions],
        "restrictions_zone": layer.zone,
        "priority": layer.priority,
        "is_continued": layer.is_continued,
    }


def restriction_json(restriction: Restriction) -> dict[str, object]:
    return {
        "from": restriction.start.isoformat("minutes"),
        "to": restriction.end.isoformat("minutes"),
        "days": sorted(restriction.days),
        "month_days": sorted(restriction.month_days),
    }


@lru_cache(maxsize=4096)
def epoch_of(text: str, since: datetime) -> Epoch:
    """The epoch that a text describes."""
    raw = json.loads(text)
    layers = []
    for one in raw["layers"]:
        groups = tuple(tuple(group) for group in one["participants"])
        rotation = Rotation(one["id"], one["zone"], datetime.fromisoformat(one["start"]), groups, one["count"], Unit(one["unit"]))
        restrictions = tuple(
            Restriction(
                time.fromisoformat(found["from"]),
                time.fromisoformat(found["to"]),
                frozenset(found["days"]),
                frozenset(found["month_days"]),
            )
            for found in one["restrictions"]
        )
        layers.append(Layer(rotation, restrictions, one["priority"], one["is_continued"], one["restrictions_zone"]))
    return Epoch(since, tuple(layers), Combine(raw["combine"]))


def shifts_text(shifts: tuple[TemporaryShift, ...]) -> str:
    """The shifts of a temporary schedule."""
    return json.dumps([[shift.person, shift.start.isoformat(), shift.end.isoformat()] for shift in shifts])


def shifts_of(text: str) -> tuple[TemporaryShift, ...]:
    """The shifts back from their text."""
    return tuple(
        TemporaryShift(person, datetime.fromisoformat(start), datetime.fromisoformat(end)) for person, start, end in json.loads(text)
    )
