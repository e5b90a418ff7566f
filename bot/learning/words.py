"""Words as they are searched: whatever case, accents and punctuation they are written with; and where they stand in a text."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import unescape

LONGEST = 60
"""Characters of a word that count; what is longer is no word of a language."""
BEGINNING = 4
"""Letters from which on the beginning of a word is enough: of shorter ones half of a language begins so."""
WORD = re.compile(r"(?:[^\W_]|[\u0300-\u036f])+")
SNIPPET = 220
LEAD = 60
"""Characters of a snippet before the first word that was looked for."""

_LINK = re.compile(r"!?\[((?:\\.|[^\]\\])*)\]\((?:\\.|[^)\\\s])*(?:\s+\"(?:\\.|[^\"\\])*\")?\)")
_LINE_MARK = re.compile(r"^[ \t]*(?:#{1,6}|[-*+>]|\d{1,3}[.)]|\|?(?:[ :]*-{3,}[ :]*\|?)+)(?:[ \t]+|$)", re.MULTILINE)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_EMPHASIS = re.compile(r"(?<![\w\\])[*_`~]+(?=[^\W_])|(?<=[\w.,;:!?)])(?<!\\)[*_`~]+(?!\w)")
_HEADLINE = re.compile(r"\A\s*# [^\n]*\n")
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)


def words(text: str) -> Iterator[str]:
    """The words of a text, folded: `Übergabe_EU-West` is `ubergabe`, `eu`, `west`."""
    return (folded(found[0]) for found in WORD.finditer(text))


def folded(word: str) -> str:
    """A word without case and accents."""
    if word.isascii():
        return word.lower()[:LONGEST]
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()[:LONGEST]


def plain(markdown: str) -> str:
    """What a Markdown document says below its title, without its markup, addresses and comments."""
    text = _HEADLINE.sub("", _COMMENT.sub(" ", _FRONT_MATTER.sub("", markdown)))
    text = _EMPHASIS.sub("", _LINE_MARK.sub("", _LINK.sub(r"\1", text))).replace("|", " ")
    return unescape(_ESCAPED.sub(r"\1", text))


@dataclass(frozen=True)
class Piece:
    """A part of a snippet; marked when it is what was looked for."""

    text: str
    is_marked: bool = False


def snippet(text: str, wanted: Sequence[str], longest: int = SNIPPET) -> tuple[Piece, ...]:
    """The part of a text that has most of the words that were looked for, with these marked; empty when it has none of them."""
    line = " · ".join(" ".join(part.split()) for part in text.splitlines() if part.strip())
    spots = [(found.start(), found.end(), hit) for found in WORD.finditer(line) if (hit := _match(folded(found[0]), wanted))]
    if not spots:
        return ()
    first = max(range(len(spots)), key=lambda at: (_worth(spots, at, longest), -at))
    start = _word_start(line, max(0, spots[first][0] - LEAD))
    end = _word_end(line, min(len(line), start + longest))
    shown = [spot for spot in spots if start <= spot[0] and spot[1] <= end]
    return tuple(_pieces(line, start, end, shown))


def fits(word: str, wanted: str) -> bool:
    """Whether a word is the one that is looked for, or begins so."""
    return word == wanted or (len(wanted) >= BEGINNING and word.startswith(wanted))


def _match(word: str, wanted: Iterable[str]) -> str:
    return next((one for one in wanted if fits(word, one)), "")


def _worth(spots: Sequence[tuple[int, int, str]], at: int, longest: int) -> int:
    """How many different words stand in a snippet that begins at a spot."""
    end = spots[at][0] + longest - LEAD
    found = set()
    for start, _, hit in spots[at:]:
        if start >= end:
            break
        found.add(hit)
    return len(found)


def _word_start(line: str, at: int) -> int:
    return at if at == 0 else line.find(" ", at) + 1 if line.find(" ", at) >= 0 else at


def _word_end(line: str, at: int) -> int:
    return at if at == len(line) or line.rfind(" ", 0, at) < 0 else line.rfind(" ", 0, at)


def _pieces(line: str, start: int, end: int, spots: Iterable[tuple[int, int, str]]) -> Iterator[Piece]:
    at = start
    if start > 0:
        yield Piece("… ")
    for begin, stop, _ in spots:
        if begin > at:
            yield Piece(line[at:begin])
        yield Piece(line[begin:stop], True)
        at = stop
    if at < end:
        yield Piece(line[at:end])
    if end < len(line):
        yield Piece(" …")
