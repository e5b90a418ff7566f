"""Writing down what happened to an incident: entries and milestones, each with when it happened and when we were told."""

import hashlib
from datetime import datetime

from sqlalchemy import bindparam, delete, exists, insert, select
from sqlmodel import col

from bot.db import ActorId, Tx
from bot.incidents.lifecycle import MilestoneKind
from bot.incidents.models import MilestoneRow, TimelineEntry

_MILESTONES = MilestoneRow.__table__  # type: ignore[attr-defined]
_M = _MILESTONES.c
_COLUMNS = ("incident_id", "kind", "happened_at", "recorded_at", "source", "by")
_EARLIER = exists().where(_M.incident_id == bindparam("incident_id"), _M.kind == bindparam("kind"))
_VALUES = (bindparam(name, type_=_M[name].type) for name in _COLUMNS)
_FIRST_TIME = insert(_MILESTONES).from_select(_COLUMNS, select(*_VALUES).where(~_EARLIER))
"""One statement, since each page that goes out asks: a look and then an insert would be two trips to the database."""


async def record(
    tx: Tx,
    incident_id: int,
    kind: str,
    text: str,
    *,
    key: str | None = None,
    actor: ActorId | None = None,
    happened_at: datetime | None = None,
    channel_id: str | None = None,
    message_ts: str | None = None,
) -> bool:
    """Add a timeline entry of `kind`. With a `key`, the same thing is written once however often it is told; False when it stood there."""
    who, when = actor or tx.actor, happened_at or tx.now
    digest = hashlib.blake2b(f"{who}|{when.isoformat()}|{text}".encode(), digest_size=9).hexdigest()
    return await tx.insert_new(
        TimelineEntry,
        key=f"{incident_id}:{kind}:{key or digest}",
        incident_id=incident_id,
        kind=kind,
        actor=who,
        text=text,
        happened_at=when,
        recorded_at=tx.now,
        channel_id=channel_id,
        message_ts=message_ts,
    )


async def reach(tx: Tx, incident_id: int, kind: MilestoneKind, *, source: str, happened_at: datetime | None = None) -> None:
    """Stamp a milestone. Milestones are kept, never overwritten; which of several counts is the rules' affair."""
    tx.session.add(
        MilestoneRow(incident_id=incident_id, kind=kind, happened_at=happened_at or tx.now, recorded_at=tx.now, source=source, by=tx.actor)
    )
    await tx.session.flush()


async def reach_once(tx: Tx, incident_id: int, kind: MilestoneKind, *, source: str, happened_at: datetime | None = None) -> bool:
    """Stamp a milestone that only the first time counts for, such as the first page. False when it was reached before."""
    values = {"incident_id": incident_id, "kind": kind, "happened_at": happened_at or tx.now, "recorded_at": tx.now}
    return await tx.changed(_FIRST_TIME, values | {"source": source, "by": tx.actor}) > 0


async def entries(tx: Tx, incident_id: int) -> list[TimelineEntry]:
    """Everything the bot wrote down about an incident, in the order it happened."""
    rows = select(TimelineEntry).where(col(TimelineEntry.incident_id) == incident_id)
    ordered = rows.order_by(col(TimelineEntry.happened_at), col(TimelineEntry.recorded_at), col(TimelineEntry.id))
    return list((await tx.session.execute(ordered)).scalars())


async def milestones(tx: Tx, incident_id: int) -> list[MilestoneRow]:
    """An incident's milestones, in the order they were recorded."""
    rows = select(MilestoneRow).where(col(MilestoneRow.incident_id) == incident_id).order_by(col(MilestoneRow.id))
    return list((await tx.session.execute(rows)).scalars())


async def forget_milestone(tx: Tx, incident_id: int, kind: MilestoneKind, *, since: datetime) -> None:
    """Take back a milestone stamped at or after `since`: the one case where what was recorded never was."""
    slip = (col(MilestoneRow.incident_id) == incident_id) & (col(MilestoneRow.kind) == kind) & (col(MilestoneRow.recorded_at) >= since)
    await tx.changed(delete(MilestoneRow).where(slip))
