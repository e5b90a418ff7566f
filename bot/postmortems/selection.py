"""Which messages of a channel belong on the timeline: every message has a weight and the reasons for it, and the weightiest are kept.

What a message says (`signals.py`) counts, and where it stands: marked by a person, an answer, the first word after a silence, the first
mention of what many speak of later. Of one moment the weightiest comes first, so that a storm of talk leaves room for quiet turns.
What is not kept is folded under what is, and not lost.
"""

import heapq
import re
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from bot.postmortems.signals import WORTH, Signal, signals

MARKED = 100
"""A person's mark decides: it outweighs every rule, and no budget leaves it out."""
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

_TERM = re.compile(r"[a-z][a-z0-9_-]{3,}")


@dataclass(frozen=True)
class Said:
    """A message as the rules see it: when (seconds since the epoch), by whom, what, and in which thread."""

    at: float
    author: str
    text: str
    by_bot: bool = False
    is_marked: bool = False
    thread: str = ""
    reactions: int = 0


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


def select(messages: Sequence[Said]) -> Selection:
    """Weigh the messages, given in the order in which they were said, and keep the weightiest: at most `SHARE` of them by rules alone."""
    weighed = tuple(weigh(messages))
    return Selection(weighed, frozenset(_kept(messages, weighed)))


def weigh(messages: Sequence[Said]) -> Iterable[Weighed]:
    """Each message's weight, with the reasons for it."""
    said = [signals(message.text) for message in messages]
    around = _standing(messages, said)
    for place, message in enumerate(messages):
        points = around.get(place, [])
        if message.is_marked:
            points.append((MARKED, "marked by a person"))
        if message.reactions:
            points.append((min(message.reactions, 3), "people reacted"))
        yield _weighed(said[place], tuple(points))


@cache
def _weighed(said: frozenset[Signal], standing: tuple[tuple[int, str], ...]) -> Weighed:
    points = sorted([(WORTH[signal], signal.value) for signal in said] + [*standing], key=lambda one: (-one[0], one[1]))
    return Weighed(sum(worth for worth, _ in points), tuple(why for worth, why in points if worth > 0))


def _standing(messages: Sequence[Said], said: Sequence[frozenset[Signal]]) -> dict[int, list[tuple[int, str]]]:
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


def _answers(messages: Sequence[Said], said: Sequence[frozenset[Signal]]) -> Iterable[tuple[int, str]]:
    """The first to answer a question, in its thread if it has one: somebody else, soon, and not with a question."""
    open_questions: dict[str, tuple[int, Said]] = {}
    for place, message in enumerate(messages):
        asked = open_questions.get(message.thread)
        if Signal.QUESTION in said[place]:
            open_questions[message.thread] = (place, message)
        elif asked and message.author != asked[1].author and message.at - asked[1].at <= ANSWERED_WITHIN_S and not message.by_bot:
            yield place, "answers a question"
            del open_questions[message.thread]


def _first_mentions(messages: Sequence[Said], said: Sequence[frozenset[Signal]]) -> set[int]:
    """Where a word first stood that several people used often afterwards, if that message says anything at all."""
    first: dict[str, int] = {}
    uses: dict[str, int] = defaultdict(int)
    voices: dict[str, set[str]] = defaultdict(set)
    for place, message in enumerate(messages):
        if message.by_bot:
            continue
        for term in set(_TERM.findall(message.text[:200].lower())):
            first.setdefault(term, place)
            uses[term] += 1
            if len(voices[term]) < VOICES:
                voices[term].add(message.author)
    common = len(messages) // 3  # what every third message says is no news
    spoken_of = (term for term, times in uses.items() if OFTEN < times <= max(common, OFTEN + 1) and len(voices[term]) >= VOICES)
    return {first[term] for term in spoken_of if said[first[term]] & _TELLING}


_TELLING = frozenset({Signal.CAUSE, Signal.PROBLEM, Signal.ACTION, Signal.EVIDENCE})


def _repetitions(messages: Sequence[Said]) -> Iterable[int]:
    """What an app says again in the same words, figures aside."""
    known: set[tuple[str, str]] = set()
    for place, message in enumerate(messages):
        if message.by_bot:
            shape = (message.author, re.sub(r"[0-9a-f]*\d[0-9a-f]*", "#", message.text.lower()))
            if shape in known:
                yield place
            known.add(shape)


def _kept(messages: Sequence[Said], weighed: Sequence[Weighed]) -> Iterable[int]:
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
