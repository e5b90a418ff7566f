"""What the ops channel reads of a reload."""

from collections.abc import Sequence

from bot.slack.text import SECTION_LIMIT, escape

ROOM = SECTION_LIMIT - 200
"""Characters for the lines; the rest is for what is said around them."""
RESTART = "The names of slash commands are others now, too: those follow at a restart, together with the app's manifest."


def refused(problems: Sequence[str]) -> str:
    """The configuration is not taken."""
    return (
        "*The changed configuration is not sound and was not taken: the one before it stays in force.* "
        f"It is read again as soon as it is mended.\n{shown(problems)}"
    )


def taken(size: str, differences: Sequence[str], *, was_refused: bool, wants_restart: bool) -> str:
    """The configuration is in force, and whom that puts on call."""
    head = "*The configuration is sound again and in force*" if was_refused else "*A changed configuration is in force*"
    return "\n".join([f"{head}: {size}.", *([RESTART] if wants_restart else []), shown(differences)])


def shown(lines: Sequence[str]) -> str:
    """As many whole lines as a message takes, and how many more there are."""
    found: list[str] = []
    for line in map(escape, lines):
        if sum(map(len, found)) + len(found) + len(line) > ROOM:
            return "\n".join([*found, f"… and {len(lines) - len(found)} more lines; `tocsin check` prints them all."])
        found.append(line)
    return "\n".join(found)
