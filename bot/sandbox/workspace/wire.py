"""Slack's wire: JSON objects, the arguments of a Web API call in any of its encodings, and the errors it answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web

# Blocks, payloads and manifests are open by nature: whatever an app sends is kept as it came.
Json = dict[str, Any]

TRUE = frozenset({"1", "true", "True", "yes"})


class SlackError(Exception):
    """What the Web API answers as {"ok": false, "error": code, ...}."""

    def __init__(self, code: str, **more: object) -> None:
        super().__init__(code)
        self.code = code
        self.more = more


def invalid_arguments(*sentences: str) -> SlackError:
    """A call whose arguments do not make sense; says which, as Slack does."""
    return SlackError("invalid_arguments", response_metadata={"messages": [f"[ERROR] {sentence}" for sentence in sentences]})


class Args:
    """The arguments of one call. Numbers and flags arrive as text or as JSON, lists as JSON or with commas."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)

    def has(self, name: str) -> bool:
        return self.values.get(name) not in (None, "")

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name)
        return default if value is None else value if isinstance(value, str) else json.dumps(value)

    def need(self, name: str) -> str:
        """A required text. Raises invalid_arguments when it is missing."""
        if not self.has(name):
            raise invalid_arguments(f"missing required field: {name}")
        return self.text(name)

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.values.get(name)
        return default if value is None else value if isinstance(value, bool) else str(value) in TRUE

    def whole(self, name: str, default: int) -> int:
        value = self.values.get(name)
        if value in (None, ""):
            return default
        try:
            return int(str(value))
        except ValueError:
            raise invalid_arguments(f"must be an integer: {name}") from None

    def names(self, name: str) -> list[str]:
        """A list of ids: "a,b", a JSON list in a text, or a list."""
        value = self.values.get(name)
        if isinstance(value, str):
            value = self.json(name) if value.startswith("[") else value.split(",")
        if not isinstance(value, list):
            return []
        return [str(one).strip() for one in value if str(one).strip()]

    def json(self, name: str, error: str = "invalid_arguments") -> Any:
        """A value that is JSON, or JSON in a text; None when absent. Raises `error` when it does not parse."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError(error) from None

    def object(self, name: str) -> Json:
        value = self.json(name)
        if not isinstance(value, dict):
            raise invalid_arguments(f"must provide an object: {name}")
        return value


async def read_args(request: web.Request) -> Args:
    """Collect the arguments of a call from its query and its body: form, multipart or JSON. Files of a form come as bytes."""
    values: Json = dict(request.query)
    if request.content_type == "application/json":
        body = await request.text()
        if body:
            try:
                parsed = json.loads(body)
            except ValueError:
                raise SlackError("invalid_json") from None
            if not isinstance(parsed, dict):
                raise SlackError("json_not_object")
            values |= parsed
    elif request.content_type == "application/x-www-form-urlencoded":  # by hand: aiohttp reads no form of a GET
        values |= dict(parse_qsl(await request.text(), keep_blank_values=True))
    elif request.content_type == "multipart/form-data":
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.name:
                values[part.name] = await part.read() if part.filename else await part.text()
    return Args(values)


def objects(of: Mapping[str, Any], name: str) -> list[Json]:
    """The objects in a list of `of`; whatever is not an object is left out."""
    value = of.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def child(of: Mapping[str, Any], *path: str) -> Json:
    """An object inside objects, empty when any step is missing."""
    at: Any = of
    for name in path:
        at = at.get(name) if isinstance(at, dict) else None
    return at if isinstance(at, dict) else {}
