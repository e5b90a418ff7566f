"""The harm: what people said of it, what was measured, and what nobody knows yet, with how to say it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.incidents.impact import EXAMPLES, KIND, SINCE, Aspect, said
from bot.incidents.lifecycle import Durations, Milestone, MilestoneKind
from bot.postmortems.citing import MILESTONES, Record, cite
from bot.postmortems.document import Facts, ImpactLine, Sentence, Source
from bot.postmortems.durations import long

NAMES: Mapping[Aspect, str] = MappingProxyType(
    {
        Aspect.USERS: "Users affected",
        Aspect.REQUESTS: "Requests failed",
        Aspect.BUDGET: "Error budget spent",
        Aspect.SUPPORT: "Support",
    }
)


@dataclass(frozen=True)
class Measure:
    """What a query found, and where it can be asked again; `trouble` why it found nothing."""

    aspect: Aspect
    text: str = ""
    url: str = ""
    trouble: str = ""


def impact_lines(
    facts: Facts, times: Durations, milestones: Iterable[Milestone], record: Record, measures: Iterable[Measure]
) -> tuple[ImpactLine, ...]:
    """How long, then one line for each measure of the harm."""
    by_aspect = {measure.aspect: measure for measure in measures}
    return (_duration(facts, times, milestones), *(_line(facts, record, aspect, by_aspect.get(aspect)) for aspect in Aspect))


def _duration(facts: Facts, times: Durations, milestones: Iterable[Milestone]) -> ImpactLine:
    if times.mttr is None:
        return ImpactLine("Duration", (), _how(facts, SINCE))
    if any(stone.kind is MilestoneKind.IMPACT_STARTED for stone in milestones):
        return ImpactLine("Duration", (Sentence(f"{long(times.mttr)}, from its start to the last resolve", (MILESTONES,)),))
    known = Sentence(f"at least {long(times.mttr)}, for nobody has said when it began", (MILESTONES,))
    return ImpactLine("Duration", (known,), _how(facts, SINCE))


def _line(facts: Facts, record: Record, aspect: Aspect, measure: Measure | None) -> ImpactLine:
    """What was said last, with who said it, and what was measured."""
    sentences = []
    for entry in reversed(record.of(KIND)):
        found = said(entry.text)
        if found is not None and found[0] is aspect:
            sentences.append(Sentence(f"{found[1]}, says {entry.actor}", cite(entry)))
            break
    if measure is not None and measure.text:
        sentences.append(Sentence(f"{measure.text}, as measured", (Source(measure.url, label="query"),)))
    trouble = measure.trouble if measure is not None else ""
    return ImpactLine(NAMES[aspect], tuple(sentences), "" if sentences else _how(facts, aspect), trouble)


def _how(facts: Facts, what: str) -> str:
    return f"/inc #{facts.number} impact {EXAMPLES[what]}"
