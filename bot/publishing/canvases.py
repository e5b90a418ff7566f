"""What of a canvas is to be changed, and what of it people have changed: compared by its words, since Slack shows it as HTML alone."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from html.parser import HTMLParser

from bot.publishing.publisher import HandEdit
from bot.web.markdown import to_html

LIKE = 0.5
"""Sections that share so much with a passage of ours are what people made of it."""


@dataclass(frozen=True)
class Section:
    """A part of a canvas that Slack has an id for, and what it says."""

    id: str
    text: str

    @property
    def words(self) -> str:
        """Without the spaces: how it is broken into lines means nothing."""
        return "".join(self.text.split())


@dataclass(frozen=True)
class Change:
    """One edit; without a section it is about the whole canvas, or its beginning."""

    operation: str
    section_id: str
    markdown: str = ""


def chunks(markdown: str) -> list[str]:
    """The passages of a text: what stands between blank lines."""
    return [part.strip("\n") for part in re.split(r"\n{2,}", markdown) if part.strip()]


def sections(page: str) -> list[Section]:
    """The outermost parts of a canvas's HTML that have an id."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return [Section(name, " ".join(text.split())) for name, text in reader.found]


def words_of(html: str) -> str:
    """The letters of some HTML, without the spaces between them."""
    return "".join(section.words for section in sections(f'<div id="all">{html}</div>'))


class _Reader(HTMLParser):
    """Collects the words below each outermost element with an id."""

    VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "col", "wbr"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self._open: list[str] = []
        self._since: int | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = dict(attrs).get("id")
        if self._since is None and name:
            self.found.append((name, ""))
            self._since = len(self._open)
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        if self._since is not None and len(self._open) <= self._since:
            self._since = None

    def handle_data(self, data: str) -> None:
        if self._since is not None:
            name, text = self.found[-1]
            self.found[-1] = name, text + data


def changes(base: Sequence[str], wanted: Sequence[str], there: Sequence[Section]) -> tuple[list[Change], tuple[HandEdit, ...]]:
    """What brings a canvas that held `base` to `wanted`, from its end to its beginning, so that no change moves what another is about.

    Passages that people changed or removed stay as they are; where they have changed here, too, both texts are told.
    """
    ours = _places([words_of(to_html(part)) for part in base], there)
    known = {section.words for section in there}
    edits: list[Change] = []
    conflicts: list[HandEdit] = []
    for what, i1, i2, j1, j2 in reversed(SequenceMatcher(None, base, wanted, autojunk=False).get_opcodes()):
        if what == "equal":
            continue
        for first, last, new in _pairs(i1, i2, list(wanted[j1:j2])):
            if new and all(words_of(to_html(part)) in known for part in new):
                continue  # an earlier try got so far
            held = [ours[place] for place in range(first, last)]
            if any(not ids for ids in held):
                conflicts.append(HandEdit(_likest(base[first:last], there), "\n\n".join(new)))
                continue
            edits += _edits([name for ids in held for name in ids], new, _before(ours, first))
    return edits, tuple(reversed(conflicts))


def _pairs(i1: int, i2: int, new: list[str]) -> Iterator[tuple[int, int, list[str]]]:
    """Which passages become which: one by one where they are as many, the last ones first; else all of them at once."""
    if i2 - i1 == len(new):
        yield from ((i1 + n, i1 + n + 1, [new[n]]) for n in reversed(range(len(new))))
    else:
        yield i1, i2, new


def _edits(held: Sequence[str], new: Sequence[str], before: str) -> Iterator[Change]:
    text = "\n\n".join(new)
    if not held and text:
        yield Change("insert_after", before, text) if before else Change("insert_at_start", "", text)
    for place, name in reversed(list(enumerate(held))):
        yield Change("replace", name, text) if place == 0 and text else Change("delete", name)


def _before(ours: Sequence[Sequence[str]], place: int) -> str:
    """The last section of the nearest passage before this one that is there."""
    return next((ids[-1] for ids in reversed(ours[:place]) if ids), "")


def _places(base: Sequence[str], there: Sequence[Section]) -> list[list[str]]:
    """The sections that hold each passage, word for word; none where people changed it."""
    found: list[list[str]] = []
    at = 0
    for words in base:
        place = next(((start, end) for start in range(at, len(there)) if (end := _run(words, there, start))), None)
        found.append([section.id for section in there[place[0] : place[1]]] if place else [])
        at = place[1] if place else at
    return found


def _run(words: str, there: Sequence[Section], start: int) -> int:
    """The end of the sections from here on that together say exactly this; 0 when they do not."""
    said, end = "", start
    while end < len(there) and len(said) < len(words):
        said += there[end].words
        end += 1
    return end if words and said == words else 0


def _likest(old: Sequence[str], there: Sequence[Section]) -> str:
    """What people seem to have made of these passages; "" when nothing is like them."""
    words = words_of(to_html("\n\n".join(old)))
    rated = [(SequenceMatcher(None, words, section.words, autojunk=False).quick_ratio(), section.text) for section in there]
    best = max(rated, default=(0.0, ""))
    return best[1] if best[0] >= LIKE else ""
