"""Ordering and cancelling due work, and claiming it under a lease."""

import dataclasses
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Update, select, update
from sqlmodel import col

from bot.db import Tx, insert_for
from bot.errors import InvalidInput
from bot.work.models import WorkItem
from bot.work.orders import Order, WorkState

OrderT = TypeVar("OrderT", bound=Order)

LEASE = timedelta(seconds=10)
"""At least twice the clock skew we allow for between replicas (5 s)."""


@dataclass(frozen=True)
class Claim:
    """A leased item: what is to be done, and the token that proves it is ours to do."""

    id: int
    kind: str
    key: str
    about: str
    destination: str
    payload: str
    lease: str
    attempt: int
    """1 on the first try."""
    due_at: datetime
    ordered_at: datetime


def to_payload(order: Order) -> str:
    """The order as JSON text."""
    return json.dumps(dataclasses.asdict(order), default=_plain, separators=(",", ":"), sort_keys=True)


def from_payload(order_type: type[OrderT], payload: str) -> OrderT:
    """The order back from its JSON text."""
    return TypeAdapter(order_type).validate_json(payload)


async def schedule(tx: Tx, order: Order, *, key: str, about: str = "", due: datetime | None = None, destination: str | None = None) -> bool:
    """Order `order` for `due` (now when None), once per `key`: a second order under the same key changes nothing. True if new.

    `destination` is for orders whose outside differs from one to the next; otherwise the order's own counts.
    """
    row = _row(tx, order, key, about, due)
    if destination is not None:
        row["destination"] = destination
    statement = insert_for(tx.session, WorkItem).values(**row).on_conflict_do_nothing(index_elements=["key"])
    tx.work_ordered = True
    return await tx.changed(statement) > 0


async def refresh(tx: Tx, order: Order, *, key: str, about: str = "", due: datetime | None = None) -> None:
    """Order `order`, again if it was done before: for work that shows the newest state, such as editing a card.

    While one is waiting it stays a single item. One that is being worked on right now is done once more afterwards.
    """
    row = _row(tx, order, key, about, due)
    insert = insert_for(tx.session, WorkItem).values(**row)
    again = {name: row[name] for name in ("payload", "due_at", "state", "ordered_at", "about")}
    await tx.changed(
        insert.on_conflict_do_update(index_elements=["key"], set_={**again, "lease": None, "lease_until": None, "attempts": 0})
    )
    tx.work_ordered = True


async def cancel(tx: Tx, *, key: str | None = None, about: str | None = None, kind: type[Order] | None = None) -> int:
    """Cancel what still waits (or is leased: its handler looks again) by key, or by what it is about; returns how many."""
    if key is None and about is None:
        raise ValueError("cancel needs a key or what the work is about")
    statement = update(WorkItem).where(col(WorkItem.state).in_([WorkState.WAITING, WorkState.LEASED]))
    if key is not None:
        statement = statement.where(col(WorkItem.key) == key)
    if about is not None:
        statement = statement.where(col(WorkItem.about) == about)
    if kind is not None:
        statement = statement.where(col(WorkItem.kind) == kind.kind())
    return await tx.changed(statement.values(state=WorkState.CANCELLED, finished_at=tx.now, lease=None, lease_until=None))


async def claim(tx: Tx, *, lease: str, limit: int, full: frozenset[str] = frozenset(), busy: frozenset[int] = frozenset()) -> list[Claim]:
    """Lease up to `limit` due items, most urgent first, leaving out destinations that are `full` and items this process still works on."""
    due = (col(WorkItem.state) == WorkState.WAITING) & (col(WorkItem.due_at) <= tx.now)
    expired = (col(WorkItem.state) == WorkState.LEASED) & (col(WorkItem.lease_until) <= tx.now)
    free = (
        select(col(WorkItem.id)).where(due | expired).order_by(col(WorkItem.priority), col(WorkItem.due_at), col(WorkItem.id)).limit(limit)
    )
    if full:
        free = free.where(col(WorkItem.destination).not_in(full))
    if busy:
        free = free.where(col(WorkItem.id).not_in(busy))
    if tx.session.get_bind().dialect.name != "sqlite":
        free = free.with_for_update(skip_locked=True)
    statement = (
        update(WorkItem)
        .where(col(WorkItem.id).in_(free))
        .values(state=WorkState.LEASED, lease=lease, lease_until=tx.now + LEASE, attempts=col(WorkItem.attempts) + 1)
        .returning(*(col(column) for column in (WorkItem.id, WorkItem.kind, WorkItem.key, WorkItem.about, WorkItem.destination)),
            *(col(column) for column in (WorkItem.payload, WorkItem.attempts, WorkItem.due_at, WorkItem.ordered_at, WorkItem.priority)))
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    rows = (await tx.session.execute(statement)).all()
    rows = sorted(rows, key=lambda row: (row.priority, row.due_at, row.id))
    return [Claim(r.id, r.kind, r.key, r.about, r.destination, r.payload, lease, r.attempts, r.due_at, r.ordered_at) for r in rows]


async def holds(tx: Tx, claim: Claim) -> bool:
    """Is the lease still ours? Ask right before an outside call that must not happen twice."""
    mine = select(col(WorkItem.id)).where(
        col(WorkItem.id) == claim.id, col(WorkItem.lease) == claim.lease, col(WorkItem.lease_until) > tx.now
    )
    return (await tx.session.execute(mine)).first() is not None


async def renew(tx: Tx, claims: list[Claim]) -> None:
    """Hold the leases of `claims` for another ten seconds, where they are still ours."""
    ids, leases = [claim.id for claim in claims], {claim.lease for claim in claims}
    await tx.changed(update(WorkItem).where(col(WorkItem.id).in_(ids), col(WorkItem.lease).in_(leases)).values(lease_until=tx.now + LEASE))


async def finish(tx: Tx, claim: Claim, state: WorkState, error: str | None = None) -> bool:
    """Close a leased item for good. False when the lease was lost meanwhile, and somebody else's result counts."""
    closed = _own(claim).values(state=state, finished_at=tx.now, lease=None, lease_until=None, last_error=error)
    return await tx.changed(closed) > 0


async def put_back(tx: Tx, claim: Claim, due: datetime, error: str) -> None:
    """Let a leased item wait again until `due`."""
    await tx.changed(_own(claim).values(state=WorkState.WAITING, due_at=due, lease=None, lease_until=None, last_error=error))


async def free_all(tx: Tx) -> int:
    """Let every leased item wait again: for a process that knows it is the only one, at its start."""
    leased = update(WorkItem).where(col(WorkItem.state) == WorkState.LEASED)
    return await tx.changed(leased.values(state=WorkState.WAITING, lease=None, lease_until=None))


async def next_due(tx: Tx, busy: frozenset[int] = frozenset()) -> datetime | None:
    """When the next item that this process does not work on already may be claimed: a waiting one is due, or a lease runs out."""
    waiting = select(col(WorkItem.due_at)).where(col(WorkItem.state) == WorkState.WAITING).order_by(col(WorkItem.due_at))
    leased = select(col(WorkItem.lease_until)).where(col(WorkItem.state) == WorkState.LEASED).order_by(col(WorkItem.lease_until))
    moments = []
    for soonest in (waiting, leased):
        free = soonest.where(col(WorkItem.id).not_in(busy)) if busy else soonest
        moments.append((await tx.session.execute(free.limit(1))).scalar())
    return min((moment for moment in moments if moment is not None), default=None)


def _own(claim: Claim) -> Update:
    return update(WorkItem).where(col(WorkItem.id) == claim.id, col(WorkItem.lease) == claim.lease)


def _row(tx: Tx, order: Order, key: str, about: str, due: datetime | None) -> dict[str, object]:
    return {
        "kind": order.kind(),
        "key": key,
        "about": about,
        "destination": order.destination,
        "payload": to_payload(order),
        "priority": int(order.priority),
        "due_at": due or tx.now,
        "state": WorkState.WAITING,
        "attempts": 0,
        "ordered_at": tx.now,
    }


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise InvalidInput(f"an order cannot carry a {type(value).__name__}")
