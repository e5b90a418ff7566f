"""The post room's statements, built once.

Every effect of the bot passes through here, and putting a statement together costs more than executing it. So they stand ready with
named parameters, on the table and not on the mapped class: no session has to look for changes before them.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from sqlalchemy import ColumnElement, Insert, Select, Update, and_, bindparam, case, false, literal, not_, or_, select, tuple_, update

from bot.db import EnumText, UtcDateTime, insert_into
from bot.work.models import WorkItem
from bot.work.orders import WorkState

T = WorkItem.__table__.c  # type: ignore[attr-defined]
CLAIMED = (
    *(T.id, T.kind, T.key, T.about, T.destination, T.priority, T.payload, T.due_at, T.wanted_at, T.ordered_at, T.revision),
    *(T.failures, T.attempts, T.lease),
)
FREE: Mapping[str, None] = MappingProxyType({"lease": None, "leased_at": None, "lease_until": None})

NOW = bindparam("now", type_=UtcDateTime())
NOT_BUSY = T.id.not_in(bindparam("busy", expanding=True))
IS_WAITING, IS_LEASED = T.state == WorkState.WAITING, T.state == WorkState.LEASED
CLAIMABLE = or_(and_(IS_WAITING, T.due_at <= NOW), and_(IS_LEASED, T.lease_until <= NOW)) & NOT_BUSY
OWN = and_(T.id == bindparam("item"), T.lease == bindparam("own_lease"))

LANES_DUE = select(T.destination, T.priority).where(CLAIMABLE).distinct()
HOLDS = select(T.id).where(OWN, T.lease_until > NOW)
_own = update(WorkItem.__table__).where(OWN)  # type: ignore[attr-defined]
FINISH = _own.where(T.revision == bindparam("as_revision")).values(
    **FREE, state=bindparam("end"), finished_at=bindparam("at"), last_error=bindparam("error")
)
WAIT_AGAIN = _own.values(**FREE, state=WorkState.WAITING)
PUT_BACK = _own.values(
    **FREE, state=WorkState.WAITING, due_at=bindparam("due"), last_error=bindparam("error"), failures=bindparam("failed")
)


@cache
def order_once(on_sqlite: bool) -> Insert:
    """A new item, unless its key is taken."""
    return insert_into(WorkItem, on_sqlite).on_conflict_do_nothing(index_elements=["key"])


@cache
def order_again(on_sqlite: bool, *, may_stay: bool) -> Insert:
    """A new item, or the old one ordered anew; one that waits keeps its own earlier or backed-off time if it `may_stay`."""
    insert = insert_into(WorkItem, on_sqlite)
    new = insert.excluded
    stays = IS_WAITING & ((T.attempts > 0) | (T.due_at < new.wanted_at)) if may_stay else false()
    again: dict[str, object] = {name: new[name] for name in ("payload", "about", "destination", "priority", "ordered_at", "wanted_at")}
    again |= {
        "revision": T.revision + 1,
        "state": case((IS_LEASED, T.state), else_=literal(WorkState.WAITING, EnumText(WorkState))),
        "attempts": case((IS_WAITING, T.attempts), else_=0),
        "failures": case((IS_WAITING, T.failures), else_=0),
        "due_at": case((stays, T.due_at), else_=new.due_at),
        "finished_at": None,
        "last_error": None,
    }
    return insert.on_conflict_do_update(index_elements=["key"], set_=again)


@cache
def claim(on_sqlite: bool) -> Update:
    """Lease what is due in one lane, the longest due first."""
    in_lane = and_(T.destination == bindparam("lane_destination"), T.priority == bindparam("lane_priority"))
    free = select(T.id).where(CLAIMABLE, in_lane).order_by(T.due_at, T.id).limit(bindparam("limit"))
    if not on_sqlite:
        free = free.with_for_update(skip_locked=True)
    leased = {"state": WorkState.LEASED, "lease": bindparam("new_lease"), "leased_at": NOW, "lease_until": bindparam("until")}
    taking = update(WorkItem.__table__).where(T.id.in_(free))  # type: ignore[attr-defined]
    return taking.values(**leased, attempts=T.attempts + 1).returning(*CLAIMED)


@cache
def finish_all(on_sqlite: bool) -> Update:
    """Close what is done, as far as nobody else holds its row."""
    mine = select(T.id).where(tuple_(T.id, T.lease, T.revision).in_(bindparam("claims", expanding=True)))
    if not on_sqlite:
        mine = mine.with_for_update(skip_locked=True)
    closing = update(WorkItem.__table__).where(T.id.in_(mine))  # type: ignore[attr-defined]
    return closing.values(**FREE, state=WorkState.DONE, finished_at=bindparam("at"), last_error=None).returning(T.id)


@cache
def next_due(full: frozenset[tuple[str, int]], queue: str | None) -> Select[object, object]:
    """The soonest moment at which something that waits is due, and at which a lease runs out, outside the `full` lanes: of one queue, or
    of what belongs to none."""
    is_ours = T.destination.not_like("%@%") if queue is None else T.destination.like(f"%@{queue}")

    def soonest(moment: ColumnElement[object], state: ColumnElement[bool]) -> ColumnElement[object]:
        found = select(moment).where(state, NOT_BUSY, is_ours).order_by(moment).limit(1)
        for destination, priority in sorted(full):
            found = found.where(not_(and_(T.destination == destination, T.priority == priority)))
        return found.scalar_subquery()

    return select(soonest(T.due_at, IS_WAITING), soonest(T.lease_until, IS_LEASED))
