"""What follows `task`: a new action item, or something about one that stands. Values in, values out; days stay words here."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?"
    r"|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
WEEKDAY = r"(?:mon|tue(?:s)?|wed(?:nes)?|thu(?:r|rs)?|fri|sat(?:ur)?|sun)(?:day)?"
DAY = re.compile(
    rf"(?:^|\s)(?:(?:by|due|until|till|on)\s+)?(?P<day>today|tomorrow|{WEEKDAY}|\d{{4}}-\d\d-\d\d|\d{{1,2}}\s+{MONTH}(?:\s+\d{{4}})?"
    rf"|{MONTH}\s+\d{{1,2}}|in\s+\d{{1,3}}\s+(?:days?|weeks?))[.!]?$",
    re.IGNORECASE,
)
"""A day at the end of a line; anywhere else it belongs to what is to be done."""
LAST = re.compile(r"(?:^|\s)(?P<word>\S+)$")
NUMBER = r"#?([1-9]\d{0,8})"
DONE = re.compile(rf"(?:done|finished|close) {NUMBER}|{NUMBER} (?:is )?(?:done|finished|closed?)", re.IGNORECASE)
REOPEN = re.compile(rf"(?:reopen|undo) {NUMBER}|{NUMBER} (?:is )?(?:reopen|undo|not done)", re.IGNORECASE)
LIST = frozenset({"list", "all", "open"})
OVERDUE = re.compile(r"overdue(?:\s+(?:of\s+)?@?(?P<team>\S+))?", re.IGNORECASE)
AROUND = " \t\n,;:-–—"
ENTITY = re.compile(r"&(?:lt|gt|amp)$")


class ItemPriority(StrEnum):
    """How soon an action item has to be done; p0 comes before all other work."""

    P0 = "p0"
    P1 = "p1"
    P2 = "p2"
    P3 = "p3"


class ItemKind(StrEnum):
    """What an action item does about its like in the future: less harm, none at all, or sooner known."""

    MITIGATE = "mitigate"
    PREVENT = "prevent"
    DETECT = "detect"


GRADE = re.compile(r"(?:^|\s)(?P<word>p[0-3])[.!]?$", re.IGNORECASE)
FIRST_GRADE = re.compile(r"(?P<word>p[0-3]):?\s+", re.IGNORECASE)
KIND = re.compile(rf"(?:^|\s)(?P<word>{'|'.join(ItemKind)})[.!]?$", re.IGNORECASE)
FIRST_KIND = re.compile(rf"(?P<word>{'|'.join(ItemKind)}):\s+", re.IGNORECASE)
LEADS = frozenset({
    "to", "and", "or", "not", "cannot", "can", "could", "should", "would", "must", "may", "might", "will", "we", "they", "it", "that",
    "which", "what", "do", "does", "did", "nor",
})  # fmt: skip
"""After these a verb at the end of a line belongs to the sentence: "make it easier to detect"."""


@dataclass(frozen=True)
class Apart:
    """A line without who does it and by when, as they were typed ("" where they were not), nor how urgent and what for."""

    text: str
    who: str = ""
    due: str = ""
    priority: ItemPriority | None = None
    kind: ItemKind | None = None

    @property
    def has_more(self) -> bool:
        """Whether there was more than the text."""
        return bool(self.who or self.due or self.priority or self.kind)


@dataclass(frozen=True)
class Add:
    text: str


@dataclass(frozen=True)
class Change:
    """Give item `number` to somebody else, another day, priority or kind."""

    number: int


@dataclass(frozen=True)
class Finish:
    number: int


@dataclass(frozen=True)
class Reopen:
    number: int


@dataclass(frozen=True)
class ListItems:
    """Show what there is."""


Task = Add | Change | Finish | Reopen | ListItems


def take_apart(typed: str, is_somebody: Callable[[str], bool]) -> Apart:
    """`add canary alarm @kim fri p1 detect`: all but by when may stand at the beginning, too, a kind then with a colon."""
    text, who, due, grade, kind = typed.strip(), "", "", "", ""
    while True:
        day, last, graded, meant = DAY.search(text), LAST.search(text), GRADE.search(text), KIND.search(text)
        if day and not due:
            due, text = day["day"], trimmed(text[: day.start()])
        elif graded and not grade:
            grade, text = graded["word"], trimmed(text[: graded.start()])
        elif meant and not kind and not LEADS & {word.lower() for word in text[: meant.start()].split()[-1:]}:
            kind, text = meant["word"], trimmed(text[: meant.start()])
        elif last and not who and is_somebody(last["word"]):
            who, text = last["word"], trimmed(re.sub(r"\s+for$", "", text[: last.start()]))
        else:
            break
    while True:
        first, _, rest = text.partition(" ")
        if not grade and (found := FIRST_GRADE.match(text)):
            grade, text = found["word"], text[found.end() :]
        elif not kind and (found := FIRST_KIND.match(text)):
            kind, text = found["word"], text[found.end() :]
        elif not who and rest and is_somebody(first.rstrip(":,")):
            who, text = first.rstrip(":,"), rest.strip()
        else:
            break
    return Apart(text, who, due, ItemPriority(grade.lower()) if grade else None, ItemKind(kind.lower()) if kind else None)


def trimmed(text: str) -> str:
    """Without blanks and signs at its end. The sign at the end of `&gt;`, as Slack writes `>`, is none."""
    cut = text.rstrip(AROUND)
    return f"{cut};" if ENTITY.search(cut) and text.startswith(f"{cut};") else cut


def overdue_of(text: str) -> str | None:
    """`overdue payments`: whose overdue items are asked for, "" for everybody's; None when it is about something else."""
    found = OVERDUE.fullmatch(text.strip().rstrip(".!?"))
    return None if found is None else found["team"] or ""


def parse(text: str, *, has_more: bool) -> Task:
    """What a line means once it is taken apart; `has_more`: it named a person, a day, a priority or a kind."""
    words = " ".join(text.split())
    if words.lower() in LIST and not has_more:
        return ListItems()
    for pattern, meant in ((DONE, Finish), (REOPEN, Reopen)):
        if not has_more and (found := pattern.fullmatch(words.rstrip(".!"))):
            return meant(int(found[1] or found[2]))
    if has_more and (alone := re.fullmatch(NUMBER, words)):
        return Change(int(alone[1]))
    return Add(text.strip())
