"""What alert sources send, parsed at the door: a webhook's body in, frozen values out. Anything malformed is refused with a sentence.

Plain code rather than a model library, because a storm posts thousands of alerts and each webhook waits for its answer.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NoReturn

from bot.errors import InvalidInput

SUMMARIES = ("summary", "message", "title", "description")


class AlertStatus(StrEnum):
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True)
class Signal:
    """One alert at one moment. `service` and `severity_label` are what its labels say, not yet looked up."""

    fingerprint: str
    status: AlertStatus
    name: str
    summary: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime | None
    generator_url: str
    service: str | None
    severity_label: str | None

    @property
    def is_firing(self) -> bool:
        return self.status is AlertStatus.FIRING

    @property
    def title(self) -> str:
        """Name and summary on one line."""
        if not self.summary or self.summary == self.name:
            return self.name
        return f"{self.name}: {self.summary}"

    @property
    def runbook_url(self) -> str | None:
        return self.annotations.get("runbook_url")


@dataclass(frozen=True)
class Webhook:
    """One delivery: a group of alerts. `truncated` more alerts of the group were left out by the sender."""

    version: str
    group_key: str
    receiver: str
    external_url: str
    truncated: int
    signals: tuple[Signal, ...]
    group_labels: Mapping[str, str]


def alertmanager(body: object, service_label: str = "service", severity_label: str = "severity") -> Webhook:
    """Parse the decoded JSON of an Alertmanager webhook, version 4; raises `InvalidInput`."""
    if not isinstance(body, dict):
        refuse("The body must be a JSON object", body)
    version = body.get("version")
    if version != "4":
        raise InvalidInput(f'The field "version" must be "4", which Alertmanager sends since 0.6, not {shown(version)}.')
    group_key = text_of(body, "groupKey")
    if not group_key:
        raise InvalidInput('The field "groupKey" is missing or empty, so the alerts belong to no group.')
    alerts = body.get("alerts")
    if not isinstance(alerts, list):
        refuse('The field "alerts" must be a list', alerts)
    return Webhook(
        version=version,
        group_key=group_key,
        receiver=text_of(body, "receiver"),
        external_url=text_of(body, "externalURL"),
        truncated=truncated_of(body),
        signals=tuple(signal(one, number, service_label, severity_label) for number, one in enumerate(alerts, start=1)),
        group_labels=strings_of(body, "groupLabels", "the webhook"),
    )


def signal(alert: object, number: int, service_label: str, severity_label: str) -> Signal:
    """Parse one alert of a webhook; `number` is its place, for the sentence that refuses it."""
    where = f"alert {number}"
    if not isinstance(alert, dict):
        refuse(f"{where.capitalize()} must be a JSON object", alert)
    labels = strings_of(alert, "labels", where)
    if not labels:
        raise InvalidInput(f"{where.capitalize()} has no labels, so it cannot be told from others.")
    annotations = strings_of(alert, "annotations", where)
    name = labels.get("alertname") or "Unnamed alert"
    return Signal(
        fingerprint=text_of(alert, "fingerprint", where) or derived_fingerprint(labels),
        status=status_of(alert, where),
        name=name,
        summary=next((one_line(annotations[key]) for key in SUMMARIES if annotations.get(key)), ""),
        labels=labels,
        annotations=annotations,
        starts_at=starts_at(alert, where),
        ends_at=time_of(alert, "endsAt", where),
        generator_url=text_of(alert, "generatorURL", where),
        service=labels.get(service_label) or None,
        severity_label=labels.get(severity_label) or None,
    )


def status_of(alert: Mapping[str, object], where: str) -> AlertStatus:
    status = alert.get("status")
    if status == "firing":
        return AlertStatus.FIRING
    if status == "resolved":
        return AlertStatus.RESOLVED
    raise InvalidInput(f'The "status" of {where} must be "firing" or "resolved", not {shown(status)}.')


def starts_at(alert: Mapping[str, object], where: str) -> datetime:
    found = time_of(alert, "startsAt", where)
    if found is None:
        raise InvalidInput(f'The field "startsAt" of {where} is missing.')
    return found


def time_of(alert: Mapping[str, object], field: str, where: str) -> datetime | None:
    """A time in RFC 3339 as aware UTC. Go's zero time, which stands for "still firing", and nothing at all are `None`."""
    text = alert.get(field)
    if text is None or text == "" or (isinstance(text, str) and text.startswith("0001-01-01T")):
        return None
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
        if found is not None and found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise InvalidInput(f'The field "{field}" of {where} must be a time with its zone, like 2026-03-01T09:00:00Z, not {shown(text)}.')


def truncated_of(body: Mapping[str, object]) -> int:
    count = body.get("truncatedAlerts", 0)
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise InvalidInput(f'The field "truncatedAlerts" must be a number from 0, not {shown(count)}.')
    return count


def strings_of(parent: Mapping[str, object], field: str, where: str) -> Mapping[str, str]:
    """An object whose values are all texts; nothing at all is an empty one."""
    found = parent.get(field)
    if found is None:
        return {}
    if not isinstance(found, dict):
        refuse(f'The field "{field}" of {where} must be an object', found)
    strings = {}
    for key, value in found.items():
        if not isinstance(value, str):
            refuse(f'The value of {shown(key)} in "{field}" of {where} must be a text', value)
        strings[storable(key)] = storable(value)
    return strings


def text_of(parent: Mapping[str, object], field: str, where: str = "the webhook") -> str:
    """A text, empty if it is missing."""
    value = parent.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        refuse(f'The field "{field}" of {where} must be a text', value)
    return storable(value)


def storable(text: str) -> str:
    """The text without what no database or phone takes: NUL and halves of surrogate pairs."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "replace").decode().replace("\0", "�")


def one_line(text: str) -> str:
    return " ".join(text.split())


def derived_fingerprint(labels: Mapping[str, str]) -> str:
    """A stable name for an alert whose sender gives none."""
    parts = "\0".join(f"{key}\0{value}" for key, value in sorted(labels.items()))
    return hashlib.sha256(parts.encode()).hexdigest()[:16]


def refuse(rule: str, value: object) -> NoReturn:
    raise InvalidInput(f"{rule}, not {shown(value)}.")


def shown(value: object) -> str:
    """The value, short and printable, for a sentence."""
    if value is None:
        return "missing"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = ascii(value)
    return text if len(text) <= 40 else text[:39] + "…"
