"""What people answer to a page: the words of an SMS, tolerant for a thumb at 03:00, and the keys of a phone call.

Case, spaces, dots and `#` do not matter. With a short code an answer names a page (`4`, `4a`, `ack #4`); with several pages open a
bare acknowledgement takes the last, and everything else that names none is refused with a list.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

LONGEST_SNOOZE = timedelta(days=1)


@dataclass(frozen=True)
class OpenPage:
    """A page that the person may answer. `severity` is 1 to 4; pages of one `bundle` were told in one message."""

    code: int
    severity: int
    bundle: str | None = None


@dataclass(frozen=True)
class Ack:
    """Take these pages; `others` are open too and are named in the answer."""

    codes: tuple[int, ...]
    others: tuple[int, ...] = ()


@dataclass(frozen=True)
class Escalate:
    code: int


@dataclass(frozen=True)
class Decline:
    """I can't: the next person now."""

    code: int


@dataclass(frozen=True)
class Snooze:
    code: int
    wait: timedelta


@dataclass(frozen=True)
class Resolve:
    """It is over. Unless `confirmed`, ask once more first."""

    code: int
    confirmed: bool


@dataclass(frozen=True)
class WhoElse:
    """Who else was paged? Without a code nothing is open."""

    code: int | None


@dataclass(frozen=True)
class Stop:
    """No more SMS. The carrier blocks our answer."""


@dataclass(frozen=True)
class Start:
    """SMS again."""


@dataclass(frozen=True)
class DeclareBySms:
    severity: int
    title: str


@dataclass(frozen=True)
class NoSuchPage:
    """The code names no open page; it may have been one a while ago."""

    code: int
    open: tuple[int, ...]


@dataclass(frozen=True)
class Ambiguous:
    """Nothing was done: the answer does not say what it is about. `text` is a sentence for the person."""

    text: str
    codes: tuple[int, ...] = ()


@dataclass(frozen=True)
class NothingOpen:
    """An answer, but no page waits for one."""


@dataclass(frozen=True)
class Help:
    """A word that is not known, or a request for help."""


Answer = Ack | Escalate | Decline | Snooze | Resolve | WhoElse | Stop | Start | DeclareBySms | NoSuchPage | Ambiguous | NothingOpen | Help


class Kind(StrEnum):
    ACK = "ack"
    ESCALATE = "escalate"
    DECLINE = "decline"
    SNOOZE = "snooze"
    RESOLVE = "resolve"
    WHO = "who"
    ALL = "all"


WORDS = {
    Kind.ACK: [
        "a",
        "ack",
        "acked",
        "acknowledge",
        "acknowledged",
        "ok",
        "okay",
        "k",
        "onit",
        "imonit",
        "gotit",
        "yes",
        "y",
        "yep",
        "yeah",
        "👍",
        "👌",
        "✅",
    ],
    Kind.ESCALATE: ["e", "esc", "escalate"],
    Kind.DECLINE: ["n", "no", "cant", "icant", "icannot", "cannot", "pass"],
    Kind.SNOOZE: ["s", "snooze"],
    Kind.RESOLVE: ["r", "resolve", "resolved"],
    Kind.WHO: ["?", "who", "whoelse"],
    Kind.ALL: ["aa", "ackall", "all"],
}
KINDS = {word: kind for kind, words in WORDS.items() for word in words}
# The words that carriers and Twilio act on by themselves; ours must agree with what they already did.
STOP_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
START_WORDS = frozenset({"start", "unstop"})
CARRIERS_YES = "yes"
"""Means START to the carrier, whatever it answers to us."""
YES = frozenset({"yes", "y", "yep", "yeah"})

DECLARE = re.compile(r"sev\s*[-#_]?\s*([1-4])\b[\s:,.\-–—]*(.*)", re.IGNORECASE | re.DOTALL)
SNOOZED = re.compile(r"(?:(\d{1,4})\s*)?(?:snooze|s)\s*(?:for\s*)?(\d{1,4})\s*(m|min|mins|minutes|h|hour|hours)?(?:\s+(\d{1,4}))?")
NOISE = re.compile(r"[\s.,;:!#()\[\]\"“”…\-]+")
DROPPED = re.compile("['’‘\N{VARIATION SELECTOR-16}\N{EMOJI MODIFIER FITZPATRICK TYPE-1-2}-\N{EMOJI MODIFIER FITZPATRICK TYPE-6}]")


def parse_answer(text: str, pages: Sequence[OpenPage], confirming: int | None = None) -> Answer:
    """Read an SMS. `pages` are the person's open ones, oldest first; `confirming` is the code whose resolving was just questioned."""
    line = plain(text)
    word = line.replace(" ", "")
    if word in STOP_WORDS:
        return Stop()
    if word in START_WORDS or (word in YES and not pages):
        return Start()
    declared = DECLARE.fullmatch(unicodedata.normalize("NFKC", text[:20]).strip() + text[20:])
    if declared:
        title = declared[2].strip()
        return DeclareBySms(int(declared[1]), title) if title else Ambiguous("What is wrong? Answer like: sev1 checkout is down")
    snoozed = SNOOZED.fullmatch(line)
    if snoozed:
        return snooze(snoozed, pages)
    numbers = [int(number) for number in re.findall(r"\d{1,4}", line)]
    letters = re.sub(r"[\d ]", "", line)
    if re.search(r"\d{5}", line) or len(numbers) > 20:
        return Help()
    if word in YES and confirming is not None:
        return about(Kind.RESOLVE, [confirming], pages, confirming)
    kind = Kind.ACK if not letters and numbers else kind_of(letters)
    return about(kind, numbers, pages, confirming) if kind else Help()


def opens_sms(text: str) -> bool:
    """Whether the carrier lets our texts through again after this one, whatever else it means."""
    return plain(text).replace(" ", "") in {*START_WORDS, CARRIERS_YES}


def kind_of(letters: str) -> Kind | None:
    """What the letters of an answer mean; the same word for each of several codes counts once (`4a 5a`)."""
    if letters in KINDS:
        return KINDS[letters]
    for size in range(1, len(letters) // 2 + 1):
        unit = letters[:size]
        if unit in KINDS and unit * (len(letters) // size) == letters:
            return KINDS[unit]
    return None


def about(kind: Kind, codes: list[int], pages: Sequence[OpenPage], confirming: int | None) -> Answer:
    """Find the pages that an answer is about."""
    known = {page.code: page for page in pages}
    strange = next((code for code in codes if code not in known), None)
    if strange is not None:
        return NoSuchPage(strange, tuple(known))
    if not pages:
        return WhoElse(None) if kind is Kind.WHO else NothingOpen()
    if kind is Kind.ALL or (kind is Kind.ACK and len(codes) > 1):
        return taken(codes or bundle(pages), pages)
    if kind in {Kind.ACK, Kind.WHO}:
        code = codes[0] if codes else pages[-1].code
        return taken([code], pages) if kind is Kind.ACK else WhoElse(code)
    if len(codes) > 1 or (not codes and len(pages) > 1):
        return Ambiguous(f"Which one? You have {named(pages)} open. Answer like: {pages[-1].code}{WORDS[kind][0]}", tuple(known))
    page = known[codes[0]] if codes else pages[0]
    match kind:
        case Kind.ESCALATE:
            return Escalate(page.code)
        case Kind.DECLINE:
            return Decline(page.code)
        case Kind.RESOLVE:
            return Resolve(page.code, confirmed=page.severity > 2 or confirming == page.code)
        case _:
            return Ambiguous(f"For how long? Answer like: {page.code}s30", (page.code,))


def snooze(found: re.Match[str], pages: Sequence[OpenPage]) -> Answer:
    """Be paged again later: `s30`, `4s30`, `s1h 4`."""
    named_code = found[1] or found[4]
    unit = timedelta(hours=1) if (found[3] or "m").startswith("h") else timedelta(minutes=1)
    wait = int(found[2]) * unit
    page = about(Kind.ESCALATE, [int(named_code)] if named_code else [], pages, None)
    if not isinstance(page, Escalate):
        return Ambiguous(page.text.removesuffix("e") + f"s{found[2]}", page.codes) if isinstance(page, Ambiguous) else page
    if not timedelta(0) < wait <= LONGEST_SNOOZE:
        return Ambiguous("A page can be snoozed for up to a day. Answer like: s30", (page.code,))
    return Snooze(page.code, wait)


def taken(codes: Sequence[int], pages: Sequence[OpenPage]) -> Ack:
    chosen = tuple(dict.fromkeys(codes))
    return Ack(chosen, tuple(page.code for page in pages if page.code not in chosen))


def bundle(pages: Sequence[OpenPage]) -> list[int]:
    """The pages told in the newest bundle; without a bundle, all."""
    newest = next((page.bundle for page in reversed(pages) if page.bundle), None)
    return [page.code for page in pages if newest is None or page.bundle == newest]


def named(pages: Sequence[OpenPage]) -> str:
    return " and ".join(", ".join(str(page.code) for page in pages).rsplit(", ", 1))


def plain(text: str) -> str:
    """The answer in lower case, with single spaces for everything that does not matter."""
    folded = DROPPED.sub("", unicodedata.normalize("NFKC", text[:400]).casefold())
    return NOISE.sub(" ", folded).strip()


class Key(StrEnum):
    """What a key pressed during a call asks for."""

    ACK = "ack"
    ESCALATE = "escalate"
    RESOLVE = "resolve"
    HELP = "help"
    REPEAT = "repeat"
    WRONG = "wrong"


KEYS = {"4": Key.ACK, "5": Key.ESCALATE, "6": Key.RESOLVE, "0": Key.HELP, "*": Key.REPEAT}


def parse_keys(digits: str) -> Key:
    """The meaning of what was pressed; the same key twice counts once, anything else is wrong and explains itself."""
    pressed = set(digits.strip().removesuffix("#"))
    return KEYS.get(pressed.pop(), Key.WRONG) if len(pressed) == 1 else Key.WRONG
