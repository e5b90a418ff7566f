"""What a typed line may mean: the values that the grammar returns, and the place it is told about."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot.incidents.lifecycle import IncidentState
from bot.incidents.severity import Severity
from bot.incidents.tasks import ItemKind, ItemPriority


class MentionKind(StrEnum):
    SLACK_USER = "slack user"  # ref: U123
    SLACK_GROUP = "slack group"  # ref: S123
    PERSON = "person"  # ref: the id of a known person
    TEAM = "team"  # ref: the id of a known team
    ME = "me"


@dataclass(frozen=True)
class Mention:
    """Somebody who was named. `ref` is an id, in Slack or in our directory."""

    kind: MentionKind
    ref: str


@dataclass(frozen=True)
class Place:
    """Where something is typed, and what the words there may refer to. Ids are in lower case."""

    incident: int | None = None  # the incident whose channel this is
    mine: tuple[int, ...] = ()  # open incidents of the person who types
    open: frozenset[int] = frozenset()
    people: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    runbooks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Declare:
    """Declare an incident. `service_hint` is a known service that the title merely names."""

    title: str
    severity: Severity | None = None
    service: str | None = None
    people: tuple[Mention, ...] = ()
    private: bool = False
    service_hint: str | None = None
    unknown_service: str | None = None  # typed as service:…, but nobody knows it; it stays in the title


@dataclass(frozen=True)
class Act:
    """Do this now. `implied`: the incident was not named and not its channel, so the answer must say which it was."""

    incident: int | None
    verb: str
    argument: str = ""
    implied: bool = False
    severity: Severity | None = None
    state: IncidentState | None = None
    mentions: tuple[Mention, ...] = ()
    other: int | None = None  # the incident to merge into
    wait: timedelta | None = None  # how long to snooze
    due: str = ""  # by when, as typed
    priority: ItemPriority | None = None
    kind: ItemKind | None = None


@dataclass(frozen=True)
class OpenForm:
    """Open the form of a verb (`None`: declare), filled in as far as typed. Without an incident it asks for one."""

    verb: str | None = None
    incident: int | None = None
    text: str = ""
    severity: Severity | None = None


@dataclass(frozen=True)
class Look:
    """Answer in private: `help`, `list`, `find`. If it may have been meant as a title, `declare` is offered too."""

    verb: str
    argument: str = ""
    declare: Declare | None = None


@dataclass(frozen=True)
class Ask:
    """Do nothing yet: say why, and offer to declare or to do the other thing."""

    text: str
    declare: Declare
    instead: "Act | OpenForm | Look | Declare"


@dataclass(frozen=True)
class Unknown:
    """Do nothing: name the nearest verbs and help, and offer to declare it as typed."""

    word: str
    nearest: tuple[str, ...]
    declare: Declare
    incident: int | None = None  # where a number or the channel said so


Intent = Declare | Act | OpenForm | Look | Ask | Unknown
