"""What a program tells of a change: read, and refused with a sentence where it makes no sense."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.errors import InvalidInput

EXAMPLE = 'The body must be JSON like {"kind": "deploy", "service": "checkout", "title": "checkout v42"}.'
FIELDS = ("kind", "service", "title", "environment", "by", "url", "at")
LONGEST = 200
"""Characters of each field; of an address, ten times as many."""
AHEAD = timedelta(minutes=10)
"""How far another clock may go ahead of ours."""


class ChangeKind(StrEnum):
    DEPLOY = "deploy"
    FLAG = "flag"
    CONFIGURATION = "configuration"
    MIGRATION = "migration"
    INFRASTRUCTURE = "infrastructure"
    OTHER = "other"


@dataclass(frozen=True)
class Report:
    """A change as it was told. `service` is the program's word."""

    kind: ChangeKind
    title: str
    service: str
    environment: str
    by: str
    url: str
    happened_at: datetime


def read(body: bytes, now: datetime) -> Report:
    """The change that a body tells of; raises `InvalidInput`."""
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidInput(EXAMPLE) from None
    if not isinstance(raw, dict):
        raise InvalidInput(EXAMPLE)
    if unknown := sorted(set(raw) - set(FIELDS)):
        raise InvalidInput(f"'{unknown[0][:60]}' means nothing here; there are {', '.join(FIELDS[:-1])} and {FIELDS[-1]}.")
    texts = {name: _text(raw, name) for name in FIELDS if name != "at"}
    if texts["kind"] not in list(ChangeKind):
        raise InvalidInput(f"'kind' is one of {', '.join(ChangeKind)}.")
    if not texts["title"]:
        raise InvalidInput("'title' says in a few words what was changed: \"checkout v42\".")
    if texts["url"] and not texts["url"].startswith(("http://", "https://")):
        raise InvalidInput("'url' is an address that begins with https:// or http://.")
    at = _moment(raw.get("at"), now)
    return Report(ChangeKind(texts["kind"]), texts["title"], texts["service"], texts["environment"], texts["by"], texts["url"], at)


def _text(raw: Mapping[str, object], name: str) -> str:
    value = raw.get(name, "")
    if not isinstance(value, str):
        raise InvalidInput(f"'{name}' is a text.")
    words = " ".join(value.replace("\0", "").split())
    most = LONGEST * 10 if name == "url" else LONGEST
    if len(words) > most:
        raise InvalidInput(f"'{name}' has at most {most} characters, this one has {len(words)}.")
    return words


def _moment(value: object, now: datetime) -> datetime:
    """When it was made: now, unless the program says otherwise."""
    if value is None:
        return now
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise InvalidInput("'at' is a moment with its zone, like \"2026-03-02T09:00:00Z\"; left out, it is now.")
    if at > now + AHEAD:
        raise InvalidInput(f"'at' is {at.isoformat()}, and that is still to come: a change is told when it is made.")
    return at
