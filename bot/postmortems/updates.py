"""Status updates and the promises in them: "next in 30 min" is kept when the next word comes by then."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import zip_longest

from bot.incidents.lifecycle import humane
from bot.incidents.promises import promised
from bot.postmortems.citing import Record, cite, sentence
from bot.postmortems.document import Sentence, UpdateLine
from bot.postmortems.lines import Entry, entry_line

GRACE = timedelta(minutes=1)
ENDS = ("resolved", "cancelled", "merged")
OUTSIDE = ("told", "notice")


def update_lines(record: Record) -> tuple[UpdateLine, ...]:
    """Every update, with what it promised and what came of that."""
    words = record.of("update", *ENDS)
    pairs = zip_longest(words, words[1:])
    return tuple(UpdateLine(entry_line(one), cite(one), _promise(one, following)) for one, following in pairs if one.kind == "update")


def _promise(entry: Entry, following: Entry | None) -> str:
    wait = promised(entry.text)
    if wait is None:
        return ""
    if following is None:
        return f"promised more within {humane(wait)}; nothing came"
    took = following.happened_at - entry.happened_at
    came = "it was over" if following.kind in ENDS else "it came"
    return f"promised more within {humane(wait)}; {came} after {humane(took)}" + ("" if took <= wait + GRACE else ", late")


def kept(record: Record) -> tuple[Sequence[Entry], Sequence[Entry]]:
    """The updates that kept an explicit promise, and those that broke one by coming late or not at all (the one that promised)."""
    words = record.of("update", *ENDS)
    good, bad = [], []
    for entry, following in zip_longest(words, words[1:]):
        wait = promised(entry.text) if entry.kind == "update" else None
        if wait is None:
            continue
        if following is not None and following.happened_at - entry.happened_at <= wait + GRACE:
            good.append(following)
        else:
            bad.append(entry)
    return good, bad


def told_outside(record: Record) -> tuple[Sentence, ...]:
    """Who else was told: executives, and customers by an approved notice."""
    said: Iterable[Entry] = record.of(*OUTSIDE)
    return tuple(Sentence(sentence(f"{entry.actor} {entry.text}"), cite(entry), entry.happened_at) for entry in said)
