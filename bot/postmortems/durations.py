"""The milestones and the times between them, in words."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.incidents.lifecycle import Durations, Milestone, MilestoneKind, humane
from bot.postmortems.citing import Record, cite
from bot.postmortems.document import DurationLine, MilestoneLine
from bot.postmortems.lines import TOLD_LATE

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
EVIDENCE: Mapping[MilestoneKind, tuple[str, ...]] = MappingProxyType(
    {
        MilestoneKind.IMPACT_STARTED: ("impact", "declared"),
        MilestoneKind.DETECTED: ("declared",),
        MilestoneKind.DECLARED: ("declared",),
        MilestoneKind.PAGED: ("paged",),
        MilestoneKind.ACKNOWLEDGED: ("acknowledged",),
        MilestoneKind.MITIGATED: ("mitigated",),
        MilestoneKind.RESOLVED: ("resolved",),
    }
)
"""The kinds of entries that are written together with a milestone."""


def milestone_lines(milestones: Iterable[Milestone], record: Record) -> tuple[MilestoneLine, ...]:
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
        sources = cite(record.at(stone.recorded_at, *EVIDENCE[stone.kind]))
        lines.setdefault((stone.kind, stone.happened_at), MilestoneLine(WORDS[stone.kind], stone.happened_at, remark, sources))
    return tuple(lines.values())


def duration_lines(times: Durations) -> tuple[DurationLine, ...]:
    """The four times, or that they are not known."""
    spans = (times.mttd, times.mtta, times.mttm, times.mttr)
    return tuple(
        DurationLine(name, meaning, "not known" if span is None else long(span))
        for (name, meaning), span in zip(MEANINGS.items(), spans, strict=True)
    )


def long(span: timedelta) -> str:
    """A duration in hours and minutes, however many hours they are: `51 h 00 min (2 d 3 h 00 min)`."""
    if span < timedelta(days=1):
        return humane(span)
    minutes = span // timedelta(minutes=1)
    return f"{minutes // 60} h {minutes % 60:02} min ({humane(span)})"
