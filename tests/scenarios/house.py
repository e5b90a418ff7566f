"""The configuration of the scenarios: a house that all share, changed by what a scenario says besides."""

import json
from pathlib import Path

from bot.config.models import NAMED
from bot.config.tree import Raw, read

HOUSE = Path(__file__).with_name("house.yaml")


def write(folder: Path, changes: str) -> None:
    """Write the house's configuration with these changes. What they do not mention stays; a list comes as a whole."""
    folder.mkdir(exist_ok=True)
    said = folder / "changes.txt"
    said.write_text(changes)
    (folder / "tocsin.yaml").write_text(json.dumps(merged(parsed(HOUSE), parsed(said))))


def parsed(file: Path) -> Raw:
    """What a file says, read as the bot reads it."""
    tree = read({file: file.name}, frozenset(NAMED))
    assert not tree.problems, tree.problems
    return dict(tree.raw)


def merged(before: Raw, changes: Raw) -> Raw:
    """`changes` over `before`, mapping by mapping."""
    if not isinstance(before, dict) or not isinstance(changes, dict):
        return changes
    return before | {key: merged(before.get(key), value) for key, value in changes.items()}
