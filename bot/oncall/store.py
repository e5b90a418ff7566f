"""Rows ↔ the values that the rules take."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import delete, or_, select
from sqlmodel import col

from bot.config.models import Config
from bot.db import Tx
from bot.oncall import configured
from bot.oncall.definition import Epoch, Kind, Override, Overrides, Schedule, Swap, TemporarySchedule
from bot.oncall.epochs import Held, first_epochs, planned
from bot.oncall.models import OnCallEpoch, OnCallOverride, OnCallSwap, OnCallTemporary
from bot.oncall.records import epoch_of, epoch_text, shifts_of
from bot.oncall.roster import Board

EPOCHS = "oncall-epochs"
C = TypeVar("C", OnCallOverride, OnCallTemporary)


async def keep_epochs(tx: Tx, config: Config) -> list[tuple[str, datetime]]:
    """Write down what configuration wants from now on. Which schedules change, and when; nothing when it says what it said before."""
    await tx.lock(EPOCHS)
    held = await all_epochs(tx)
    changed: list[tuple[str, datetime]] = []
    for name in configured.ids(config):
        before = held.get(name, ())
        after = planned(before, configured.wanted(config, name), tx.now)
        new = [one for one in after if one not in before]
        gone = [one.since for one in before if one not in after]
        if gone:
            await tx.session.execute(delete(OnCallEpoch).where(col(OnCallEpoch.schedule) == name, col(OnCallEpoch.since).in_(gone)))
        for one in new:
            text = epoch_text(one.epoch)
            tx.session.add(OnCallEpoch(schedule=name, since=one.since, definition=text, source=one.source, made_at=tx.now))
        if before and (new or gone):
            changed.append((name, min([*(one.since for one in new), *gone])))
    await tx.session.flush()
    return changed


async def all_epochs(tx: Tx) -> dict[str, tuple[Held, ...]]:
    """The epochs of every schedule, in the order of their dates."""
    found: dict[str, tuple[Held, ...]] = {}
    for row in (await tx.session.execute(select(OnCallEpoch).order_by(col(OnCallEpoch.since)))).scalars():
        found[row.schedule] = (*found.get(row.schedule, ()), Held(epoch_of(row.definition, row.since), row.source))
    return found


async def boards(tx: Tx, config: Config, ids: Collection[str], since: datetime, until: datetime | None = None) -> dict[str, Board]:
    """Schedules with the changes that hold after `since` (and before `until`). Ids that configuration does not know are left out."""
    names = [name for name in ids if name in config.schedules or name in config.rotations]
    epochs = await epochs_of(tx, names)
    overrides = await changes(tx, OnCallOverride, names, since, until)
    temporary = await changes(tx, OnCallTemporary, names, since, until)
    found: dict[str, Board] = {}
    for name in names:
        changed = Overrides(
            tuple(as_override(row) for row in overrides if row.schedule == name),
            tuple(as_temporary(row) for row in temporary if row.schedule == name),
        )
        as_written = epochs.get(name) or tuple(held.epoch for held in first_epochs(configured.wanted(config, name)))
        found[name] = Board(Schedule(name, configured.zone_of(config, name), as_written), changed)
    return found


async def epochs_of(tx: Tx, names: Collection[str]) -> dict[str, tuple[Epoch, ...]]:
    """The epochs that were written down, in the order of their dates."""
    table = OnCallEpoch
    columns = select(col(table.schedule), col(table.definition), col(table.since)).where(col(table.schedule).in_(names))
    found: dict[str, tuple[Epoch, ...]] = {}
    for name, text, since in (await tx.session.execute(columns.order_by(col(table.since)))).all():
        found[name] = (*found.get(name, ()), epoch_of(text, since))
    return found


async def changes(tx: Tx, table: type[C], names: Collection[str], since: datetime, until: datetime | None) -> Sequence[C]:
    """The rows of changes that hold after `since` and before `until`, in the order in which they were made."""
    rows = select(table).where(col(table.schedule).in_(names), col(table.ends_at) > since, col(table.removed_at).is_(None))
    if until is not None:
        rows = rows.where(col(table.starts_at) < until)
    return (await tx.session.execute(rows.order_by(col(table.id)))).scalars().all()


async def changed_at(tx: Tx, at: datetime) -> frozenset[str]:
    """The schedules about which a change holds at a moment."""
    found: set[str] = set()
    for table in (OnCallOverride, OnCallTemporary):
        now = (col(table.starts_at) <= at) & (col(table.ends_at) > at) & col(table.removed_at).is_(None)
        found |= set((await tx.session.execute(select(col(table.schedule)).where(now))).scalars())
    return frozenset(found)


async def swaps_of(tx: Tx, person: str | None, since: datetime, schedule_id: str | None = None) -> Sequence[OnCallSwap]:
    """Swaps that end after `since`: those a person has a part in (or may take), or all; of one schedule, or all."""
    table = OnCallSwap
    rows = select(table).where(col(table.ends_at) > since)
    if person is not None:
        rows = rows.where(
            or_(col(table.requester) == person, col(table.taker) == person, col(table.asked) == person, col(table.asked).is_(None))
        )
    if schedule_id is not None:
        rows = rows.where(col(table.schedule) == schedule_id)
    return (await tx.session.execute(rows.order_by(col(table.id)))).scalars().all()


def as_override(row: OnCallOverride) -> Override:
    by = row.made_by if row.kind is Kind.OVERRIDE else None
    return Override(row.op, row.starts_at, row.ends_at, row.person, row.instead_of, by, kind=row.kind, id=row.id)


def as_temporary(row: OnCallTemporary) -> TemporarySchedule:
    return TemporarySchedule(row.starts_at, row.ends_at, shifts_of(row.shifts), row.made_by, row.id)


def as_swap(row: OnCallSwap) -> Swap:
    return Swap(
        row.requester,
        row.starts_at,
        row.ends_at,
        row.state,
        row.asked,
        row.taker,
        row.return_starts_at,
        row.return_ends_at,
        row.id,
        row.schedule,
        row.reason,
    )
