"""What a person typed → values of a runbook's types, or every reason why not. Nothing that does not fit its type gets any further."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bot.config.runbooks import Parameter, Runbook
from bot.config.values import clip, nearest, parse_duration
from bot.errors import InvalidInput

Value = str | int
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
LONGEST = 200
SHOWN = 8


@dataclass(frozen=True)
class Known:
    """What exists where the runbook is to run. `versions` by the parameter that looks them up."""

    groups: Mapping[str, Collection[str]]
    """Hosts of the inventory by group; `all` has every one."""
    services: Collection[str]
    versions: Mapping[str, Collection[str]]

    def hosts(self, group: str | None) -> Collection[str]:
        """The hosts of a group."""
        return self.groups.get(group or "all", ())


def typed(runbook: Runbook, words: Mapping[str, str], known: Known) -> dict[str, Value]:
    """The values of all parameters, in their order. `InvalidInput` with everything that is wrong, in one answer."""
    wrong = [
        f"`{clip(name)}` is no parameter of {runbook.id}{nearest(name, runbook.parameters)}"
        for name in words
        if name not in runbook.parameters
    ]
    values: dict[str, Value] = {}
    for name, parameter in runbook.parameters.items():
        given = words.get(name, "").strip() or (None if parameter.default is None else str(parameter.default))
        if given is None:
            if parameter.required:
                wrong.append(f"`{name}` is missing: {hint(name, parameter, known)}.")
            continue
        try:
            values[name] = value(name, parameter, given, known)
        except ValueError as error:
            wrong.append(f"`{name}`: {error}")
    if wrong:
        raise InvalidInput("\n".join(["Nothing was run.", *wrong]) if len(wrong) > 1 else f"Nothing was run. {wrong[0]}")
    return values


def value(name: str, parameter: Parameter, given: str, known: Known) -> Value:
    """One value of its type. `ValueError` with a sentence when it is none."""
    if len(given) > LONGEST or not given.isprintable():
        raise ValueError(f"that is longer than {LONGEST} characters, or more than one line.")
    match parameter.type:
        case "choice":
            return one_of(given, parameter.values, "choice")
        case "integer":
            return within(parameter, int(given) if re.fullmatch(r"-?\d{1,15}", given) else None, given)
        case "duration":
            return within(parameter, seconds(given), given)
        case "version":
            if not VERSION.fullmatch(given):
                raise ValueError(f"'{clip(given)}' is no version; letters, digits, '.', '_' and '-' make one.")
            return given if parameter.lookup is None else one_of(given, known.versions.get(name, ()), "version")
        case "host":
            return one_of(given, known.hosts(parameter.group), "host")
        case "service":
            return one_of(given, known.services, "service")
        case "text":
            if not re.fullmatch(parameter.pattern or "", given):
                raise ValueError(f"'{clip(given)}' is not of the form {parameter.pattern}.")
            return given


def one_of(given: str, allowed: Collection[str], noun: str) -> str:
    """Exactly one of these; never a pattern that means several."""
    if given not in allowed:
        raise ValueError(f"'{clip(given)}' is no {noun} here{nearest(given, allowed)}")
    return given


def within(parameter: Parameter, number: int | None, given: str) -> int:
    """A number between the bounds."""
    if number is None or not parameter.bound("min") <= number <= parameter.bound("max"):
        noun = "duration" if parameter.type == "duration" else "whole number"
        raise ValueError(f"'{clip(given)}' is no {noun} from {parameter.min} to {parameter.max}.")
    return number


def seconds(given: str) -> int | None:
    """A duration in seconds; None when it is none."""
    try:
        return int(parse_duration(given).total_seconds())
    except ValueError:
        return None


def hint(name: str, parameter: Parameter, known: Known) -> str:
    """What may be given, in a few words."""
    says = f"{parameter.help}, " if parameter.help else ""
    match parameter.type:
        case "choice":
            return f"{says}{few(parameter.values)}"
        case "integer" | "duration":
            return f"{says}from {parameter.min} to {parameter.max}"
        case "host":
            return f"{says}{few(known.hosts(parameter.group))}"
        case "version":
            return f"{says}{few(known.versions.get(name, ()))}" if parameter.lookup else f"{says}a version"
        case "service":
            return f"{says}{few(known.services)}"
        case "text":
            return f"{says}text of the form {parameter.pattern}"


def few(names: Collection[str]) -> str:
    """The first of these names, as alternatives."""
    shown = sorted(names)[:SHOWN]
    return " or ".join(shown) + (" …" if len(names) > SHOWN else "") if shown else "none exists"
