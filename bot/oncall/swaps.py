"""Swaps: asked, accepted, declined, withdrawn. An accepted one is an override that came from an agreement."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlmodel import col

from bot.db import Tx
from bot.directory.service import Directory
from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotFound
from bot.oncall import store
from bot.oncall.checks import Checks, end, number, row_of
from bot.oncall.definition import Shift, Swap, SwapState
from bot.oncall.messages import ScheduleChanged, SwapAccepted, SwapAsked, SwapDeclined, SwapWithdrawn
from bot.oncall.models import OnCallOverride, OnCallSwap
from bot.oncall.roster import Board

LOOK_AHEAD = timedelta(weeks=8)


class Swaps:
    """The verbs of swaps. The actor is who asks or answers; times are aware UTC."""

    def __init__(self, checks: Checks, directory: Directory) -> None:
        self._checks = checks
        self._directory = directory

    async def ask_swap(
        self,
        tx: Tx,
        schedule_id: str,
        start: datetime,
        end: datetime,
        asked: str | None = None,
        in_return: tuple[datetime, datetime] | None = None,
        reason: str = "",
    ) -> Swap:
        """The actor asks `asked` (None: anybody) to take what they have between `start` and `end`, perhaps for a time of theirs."""
        board = await self._checks.held(tx, schedule_id)
        start = self._checks.from_now_on(tx, start, end, "A swap")
        if asked == tx.actor:
            raise InvalidInput("You have that time already; name somebody else, or ask the whole team to cover.")
        self._checks.known(asked)
        self._checks.level(schedule_id, asked)
        mine = time_of(board, tx.actor, start, end)
        if not mine:
            raise InvalidInput(
                f"You are not on call in {schedule_id} {self._checks.between(tx, start, end)}. {self._next_of(tx, board, tx.actor)}"
            )
        if in_return is not None:
            self._check_return(tx, board, schedule_id, asked, in_return)
        await self._check_no_other(tx, schedule_id, start, end)
        row = OnCallSwap(
            schedule=schedule_id,
            requester=tx.actor,
            asked=asked,
            starts_at=start,
            ends_at=end,
            return_starts_at=in_return[0] if in_return else None,
            return_ends_at=in_return[1] if in_return else None,
            state=SwapState.ASKED,
            reason=reason,
            made_at=tx.now,
        )
        tx.session.add(row)
        await tx.session.flush()
        await tx.announce(SwapAsked(number(row), schedule_id, tx.actor, asked))
        return store.as_swap(row)

    async def accept_swap(self, tx: Tx, swap_id: int) -> Swap:
        """The actor takes it, what is left of it. Of several who try the first has it; the others hear who (`AlreadyDone`)."""
        row = await self._open_swap(tx, swap_id)
        if row.requester == tx.actor:
            raise InvalidInput("You asked for this yourself. To take it back, withdraw it.")
        if row.asked is not None and row.asked != tx.actor:
            raise NotAllowed(
                f"{self._directory.name(row.requester)} asked {self._directory.name(row.asked)}, not you. Nothing was changed."
            )
        self._checks.known(tx.actor)
        self._checks.level(row.schedule, tx.actor)
        board = await self._checks.held(tx, row.schedule)
        row = await self._open_swap(tx, swap_id)  # somebody may have been first while this waited
        start = max(row.starts_at, tx.now)
        if not time_of(board, row.requester, start, row.ends_at):
            raise AlreadyDone(f"{self._directory.name(row.requester)} is not on call then any more. Nothing is left to take.")
        values = {"state": SwapState.ACCEPTED, "taker": tx.actor, "answered_at": tx.now, "starts_at": start}
        await self._answer(tx, row, values)
        swap = await self.swap(tx, swap_id)
        for override in swap.overrides():
            tx.session.add(row_of(tx, row.schedule, override, swap_id))
        await tx.session.flush()
        await tx.announce(SwapAccepted(swap_id, row.schedule, row.requester, tx.actor))
        await tx.announce(ScheduleChanged(row.schedule, start))
        return swap

    async def decline_swap(self, tx: Tx, swap_id: int) -> Swap:
        """The actor, who was asked by name, does not take it."""
        row = await self._open_swap(tx, swap_id)
        if row.asked != tx.actor:
            raise NotAllowed("Only who was asked by name can decline. Whoever does not want to cover need do nothing.")
        await self._answer(tx, row, {"state": SwapState.DECLINED, "answered_at": tx.now})
        await tx.announce(SwapDeclined(swap_id, row.schedule, row.requester, tx.actor))
        return await self.swap(tx, swap_id)

    async def withdraw_swap(self, tx: Tx, swap_id: int) -> Swap:
        """The actor, who asked, takes it back: also an accepted one, until its time begins."""
        row = await self._swap_row(tx, swap_id)
        if row.requester != tx.actor:
            raise NotAllowed("Only who asked for a swap can withdraw it.")
        if row.state not in (SwapState.ASKED, SwapState.ACCEPTED):
            raise AlreadyDone(f"This swap was {row.state.value} already. Nothing to do.")
        if row.state is SwapState.ACCEPTED and row.starts_at <= tx.now:
            raise AlreadyDone(
                f"{self._directory.name(row.taker or '')} has it since {self._checks.at(tx, row.starts_at)}; ask them for a swap back."
            )
        await self._checks.held(tx, row.schedule)
        taker = row.taker
        await self._answer(tx, row, {"state": SwapState.WITHDRAWN, "answered_at": tx.now}, row.state)
        given = (await tx.session.execute(select(OnCallOverride).where(col(OnCallOverride.swap_id) == swap_id))).scalars()
        for override in given:
            end(tx, override)
        await tx.session.flush()
        await tx.announce(SwapWithdrawn(swap_id, row.schedule, row.requester, taker))
        if taker is not None:
            await tx.announce(ScheduleChanged(row.schedule, row.starts_at))
        return await self.swap(tx, swap_id)

    async def swap(self, tx: Tx, swap_id: int) -> Swap:
        """The swap with this number."""
        return store.as_swap(await self._swap_row(tx, swap_id))

    async def open_swaps(self, tx: Tx, person: str | None = None, schedule_id: str | None = None) -> list[Swap]:
        """Swaps that still wait for an answer: of a person (asked, asking, or free to cover), of a schedule, or all."""
        rows = await store.swaps_of(tx, person, tx.now, schedule_id)
        return [store.as_swap(row) for row in rows if row.state is SwapState.ASKED]

    async def _swap_row(self, tx: Tx, swap_id: int) -> OnCallSwap:
        row = await tx.session.get(OnCallSwap, swap_id, populate_existing=True)
        if row is None:
            raise NotFound(f"There is no swap {swap_id}.")
        return row

    async def _open_swap(self, tx: Tx, swap_id: int) -> OnCallSwap:
        """A swap that can still be answered."""
        row = await self._swap_row(tx, swap_id)
        if row.state is SwapState.ACCEPTED:
            raise AlreadyDone(f"{self._directory.name(row.taker or '')} took this already. Nothing to do.")
        if row.state is not SwapState.ASKED:
            raise AlreadyDone(f"This swap was {row.state.value}. Nothing to do.")
        if row.ends_at <= tx.now:
            raise AlreadyDone("This time is over. Nothing to do.")
        return row

    async def _answer(self, tx: Tx, row: OnCallSwap, values: Mapping[str, object], before: SwapState = SwapState.ASKED) -> None:
        """Move the swap on, unless somebody did meanwhile."""
        moving = update(OnCallSwap).where(col(OnCallSwap.id) == row.id, col(OnCallSwap.state) == before).values(**values)
        if await tx.changed(moving) == 0:
            await self._open_swap(tx, number(row))
            raise AlreadyDone("This swap has changed meanwhile. Nothing was done.")

    async def _check_no_other(self, tx: Tx, schedule_id: str, start: datetime, end: datetime) -> None:
        """One time is asked for once."""
        for row in await store.swaps_of(tx, tx.actor, tx.now, schedule_id):
            if row.requester == tx.actor and row.state is SwapState.ASKED and row.starts_at < end and row.ends_at > start:
                whom = self._directory.name(row.asked) if row.asked else "the team"
                when = self._checks.between(tx, row.starts_at, row.ends_at)
                raise InvalidInput(f"You asked {whom} already, {when}. Withdraw that first, or wait for an answer.")

    def _check_return(self, tx: Tx, board: Board, schedule_id: str, asked: str | None, in_return: tuple[datetime, datetime]) -> None:
        """What is taken in return must be theirs, and to come."""
        if asked is None:
            raise InvalidInput("Name the person whose time you would take in return.")
        if in_return[0] < tx.now or in_return[1] <= in_return[0]:
            raise InvalidInput("The time you take in return has to lie ahead, its end after its start.")
        if not time_of(board, asked, *in_return):
            name = self._directory.name(asked)
            raise InvalidInput(
                f"{name} is not on call in {schedule_id} {self._checks.between(tx, *in_return)}. {self._next_of(tx, board, asked)}"
            )
        self._checks.level(schedule_id, tx.actor)

    def _next_of(self, tx: Tx, board: Board, person: str) -> str:
        """When somebody is on call next, as a sentence."""
        mine = time_of(board, person, tx.now, tx.now + LOOK_AHEAD)
        who = "You are" if person == tx.actor else f"{self._directory.name(person)} is"
        if not mine:
            return f"{who} not on call there in the next eight weeks."
        return f"{who} next on call {self._checks.between(tx, mine[0].start, mine[0].end)}."


def time_of(board: Board, person: str, start: datetime, end: datetime) -> list[Shift]:
    """What of a time is a person's."""
    return [shift for shift in board.shifts(start, end) if shift.person == person]
