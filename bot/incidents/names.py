"""Names: of an incident in a line, and of its channel."""

import re
import unicodedata

from bot.incidents.models import Incident
from bot.slack.text import escape

LONGEST = 80
"""Slack's limit for a channel's name."""
DRILL = "DRILL"
"""What everything that a drill says begins with; its title does, too, so that no list can leave it out."""


def drill_title(title: str) -> str:
    """The title of a drill."""
    return f"{DRILL}: {title}"


def subject(incident: Incident) -> str:
    """What it is about: the title, for whoever says by themselves that it is a drill."""
    return incident.title.removeprefix(drill_title("")) if incident.is_drill else incident.title


def heading(incident: Incident) -> str:
    """`#42 SEV1 checkout is down`, in plain text; `DRILL #42 …` of a drill."""
    said = f"#{incident.number} SEV{incident.severity} {subject(incident)}"
    return f"{DRILL} {said}" if incident.is_drill else said


def headline(incident: Incident) -> str:
    """The same, made harmless where Slack reads markup."""
    return escape(heading(incident))


def channel_name(prefix: str, number: int, title: str, is_private: bool, attempt: int = 0) -> str:
    """`inc-42-checkout-is-down`; nothing of the title for a private incident; `-2`, `-3` … once a name was taken."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = "" if is_private else re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    suffix = f"-{attempt + 1}" if attempt else ""
    base = f"{prefix}-{number}-{words}".strip("-")
    return base[: min(LONGEST, 50) - len(suffix)].strip("-") + suffix
