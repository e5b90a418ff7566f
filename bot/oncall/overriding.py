"""Changes that people make for a while: overrides and temporary schedules.

What was is never changed: one that has begun ends, one that has not never begins.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.db import Tx
from bot.errors import AlreadyDone, InvalidInput, NotFound
from bot.oncall import store
from bot.oncall.checks import Checks, end, number, row_of
from bot.oncall.definition import Kind, Op, Override, TemporarySchedule, TemporaryShift
from bot.oncall.messages import OverrideAdded, OverrideRemoved, ScheduleChanged, TemporaryAdded, TemporaryRemoved
from bot.oncall.models import OnCallOverride, OnCallTemporary
from bot.oncall.records import shifts_text


class Overriding:
    """The verbs of overrides. The actor is who asks; times are aware UTC."""

    def __init__(self, checks: Checks) -> None:
        self._checks = checks

    async def add_override(
        self,
        tx: Tx,
        schedule_id: str,
        person: str | None,
        start: datetime,
        end: datetime,
        op: Op | None = None,
        instead_of: str | None = None,
    ) -> Override:
        """`person` is on call from `start` (now, if that is past) until `end`: for `instead_of` where given, else for everybody."""
        board = await self._checks.held(tx, schedule_id)
        start = self._checks.from_now_on(tx, start, end, "An override")
        chosen = op or (Op.REPLACE if instead_of else Op.REPLACE_ALL)
        for one in (person, instead_of):
            self._checks.known(one)
        self._checks.level(schedule_id, person)
        wanted = Override(chosen, start, end, person, instead_of, by=tx.actor)
        self._checks.free(tx, board, wanted)
        row = row_of(tx, schedule_id, wanted)
        tx.session.add(row)
        await tx.session.flush()
        await tx.announce(OverrideAdded(number(row), schedule_id, person, tx.actor))
        await tx.announce(ScheduleChanged(schedule_id, start))
        return store.as_override(row)

    async def remove_override(self, tx: Tx, override_id: int) -> None:
        """An override ends now, or never begins. One that is over stays as it was (`AlreadyDone`)."""
        row = await tx.session.get(OnCallOverride, override_id)
        if row is None or row.removed_at is not None:
            raise NotFound(f"There is no override {override_id} any more. Nothing to do.")
        if row.kind is Kind.SWAP:
            raise InvalidInput("This came from a swap; whoever asked for it can withdraw the swap.")
        if row.ends_at <= tx.now:
            raise AlreadyDone("This override is over already. Nothing to do.")
        await self._checks.held(tx, row.schedule)
        await tx.announce(OverrideRemoved(override_id, row.schedule, row.person, tx.actor))  # while its whole time is known
        end(tx, row)
        await tx.session.flush()
        await tx.announce(ScheduleChanged(row.schedule, tx.now))

    async def add_temporary(
        self, tx: Tx, schedule_id: str, start: datetime, end: datetime, shifts: Sequence[TemporaryShift]
    ) -> TemporarySchedule:
        """These shifts stand in place of the schedule's layers from `start` until `end`. Its times are cut to those, and to the future."""
        board = await self._checks.held(tx, schedule_id)
        start = self._checks.from_now_on(tx, start, end, "A temporary schedule")
        self._checks.apart(tx, shifts)
        for shift in shifts:
            self._checks.known(shift.person)
            self._checks.level(schedule_id, shift.person)
        for other in board.overrides.temporary:
            if other.start < end and other.end > start:
                when = self._checks.between(tx, other.start, other.end)
                raise InvalidInput(f"A temporary schedule stands there {when} already; remove it first.")
        cut = tuple(
            replace(one, start=max(one.start, start), end=min(one.end, end)) for one in shifts if one.start < end and one.end > start
        )
        row = OnCallTemporary(schedule=schedule_id, starts_at=start, ends_at=end, shifts=shifts_text(cut), made_by=tx.actor, made_at=tx.now)
        tx.session.add(row)
        await tx.session.flush()
        await tx.announce(TemporaryAdded(number(row), schedule_id, tx.actor))
        await tx.announce(ScheduleChanged(schedule_id, start))
        return store.as_temporary(row)

    async def remove_temporary(self, tx: Tx, temporary_id: int) -> None:
        """A temporary schedule ends now, or never begins."""
        row = await tx.session.get(OnCallTemporary, temporary_id)
        if row is None or row.removed_at is not None or row.ends_at <= tx.now:
            raise NotFound("This temporary schedule is over or was removed. Nothing to do.")
        await self._checks.held(tx, row.schedule)
        await tx.announce(TemporaryRemoved(temporary_id, row.schedule, tx.actor))  # while its whole time is known
        end(tx, row)
        await tx.session.flush()
        await tx.announce(ScheduleChanged(row.schedule, tx.now))
