"""Which messages of a channel belong on the timeline: every message has a weight and the reasons for it, and the weightiest are kept.

What a message says (`signals.py`) counts, and where it stands: marked by a person, an answer, the first word after a silence, the first
mention of what many speak of later. Of one moment the weightiest comes first, so that a storm of talk leaves room for quiet turns.
What is not kept is folded under what is, and not lost.
"""

import heapq
import re
from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from typing import NamedTuple

from bot.postmortems.signals import WORTH, Signal, signals

MARKED = 100
"""A person's mark decides: it outweighs every rule, and no budget leaves it out."""
BY_A_PERSON = "marked by a person"
SILENCE_S = 600.0
MOMENT_S = 120.0
"""Two messages within two minutes tell of one moment."""
NEW_MOMENT = 4
"""What it is worth to be the first that is kept of a moment."""
ANSWERED_WITHIN_S = 600.0
SHARE = 0.42
"""Of a channel's messages no more are kept by rules alone."""
MOST = 400
"""Nor more than anybody reads."""
LEAST = 1
"""What weighs less is folded even where there is room."""
OFTEN, VOICES = 3, 2
"""A word is what people speak of when so many messages of so many people have it."""

TELLING = frozenset({Signal.CAUSE, Signal.PROBLEM, Signal.ACTION, Signal.EVIDENCE})

_TERM = re.compile(r"[a-z][a-z0-9_-]{3,}")


class Message(NamedTuple):
    """A message of the channel as it stands now; what was deleted has no text. A tuple, since a channel may have ten thousand.

    `at` is in seconds since the epoch. `ts` is what a thread is known by, `thread` the message that this one answers in its thread;
    `reactors` counts people, `reacted` has the names of reactions.
    """

    at: float
    author: str
    text: str
    by_bot: bool = False
    is_marked: bool = False
    ts: str = ""
    thread: str = ""
    reactors: int = 0
    url: str = ""
    is_edited: bool = False
    is_deleted: bool = False
    is_pinned: bool = False
    reacted: tuple[str, ...] = ()

    @property
    def happened_at(self) -> datetime:
        """When it was said."""
        return datetime.fromtimestamp(self.at, UTC)


@dataclass(frozen=True)
class Weighed:
    """A message's weight, and why it has it: the weightiest reason first."""

    weight: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Selection:
    """What each message weighs, and which of them are kept, both in the order in which the messages were handed in."""

    weighed: tuple[Weighed, ...]
    kept: frozenset[int]


def select(messages: Sequence[Message]) -> Selection:
    """Weigh the messages, given in the order in which they were said, and keep the weightiest: at most `SHARE` of them by rules alone."""
    weighed = tuple(weigh(messages))
    return Selection(weighed, frozenset(_kept(messages, weighed)))


def weigh(messages: Sequence[Message]) -> Iterable[Weighed]:
    """Each message's weight, with the reasons for it."""
    said = [signals(message.text) for message in messages]
    around = _standing(messages, said)
    for place, message in enumerate(messages):
        points = around.get(place, [])
        if message.is_marked:
            points.append((MARKED, BY_A_PERSON))
        if message.reactors:
            points.append((min(message.reactors, 3), "people reacted"))
        yield _weighed(said[place], tuple(points))


@cache
def _weighed(said: frozenset[Signal], standing: tuple[tuple[int, str], ...]) -> Weighed:
    points = sorted([(WORTH[signal], signal.value) for signal in said] + [*standing], key=lambda one: (-one[0], one[1]))
    return Weighed(sum(worth for worth, _ in points), tuple(why for worth, why in points if worth > 0))


def _standing(messages: Sequence[Message], said: Sequence[frozenset[Signal]]) -> dict[int, list[tuple[int, str]]]:
    """What a message is worth for where it stands."""
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    first_trouble = next((place for place, what in enumerate(said) if Signal.PROBLEM in what), None)
    if first_trouble is not None:
        found[first_trouble].append((4, "is the first to say what is wrong"))
    for place, why in _answers(messages, said):
        found[place].append((2, why))
    for place in _first_mentions(messages, said):
        found[place].append((2, "is the first to speak of what many speak of later"))
    for place in range(1, len(messages)):
        if messages[place].at - messages[place - 1].at >= SILENCE_S and Signal.NOTICE not in said[place]:
            found[place].append((3, "is the first word after a silence"))
    for place in _repetitions(messages):
        found[place].append((-6, "repeats what an app said before"))
    return found


def _answers(messages: Sequence[Message], said: Sequence[frozenset[Signal]]) -> Iterable[tuple[int, str]]:
    """The first to answer a question, in its thread if it has one: somebody else, soon, and not with a question."""
    open_questions: dict[str, Message] = {}
    for place, message in enumerate(messages):
        asked = open_questions.get(message.thread)
        if Signal.QUESTION in said[place]:
            open_questions[message.thread] = open_questions[message.thread or message.ts] = message
        elif asked and message.author != asked.author and message.at - asked.at <= ANSWERED_WITHIN_S and not message.by_bot:
            yield place, "answers a question"
            for thread in {message.thread, asked.thread, asked.ts}:
                if open_questions.get(thread) is asked:
                    del open_questions[thread]


def _first_mentions(messages: Sequence[Message], said: Sequence[frozenset[Signal]]) -> set[int]:
    """Where a word first stood that several people used often afterwards, if that message says anything at all."""
    terms = [set(_TERM.findall(message.text[:200].lower())) if not message.by_bot else set() for message in messages]
    uses = Counter(chain.from_iterable(terms))
    least, most = max(OFTEN, len(messages) // 50), max(OFTEN + 1, len(messages) // 3)  # what every third message says is no news
    often = {term for term, times in uses.items() if least < times <= most}
    first: dict[str, int] = {}
    voices: dict[str, set[str]] = defaultdict(set)
    for place, found in enumerate(terms):
        for term in found & often:
            first.setdefault(term, place)
            voices[term].add(messages[place].author)
    return {place for term, place in first.items() if len(voices[term]) >= VOICES and said[place] & TELLING}


def _repetitions(messages: Sequence[Message]) -> Iterable[int]:
    """What an app says again in the same words, figures aside."""
    known: set[tuple[str, str]] = set()
    for place, message in enumerate(messages):
        if message.by_bot:
            shape = (message.author, re.sub(r"[0-9a-f]*\d[0-9a-f]*", "#", message.text.lower()))
            if shape in known:
                yield place
            known.add(shape)


def _kept(messages: Sequence[Message], weighed: Sequence[Weighed]) -> Iterable[int]:
    """The weightiest, each moment's first one before any second one: what was marked, and by rules as many as the budget has room for."""
    times: list[float] = []
    left = min(int(len(messages) * SHARE), MOST)
    queue = [(-one.weight - NEW_MOMENT, place, True) for place, one in enumerate(weighed) if one.weight >= LEAST]
    heapq.heapify(queue)
    while queue:
        rank, place, is_new = heapq.heappop(queue)
        at = messages[place].at
        if is_new and _has_near(times, at):
            heapq.heappush(queue, (rank + NEW_MOMENT, place, False))
        elif messages[place].is_marked or left > 0:
            left -= not messages[place].is_marked
            insort(times, at)
            yield place


def _has_near(times: Sequence[float], at: float) -> bool:
    after = bisect_left(times, at - MOMENT_S)
    return after < len(times) and times[after] <= at + MOMENT_S
