"""What `/inc help` says: one line a verb, from the one table."""

from bot.incidents.verbs import SPELLINGS, TABLE

FIRST_LINES = (
    "*{root} sev1 checkout is down* declares at once. *{root}* alone opens a form.",
    "In an incident's channel the incident is implied; elsewhere name it: *{root} #42 update …*.",
)


def overview(root: str, wanted: str = "") -> str:
    """Every verb, or the one that was asked about."""
    one = SPELLINGS.get(wanted.strip().lower())
    if one is not None:
        also = f" (also {', '.join(one.aliases)})" if one.aliases else ""
        return f"`{root} {one.example}` — {one.does}{also}"
    lines = [f"`{root} {verb.example}` — {verb.does}" for verb in TABLE]
    return "\n".join([*(line.format(root=root) for line in FIRST_LINES), "", *lines])
