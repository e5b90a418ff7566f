"""What follows `task`: a new action item, or something about one that stands. Values in, values out; days stay words here."""

import re
from collections.abc import Callable
from dataclasses import dataclass

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
AROUND = " \t\n,;:-–—"


@dataclass(frozen=True)
class Apart:
    """A line without who does it and by when: those two as they were typed, "" where they were not."""

    text: str
    who: str = ""
    due: str = ""


@dataclass(frozen=True)
class Add:
    text: str


@dataclass(frozen=True)
class Change:
    """Give item `number` to somebody else, or another day."""

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
    """`add canary alarm @kim fri`: who does it stands at the end or at the beginning, by when at the end."""
    text, who, due = typed.strip(), "", ""
    while True:
        day, last = DAY.search(text), LAST.search(text)
        if day and not due:
            due, text = day["day"], text[: day.start()].rstrip(AROUND)
        elif last and not who and is_somebody(last["word"]):
            who, text = last["word"], re.sub(r"\s+for$", "", text[: last.start()]).rstrip(AROUND)
        else:
            break
    first, _, rest = text.partition(" ")
    if not who and rest and is_somebody(first.rstrip(":,")):
        who, text = first.rstrip(":,"), rest.strip()
    return Apart(text, who, due)


def parse(text: str, *, has_more: bool) -> Task:
    """What a line means once it is taken apart; `has_more`: it named a person or a day."""
    words = " ".join(text.split())
    if words.lower() in LIST and not has_more:
        return ListItems()
    for pattern, meant in ((DONE, Finish), (REOPEN, Reopen)):
        if not has_more and (found := pattern.fullmatch(words.rstrip(".!"))):
            return meant(int(found[1] or found[2]))
    if has_more and (alone := re.fullmatch(NUMBER, words)):
        return Change(int(alone[1]))
    return Add(text.strip())
