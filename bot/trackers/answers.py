"""Every answer of a tracker that is no yes, and what becomes of it: one table, with a sentence for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType


class Ending(StrEnum):
    """LATER: it is tried again. BLOCKED: somebody has to mend something; people are told, and it is tried each hour.
    REFUSED: this alone is not taken; people are told. GONE: there is no such issue any more. MOVED: it is elsewhere."""

    LATER = "later"
    BLOCKED = "blocked"
    REFUSED = "refused"
    GONE = "gone"
    MOVED = "moved"


@dataclass(frozen=True)
class Failure:
    """What became of a request, and why, as a sentence."""

    ending: Ending
    why: str
    after: timedelta | None = None
    """When to try again, if that is known."""
    status: int = 0
    """Of HTTP; 0 where there was no answer."""
    fields: frozenset[str] = frozenset()
    """What of the request was not valid, as far as it was said."""


GITHUB: Mapping[int, tuple[Ending, str]] = MappingProxyType(
    {
        301: (Ending.MOVED, "{place} has moved."),
        307: (Ending.MOVED, "{place} has moved for a while."),
        308: (Ending.MOVED, "{place} has moved."),
        400: (Ending.REFUSED, "GitHub did not understand the request: {said}"),
        401: (Ending.BLOCKED, "GitHub does not accept the token. Make a new one, and set GITHUB_TOKEN."),
        403: (Ending.BLOCKED, "The token may not write issues of {place}. Let it read and write them."),
        404: (
            Ending.BLOCKED,
            "GitHub shows the token no repository {place}. Mend `issues` in the configuration, or let the token see the repository.",
        ),
        409: (Ending.LATER, "GitHub is busy with {place}."),
        410: (Ending.BLOCKED, "Issues are switched off in {place}. Switch them on, or name another repository."),
        422: (Ending.REFUSED, "GitHub refuses it: {said}"),
        429: (Ending.LATER, "GitHub asks for fewer requests."),
        451: (Ending.BLOCKED, "GitHub has closed {place} for legal reasons."),
        500: (Ending.LATER, "GitHub has an error of its own."),
        502: (Ending.LATER, "GitHub is not well."),
        503: (Ending.LATER, "GitHub is not available."),
        504: (Ending.LATER, "GitHub took too long."),
    }
)
OF_AN_ISSUE: Mapping[int, tuple[Ending, str]] = MappingProxyType(
    {
        404: (Ending.GONE, "The issue is not in {place} any more, or was moved to where the token sees nothing."),
        410: (Ending.GONE, "The issue was deleted in {place}."),
    }
)
"""What means another thing about an issue that was there, once the repository is known to be."""


def failure(
    status: int, place: str, said: str = "", *, after: timedelta | None = None, is_limited: bool = False, of_issue: bool = False
) -> Failure:
    """What an answer with this HTTP status means. `is_limited`: its headers say that there were too many requests."""
    if is_limited:
        status = 429
    table = {**GITHUB, **OF_AN_ISSUE} if of_issue else GITHUB
    ending, sentence = table.get(status) or ((Ending.LATER if status >= 500 else Ending.REFUSED), f"GitHub answered HTTP {status}.")
    return Failure(ending, sentence.format(place=place, said=said or "no reason given"), after, status)
