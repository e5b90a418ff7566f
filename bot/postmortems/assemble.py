"""From what happened to a postmortem: facts, milestones, timeline and messages in, one document out.

Texts in the document are as people wrote them; whoever renders them makes them inert first (`inert.py`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bot.incidents import impact as harm
from bot.incidents.accounts import Account
from bot.incidents.lifecycle import Durations, Milestone, MilestoneKind, durations
from bot.postmortems.blameless import look
from bot.postmortems.citing import MILESTONES, Record, cite, sentence
from bot.postmortems.document import ActionItem, Attempt, Document, Facts, ImpactLine, Responder, Sentence, Source, WordingLine
from bot.postmortems.durations import duration_lines, long, milestone_lines
from bot.postmortems.impact import Measure, impact_lines
from bot.postmortems.lessons import lessons
from bot.postmortems.lines import Entry, TimelineLine, anchored, left_out, told
from bot.postmortems.response import detection, people, response
from bot.postmortems.selection import Message
from bot.postmortems.signals import Signal
from bot.postmortems.story import quoted, story
from bot.postmortems.updates import told_outside, update_lines

WRITTEN = frozenset({"note", "update", "mitigated", "resolved", "cancelled", "reopened"})
"""Kinds of entries whose text is a person's own words."""
CHANGES = 10
CAUSES = 5
"""So many of the things that people said of the cause are shown to whoever writes about it."""


def assemble(
    facts: Facts,
    milestones: Iterable[Milestone],
    entries: Iterable[Entry],
    messages: Iterable[Message] = (),
    responders: Iterable[Responder] = (),
    action_items: Iterable[ActionItem] = (),
    *,
    attempts: Sequence[Attempt] = (),
    alerts: Sequence[Account] = (),
    changes: Sequence[Account] = (),
    runs: Sequence[Account] = (),
    measures: Sequence[Measure] = (),
) -> Document:
    """Write the document down. The same facts give the same document, in whatever order they are handed in."""
    stones, written, said = tuple(milestones), anchored(entries), tuple(messages)
    responders, action_items = tuple(responders), tuple(action_items)
    times, record = durations(stones, facts.reopened_at), Record(written)
    timeline = told(written, said)
    impact = impact_lines(facts, times, stones, record, measures)
    alerts, runs = sorted(alerts), sorted(runs)
    attempts = sorted(attempts, key=lambda one: (one.at, one.person, one.method))
    return Document(
        number=facts.number,
        title=facts.title,
        is_private=facts.is_private,
        is_drill=facts.is_drill,
        state=facts.state,
        severity=facts.severity,
        reason=facts.reason + ("" if facts.is_confirmed else " (never confirmed)"),
        service=facts.service,
        summary=summary(facts, times, stones, record, impact),
        impact=impact,
        milestones=milestone_lines(stones, record),
        durations=duration_lines(times),
        story=story(record, timeline),
        causes=tuple(causes(timeline)),
        changes=tuple(changed(changes)),
        detection=detection(facts, times, record, alerts),
        response=response(times, record, attempts),
        mitigation=tuple(mitigation(record, runs)),
        lessons=lessons(facts, times, record, alerts, runs),
        action_items=tuple(sorted(action_items, key=lambda item: item.is_done)),
        updates=update_lines(record),
        told=told_outside(record),
        people=people(responders, attempts, record),
        timeline=timeline,
        notes=left_out(said, timeline),
        wording=tuple(wording(facts, timeline, action_items, [person.name for person in responders])),
    )


def summary(
    facts: Facts, times: Durations, milestones: Sequence[Milestone], record: Record, impact: Sequence[ImpactLine]
) -> tuple[Sentence, ...]:
    """A paragraph that is true as it stands and that a person will rewrite; each sentence says where that stands."""
    about = f" in {facts.service}" if facts.service else ""
    declared = cite(record.first("declared"))
    start = "impact began" if any(one.kind is MilestoneKind.IMPACT_STARTED for one in milestones) else "it was found"
    sentences = [
        Sentence(sentence(f"SEV{facts.severity}{about}: {facts.title}"), cite(record.last("severity", "declared"))),
        Sentence(f"{'An alert' if facts.by_alert else facts.declared_by} told of it.", declared),
    ]
    sentences += [replace(one, text=sentence(f"{line.name}: {one.text}")) for line in impact[1:] for one in line.sentences]
    if times.mttm is not None and times.mttm != times.mttr:
        sentences.append(Sentence(f"The harm had stopped {long(times.mttm)} after {start}.", (MILESTONES,)))
    if times.mttr is not None:
        sentences.append(Sentence(f"It was over {long(times.mttr)} after {start}.", (MILESTONES,)))
    if facts.reopened_at is not None:
        sentences.append(Sentence("It was reopened in between.", cite(record.last("reopened"))))
    for kind, what in (("mitigated", "What stopped the harm"), ("resolved", "What resolved it")):
        ending = record.last(kind)
        if ending is not None and ending.text.strip() not in {"", kind}:
            sentences.append(Sentence(sentence(f"{what}: {ending.text}"), cite(ending)))
    return tuple(sentences)


def causes(timeline: Iterable[TimelineLine]) -> Iterator[Sentence]:
    """What people said of the cause: the weightiest, in the order in which it was said."""
    found = [line for line in timeline if Signal.CAUSE.value in line.reasons and line.url and line.what]
    yield from map(quoted, sorted(sorted(found, key=lambda line: -line.weight)[:CAUSES], key=lambda line: line.at))


def changed(changes: Sequence[Account]) -> Iterator[Sentence]:
    """What was changed around it: the last before it began, and while it lasted."""
    for change in sorted(changes)[-CHANGES:]:
        sources = (Source(change.url, label="change"),) if change.url else (Source("", label="as told by its pipeline"),)
        yield Sentence(sentence(change.text), sources, change.at)


def mitigation(record: Record, runs: Iterable[Account]) -> Iterator[Sentence]:
    """What was done against it, each run with what came of it, in the order in which it was done."""
    found = [Sentence(sentence(run.text), (Source(run.url, label="run"),) if run.url else (), run.at) for run in runs]
    for entry in record.of("mitigated"):
        words = "" if entry.text.strip() in {"", "mitigated"} else f": {entry.text}"
        found.append(Sentence(sentence(f"{entry.actor} said that the harm had stopped{words}"), cite(entry), entry.happened_at))
    yield from sorted(found, key=lambda one: (one.at is None, one.at))


def wording(facts: Facts, timeline: Iterable[TimelineLine], items: Iterable[ActionItem], people: Sequence[str]) -> Iterator[WordingLine]:
    """What people wrote for the document (not what they said on the way) and may want to write otherwise."""
    texts = [("title", facts.title)]
    texts += [(f"{line.kind} of {line.at:%Y-%m-%d %H:%M} UTC", line.what) for line in timeline if line.kind in WRITTEN | {harm.KIND}]
    texts += [("action item", item.text) for item in items]
    for where, text in texts:
        yield from (WordingLine(where, found.words, found.instead) for found in look(text, people))
