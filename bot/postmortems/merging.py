"""Merging two people's changes of one document, block by block: a paragraph, a list item, a table row each stands for itself.

Nothing is ever lost: what cannot stand in the document beside what stands there is a conflict, with both texts.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
HEADING = re.compile(r" {0,3}#{1,6}(\s|$)")
ITEM = re.compile(r"\s*([-*+]|\d{1,9}[.)])(\s|$)")
MOST_PAIRS = 40_000
"""Blocks of a rewritten passage are compared each with each up to so many pairs; beyond, in their order alone."""


class Kind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    ROW = "row"
    CODE = "code"


CLOSE = frozenset({Kind.ITEM, Kind.ROW})
"""Blocks of these kinds follow each other without a blank line."""


@dataclass(frozen=True)
class Block:
    """One block: where its first line is (0 is the document's first), and how many blank lines follow it."""

    text: str
    kind: Kind
    line: int = 0
    gap: int = 0


@dataclass(frozen=True)
class Conflict:
    """Two texts for one place; "" where one side wants nothing there. The document holds `standing`.

    `block` is the number of that block in the merged document; of one that is not there, the block it would come after (-1: none).
    """

    standing: str
    offered: str
    block: int


@dataclass(frozen=True)
class Merged:
    markdown: str
    conflicts: tuple[Conflict, ...] = ()


def tidy(markdown: str) -> str:
    """The text as it is kept: its lines end in one way, blank lines are empty, none comes first, and it ends with a line's end.

    Code that nobody closed is closed: it would swallow what another one writes below.
    """
    lines = [line if line.strip() else "" for line in re.split(r"\r\n|\r|\n", markdown.replace("\0", ""))]
    text = "\n".join(lines).strip("\n") + "\n"
    last = blocks(text)[-1:]
    is_open = bool(last) and last[0].kind is Kind.CODE and _closing(last[0].text.split("\n"), 0) is None
    return f"{text}{_fence(last[0].text)}\n" if is_open else text


def blocks(markdown: str) -> tuple[Block, ...]:
    """The blocks of a tidy text; `join` makes it of them again."""
    found: list[Block] = []
    lines = markdown.removesuffix("\n").split("\n")
    at = 0
    while at < len(lines):
        end, kind = _end(lines, at)
        blank = end
        while blank < len(lines) and not lines[blank]:
            blank += 1
        found.append(Block("\n".join(lines[at:end]), kind, at, blank - end))
        at = blank
    return tuple(found) if found != [Block("", Kind.PARAGRAPH)] else ()


def join(parts: Sequence[Block]) -> str:
    """The text of these blocks."""
    text = "".join(part.text + "\n" * (part.gap + 1) for part in parts)
    return text.rstrip("\n") + "\n"


def spliced(parts: Sequence[Block], start: int, end: int, text: str) -> str:
    """The text with these blocks, from `start` until before `end`, replaced by another text ("": by nothing)."""
    new = blocks(tidy(text))
    found = [*parts[:start], *new, *parts[end:]]
    for place in (start - 1, start + len(new) - 1):
        if 0 <= place < len(found) - 1:
            gap = natural_gap(found[place], found[place + 1])
            found[place] = replace(found[place], gap=max(gap, found[place].gap) if gap else 0)
    return join(found)


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it until the next one: blocks from `start` until before `end`. The text before any has no title."""

    title: str
    text: str
    start: int
    end: int


def sections(parts: Sequence[Block]) -> tuple[Section, ...]:
    """The sections of a document, in their order."""
    starts = [number for number, part in enumerate(parts) if part.kind is Kind.HEADING or number == 0]
    found = []
    for start, end in zip(starts, [*starts[1:], len(parts)], strict=True):
        heading = parts[start].text if parts[start].kind is Kind.HEADING else ""
        found.append(Section(heading.strip(" #").strip(), join(parts[start:end]), start, end))
    return tuple(found)


def natural_gap(block: Block, following: Block) -> int:
    """How many blank lines stand between blocks of these kinds: none within a list or a table."""
    return 0 if block.kind is following.kind and block.kind in CLOSE else 1


def _end(lines: Sequence[str], at: int) -> tuple[int, Kind]:
    """Where the block that begins here ends, and what it is."""
    first = lines[at]
    if FENCE.match(first):
        closed = _closing(lines, at)
        return len(lines) if closed is None else closed + 1, Kind.CODE
    if HEADING.match(first):
        return at + 1, Kind.HEADING
    if first.startswith("|"):
        return at + 1, Kind.ROW
    end = at + 1
    while end < len(lines) and lines[end] and not _begins(lines[end]):
        end += 1
    return end, Kind.ITEM if ITEM.match(first) else Kind.PARAGRAPH


def _fence(line: str) -> str:
    """What opens the code that begins with this line."""
    found = FENCE.match(line)
    return found[1] if found else ""


def _closing(lines: Sequence[str], at: int) -> int | None:
    """The line that closes the code that is opened on line `at`."""
    opened = _fence(lines[at])
    closing = re.compile(rf" {{0,3}}{re.escape(opened[0])}{{{len(opened)},}}\s*$")
    return next((number for number in range(at + 1, len(lines)) if closing.match(lines[number])), None)


def _begins(line: str) -> bool:
    """Does a block of its own begin with this line, whatever stands above it?"""
    return line.startswith("|") or bool(FENCE.match(line) or HEADING.match(line) or ITEM.match(line))


def follow(before: Sequence[Block], after: Sequence[Block]) -> tuple[int | None, ...]:
    """What became of each block: its number in the later text, changed or not; None when it is gone."""
    image: list[int | None] = [None] * len(before)
    matcher = SequenceMatcher(None, [one.text for one in before], [one.text for one in after], autojunk=False)
    for what, i1, i2, j1, j2 in matcher.get_opcodes():
        if what == "equal":
            image[i1:i2] = range(j1, j2)
        elif what == "replace":
            for i, j in _pairs(before[i1:i2], after[j1:j2]):
                image[i1 + i] = j1 + j
    return tuple(image)


def _pairs(before: Sequence[Block], after: Sequence[Block]) -> Iterator[tuple[int, int]]:
    """Which block of a rewritten passage became which: those that are most alike, and between them those of one kind, in their order."""
    i = j = 0
    for pair in (*_alike(before, after), (len(before), len(after))):
        while i < pair[0] and j < pair[1]:
            if before[i].kind is after[j].kind:
                yield i, j
                i, j = i + 1, j + 1
            elif pair[0] - i > pair[1] - j:
                i += 1
            else:
                j += 1
        if pair[0] < len(before):
            yield pair
        i, j = pair[0] + 1, pair[1] + 1


def _alike(before: Sequence[Block], after: Sequence[Block]) -> list[tuple[int, int]]:
    """Pairs in order that share most words, by the longest chain of what they share."""
    rows, columns = len(before), len(after)
    if rows * columns > MOST_PAIRS:
        return []
    old, new = [(one.kind, set(one.text.split())) for one in before], [(one.kind, set(one.text.split())) for one in after]
    shared = [[_likeness(*a, *b) for b in new] for a in old]
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in reversed(range(rows)):
        for j in reversed(range(columns)):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + shared[i][j] if shared[i][j] else 0.0)
    i = j = 0
    found: list[tuple[int, int]] = []
    while i < rows and j < columns:
        if shared[i][j] and best[i][j] == best[i + 1][j + 1] + shared[i][j]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


def _likeness(kind: Kind, words: set[str], other_kind: Kind, other: set[str]) -> float:
    """How much of their words two blocks share, from a half on; 0 for less, and for blocks of two kinds."""
    if kind is not other_kind or not (every := len(words | other)):
        return 0.0
    share = len(words & other) / every
    return share if share >= 0.5 else 0.0


@dataclass(frozen=True)
class _Side:
    """One side's text beside the base: what became of each block of it, and what is new before each of them."""

    parts: Sequence[Block]
    image: Sequence[int | None]
    added: Sequence[Sequence[int]]

    def text(self, base: int) -> str:
        """What stands for this block of the base; "" when it is gone."""
        place = self.image[base]
        return "" if place is None else self.parts[place].text


def _side(base: Sequence[Block], parts: Sequence[Block]) -> _Side:
    image = follow(base, parts)
    origin = {place: number for number, place in enumerate(image) if place is not None}
    added: list[list[int]] = [[] for _ in range(len(base) + 1)]
    before = 0
    for place in range(len(parts)):
        if place in origin:
            before = origin[place] + 1
        else:
            added[before].append(place)
    return _Side(parts, image, added)


class _Writer:
    """Puts the merged document down, block after block, each with its number on the sides where it stands."""

    def __init__(self, standing: _Side, offered: _Side) -> None:
        self._standing = standing
        self._offered = offered
        self._out: list[tuple[Block, int | None, int | None]] = []
        self.conflicts: list[Conflict] = []

    def put(self, standing: int | None, offered: int | None) -> None:
        """The block that has these numbers; where it is on both sides, as it stands."""
        block = self._standing.parts[standing] if standing is not None else self._offered.parts[offered or 0]
        self._out.append((block, standing, offered))

    def put_offered(self, standing: int | None, offered: int) -> None:
        """The block as it is offered, in the place of the one that stands."""
        self._out.append((self._offered.parts[offered], standing, offered))

    def dispute(self, standing: str, offered: str) -> None:
        """Note a conflict about the block that was put last, or that was not put."""
        self.conflicts.append(Conflict(standing, offered, len(self._out) - 1))

    def markdown(self) -> str:
        """The document."""
        parts = []
        for place, (block, mine, yours) in enumerate(self._out):
            following = self._out[place + 1 : place + 2]
            gap = self._gap(block, mine, yours, following[0]) if following else 0
            parts.append(replace(block, gap=gap))
        return join(parts)

    def _gap(self, block: Block, mine: int | None, yours: int | None, following: tuple[Block, int | None, int | None]) -> int:
        """As on a side where these two follow each other; else as blocks of their kinds do."""
        if mine is not None and following[1] == mine + 1:
            return self._standing.parts[mine].gap
        if yours is not None and following[2] == yours + 1:
            return self._offered.parts[yours].gap
        return natural_gap(block, following[0])


def merge(base: str, standing: str, offered: str) -> Merged:
    """Bring what `offered` changed since `base` into the document as it is `standing`, all of them tidy texts.

    Where both changed a block the standing one stays, and the other is in a conflict. New blocks of both sides are both taken, but not
    under a heading that the standing text has dropped: that is a conflict, too.
    """
    if base == offered or standing == offered:
        return Merged(standing)
    if base == standing:
        return Merged(offered)
    parts = blocks(base)
    mine, yours = _side(parts, blocks(standing)), _side(parts, blocks(offered))
    dropped = _dropped(parts, mine, yours)
    out = _Writer(mine, yours)
    for number in range(len(parts) + 1):
        _add_new(out, mine, yours, number, dropped)
        if number < len(parts):
            _merge_block(out, mine, yours, number, parts[number].text)
    return Merged(out.markdown(), tuple(out.conflicts))


def _merge_block(out: _Writer, mine: _Side, yours: _Side, number: int, base: str) -> None:
    """What becomes of one block of the base."""
    standing, offered = mine.text(number), yours.text(number)
    place, other = mine.image[number], yours.image[number]
    if standing == base != offered:  # only the other side has changed it, or dropped it
        if other is not None:
            out.put_offered(place, other)
        return
    if place is not None:
        out.put(place, other)
    if standing != offered != base:
        out.dispute(standing, offered)


def _add_new(out: _Writer, mine: _Side, yours: _Side, number: int, dropped: set[int]) -> None:
    """What is new before this block of the base: what both added once, and all else of both, the standing side's first."""
    ours, theirs = mine.added[number], yours.added[number]
    texts, others = [mine.parts[place].text for place in ours], [yours.parts[place].text for place in theirs]
    for _, i1, i2, j1, j2 in SequenceMatcher(None, texts, others, autojunk=False).get_opcodes():
        is_same = texts[i1:i2] == others[j1:j2]
        for place, other in zip(ours[i1:i2], theirs[j1:j2] if is_same else [None] * (i2 - i1), strict=True):
            out.put(place, other)
        for other in () if is_same else theirs[j1:j2]:
            if other in dropped:
                out.dispute("", yours.parts[other].text)
            else:
                out.put(None, other)


def _dropped(base: Sequence[Block], mine: _Side, yours: _Side) -> set[int]:
    """New blocks of the other side that stand under a heading which our side has dropped."""
    gone = {yours.image[number] for number, part in enumerate(base) if part.kind is Kind.HEADING and mine.image[number] is None}
    found, is_gone = set[int](), False
    for place, part in enumerate(yours.parts):
        is_gone = place in gone if part.kind is Kind.HEADING else is_gone
        if is_gone:
            found.add(place)
    return found
