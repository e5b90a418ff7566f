"""What a person has filled in: elements, their values on the wire, and plain values turned into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.sandbox.workspace.wire import Json, objects

# element type -> the key its value has in state and actions, and the key of its initial value
VALUE_KEYS = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "file_input": ("files", "initial_files"),
}
LISTS = frozenset({"selected_options", "selected_users", "selected_channels", "selected_conversations", "files"})


class BadValue(Exception):
    """A plain value does not fit its element; the text says why."""


@dataclass(frozen=True)
class Field:
    """One element in its block."""

    block: Json
    element: Json

    @property
    def block_id(self) -> str:
        return str(self.block["block_id"])

    @property
    def action_id(self) -> str:
        return str(self.element.get("action_id", ""))

    @property
    def kind(self) -> str:
        return str(self.element.get("type", ""))


@dataclass(frozen=True)
class Names:
    """How names of people and channels become ids; None when there is no such."""

    user: Callable[[str], str | None]
    channel: Callable[[str], str | None]


def fields(blocks: list[Json]) -> Iterator[Field]:
    """Every interactive element with its block, in order."""
    for block in blocks:
        for element in objects(block, "elements"):
            if "action_id" in element:
                yield Field(block, element)
        for place in ("accessory", "element"):
            inner = block.get(place)
            if isinstance(inner, dict) and "action_id" in inner:
                yield Field(block, inner)


def initial_state(blocks: list[Json]) -> dict[str, Json]:
    """The state of blocks that nobody has touched. Buttons and menus have none."""
    state: dict[str, Json] = {}
    for field in fields(blocks):
        if field.kind in VALUE_KEYS:
            key, initial = VALUE_KEYS[field.kind]
            empty: Any = [] if key in LISTS else None
            state.setdefault(field.block_id, {})[field.action_id] = {"type": field.kind, key: field.element.get(initial, empty)}
    return state


def wrap(field: Field, value: Any, names: Names, offered: list[Json] | None = None) -> Json:
    """A plain value as the element carries it: {"type": ..., "selected_option": {...}}. Raises BadValue.

    `offered` are the options of a select with an external source.
    """
    if field.kind not in VALUE_KEYS:
        raise BadValue(f"{field.action_id} is a {field.kind} and takes no value.")
    key, _ = VALUE_KEYS[field.kind]
    options = offered if offered is not None else options_of(field.element)
    if value is None or value == "":
        wrapped: Any = [] if key in LISTS else None
    elif key in LISTS:
        many = value if isinstance(value, list) else [value]
        wrapped = [one_value(key.removesuffix("s"), one, options, names) for one in many]
    else:
        wrapped = one_value(key, value, options, names)
    return {"type": field.kind, key: wrapped}


def one_value(key: str, value: Any, options: list[Json], names: Names) -> Any:
    if key == "selected_option":
        chosen = [option for option in options if value in (option.get("value"), option.get("text", {}).get("text"))]
        if not chosen:
            raise BadValue(f"There is no option {value!r}. There are {', '.join(str(o.get('value')) for o in options) or 'none'}.")
        return chosen[0]
    if key in ("selected_user", "selected_channel", "selected_conversation"):
        found = names.user(str(value)) if key == "selected_user" else names.channel(str(value))
        if found is None:
            raise BadValue(f"There is no {key.removeprefix('selected_')} {value!r}.")
        return found
    return int(value) if key == "selected_date_time" else value if key == "rich_text_value" else str(value)


def options_of(element: Json) -> list[Json]:
    """The options of a select, those of its groups included."""
    grouped = [option for group in objects(element, "option_groups") for option in objects(group, "options")]
    return objects(element, "options") + grouped


def is_empty(value: Json) -> bool:
    return all(part in (None, "", []) for name, part in value.items() if name != "type")


def problem_with(field: Field, value: Json) -> str | None:
    """What Slack's own form says before it sends anything: a required field left empty, a text too short or too long."""
    if field.block.get("type") != "input":
        return None
    if is_empty(value):
        return None if field.block.get("optional") else "Please complete this required field."
    text = value.get("value")
    if not isinstance(text, str):
        return None
    least, most = field.element.get("min_length"), field.element.get("max_length") or 3000
    if least and len(text) < least:
        return f"Must be at least {least} characters long."
    return f"Must be at most {most} characters long." if len(text) > most else None
