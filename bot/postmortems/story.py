"""What happened, as a short story: how the incident changed, who took it up, what was done about it, and what people marked as telling.
Each sentence has its evidence."""

import re
from collections.abc import Iterator, Sequence

from bot.incidents.lifecycle import humane
from bot.postmortems.citing import Record, cite, sentence
from bot.postmortems.document import Sentence, Source
from bot.postmortems.lines import Entry, TimelineLine
from bot.postmortems.response import called
from bot.postmortems.selection import BY_A_PERSON

SAME_ACT = frozenset({"mitigated", "resolved", "cancelled", "merged"})
"""Kinds that say why the state changed, and are written together with that."""
CONSEQUENCES = re.compile(r"\. (?=Paging begins anew|Nobody is paged|SEV\d pages nobody)")
"""Where the entry of a severity goes on with what that started and stopped."""
LEADS = "leads the incident"
LONGEST_QUOTE = 300


FEW = 8
"""Where nothing was written down, so many of what people said stand for it."""


def story(record: Record, timeline: Sequence[TimelineLine]) -> tuple[Sentence, ...]:
    """The sentences, in the order things happened."""
    said = [line for line in timeline if line.kind == "message" and line.what]
    marked = [line for line in said if BY_A_PERSON in line.reasons]
    acts = list(_sentences(record))
    if len(acts) < 2 and not marked:
        marked = sorted(said, key=lambda line: -line.weight)[:FEW]
    return tuple(sorted([*acts, *map(quoted, marked)], key=_when))


def _when(one: Sentence) -> float:
    return one.at.timestamp() if one.at else 0.0


def quoted(line: TimelineLine) -> Sentence:
    """Somebody's own words, with the message they stand in."""
    words = line.what if len(line.what) <= LONGEST_QUOTE else f"{line.what[:LONGEST_QUOTE]}…"
    return Sentence(f"{line.who}: {words}", (Source(line.url or "", line.at),), line.at)


def _sentences(record: Record) -> Iterator[Sentence]:
    first_page, first_answer = record.first_page, record.first("acknowledged")
    leader = ""
    for entry in record.entries:
        match entry.kind:
            case "declared" | "reopened" | "undone" | "merged" | "cancelled" | "mitigated" | "resolved":
                yield _told(entry, _acted(entry))
            case "severity" if " → " in entry.text.split(":")[0]:
                yield _told(entry, f"{entry.actor} changed the {CONSEQUENCES.split(entry.text)[0]}")
            case "state" if not _is_explained(record, entry):
                before, _, after = entry.text.partition(" → ")
                yield _told(entry, f"{entry.actor} moved it from {before} to {after}")
            case "acknowledged" if entry is first_answer:
                took = f", {humane(entry.happened_at - first_page.happened_at)} after the first page" if first_page else ""
                yield Sentence(sentence(f"{entry.actor} answered{took}"), cite(first_page, entry), entry.happened_at)
            case "role" if entry.text.startswith(LEADS) and entry.actor != leader:
                leader = entry.actor
                yield _told(entry, f"{entry.actor} {entry.text}")
            case "escalated" | "exhausted":
                yield _told(entry, called(entry))
            case "run" | "linked":
                yield _told(entry, entry.text)


def _told(entry: Entry, text: str) -> Sentence:
    return Sentence(sentence(text), cite(entry), entry.happened_at)


def _acted(entry: Entry) -> str:
    """Who did what, with the words they gave."""
    words = entry.text.strip()
    match entry.kind:
        case "declared" | "undone" | "merged":
            return f"{entry.actor} {words}"
        case "mitigated":
            does = "said that the harm had stopped"
        case kind:
            does = f"{kind} it"
    return f"{entry.actor} {does}" + ("" if words in {"", entry.kind} else f": {words}")


def _is_explained(record: Record, state: Entry) -> bool:
    """Whether another sentence tells of the same act."""
    return any(one.kind in SAME_ACT and one.actor == state.actor and one.happened_at == state.happened_at for one in record.of(*SAME_ACT))
