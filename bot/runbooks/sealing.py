"""Values on their way into Ansible. A plain extra variable is a template there, and would be executed; a sealed one is data for ever."""

import re
from collections.abc import Mapping

NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
Sealed = dict[str, object]


def sealed(parameters: Mapping[str, str | int]) -> Sealed:
    """The one extra variable of every run: `rb`, with every text in it marked as never to be templated.

    Names are ours, never a person's: a variable's name can execute as well as its value (`ansible_ssh_common_args`).
    """
    return {"rb": {_checked(name): _leaf(value) for name, value in parameters.items()}}


def _checked(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a parameter")
    return name


def _leaf(value: str | int) -> object:
    return {"__ansible_unsafe": value} if isinstance(value, str) else value
