"""What is looked for in the archive: words, and what narrows them down; typed in one line, or chosen on the page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar

from bot.errors import InvalidInput
from bot.learning.tags import normalised
from bot.learning.words import words

MOST_WORDS = 12
PAGE = 20
"""Hits of a page."""
LAST_PAGE = 10_000
FIRST_YEAR, LAST_YEAR = 2000, 2100
_FILTER = re.compile(r"(?P<name>service|team|tag|is|since|until|by):(?P<value>\S+)", re.IGNORECASE)
_SEVERITY = re.compile(r"sev[-_:]?([1-4])", re.IGNORECASE)
_MONTH = re.compile(r"(\d{4})-(\d\d)")
Choice = TypeVar("Choice", bound=StrEnum)
EXAMPLE = "redis failover sev2 service:checkout tag:deploy since:2026-01"


class Sort(StrEnum):
    """The order of hits: the newest first, the gravest first, or those first whose title has most of the words."""

    NEWEST = "newest"
    GRAVEST = "gravest"
    BEST = "best"


class Standing(StrEnum):
    """How far an incident is, as the archive is narrowed by it."""

    OPEN = "open"
    OVER = "over"
    PUBLISHED = "published"


@dataclass(frozen=True)
class Query:
    """Every word must be there (of longer ones the beginning), and everything else must hold. `until` is the last day that counts."""

    words: tuple[str, ...] = ()
    severity: int | None = None
    service: str = ""
    team: str = ""
    tag: str = ""
    standing: Standing | None = None
    since: date | None = None
    until: date | None = None
    sort: Sort = Sort.NEWEST
    page: int = 1

    @property
    def is_empty(self) -> bool:
        """Whether it asks for everything."""
        return replace(self, sort=Sort.NEWEST, page=1) == Query()


def typed(line: str) -> Query:
    """A query as it is typed after `/inc find`; raises `InvalidInput` for what is no query."""
    fields: dict[str, str] = {}
    rest = []
    for word in line.split():
        narrowed, severity = _FILTER.fullmatch(word), _SEVERITY.fullmatch(word)
        if narrowed:
            fields[narrowed["name"].lower()] = narrowed["value"]
        elif severity:
            fields["severity"] = severity[1]
        else:
            rest.append(word)
    return chosen({**fields, "q": " ".join(rest)})


def chosen(fields: Mapping[str, str]) -> Query:
    """A query from the fields of the page; what is left empty narrows nothing."""
    given = {name: value.strip() for name, value in fields.items()}
    found = tuple(dict.fromkeys(words(given.get("q", ""))))
    if len(found) > MOST_WORDS:
        raise InvalidInput(f"Look for at most {MOST_WORDS} words at once.")
    severity = given.get("severity", "")
    if severity and severity not in {"1", "2", "3", "4"}:
        raise InvalidInput("A severity is a number from 1 to 4.")
    since, until = _day(given.get("since", "")), _day(given.get("until", ""), is_last=True)
    if since and until and until < since:
        raise InvalidInput("The span ends before it begins.")
    return Query(
        words=found,
        severity=int(severity) if severity else None,
        service=given.get("service", "").lower(),
        team=given.get("team", "").lower(),
        tag=normalised(given.get("tag", "")) if given.get("tag") else "",
        standing=_one_of(Standing, given.get("is", ""), "is"),
        since=since,
        until=until,
        sort=_one_of(Sort, given.get("by", ""), "by") or Sort.NEWEST,
        page=_page(given.get("page", "")),
    )


def fields(query: Query) -> dict[str, str]:
    """The fields that make this query again, without its page."""
    written = {
        "q": " ".join(query.words),
        "severity": str(query.severity or ""),
        "service": query.service,
        "team": query.team,
        "tag": query.tag,
        "is": query.standing or "",
        "since": query.since.isoformat() if query.since else "",
        "until": query.until.isoformat() if query.until else "",
        "by": "" if query.sort is Sort.NEWEST else query.sort,
    }
    return {name: value for name, value in written.items() if value}


def _one_of(choices: type[Choice], value: str, name: str) -> Choice | None:
    if value and value.lower() not in list(choices):
        raise InvalidInput(f"`{name}:` takes {', '.join(choices)}.")
    return choices(value.lower()) if value else None


def _page(value: str) -> int:
    number = int(value) if value.isascii() and value.isdecimal() and len(value) < 6 else 1
    return min(max(number, 1), LAST_PAGE)


def _day(value: str, *, is_last: bool = False) -> date | None:
    """A day, or the first (last) day of a month or year."""
    if not value:
        return None
    try:
        if not FIRST_YEAR <= int(value[:4]) <= LAST_YEAR:
            raise ValueError
        if re.fullmatch(r"\d{4}", value):
            return date(int(value), 12, 31) if is_last else date(int(value), 1, 1)
        if month := _MONTH.fullmatch(value):
            first = date(int(month[1]), int(month[2]), 1)
            return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1) if is_last else first
        return date.fromisoformat(value)
    except (ValueError, OverflowError):
        raise InvalidInput("Write a day like 2026-11-23, a month like 2026-11, or a year.") from None
