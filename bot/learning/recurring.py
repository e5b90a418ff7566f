"""What comes again: incidents whose titles say the same rare words, in groups."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.incidents.likeness import Told, words

LIKE_ENOUGH = 0.5
"""So much of what the shorter of two titles says, weighed by how rare its words are, must stand in the other."""
LEAST_WORDS = 2
"""Words that both say: one alone, such as a service's name, makes two incidents no more alike than any others of that service."""
SHOWN_WORDS = 4


@dataclass(frozen=True)
class Group:
    """Incidents that are like each other, the oldest first, and the words that they share."""

    numbers: tuple[int, ...]
    words: tuple[str, ...]


def groups(told: Sequence[Told]) -> tuple[Group, ...]:
    """The groups of two and more, the largest first, of equals the newest. Each incident is in one at most.

    An incident joins the group whose oldest it is most like: being like something that is like something is not enough.
    """
    said = {one.number: words(one.title) for one in told}
    weight = _weights(said.values())
    leaders: dict[int, list[int]] = {}
    saying: dict[str, list[int]] = {}  # leaders by word: most titles share no word, and need not be compared
    for one in sorted(told, key=lambda each: each.number):
        mine = said[one.number]
        near = {leader for word in mine for leader in saying.get(word, ())}
        best = max(near, key=lambda leader: (_alike(said[leader], mine, weight), leader), default=None)
        if best is not None and _alike(said[best], mine, weight) >= LIKE_ENOUGH:
            leaders[best].append(one.number)
            continue
        leaders[one.number] = [one.number]
        for word in mine:
            saying.setdefault(word, []).append(one.number)
    found = [Group(tuple(numbers), _shared([said[number] for number in numbers], weight)) for numbers in leaders.values() if numbers[1:]]
    return tuple(sorted(found, key=lambda group: (-len(group.numbers), -group.numbers[-1])))


def _weights(said: Iterable[frozenset[str]]) -> Mapping[str, float]:
    titles = list(said)
    spread = Counter(word for title in titles for word in title)
    return {word: math.log(1 + (1 + len(titles)) / (1 + times)) for word, times in spread.items()}


def _alike(one: frozenset[str], other: frozenset[str], weight: Mapping[str, float]) -> float:
    if one == other:
        return 1.0
    both = one & other
    return _of(both, weight) / min(_of(one, weight), _of(other, weight)) if len(both) >= LEAST_WORDS else 0.0


def _of(words_of_it: frozenset[str], weight: Mapping[str, float]) -> float:
    return math.fsum(weight[word] for word in words_of_it)


def _shared(titles: Sequence[frozenset[str]], weight: Mapping[str, float]) -> tuple[str, ...]:
    """The words that most of a group say, the rarest first."""
    times = Counter(word for title in titles for word in title)
    common = [word for word, number in times.items() if number * 2 > len(titles)]
    return tuple(sorted(common, key=lambda word: (-weight[word], word))[:SHOWN_WORDS])
