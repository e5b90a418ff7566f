"""What an action item and its issue have to take over from each other, so that both say the same. Values in, values out.

Each side is compared with what it was when they last agreed. What only one side changed, the other takes. What both changed is a dispute,
and the later change counts. Nothing is a change that was not made by somebody: a side that answers in other words than it was told in
(a title cut short, somebody it does not let be assigned) is remembered as it answered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, get_args

Field = Literal["title", "is_done", "assignee"]
FIELDS: tuple[Field, ...] = get_args(Field)
LONGEST_TITLE = 256
"""What GitHub takes."""
COARSE = timedelta(seconds=1)
"""GitHub tells the time in whole seconds."""


@dataclass(frozen=True)
class Shared:
    """What both sides show. `assignee` is a name in the tracker, "" for nobody."""

    title: str
    is_done: bool = False
    assignee: str = ""


@dataclass(frozen=True)
class Dispute:
    """Both sides changed the same thing in different ways."""

    field: Field
    ours: str | bool
    theirs: str | bool
    is_ours: bool
    """Whether ours counts, being the later one."""


@dataclass(frozen=True)
class Agreement:
    """What to do: `take` over here, `send` there, and what was disputed."""

    take: Mapping[Field, str | bool]
    send: Mapping[Field, str | bool]
    disputes: tuple[Dispute, ...] = ()


def agree(ours: Shared, sent: Shared, theirs: Shared, seen: Shared, ours_at: datetime, theirs_at: datetime) -> Agreement:
    """`sent` is how ours stood, `seen` how theirs stood when they last agreed."""
    take: dict[Field, str | bool] = {}
    send: dict[Field, str | bool] = {}
    disputes: list[Dispute] = []
    for field in FIELDS:
        mine, other = value_of(ours, field), value_of(theirs, field)
        i_changed, they_changed = mine != value_of(sent, field), other != value_of(seen, field)
        if i_changed and they_changed and mine != other:
            is_ours = ours_at >= theirs_at + COARSE  # within the same second: theirs, which was changed knowing less of us
            disputes.append(Dispute(field, mine, other, is_ours))
            (send if is_ours else take)[field] = mine if is_ours else other
        elif i_changed and not they_changed:
            send[field] = mine
        elif they_changed and not i_changed:
            take[field] = other
    return Agreement(take, send, tuple(disputes))


def value_of(side: Shared, field: Field) -> str | bool:
    """One field of a side."""
    found: str | bool = getattr(side, field)
    return found


def taking(side: Shared, values: Mapping[Field, str | bool]) -> Shared:
    """A side after it has taken these over."""
    return replace(side, **values)  # type: ignore[arg-type] # the keys are its fields


def title_of(text: str) -> str:
    """An item's words as a title: one line, as long as a title may be."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1] + "…"


def labels_of(severity: int, priority: str | None, kind: str | None) -> tuple[str, ...]:
    """The labels that are ours: `sev1`, `p1`, `prevent`."""
    return tuple(filter(None, (f"sev{severity}", priority, kind)))


def relabelled(theirs: tuple[str, ...], before: tuple[str, ...], ours: tuple[str, ...]) -> tuple[str, ...] | None:
    """Their labels with ours as they are now, and those that others put there; None when ours did not change."""
    if before == ours:
        return None
    return (*(label for label in theirs if label not in (*before, *ours)), *ours)
