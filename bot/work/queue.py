"""Ordering and cancelling due work, and claiming it under a lease."""

import dataclasses
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import delete, select, update
from sqlmodel import col

from bot.db import Tx, is_sqlite
from bot.errors import InvalidInput
from bot.work import statements
from bot.work.models import WorkItem
from bot.work.orders import Order, WorkState

OrderT = TypeVar("OrderT", bound=Order)

LEASE = timedelta(seconds=10)
"""At least twice the clock skew we allow for between replicas (5 s)."""

REMEMBERED = timedelta(days=30)
"""How long what ended can still be looked at; a key may be used again after that."""

_adapters: dict[type[Order], TypeAdapter[Any]] = {}
"""Made once for each type: to make one takes a seventh of all that sending a page costs."""

FINAL = (WorkState.DONE, WorkState.DEAD, WorkState.CANCELLED)


@dataclass(frozen=True)
class Claim:
    """A leased item: what is to be done, and the token that proves it is ours to do. Its fields are `statements.CLAIMED`, in that order."""

    id: int
    kind: str
    key: str
    about: str
    destination: str
    priority: int
    payload: str
    due_at: datetime
    wanted_at: datetime
    """When it was meant to be done; `due_at` of a retry is later."""
    ordered_at: datetime
    revision: int
    failures: int
    """How many tries before this one ended in an error of ours, in a row."""
    attempt: int
    """1 on the first try."""
    lease: str

    @property
    def lane(self) -> "Lane":
        """The lane it is worked on in."""
        return Lane(self.destination, self.priority)


@dataclass(frozen=True)
class Lane:
    """What is worked on side by side, up to a limit: what is as urgent and goes to the same destination, so that what can wait (reading
    histories, refreshing cards) never keeps out what cannot, however long it hangs."""

    destination: str
    priority: int

    @property
    def queue(self) -> str | None:
        """Whose workers alone work in it."""
        return self.destination.partition("@")[2] or None


def to_payload(order: Order) -> str:
    """The order as JSON text."""
    return json.dumps(dataclasses.asdict(order), default=_plain, separators=(",", ":"), sort_keys=True)


def from_payload(order_type: type[OrderT], payload: str) -> OrderT:
    """The order back from its JSON text."""
    if order_type not in _adapters:
        _adapters[order_type] = TypeAdapter(order_type)
    found: OrderT = _adapters[order_type].validate_json(payload)
    return found


async def schedule(tx: Tx, order: Order, *, key: str, about: str = "", due: datetime | None = None, destination: str | None = None) -> bool:
    """Order `order` for `due` (now when None), once per `key`: a second order under the same key changes nothing. True if new."""
    row = _row(tx, order, key, about, due, destination)
    tx.work_ordered = True
    return await tx.changed(statements.order_once(is_sqlite(tx.session)), row) > 0


async def refresh(
    tx: Tx, order: Order, *, key: str, about: str = "", due: datetime | None = None, destination: str | None = None, at_latest: bool = False
) -> None:
    """Order `order`, again if it was done before: for work that shows the newest state, such as editing a card.

    While one is waiting it stays a single item, moved to `due`. Without a `due`, or `at_latest` then, it goes on backing off if it was,
    and is done no later than it would have been. One that is being worked on right now is done once more afterwards, never twice at the
    same time.
    """
    row = _row(tx, order, key, about, due, destination)
    tx.work_ordered = True
    await tx.changed(statements.order_again(is_sqlite(tx.session), may_stay=due is None or at_latest), row)


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
    return await tx.changed(statement.values(**statements.FREE, state=WorkState.CANCELLED, finished_at=tx.now))


async def hurry(tx: Tx, *, about: str, kind: type[Order]) -> int:
    """What it waited for has come: let orders of this kind about this be done now, however long they would back off; returns how many."""
    backing_off = (col(WorkItem.state) == WorkState.WAITING) & (col(WorkItem.due_at) > tx.now)
    mine = update(WorkItem).where(backing_off, col(WorkItem.about) == about, col(WorkItem.kind) == kind.kind())
    tx.work_ordered = True
    return await tx.changed(mine.values(due_at=tx.now))


async def lanes_due(tx: Tx, busy: frozenset[int] = frozenset()) -> list[Lane]:
    """The lanes in which something may be claimed now, the most urgent first."""
    rows = await tx.session.execute(statements.LANES_DUE, {"now": tx.now, "busy": list(busy)})
    return sorted((Lane(*row) for row in rows.all()), key=lambda lane: (lane.priority, lane.destination))


async def claim(tx: Tx, lane: Lane, *, lease: str, limit: int, busy: frozenset[int] = frozenset()) -> list[Claim]:
    """Lease up to `limit` due items of one lane, the longest due first, leaving out what this process still works on (`busy`)."""
    wanted = {"lane_destination": lane.destination, "lane_priority": lane.priority, "limit": limit, "busy": list(busy)}
    leasing = {"now": tx.now, "new_lease": lease, "until": tx.now + LEASE}
    rows = (await tx.session.execute(statements.claim(is_sqlite(tx.session)), wanted | leasing)).all()
    return [Claim(*row) for row in sorted(rows, key=lambda row: (row.due_at, row.id))]


async def holds(tx: Tx, claim: Claim) -> bool:
    """Is the lease still ours? Ask right before an outside call that must not happen twice; if not, return `TryLater`."""
    mine = {"item": claim.id, "own_lease": claim.lease, "now": tx.now}
    return (await tx.session.execute(statements.HOLDS, mine)).first() is not None


async def is_leased(tx: Tx, key: str) -> bool:
    """Is somebody working on what was ordered under this key?"""
    found = select(col(WorkItem.id)).where(col(WorkItem.key) == key, col(WorkItem.state) == WorkState.LEASED)
    return (await tx.session.execute(found.where(col(WorkItem.lease_until) > tx.now))).first() is not None


async def renew(tx: Tx, claims: list[Claim]) -> None:
    """Hold the leases of `claims` for another ten seconds, where they are still ours."""
    ids, leases = [claim.id for claim in claims], {claim.lease for claim in claims}
    await tx.changed(update(WorkItem).where(col(WorkItem.id).in_(ids), col(WorkItem.lease).in_(leases)).values(lease_until=tx.now + LEASE))


async def finish(tx: Tx, claim: Claim, state: WorkState, error: str | None = None) -> bool:
    """Close a leased item. False when it is not closed: the lease was lost meanwhile, or it was ordered anew and waits again."""
    mine = {"item": claim.id, "own_lease": claim.lease}
    ended = {"as_revision": claim.revision, "end": state, "at": tx.now, "error": error}
    if await tx.changed(statements.FINISH, mine | ended):
        return True
    if await tx.changed(statements.WAIT_AGAIN, mine):
        tx.work_ordered = True
    return False


async def finish_all(tx: Tx, claims: Collection[Claim]) -> frozenset[int]:
    """Close leased items that are done; returns the ids of those that are closed. The others are for `finish` to look at, one by one."""
    mine = [(claim.id, claim.lease, claim.revision) for claim in claims]
    closing = statements.finish_all(is_sqlite(tx.session))
    return frozenset((await tx.session.execute(closing, {"claims": mine, "at": tx.now})).scalars())


async def put_back(tx: Tx, claim: Claim, due: datetime, error: str, failures: int = 0) -> None:
    """Let a leased item wait again until `due`."""
    mine = {"item": claim.id, "own_lease": claim.lease}
    await tx.changed(statements.PUT_BACK, mine | {"due": due, "error": error, "failed": failures})


async def forget_finished(tx: Tx, limit: int = 5000) -> int:
    """Drop items that ended more than 30 days ago, `limit` at most so that nobody waits for it; returns how many."""
    old = select(col(WorkItem.id)).where(col(WorkItem.state).in_(FINAL), col(WorkItem.finished_at) < tx.now - REMEMBERED).limit(limit)
    return await tx.changed(delete(WorkItem).where(col(WorkItem.id).in_(old)))


async def free_all(tx: Tx) -> int:
    """Let every leased item wait again: for a process that knows it is the only one, at its start."""
    leased = update(WorkItem).where(col(WorkItem.state) == WorkState.LEASED)
    return await tx.changed(leased.values(**statements.FREE, state=WorkState.WAITING))


async def next_due(
    tx: Tx, busy: frozenset[int] = frozenset(), full: frozenset[Lane] = frozenset(), of_queue: str | None = None
) -> datetime | None:
    """When the next item may be claimed: one that waits is due, or a lease runs out. Leaves out what this process works on (`busy`)
    and lanes that are `full`, which are looked at again when an item in them ends."""
    lanes = frozenset((lane.destination, lane.priority) for lane in full)
    moments = (await tx.session.execute(statements.next_due(lanes, of_queue), {"busy": list(busy)})).one()
    return min((moment for moment in moments if moment is not None), default=None)


def _row(tx: Tx, order: Order, key: str, about: str, due: datetime | None, destination: str | None) -> dict[str, object]:
    return {
        "kind": order.kind(),
        "key": key,
        "about": about,
        "destination": destination or order.destination,
        "payload": to_payload(order),
        "priority": int(order.priority),
        "due_at": due or tx.now,
        "wanted_at": due or tx.now,
        "state": WorkState.WAITING,
        "attempts": 0,
        "failures": 0,
        "revision": 0,
        "ordered_at": tx.now,
    }


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise InvalidInput(f"an order cannot carry a {type(value).__name__}")
