"""The lines of the timeline: what was written down and what was said, in the order in which it happened.

Every line has a weight and the reasons for it. Of a channel that is long the weightiest messages are lines, and the others are folded:
counted, with a link to where they begin. No time is changed: what was said at noon about "a few hours ago" stands at noon.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.incidents.lifecycle import humane
from bot.postmortems.selection import Message, Weighed, select

TOLD_LATE = timedelta(minutes=5)  # later than this an entry says when it was recorded
WHOLE = 40
"""A channel of no more messages is read in a few minutes, and nothing of what people said in it is folded."""
NAMED = 4
"""Authors of folded messages who are named; the others are counted."""
FOLDED = "folded"
SHORT = ("is part of a short channel",)
"""Why a message is a line that no rule speaks for."""


@dataclass(frozen=True)
class Entry:
    """A timeline entry. `url` leads to the message that is its evidence; without one, `anchor` is what its own line is known by."""

    kind: str
    text: str
    actor: str
    happened_at: datetime
    recorded_at: datetime
    url: str | None = None
    anchor: str = ""

    @property
    def address(self) -> str:
        """Where it is to be seen; "" when it has no place in a document yet."""
        return self.url or (f"#{self.anchor}" if self.anchor else "")


@dataclass(frozen=True)
class TimelineLine:
    """One line. A folded one stands for messages that weigh less, from `at` on. `url` is where its evidence is, or the line itself."""

    at: datetime
    who: str
    what: str
    kind: str
    url: str | None = None
    remarks: tuple[str, ...] = ()
    weight: int = 0
    reasons: tuple[str, ...] = ()


STATE, ANSWER, PERSON, REACHED, AROUND = (
    Weighed(10, ("changes how the incident stands",)),
    Weighed(8, ("is an answer to a page",)),
    Weighed(9, ("was written down by a person",)),
    Weighed(6, ("tells who was reached",)),
    Weighed(3, ("tells what else was done",)),
)
KINDS: Mapping[str, Weighed] = MappingProxyType(
    {
        **dict.fromkeys(("declared", "severity", "state", "mitigated", "resolved", "cancelled", "reopened", "undone", "run"), STATE),
        **dict.fromkeys(("acknowledged", "role", "snoozed"), ANSWER),
        **dict.fromkeys(("note", "update", "impact"), PERSON),
        **dict.fromkeys(("paged", "escalated", "exhausted", "nobody", "alert", "overdue", "told", "notice"), REACHED),
    }
)
"""What an entry weighs by its kind."""


def anchored(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries in the order they happened, each with something that a sentence can lead to."""
    taken = Counter[str]()
    found = []
    for entry in sorted(entries, key=lambda one: (one.happened_at, one.recorded_at, one.actor, one.kind, one.text, one.url or "")):
        anchor = f"t-{entry.happened_at:%m%d-%H%M%S}"
        taken[anchor] += 1
        number = f"-{taken[anchor]}" if taken[anchor] > 1 else ""
        found.append(replace(entry, anchor=f"{anchor}{number}"))
    return tuple(found)


def told(entries: Iterable[Entry], messages: Iterable[Message]) -> tuple[TimelineLine, ...]:
    """Everything in the order it happened; what happened at once, in the order it was recorded.

    A message that is an entry's evidence stands there once, as the entry.
    """
    written = tuple(entries)
    evidence = {entry.url for entry in written if entry.url}
    said = sorted(message for message in messages if message.url not in evidence)
    rows = [(entry.happened_at, entry.recorded_at, 0, entry_line(entry)) for entry in written]
    folded: list[Message] = []
    for message, weighed, is_kept in _judged(said):
        if is_kept:
            rows.append((message.happened_at, message.happened_at, 1, message_line(message, weighed)))
        elif not message.by_bot:
            folded.append(message)
    rows.sort(key=lambda row: (*row[:3], row[3].who, row[3].kind, row[3].what, row[3].url or ""))
    return tuple(_with_folds([row[3] for row in rows], folded))


def _judged(said: Sequence[Message]) -> Iterator[tuple[Message, Weighed, bool]]:
    """Each message, its weight, and whether it is a line of its own."""
    found = select(said)
    is_short = sum(not message.by_bot for message in said) <= WHOLE
    for place, message in enumerate(said):
        yield message, found.weighed[place], place in found.kept or (is_short and not message.by_bot)


def _with_folds(lines: Sequence[TimelineLine], folded: Sequence[Message]) -> Iterator[TimelineLine]:
    """The lines, and before each of them the fold of what was said since the one before."""
    place = 0
    for line in (*lines, None):
        first = place
        while place < len(folded) and (line is None or folded[place].at < line.at.timestamp()):
            place += 1
        if place > first:
            yield fold(folded[first:place])
        if line is not None:
            yield line


def fold(messages: Sequence[Message]) -> TimelineLine:
    """One line for messages in a row."""
    authors = Counter(message.author for message in messages).most_common()
    authors.sort(key=lambda one: (-one[1], one[0]))
    names = [f"{author} {times}" if len(authors) > 1 else author for author, times in authors]
    others = [f"{len(names) - NAMED} others"] if len(names) > NAMED else []
    what = f"{counted(len(messages), 'more message')} ({', '.join([*names[:NAMED], *others])})"
    return TimelineLine(messages[0].happened_at, "", what, FOLDED, messages[0].url)


def entry_line(entry: Entry) -> TimelineLine:
    """An entry as a line."""
    late = entry.recorded_at - entry.happened_at
    remarks = (f"recorded {humane(late)} later",) if late > TOLD_LATE else ()
    worth = KINDS.get(entry.kind, AROUND)
    address = entry.address or None
    return TimelineLine(entry.happened_at, entry.actor, entry.text, entry.kind, address, remarks, worth.weight, worth.reasons)


def message_line(message: Message, weighed: Weighed) -> TimelineLine:
    """A message as a line."""
    flags = (
        ("another app", message.by_bot),
        ("in a thread", message.thread != ""),
        ("pinned", message.is_pinned),
        ("edited", message.is_edited and not message.is_deleted),
    )
    remarks = [name for name, holds in flags if holds]
    if message.reacted and not message.is_deleted:
        remarks.append("reactions: " + " ".join(f":{name}:" for name in message.reacted))
    words = "(deleted)" if message.is_deleted else message.text
    return TimelineLine(
        message.happened_at, message.author, words, "message", message.url, tuple(remarks), weighed.weight, weighed.reasons or SHORT
    )


def left_out(messages: Iterable[Message], lines: Iterable[TimelineLine]) -> tuple[str, ...]:
    """Sentences about what the timeline does not hold."""
    said = tuple(messages)
    shown = {line.url for line in lines if line.kind == "message"}
    bots = sum(message.by_bot and message.url not in shown for message in said)
    deleted = sum(message.is_deleted and not message.by_bot for message in said)
    notes = []
    if bots:
        notes.append(f"{counted(bots, 'message')} of other apps {'is' if bots == 1 else 'are'} left out.")
    if deleted:
        notes.append(f"{counted(deleted, 'message')} {'was' if deleted == 1 else 'were'} deleted; the words are not repeated here.")
    return tuple(notes)


def counted(number: int, noun: str) -> str:
    """`1 message`, `2,000 messages`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
