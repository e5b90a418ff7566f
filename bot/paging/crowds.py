"""Who else is told what by the same method: everything that waits for one person's phone, and what it got within the hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from bot.db import Tx, UtcDateTime
from bot.errors import NotFound
from bot.paging.models import Page, PageAttempt
from bot.paging.states import AttemptState, PageState
from bot.paging.throttle import HOUR, OVER_CAP, Sent

UNSENT = frozenset({AttemptState.PLANNED, AttemptState.CLAIMED, AttemptState.CALLING})
STILL_WANTED = frozenset({PageState.OPEN, PageState.EXHAUSTED})
REACHED = (AttemptState.ACCEPTED, AttemptState.DELIVERED, AttemptState.SEEN, AttemptState.ANSWERED)
NOT_BEGUN = (AttemptState.PLANNED, AttemptState.CLAIMED)
MOST_TOGETHER = 100
"""Attempts that are told in one message: more would hold too many incidents at once."""
LOOK_BACK = timedelta(days=1)
"""What was due before is given up by now, and old history costs nothing."""

_mine, _other = aliased(PageAttempt), aliased(PageAttempt)
_sent_at = func.coalesce(_other.accepted_at, _other.calling_at)
_ago, _now = bindparam("hour_ago", type_=UtcDateTime()), bindparam("now", type_=UtcDateTime())
_NEAR = or_(
    col(_other.id) == col(_mine.id),
    and_(col(_other.state).in_(NOT_BEGUN), col(_other.due_at) <= _now),
    and_(col(_other.state).in_([AttemptState.CALLING, *REACHED]), _sent_at > _ago),
    and_(col(_other.state) == AttemptState.SUPPRESSED, col(_other.reason) == OVER_CAP, col(_other.ended_at) > _ago),
)
_AROUND = (
    select(
        *(col(_other.id), col(_other.person), col(_other.method), col(_other.page_id), col(_other.step), col(_other.loop)),
        *(col(_other.state), col(_other.due_at), col(_other.ended_at), col(_other.bundle), _sent_at.label("sent_at")),
        *(col(Page.incident_id), col(Page.severity), col(Page.started_at)),
        and_(col(Page.state).in_(STILL_WANTED), col(Page.loop) == col(_other.loop)).label("is_wanted"),
    )
    .select_from(_mine)
    .join(_other, and_(col(_other.person) == col(_mine.person), col(_other.method) == col(_mine.method)))
    .join(Page, col(Page.id) == col(_other.page_id))
    .where(col(_mine.id) == bindparam("attempt"), or_(col(_other.id) == col(_mine.id), col(_other.due_at) > bindparam("day_ago")), _NEAR)
)


@dataclass(frozen=True)
class Fellow:
    """An attempt to tell the same person by the same method."""

    id: int
    page_id: int
    incident_id: int
    severity: int
    state: AttemptState
    due_at: datetime
    sent_at: datetime | None
    ended_at: datetime | None
    bundle: int | None
    is_wanted: bool
    is_first: bool
    """It belongs to the first step of a new page, and goes out as soon as that begins."""

    @property
    def urgency(self) -> tuple[int, datetime, int]:
        """Lower goes first."""
        return self.severity, self.due_at, self.id

    @property
    def message(self) -> int:
        """The attempt by which the message that it belongs to was sent."""
        return self.bundle or self.id


@dataclass(frozen=True)
class Crowd:
    """`me`, and the others: they wait for the same phone, or were sent to it within the hour."""

    person: str
    method: str
    me: Fellow
    others: Sequence[Fellow]

    @property
    def waiting(self) -> list[Fellow]:
        """The others that are due, wanted and not begun, the most urgent first."""
        ready = [one for one in self.others if one.state in NOT_BEGUN and one.is_wanted]
        return sorted(ready, key=lambda one: one.urgency)[: MOST_TOGETHER - 1]

    @property
    def sent(self) -> list[Sent]:
        """The messages of the last hour."""
        found: dict[int, Sent] = {}
        for one in self.others:
            if one.sent_at is not None and one.state not in NOT_BEGUN:
                before = found.get(one.message)
                found[one.message] = Sent(one.sent_at, min(one.severity, before.severity if before else one.severity))
        return list(found.values())

    @property
    def held_back(self) -> int:
        """How many were held back by a cap since the last message."""
        last = max((one.at for one in self.sent), default=None)
        return sum(one.state is AttemptState.SUPPRESSED and (last is None or (one.ended_at or last) >= last) for one in self.others)


async def around(tx: Tx, attempt_id: int) -> Crowd:
    """The crowd of an attempt, as it stands now. `NotFound` when there is no such attempt."""
    wanted = {"attempt": attempt_id, "now": tx.now, "hour_ago": tx.now - HOUR, "day_ago": tx.now - LOOK_BACK}
    fellows: dict[int, Fellow] = {}
    rows = (await tx.session.execute(_AROUND, wanted)).all()
    for row in rows:
        is_first = row.step == 0 and row.loop == 0 and row.due_at <= row.started_at
        values = (row.id, row.page_id, row.incident_id, row.severity, row.state, row.due_at, row.sent_at, row.ended_at, row.bundle)
        fellows[row.id] = Fellow(*values, bool(row.is_wanted), is_first)
    me = fellows.pop(attempt_id, None)
    if me is None:
        raise NotFound("There is no such attempt.")
    return Crowd(rows[0].person, rows[0].method, me, list(fellows.values()))
