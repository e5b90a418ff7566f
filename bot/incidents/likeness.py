"""Which incidents are like one: the words that both titles have, the rarer the better, and the same service."""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

WORD = re.compile(r"\w{2,}")
EMPTY = frozenset({
    "after", "again", "an", "and", "are", "at", "be", "been", "but", "by", "can", "cannot", "does", "for", "from", "has", "have", "in",
    "into", "is", "it", "its", "no", "not", "of", "off", "on", "one", "or", "our", "since", "so", "some", "that", "the", "their", "there",
    "this", "to", "up", "was", "we", "were", "when", "which", "with", "all", "down", "slow", "error", "errors", "failing", "fails",
    "failed", "broken", "incident", "sev",
})  # fmt: skip
"""Words that every other incident has, or that say nothing by themselves."""
SAME_SERVICE = 0.35
LIKE_ENOUGH = 0.3
"""The same service alone is enough; of words, a third of what the title says."""


@dataclass(frozen=True)
class Told:
    """An incident by what can be compared."""

    number: int
    title: str
    service: str | None


@dataclass(frozen=True)
class Like:
    """An incident that is like another, and why."""

    number: int
    why: str


def words(text: str) -> frozenset[str]:
    """What a title says, in lower case."""
    return frozenset(WORD.findall(text.casefold())) - EMPTY


def like(wanted: Told, past: Collection[Told], most: int) -> list[Like]:
    """Those of `past` that are like `wanted`, the most alike first, of equals the newest; `wanted` itself is none of them."""
    others = [one for one in past if one.number != wanted.number]
    spread = Counter(word for one in others for word in words(one.title))
    mine = words(wanted.title)

    def weight(some: Iterable[str]) -> float:
        return sum(math.log(1 + (1 + len(others)) / (1 + spread[word])) for word in some)

    all_of_it = weight(mine)
    found = []
    for one in others:
        shared, is_same = sorted(mine & words(one.title)), wanted.service is not None and one.service == wanted.service
        score = (weight(shared) / all_of_it if shared else 0.0) + (SAME_SERVICE if is_same else 0.0)
        if score >= LIKE_ENOUGH:
            found.append((-score, -one.number, Like(one.number, reason(shared, is_same))))
    return [one for _, _, one in sorted(found, key=lambda row: row[:2])[:most]]


def reason(shared: Collection[str], is_same_service: bool) -> str:
    """Why two are alike, for people."""
    both = f"both say {', '.join(f'“{word}”' for word in shared)}" if shared else ""
    return "; ".join(part for part in ("the same service" if is_same_service else "", both) if part)
