"""The verbs of the root command: one table that every surface (slash command, button, message action, mention, help) is held to."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class Argument(Enum):
    """What follows a verb. A verb that misses what it needs opens a form."""

    NONE = "none"  # acts alone
    OPTIONAL = "optional"  # acts alone, takes more
    TEXT = "text"  # any words
    TASK = "task"  # any words, with a person and a day at their end
    SEVERITY = "severity"
    STATE = "state"
    PERSON = "person"
    TARGET = "target"  # a person or team, then any words
    INCIDENT = "incident"
    DURATION = "duration"
    RUNBOOK = "runbook"  # a name, then name=value pairs
    NAME = "name"  # one word
    DOCUMENT = "document"  # acts alone; what to do with it, then people or any words


class Surface(Enum):
    """Where a verb can be used."""

    COMMAND = "slash command"
    MENTION = "mention"  # also in threads, where slash commands do not work
    CARD = "button of the card"
    ANSWER = "button under an answer"
    FORM = "form"
    MESSAGE = "message shortcut"
    SHORTCUT = "global shortcut"
    PHONE = "phone"  # SMS, keypad, or the page's own view
    TERMINAL = "command line"


TYPED = frozenset({Surface.COMMAND, Surface.MENTION})
WRITTEN = TYPED | {Surface.FORM}


NEXT = "next"
"""`page next`: whoever could help next, in place of a person or team."""


@dataclass(frozen=True)
class Verb:
    """One thing that can be done. `does` is the line that help prints, `example` what follows the root command there."""

    name: str
    argument: Argument
    does: str
    example: str
    aliases: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()  # the words an OPTIONAL argument may consist of where it must parse in full
    needs_incident: bool = True
    surfaces: frozenset[Surface] = TYPED

    @property
    def is_free_text(self) -> bool:
        """Whether its argument is any words at all, so that outside the channel it needs the incident's number."""
        return self.argument in (Argument.TEXT, Argument.TASK)

    @property
    def makes_incident(self) -> bool:
        """Whether it makes an incident out of what follows, so that it can be typed anywhere."""
        return self.name in {"convert", "drill"}

    @property
    def acts_alone(self) -> bool:
        """Whether the verb without an argument acts at once rather than opening a form."""
        return self.argument in {Argument.NONE, Argument.OPTIONAL, Argument.DOCUMENT}


TABLE = (
    Verb(
        "new",
        Argument.TEXT,
        "declare an incident",
        "new checkout is down",
        ("declare",),
        needs_incident=False,
        surfaces=WRITTEN | {Surface.SHORTCUT, Surface.MESSAGE, Surface.ANSWER, Surface.PHONE, Surface.TERMINAL},
    ),
    Verb(
        "sev",
        Argument.SEVERITY,
        "change the severity, with the reason",
        "sev 2 only EU affected",
        ("severity",),
        surfaces=WRITTEN | {Surface.CARD},
    ),
    Verb("lead", Argument.PERSON, "make somebody commander", "lead @bea", ("commander",), surfaces=WRITTEN | {Surface.CARD}),
    Verb("comms", Argument.PERSON, "make somebody responsible for communication", "comms @kim", surfaces=WRITTEN),
    Verb("scribe", Argument.PERSON, "make somebody scribe", "scribe @lee", surfaces=WRITTEN),
    Verb("join", Argument.NONE, "become a responder", "join", surfaces=TYPED | {Surface.ANSWER, Surface.CARD}),
    Verb("leave", Argument.NONE, "stop being a responder", "leave", surfaces=TYPED),
    Verb("status", Argument.STATE, "move to another state", "status monitoring", surfaces=WRITTEN),
    Verb(
        "update",
        Argument.TEXT,
        "tell the audiences where things stand",
        "update rollback done, watching next 30m",
        surfaces=WRITTEN | {Surface.CARD},
    ),
    Verb(
        "mitigated",
        Argument.TEXT,
        "the harm has stopped: stamp it and start monitoring",
        "mitigated traffic rerouted",
        ("mitigate",),
        surfaces=WRITTEN,
    ),
    Verb(
        "resolve",
        Argument.TEXT,
        "it is over (can be undone for 5 min)",
        "resolve config rolled back",
        ("resolved",),
        surfaces=WRITTEN | {Surface.CARD, Surface.PHONE},
    ),
    Verb("reopen", Argument.TEXT, "it is not over", "reopen errors are back", surfaces=WRITTEN),
    Verb("cancel", Argument.TEXT, "it was no incident (can be undone for 5 min)", "cancel it was a test", surfaces=WRITTEN),
    Verb("merge", Argument.INCIDENT, "it is the same as another incident", "merge #41", surfaces=WRITTEN),
    Verb(
        "page",
        Argument.TARGET,
        "page a person or team now; `page next`: the next three who could help",
        "page @payments db failover needs you",
        surfaces=WRITTEN | {Surface.CARD},
    ),
    Verb("escalate", Argument.NONE, "page the next step now", "escalate", surfaces=TYPED | {Surface.CARD, Surface.PHONE}),
    Verb("ack", Argument.NONE, "take the page", "ack", ("acknowledge",), surfaces=TYPED | {Surface.CARD, Surface.PHONE}),
    Verb("unack", Argument.NONE, "give the page back", "unack", surfaces=TYPED),
    Verb("snooze", Argument.DURATION, "be paged again later", "snooze 30m", surfaces=WRITTEN | {Surface.PHONE}),
    Verb("accept", Argument.NONE, "take an incident out of triage", "accept", surfaces=TYPED),
    Verb("decline", Argument.TEXT, "close an incident in triage, with the reason", "decline duplicate of 41", surfaces=WRITTEN),
    Verb("note", Argument.TEXT, "add to the timeline", "note failover started at 09:12", surfaces=WRITTEN | {Surface.MESSAGE}),
    Verb(
        "impact",
        Argument.TEXT,
        "say what harm it did, for the postmortem: since when, users, requests, budget, support",
        "impact users 4,000 in EU",
        surfaces=WRITTEN,
    ),
    Verb(
        "task",
        Argument.TASK,
        "add an action item; `task list`, `task done 7`, `task 7 @bo mon p1`, `task overdue`",
        "task add canary alarm @kim fri p1 detect",
        ("tasks",),
        surfaces=WRITTEN | {Surface.ANSWER},
    ),
    Verb("run", Argument.RUNBOOK, "run a runbook action", "run rollback service=checkout to=v41", surfaces=WRITTEN),
    Verb(
        "rules",
        Argument.OPTIONAL,
        "rules that run runbooks with nobody asking; `rules pause` stops them all, `rules resume`, `rules off` and `on` one",
        "rules pause we mend it by hand",
        words=frozenset({"pause", "resume", "off", "on"}),
        needs_incident=False,
        surfaces=TYPED,
    ),
    Verb("timeline", Argument.NONE, "what happened so far", "timeline", surfaces=TYPED),
    Verb("catchup", Argument.NONE, "where things stand, for one who just woke up", "catchup", ("catch-up",), surfaces=TYPED),
    Verb("similar", Argument.NONE, "past incidents like this one", "similar", surfaces=TYPED),
    Verb("changes", Argument.NONE, "deploys, flags and the like, shortly before it and since", "changes", surfaces=TYPED),
    Verb(
        "find",
        Argument.TEXT,
        "search incidents and postmortems; `sev2`, `service:`, `team:`, `tag:`, `is:open`, `since:` narrow it down",
        "find redis failover",
        needs_incident=False,
        surfaces=TYPED,
    ),
    Verb(
        "report",
        Argument.OPTIONAL,
        "what the incidents of a quarter teach; `report 2026q3`, `report payments`",
        "report last",
        needs_incident=False,
        surfaces=TYPED,
    ),
    Verb(
        "list",
        Argument.OPTIONAL,
        "open incidents",
        "list",
        words=frozenset({"open", "mine", "all", "closed", "resolved", "triage", "sev1", "sev2", "sev3", "sev4"}),
        needs_incident=False,
        surfaces=TYPED,
    ),
    Verb(
        "handoff",
        Argument.TARGET,
        "offer the command to somebody, with what they should know; you lead until they say so",
        "handoff @bea replica still lags, update owed at ten",
        ("handover",),
        surfaces=WRITTEN,
    ),
    Verb(
        "postmortem",
        Argument.DOCUMENT,
        "where the postmortem is; `… owner @kim`, `review @ana @bo`, `approve`, `changes why`, `publish`, `edit`, `history`, `tag`",
        "postmortem review @ana @bo",
        ("post-mortem",),
        words=frozenset({"draft", "open", "show", "approve", "publish", "edit", "facts", "history", "versions", "meeting", "tags"}),
        surfaces=TYPED,
    ),
    Verb(
        "private",
        Argument.TEXT,
        "restrict an incident to those invited: asks first, since there is no way back",
        "private customer data in a log",
        surfaces=WRITTEN | {Surface.ANSWER},
    ),
    Verb(
        "convert",
        Argument.TEXT,
        "make this channel the incident's: what was said today is part of it",
        "convert checkout is down",
        needs_incident=False,
        surfaces=WRITTEN,
    ),
    Verb(
        "drill",
        Argument.NAME,
        "practise: whoever is on call is paged, and nobody else hears of it",
        "drill checkout-outage",
        needs_incident=False,
        surfaces=WRITTEN,
    ),
    Verb("help", Argument.OPTIONAL, "say what can be typed", "help resolve", needs_incident=False, surfaces=TYPED),
)

VERBS: Mapping[str, Verb] = MappingProxyType({verb.name: verb for verb in TABLE})
SPELLINGS: Mapping[str, Verb] = MappingProxyType({spelling: verb for verb in TABLE for spelling in (verb.name, *verb.aliases)})


def nearest_verbs(word: str) -> tuple[str, ...]:
    """The verbs that somebody who typed `word` may have meant, nearest first; empty if it looks like none.

    Two letters may be wrong in a verb of six or more, one in a shorter one: two of three letters wrong is another word
    ("api" is no "ack").
    """
    if len(word) > 20:
        return ()
    found: dict[str, int] = {}
    for spelling, verb in SPELLINGS.items():
        distance = letters_apart(word, spelling)
        if distance <= (2 if len(spelling) >= 6 else 1):
            found[verb.name] = min(distance, found.get(verb.name, distance))
    return tuple(sorted(found, key=lambda name: (found[name], name)))


def letters_apart(one: str, other: str) -> int:
    """How many letters are missing, added, wrong or swapped with their neighbour."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        row = [i]
        for j, b in enumerate(other, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
