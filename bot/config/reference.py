"""docs/configuration.md, written from the models and settings: `python -m bot.config.reference > docs/configuration.md`."""

import types
import typing
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.config.escalation import DEFAULT_POLICIES, EscalationPolicy
from bot.config.models import NAMED, Config
from bot.config.settings import describe
from bot.config.severity import Level
from bot.config.values import Target, TurnLength, duration_text

INTRODUCTION = """\
# Configuration

<!-- Written by `python -m bot.config.reference > docs/configuration.md`; a test holds it to the code. -->

Tocsin is told two things: what your organisation looks like, in a directory of YAML reviewed like code, and where this process
runs, by environment variables. `tocsin check` tells every problem of the YAML at once, with file and line, before it is deployed;
`tocsin run` does the same for both when it starts.

## Environment
"""

FILES = """\
## Files

Every `*.yaml` of the directory is read. Any file may hold any of the sections below, and the entries of a section may be spread
over several files (one a team, say). `bot/sandbox/config/` is a complete example.

- Durations are written `30s`, `5m`, `1h30m`, `1w` or `0`.
- Severities are written `sev1` to `sev4`. Tiers go from 0 (the company stands still without it) to 3 (nobody notices for a day).
- Targets are `primary`, `secondary`, `lead`, `manager`, `expert`, `executive`, `fallback`, or `person:<id>`, `team:<id>`, `rotation:<id>`,
  `schedule:<id>`.
- Plain values mean what they look like: `no`, `22:00` and `+15550100001` are text and need no quotes.
"""


def reference() -> str:
    """The whole page."""
    parts = [INTRODUCTION, *environment(), FILES, *sections(), *ladders()]
    return "\n".join(parts).rstrip() + "\n"


def environment() -> Iterator[str]:
    yield "| variable | meaning | default |\n|---|---|---|"
    for variable in describe():
        default = "**required**" if variable.required else f"`{variable.default}`" if variable.default else "–"
        yield row(f"`{variable.name}`", variable.meaning, default)
    yield ""


def sections() -> Iterator[str]:
    """One heading for the top level, one for each model under it."""
    yield "## Sections\n"
    yield from table(Config)
    for model in models(Config):
        yield heading(model)
        yield from table(model)


def heading(model: type[BaseModel]) -> str:
    where = ", ".join(f"`{path}`" for path in paths(model))
    return f"### {where}\n\n{(model.__doc__ or '').strip()}\n"


def table(model: type[BaseModel]) -> Iterator[str]:
    yield "| setting | value | meaning | default |\n|---|---|---|---|"
    for name, field in model.model_fields.items():
        if name == "id" and model in entry_models():
            continue
        yield row(f"`{field.alias or name}`", kind(field.annotation, field), field.description or "", default_text(model, field))
    yield ""


def row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def entry_models() -> list[type[BaseModel]]:
    return [inner for section in NAMED if (inner := inner_model(Config.model_fields[section].annotation))]


def models(root: type[BaseModel]) -> list[type[BaseModel]]:
    """Every model below the root, parents before children, each once."""
    found: list[type[BaseModel]] = []
    for field in root.model_fields.values():
        inner = inner_model(field.annotation)
        if inner is not None and inner not in (Target, TurnLength):
            found += [model for model in (inner, *models(inner)) if model not in found]
    return list(dict.fromkeys(found))


def paths(model: type[BaseModel], root: type[BaseModel] = Config, prefix: str = "") -> Iterator[str]:
    """Where a model is used, as `services.<id>.quiet_hours`."""
    for name, field in root.model_fields.items():
        inner = inner_model(field.annotation)
        if inner is None:
            continue
        path = f"{prefix}{field.alias or name}" + (".<id>" if inner in entry_models() else "[]" if is_list(field.annotation) else "")
        if inner is model:
            yield path
        else:
            yield from paths(model, inner, f"{path}.")


def unwrapped(annotation: object) -> object:
    """The annotation without `Annotated` and `| None`."""
    if typing.get_origin(annotation) is typing.Annotated:
        return unwrapped(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return unwrapped(next(one for one in typing.get_args(annotation) if one is not type(None)))
    return annotation


def is_list(annotation: object) -> bool:
    return typing.get_origin(unwrapped(annotation)) is tuple


def inner_model(annotation: object) -> type[BaseModel] | None:
    """The model an annotation is about, through lists, mappings and optionals."""
    bare = unwrapped(annotation)
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        return bare
    origin = typing.get_origin(bare)
    if origin is tuple:
        return inner_model(typing.get_args(bare)[0])
    return inner_model(typing.get_args(bare)[1]) if origin is Mapping else None


WORDS: dict[object, str] = {
    str: "text",
    int: "number",
    float: "number",
    bool: "true or false",
    timedelta: "duration",
    datetime: "date and time",
    time: "time of day",
    Target: "target",
    TurnLength: "turn length",
}


def kind(annotation: object, field: FieldInfo | None = None) -> str:
    """What may be written, in a word or two."""
    bare = unwrapped(annotation)
    if is_list(bare):
        inner = typing.get_args(bare)[0]
        return "list of text or lists" if is_list(inner) else f"list of {kind(inner)}"
    origin = typing.get_origin(bare)
    if origin is typing.Literal:
        return " | ".join(f"`{one}`" for one in typing.get_args(bare))
    if origin is Mapping:
        return "label: text" if inner_model(bare) is None else "id: entry"
    if isinstance(bare, type) and issubclass(bare, BaseModel) and bare not in WORDS:
        return "settings below"
    return WORDS.get(bare, "text")


def default_text(model: type[BaseModel], field: FieldInfo) -> str:
    if field.is_required():
        return "by severity" if model is Level else "**required**"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, TurnLength):
        return written(value)
    if value is None or isinstance(value, BaseModel) or value == () or value == {}:
        return "–"
    return written(value)


def written(value: object) -> str:
    """A default as it would be written in YAML."""
    if isinstance(value, timedelta):
        return f"`{duration_text(value)}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, time):
        return f"`{value:%H:%M}`"
    if isinstance(value, tuple):
        return "<br>".join(written(one) for one in value)
    if isinstance(value, BaseModel) and not isinstance(value, TurnLength):
        said = {name: one for name, one in value if one is not None}
        return "`" + ", ".join(f"{name}: {plain(one)}" for name, one in said.items()) + "`"
    return f"`{value}`"


def plain(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(plain(one) for one in value)}]"
    return written(value).strip("`")


def ladders() -> Iterator[str]:
    """What the levels and policies are when nothing is said."""
    severity = Config().severity
    yield "## What holds when nothing is said\n"
    yield "| | " + " | ".join(f"`sev{number}`" for number in (1, 2, 3, 4)) + " |\n|---|---|---|---|---|"
    for name in Level.model_fields:
        values = [getattr(severity.level(number), name) for number in (1, 2, 3, 4)]
        yield row(f"`{name}`", *("–" if value is None else plain(value) for value in values))
    yield "\nEscalation policies, counted from the start of an incident:\n"
    for policy in DEFAULT_POLICIES.values():
        yield f"- `{policy.id}`: {climbed(policy)}"


def climbed(policy: EscalationPolicy) -> str:
    steps = [f"{' and '.join(str(target) for target in step.targets)} at {duration_text(step.after)}" for step in policy.steps]
    return ", ".join(steps) + "." if steps else "pages nobody."


if __name__ == "__main__":
    print(reference(), end="")
