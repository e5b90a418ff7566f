"""What a postmortem consists of: values that the rules fill in and templates read, every claim with where it is to be seen."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.incidents.lifecycle import IncidentState
from bot.incidents.severity import Severity
from bot.postmortems.lines import TimelineLine


@dataclass(frozen=True)
class Facts:
    """The incident as it stands. Names are display names, `reason` the rule and values of the severity."""

    number: int
    title: str
    state: IncidentState
    severity: Severity
    reason: str
    declared_by: str
    declared_at: datetime
    service: str | None = None
    is_confirmed: bool = True
    is_private: bool = False
    is_drill: bool = False
    reopened_at: datetime | None = None
    by_alert: bool = False
    """An alert declared it, and no person."""
    answer_within: timedelta | None = None
    """How soon a page of its severity is to be answered."""


@dataclass(frozen=True)
class Responder:
    name: str
    roles: tuple[str, ...] = ()
    since: datetime | None = None


@dataclass(frozen=True)
class Attempt:
    """Somebody was paged one way. `outcome` in a word or two; `remark` what whoever reads it must know besides."""

    person: str
    method: str
    at: datetime
    why: str
    outcome: str = ""
    remark: str = ""


@dataclass(frozen=True)
class ActionItem:
    text: str
    owner: str | None = None
    due: str | None = None
    is_done: bool = False
    priority: str | None = None
    kind: str | None = None


@dataclass(frozen=True)
class Source:
    """Where something is to be seen: a moment of the timeline, or what `label` names, at `url`."""

    url: str
    at: datetime | None = None
    label: str = ""


@dataclass(frozen=True)
class Sentence:
    """A sentence of ours, and where it has it from; without a source it is marked as a mere claim. `at`: when it happened."""

    text: str
    sources: tuple[Source, ...] = ()
    at: datetime | None = None


@dataclass(frozen=True)
class MilestoneLine:
    what: str
    at: datetime
    remark: str = ""
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class DurationLine:
    name: str
    meaning: str
    text: str  # "2 h 06 min", "51 h 00 min (2 d 3 h 00 min)", or "not known"


@dataclass(frozen=True)
class ImpactLine:
    """One measure of the harm. What is not known of it has `how` to say it, and why it could not be measured."""

    name: str
    sentences: tuple[Sentence, ...] = ()
    how: str = ""
    trouble: str = ""


@dataclass(frozen=True)
class UpdateLine:
    """A status update, and what became of the promise in it."""

    line: TimelineLine
    sources: tuple[Source, ...]
    promise: str = ""


@dataclass(frozen=True)
class PersonLine:
    """Somebody, their parts, since when, and how they were paged."""

    name: str
    parts: tuple[str, ...] = ()
    since: datetime | None = None
    paged: str = ""
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True)
class WordingLine:
    """Words that look for who instead of what, where they stand, and what to think of in their place."""

    where: str
    words: str
    instead: str


@dataclass(frozen=True)
class Lessons:
    """Facts that speak for what went well, what did not, and where it was luck. People write what follows from them."""

    well: tuple[Sentence, ...] = ()
    badly: tuple[Sentence, ...] = ()
    lucky: tuple[Sentence, ...] = ()


@dataclass(frozen=True)
class Document:
    """Everything that a template needs, in the order in which it is read."""

    number: int
    title: str
    is_private: bool
    is_drill: bool
    state: IncidentState
    severity: Severity
    reason: str
    service: str | None
    summary: tuple[Sentence, ...]
    impact: tuple[ImpactLine, ...]
    milestones: tuple[MilestoneLine, ...]
    durations: tuple[DurationLine, ...]
    story: tuple[Sentence, ...]
    causes: tuple[Sentence, ...]
    changes: tuple[Sentence, ...]
    detection: tuple[Sentence, ...]
    response: tuple[Sentence, ...]
    mitigation: tuple[Sentence, ...]
    lessons: Lessons
    action_items: tuple[ActionItem, ...]
    updates: tuple[UpdateLine, ...]
    told: tuple[Sentence, ...]
    people: tuple[PersonLine, ...]
    timeline: tuple[TimelineLine, ...]
    notes: tuple[str, ...]  # what the document leaves out, and why
    wording: tuple[WordingLine, ...] = ()
