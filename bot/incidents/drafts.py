"""A customer notice: drafted by Tocsin, decided by a person who is named for it. Nothing leaves the company unapproved."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

LONGEST = 2500
"""Characters of a notice: it stands in one block of a message, with what is said around it."""


class NoticeState(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"
    DISCARDED = "discarded"
    WITHDRAWN = "withdrawn"


SENTENCES: Mapping[NoticeState, str] = MappingProxyType(
    {
        NoticeState.DRAFT: "It waits for a person who may approve it; until then it may be edited.",
        NoticeState.APPROVED: "A person has approved these very words.",
        NoticeState.DISCARDED: "A person has said that it is not needed.",
        NoticeState.WITHDRAWN: "Nobody had decided before it stopped being true.",
    }
)

ALLOWED: Mapping[NoticeState, frozenset[NoticeState]] = MappingProxyType(
    {
        NoticeState.DRAFT: frozenset({NoticeState.APPROVED, NoticeState.DISCARDED, NoticeState.WITHDRAWN}),
        NoticeState.APPROVED: frozenset(),
        NoticeState.DISCARDED: frozenset(),
        NoticeState.WITHDRAWN: frozenset(),
    }
)


class NoticeKind(StrEnum):
    PROBLEM = "problem"  # customers are told that something is wrong
    OVER = "over"  # those who were told so are told that it is over


@dataclass(frozen=True)
class Notice:
    """As much of a notice as decides what comes next."""

    kind: NoticeKind
    state: NoticeState


def wanted(notices: Collection[Notice], *, concerns_customers: bool, is_over: bool) -> NoticeKind | None:
    """Which draft there is to be now, if any: of the problem once, and of its end where customers were told of the problem.

    `notices` are those since the incident was last opened.
    """
    told = any(one.kind is NoticeKind.PROBLEM and one.state is NoticeState.APPROVED for one in notices)
    kinds = {one.kind for one in notices if one.state is not NoticeState.WITHDRAWN}
    if is_over:
        return NoticeKind.OVER if told and NoticeKind.OVER not in kinds else None
    return NoticeKind.PROBLEM if concerns_customers and NoticeKind.PROBLEM not in kinds else None


def is_stale(notice: Notice, *, concerns_customers: bool, is_over: bool) -> bool:
    """Whether a draft says what is no longer so."""
    if notice.state is not NoticeState.DRAFT:
        return False
    return is_over or not concerns_customers if notice.kind is NoticeKind.PROBLEM else not is_over
