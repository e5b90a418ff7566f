"""What pydantic found wrong → sentences for people: what it is about, what is wrong, what to do."""

import types
import typing
from collections.abc import Mapping, Sequence

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from bot.config.models import NAMED, Config
from bot.config.tree import Loc
from bot.config.values import clip, nearest

NOUNS = {
    "people": "person",
    "teams": "team",
    "services": "service",
    "rotations": "rotation",
    "schedules": "schedule",
    "policies": "policy",
    "alerts": "alert source",
    "programs": "program",
    "runbooks": "runbook",
    "environments": "environment",
    "remediations": "rule",
}
WANTED = {
    "string_type": "text; put it in quotes if it looks like a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list; write each item on a line of its own after '- ', or [a, b]",
    "mapping_type": "a mapping; write 'key: value' lines under it",
    "dict_type": "a mapping; write 'key: value' lines under it",
    "model_type": "a mapping; write 'key: value' lines under it",
    "model_attributes_type": "a mapping; write 'key: value' lines under it",
    "string_unicode": "plain text",
}


def sentence(error: ErrorDetails) -> str:
    """One pydantic error as a sentence that starts with what it is about."""
    loc: Loc = error["loc"]
    kind, field = error["type"], str(loc[-1]) if loc else ""
    if field == "id" and len(loc) == 3 and loc[0] in NAMED:  # an id is the key it stands under
        loc = loc[:-1]
    value = "a secret" if field == "key" else shown(error["input"])
    if kind == "extra_forbidden":
        return f"{about(loc[:-1])} has no setting '{clip(field)}'{nearest(field, known_settings(loc[:-1]))}"
    if kind == "missing":
        return f"{about(loc[:-1])} needs '{clip(field)}'; add it."
    if kind == "value_error":
        return f"{about(loc)}: {str(error['ctx']['error']) if 'ctx' in error else error['msg']}"
    if kind == "literal_error":
        return f"{about(loc)} is {value}, but must be one of {error['ctx']['expected']}."
    if kind in WANTED:
        return f"{about(loc)} is {value}, but must be {WANTED[kind]}."
    if kind == "too_short":
        return f"{about(loc)} is empty; add at least one entry."
    if kind == "string_too_short":
        return f"{about(loc)} is empty; write something or remove it."
    message = error["msg"][:1].lower() + error["msg"][1:]
    return f"{about(loc)} is {value}: {message}."


def shown(value: object) -> str:
    """The value in an error message; never more than a glimpse of it."""
    if value is None:
        return "empty"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "a list"
    return f"'{clip(str(value), 40)}'"


def about(loc: Loc) -> str:
    """What a location is in the words of the configuration: `person 'ana', rules.urgent[0].method`."""
    if not loc:
        return "the configuration"
    section = str(loc[0])
    if section not in NOUNS:
        return f"'{dotted(loc)}'"
    if len(loc) == 1:
        return f"section '{section}'"
    named = f"{NOUNS[section]} '{clip(str(loc[1]))}'"
    return f"{named}, '{dotted(loc[2:])}'" if len(loc) > 2 else named


def dotted(loc: Loc) -> str:
    text = ""
    for part in loc:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return clip(text, 80)


def known_settings(loc: Loc) -> list[str]:
    """The settings that the model at a location has."""
    model = model_at(Config, list(loc))
    if model is None:
        return []
    hidden = {"id"} if len(loc) == 2 and loc[0] in NAMED else set()
    return [field.alias or name for name, field in model.model_fields.items() if name not in hidden]


def model_at(annotation: object, path: list[str | int]) -> type[BaseModel] | None:
    """Walk annotations (models, mappings, tuples, optionals) along a location."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not path:
            return annotation
        for name, field in annotation.model_fields.items():
            if path[0] in (name, field.alias):
                return model_at(field.annotation, path[1:])
        return None
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        found = (model_at(argument, path) for argument in arguments)
        return next((model for model in found if model is not None), None)
    if origin is typing.Annotated:
        return model_at(arguments[0], path)
    if origin is not None and arguments and path:
        return model_at(arguments[-1] if issubclass(origin, Mapping) else arguments[0], path[1:])
    return None
