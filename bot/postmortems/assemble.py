"""From what happened to a postmortem: facts, milestones, timeline and messages in, one document out.

Texts in the document are as people wrote them; whoever renders them makes them inert first (`inert.py`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.incidents.lifecycle import Durations, IncidentState, Milestone, MilestoneKind, durations, humane
from bot.incidents.severity import Severity
from bot.postmortems.blameless import look
from bot.postmortems.lines import TOLD_LATE, Entry, TimelineLine, left_out, told
from bot.postmortems.selection import Message


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


@dataclass(frozen=True)
class Responder:
    name: str
    roles: tuple[str, ...] = ()
    since: datetime | None = None


@dataclass(frozen=True)
class ActionItem:
    text: str
    owner: str | None = None
    due: str | None = None
    is_done: bool = False
    priority: str | None = None
    kind: str | None = None


@dataclass(frozen=True)
class MilestoneLine:
    what: str
    at: datetime
    remark: str = ""


@dataclass(frozen=True)
class DurationLine:
    name: str
    meaning: str
    text: str  # "2 h 06 min", "51 h 00 min (2 d 3 h 00 min)", or "not known"


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
    summary: tuple["Sentence", ...]
    milestones: tuple[MilestoneLine, ...]
    durations: tuple[DurationLine, ...]
    responders: tuple[Responder, ...]
    timeline: tuple[TimelineLine, ...]
    updates: tuple[TimelineLine, ...]
    action_items: tuple[ActionItem, ...]
    notes: tuple[str, ...]  # what the document leaves out, and why
    wording: tuple["WordingLine", ...] = ()


@dataclass(frozen=True)
class Sentence:
    """A sentence of ours, where it has it from, and the address of that; a claim without a source is marked as one."""

    text: str
    source: str = ""
    url: str | None = None


@dataclass(frozen=True)
class WordingLine:
    """Words that look for who instead of what, where they stand, and what to think of in their place."""

    where: str
    words: str
    instead: str


WRITTEN = frozenset({"note", "update", "mitigated", "resolved", "cancelled", "reopened"})
"""Kinds of entries whose text is a person's own words."""
MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "Time to detect": "from the start of impact to detection",
        "Time to acknowledge": "from the first page to the first answer",
        "Time to mitigate": "from the start of impact to mitigation",
        "Time to resolve": "from the start of impact to the last resolve",
    }
)
WORDS: Mapping[MilestoneKind, str] = MappingProxyType(
    {
        MilestoneKind.IMPACT_STARTED: "impact started",
        MilestoneKind.DETECTED: "detected",
        MilestoneKind.DECLARED: "declared",
        MilestoneKind.PAGED: "first page",
        MilestoneKind.ACKNOWLEDGED: "acknowledged",
        MilestoneKind.MITIGATED: "mitigated",
        MilestoneKind.RESOLVED: "resolved",
    }
)


def assemble(
    facts: Facts,
    milestones: Iterable[Milestone],
    entries: Iterable[Entry],
    messages: Iterable[Message] = (),
    responders: Iterable[Responder] = (),
    action_items: Iterable[ActionItem] = (),
) -> Document:
    """Write the document down. The same facts give the same document, in whatever order they are handed in."""
    stones, written, said = tuple(milestones), tuple(entries), tuple(messages)
    responders, action_items = tuple(responders), tuple(action_items)
    times = durations(stones, facts.reopened_at)
    timeline = told(written, said)
    return Document(
        number=facts.number,
        title=facts.title,
        is_private=facts.is_private,
        is_drill=facts.is_drill,
        state=facts.state,
        severity=facts.severity,
        reason=facts.reason + ("" if facts.is_confirmed else " (never confirmed)"),
        service=facts.service,
        summary=summary(facts, times, written),
        milestones=milestone_lines(stones),
        durations=duration_lines(times),
        responders=tuple(sorted(responders, key=lambda one: (one.since is None, one.since or facts.declared_at, one.name))),
        timeline=timeline,
        updates=tuple(line for line in timeline if line.kind == "update"),
        action_items=tuple(sorted(action_items, key=lambda item: item.is_done)),
        notes=left_out(said, timeline),
        wording=tuple(wording(facts, timeline, tuple(action_items), [person.name for person in responders])),
    )


def wording(facts: Facts, timeline: Iterable[TimelineLine], items: Iterable[ActionItem], people: Sequence[str]) -> Iterator[WordingLine]:
    """What people wrote for the document (not what they said on the way) and may want to write otherwise."""
    texts = [("title", facts.title)]
    texts += [(f"{line.kind} of {line.at:%Y-%m-%d %H:%M} UTC", line.what) for line in timeline if line.kind in WRITTEN]
    texts += [("action item", item.text) for item in items]
    for where, text in texts:
        yield from (WordingLine(where, found.words, found.instead) for found in look(text, people))


def milestone_lines(milestones: Iterable[Milestone]) -> tuple[MilestoneLine, ...]:
    """The milestones in the order they happened, each said once; of the pages only the first."""
    lines: dict[tuple[MilestoneKind, datetime], MilestoneLine] = {}
    first_only = {MilestoneKind.PAGED, MilestoneKind.ACKNOWLEDGED, MilestoneKind.DECLARED}
    seen = set[MilestoneKind]()
    for stone in sorted(milestones, key=lambda one: (one.happened_at, list(MilestoneKind).index(one.kind), one.recorded_at)):
        if stone.kind in first_only and stone.kind in seen:
            continue
        seen.add(stone.kind)
        late = stone.recorded_at - stone.happened_at
        remark = f"recorded {humane(late)} later" if late > TOLD_LATE else ""
        lines.setdefault((stone.kind, stone.happened_at), MilestoneLine(WORDS[stone.kind], stone.happened_at, remark))
    return tuple(lines.values())


def duration_lines(times: Durations) -> tuple[DurationLine, ...]:
    spans = (times.mttd, times.mtta, times.mttm, times.mttr)
    return tuple(
        DurationLine(name, meaning, "not known" if span is None else long(span))
        for (name, meaning), span in zip(MEANINGS.items(), spans, strict=True)
    )


def summary(facts: Facts, times: Durations, entries: Iterable[Entry]) -> tuple[Sentence, ...]:
    """A paragraph that is true as it stands and that a person will rewrite; each sentence says where that stands."""
    written = tuple(entries)
    about = f" in {facts.service}" if facts.service else ""
    sentences = [
        Sentence(f"SEV{facts.severity}{about}: {facts.title}.", *cited(written, "severity", "declared")),
        Sentence(f"Declared by {facts.declared_by} at {facts.declared_at:%Y-%m-%d %H:%M} UTC.", *cited(written, "declared")),
    ]
    if times.mttm is not None:
        sentences.append(Sentence(f"Mitigated after {long(times.mttm)}.", "milestones"))
    if times.mttr is not None:
        sentences.append(Sentence(f"Resolved after {long(times.mttr)}.", "milestones"))
    if facts.reopened_at is not None:
        sentences.append(Sentence(f"It was reopened at {facts.reopened_at:%Y-%m-%d %H:%M} UTC.", *cited(written, "reopened")))
    ending = last_of(written, "resolved")
    if ending is not None and ending.text.strip() not in {"", "resolved"}:
        sentences.append(Sentence(f"What resolved it: {ending.text.strip()}", *cited(written, "resolved")))
    return tuple(sentences)


def cited(entries: Iterable[Entry], *kinds: str) -> tuple[str, str | None]:
    """Where a sentence has it from: the last entry of these kinds, and the address of its evidence; "" when there is none."""
    entry = last_of(entries, *kinds)
    return (f"timeline, {entry.happened_at:%Y-%m-%d %H:%M:%S} UTC", entry.url) if entry else ("", None)


def last_of(entries: Iterable[Entry], *kinds: str) -> Entry | None:
    """The last entry of one of these kinds."""
    return max((one for one in entries if one.kind in kinds), key=lambda one: (one.happened_at, one.recorded_at), default=None)


def long(span: timedelta) -> str:
    """A duration in hours and minutes, however many hours they are: `51 h 00 min (2 d 3 h 00 min)`."""
    if span < timedelta(days=1):
        return humane(span)
    minutes = span // timedelta(minutes=1)
    return f"{minutes // 60} h {minutes % 60:02} min ({humane(span)})"
