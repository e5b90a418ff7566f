"""What somebody says when they declare an incident, and what becomes of it."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.db import ActorId
from bot.incidents.intents import Declare, MentionKind
from bot.incidents.models import Incident
from bot.incidents.severity import Observation, Severity
from bot.slack.text import TURNING, plain

TITLE_LENGTH = 250
"""A title must fit a card's header, a channel's topic and a page; what is longer goes to the timeline."""


@dataclass(frozen=True)
class Declaration:
    """An incident as it was declared. Only the title is needed."""

    title: str
    severity: Severity | None = None
    service: str | None = None
    team: str | None = None
    is_private: bool = False
    is_drill: bool = False
    """A game day: nobody but those on call is paged, and nothing is joined to it."""
    origin: str = "slack"
    observation: Observation = field(default_factory=Observation)
    reply_to: str | None = None
    people: tuple[ActorId, ...] = ()
    """Who was named with it: they take part from the start."""
    separate: bool = False
    """Declare even though there is a young incident about the same thing."""
    started_at: datetime | None = None
    """When the impact began, if a measurement says so."""


@dataclass(frozen=True)
class Declared:
    """The incident that stands, and whether it is new; it is not when the same thing was declared moments ago."""

    incident: Incident
    is_new: bool


def shortened(title: str) -> tuple[str, str | None]:
    """The title on one line within its length, and the whole text where something was left out."""
    line = " ".join(title.translate(TURNING).split())
    if len(line) <= TITLE_LENGTH:
        return line, None
    return line[: TITLE_LENGTH - 1].rstrip() + "…", title


def declaration_of(
    intent: Declare, *, origin: str, reply_to: str | None = None, people: tuple[ActorId, ...] = (), separate: bool = False
) -> Declaration:
    """A parsed line as a declaration, its text plain. `people` are those it names, as actors."""
    return Declaration(
        title=plain(intent.title),
        severity=intent.severity,
        service=intent.service or intent.service_hint,
        team=next((who.ref for who in intent.people if who.kind is MentionKind.TEAM), None),
        is_private=intent.private,
        origin=origin,
        reply_to=reply_to,
        people=people,
        separate=separate,
    )
