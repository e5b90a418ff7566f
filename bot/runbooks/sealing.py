"""Values on their way into Ansible. A plain extra variable is a template there, and would be executed; a sealed one is data for ever."""

import re
from collections.abc import Mapping

NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
Sealed = dict[str, object]


def sealed(parameters: Mapping[str, str | int], files: str) -> Sealed:
    """The two extra variables of every run, with every text in them marked as never to be templated: the parameters are `rb`, and
    `rb_files` is the directory for what a playbook leaves for people.

    Names are ours, never a person's: a variable's name can execute as well as its value (`ansible_ssh_common_args`).
    """
    return {"rb": {_checked(name): _leaf(value) for name, value in parameters.items()}, "rb_files": _leaf(files)}


def _checked(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a parameter")
    return name


def _leaf(value: str | int) -> object:
    return {"__ansible_unsafe": value} if isinstance(value, str) else value
