"""What Slack takes: the structure of blocks and views by the schema of its own types, and the lengths that it documents."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

DEFINITIONS = json.loads((Path(__file__).parents[1] / "data" / "blockkit.schema.json").read_text())["definitions"]
Json = Mapping[str, Any]

LONGEST = {
    "section.text": 3000, "header.text": 150, "context.text": 3000, "button.text": 75, "button.value": 2000, "button.action_id": 255,
    "option.text": 75, "option.value": 150, "option.description": 75, "input.label": 2000, "input.hint": 2000, "placeholder": 150,
    "confirm.title": 100, "confirm.text": 300, "confirm.confirm": 30, "confirm.deny": 30, "modal.title": 24, "modal.submit": 24,
    "modal.close": 24, "modal.private_metadata": 3000, "modal.callback_id": 255, "block_id": 255,
}  # fmt: skip
"""Slack's documented limits, in characters."""


def problems_of_message(blocks: Sequence[Json]) -> list[str]:
    """Why Slack would refuse these blocks in a message."""
    return [*structure({"type": "array", "items": {"$ref": "#/definitions/KnownBlock"}}, blocks), *lengths(blocks, 50)]


def problems_of_modal(view: Json) -> list[str]:
    """Why Slack would refuse this modal."""
    texts = [too_long(f"modal.{name}", view.get(name)) for name in ("title", "submit", "close", "private_metadata", "callback_id")]
    return [*structure({"$ref": "#/definitions/ModalView"}, view), *lengths(view["blocks"], 100), *filter(None, texts)]


def structure(schema: Json, payload: object) -> list[str]:
    validator = Draft7Validator({**schema, "definitions": DEFINITIONS})
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in validator.iter_errors(payload)]


def lengths(blocks: Sequence[Json], most: int) -> Iterator[str]:
    if not 1 <= len(blocks) <= most:
        yield f"{len(blocks)} blocks"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(set(ids)) < len(ids):
        yield f"block ids are not unique: {ids}"
    for block in blocks:
        yield from filter(None, problems(block))


def problems(block: Json) -> Iterator[str | None]:
    kind = block["type"]
    yield too_long("block_id", block.get("block_id"))
    if kind in ("section", "header"):
        yield too_long(f"{kind}.text", block.get("text"))
    if kind == "input":
        yield too_long("input.label", block["label"])
        yield too_long("input.hint", block.get("hint"))
        yield from element(block["element"])
    if kind in ("actions", "context"):
        parts = block["elements"]
        if not 1 <= len(parts) <= (25 if kind == "actions" else 10):
            yield f"{len(parts)} elements"
        named = [part["action_id"] for part in parts if "action_id" in part]
        if len(set(named)) < len(named):
            yield f"action ids are not unique: {named}"
        for part in parts:
            if kind == "actions":
                yield from element(part)
            else:
                yield too_long("context.text", part)


def element(part: Json) -> Iterator[str | None]:
    yield too_long("placeholder", part.get("placeholder"))
    if part["type"] == "button":
        for name in ("text", "value", "action_id"):
            yield too_long(f"button.{name}", part.get(name))
        for name, text in (part.get("confirm") or {}).items():
            yield too_long(f"confirm.{name}", text) if name in ("title", "text", "confirm", "deny") else None
    if part["type"] == "plain_text_input" and not len(part.get("initial_value", "")) <= part.get("max_length", 3000) <= 3000:
        yield "the field takes too much, or holds more than it takes"
    if "options" in part:
        if not 1 <= len(part["options"]) <= 100:
            yield f"{len(part['options'])} options"
        for option in part["options"]:
            for name in ("text", "value", "description"):
                yield too_long(f"option.{name}", option.get(name))


def too_long(what: str, text: object) -> str | None:
    """A text, or a text object, held to its limit; an empty one is refused by Slack as well."""
    content = text.get("text") if isinstance(text, Mapping) else text
    if content is None:
        return None
    if isinstance(text, Mapping) and not str(content).strip():
        return f"{what} is empty"
    return f"{what} has {len(str(content))} characters" if len(str(content)) > LONGEST[what] else None
