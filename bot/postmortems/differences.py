"""What differs between two versions, block by block and in a changed block word by word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from bot.postmortems.merging import Block, blocks, follow

WORD = re.compile(r"\s+|\w+|[^\w\s]")
MOST_WORDS = 2000
"""In a longer block what differs is not looked for word by word: it would take too long."""
LEAST_SHARED = 0.35
"""With less in common than this, word by word would be a jumble."""


class Change(StrEnum):
    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True)
class Piece:
    """Some words of a block."""

    change: Change
    text: str


@dataclass(frozen=True)
class Difference:
    """A block of either version: as it is in both, in one alone, or changed (with pieces of both, in order). Joined, the pieces that are
    not added are the text before, and those that are not removed the text after."""

    pieces: tuple[Piece, ...]

    @property
    def is_same(self) -> bool:
        """Do both versions have it?"""
        return all(piece.change is Change.SAME for piece in self.pieces)

    @property
    def before(self) -> str:
        return "".join(piece.text for piece in self.pieces if piece.change is not Change.ADDED)

    @property
    def after(self) -> str:
        return "".join(piece.text for piece in self.pieces if piece.change is not Change.REMOVED)


def differences(before: str, after: str) -> tuple[Difference, ...]:
    """Every block of both tidy texts, in order; what was removed stands before what came in its place."""
    return tuple(_differences(blocks(before), blocks(after)))


def _differences(old: tuple[Block, ...], new: tuple[Block, ...]) -> Iterator[Difference]:
    origin = {place: number for number, place in enumerate(follow(old, new)) if place is not None}
    told = 0
    for place, block in enumerate(new):
        number = origin.get(place)
        if number is None:
            yield Difference((Piece(Change.ADDED, block.text),))
            continue
        yield from (Difference((Piece(Change.REMOVED, gone.text),)) for gone in old[told:number])
        yield Difference(tuple(_pieces(old[number].text, block.text)))
        told = number + 1
    yield from (Difference((Piece(Change.REMOVED, gone.text),)) for gone in old[told:])


def _pieces(before: str, after: str) -> Iterator[Piece]:
    if before == after:
        yield Piece(Change.SAME, before)
        return
    old, new = WORD.findall(before), WORD.findall(after)
    if len(old) + len(new) > MOST_WORDS or _shared(old, new) < LEAST_SHARED:
        yield from (Piece(Change.REMOVED, before), Piece(Change.ADDED, after))
        return
    removed = added = ""
    for _, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = "".join(old[i1:i2]), "".join(new[j1:j2])
        is_between = come.isspace() and bool(removed or added) and j2 < len(new)  # a space alone between changed words changes with them
        if gone != come or is_between:
            removed, added = removed + gone, added + come
            continue
        yield from _changed(removed, added)
        yield Piece(Change.SAME, come)
        removed = added = ""
    yield from _changed(removed, added)


def _changed(removed: str, added: str) -> Iterator[Piece]:
    yield from (piece for piece in (Piece(Change.REMOVED, removed), Piece(Change.ADDED, added)) if piece.text)


def _shared(old: list[str], new: list[str]) -> float:
    """How much of their words two texts share, spaces not counted."""
    return SequenceMatcher(
        None, [one for one in old if not one.isspace()], [one for one in new if not one.isspace()], autojunk=False
    ).ratio()
