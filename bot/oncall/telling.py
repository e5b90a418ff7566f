"""Whoever a change concerns is told of it, in a direct message on their own clock; a request for cover goes to the whole team."""

import json
from collections.abc import Sequence

from slack_sdk.models.blocks import Block
from sqlalchemy import select
from sqlmodel import col

from bot.db import Tx
from bot.directory.messages import TellPerson
from bot.directory.service import Directory
from bot.errors import NotFound
from bot.oncall import blocks
from bot.oncall.definition import Override, Overrides, Swap, TemporarySchedule
from bot.oncall.messages import (
    AskTeam,
    CloseCover,
    OverrideAdded,
    OverrideRemoved,
    SwapAccepted,
    SwapAsked,
    SwapDeclined,
    SwapWithdrawn,
    TemporaryAdded,
    TemporaryRemoved,
)
from bot.oncall.models import OnCallOverride, OnCallTemporary
from bot.oncall.planning import Planner
from bot.oncall.service import Board, OnCall
from bot.oncall.store import as_override, as_temporary
from bot.oncall.swaps import Swaps
from bot.oncall.wording import at, between, listed
from bot.slack.text import escape
from bot.work import queue


class Telling:
    """Hears what was changed, and orders the messages."""

    def __init__(self, oncall: OnCall, directory: Directory, planner: Planner, swaps: Swaps) -> None:
        self._oncall = oncall
        self._directory = directory
        self._planner = planner
        self._swaps = swaps

    async def on_swap_asked(self, tx: Tx, fact: SwapAsked) -> None:
        """One person is asked with two buttons; the team, in its channel or each of them."""
        if fact.asked is None:
            await queue.schedule(tx, AskTeam(swap_id=fact.swap_id), key=cover_key(fact.swap_id), about=_about(fact.swap_id))
            return
        swap = await self._swaps.swap(tx, fact.swap_id)
        text = self.question(swap, fact.asked)
        await self._tell(tx, fact.asked, text, f"swap:{fact.swap_id}:asked", blocks.asked(text, fact.swap_id, by_name=True))

    async def on_swap_accepted(self, tx: Tx, fact: SwapAccepted) -> None:
        """Both are told who is on call now."""
        swap = await self._swaps.swap(tx, fact.swap_id)
        taker, requester = self._name(fact.taker), self._name(fact.requester)
        back = f" In return you take {self._back(swap, fact.requester)}." if swap.return_start else ""
        text = f"{taker} takes your time as {self._when(swap, fact.requester)}.{back}"
        await self._tell(tx, fact.requester, text, f"swap:{fact.swap_id}:accepted")
        back = f" {requester} takes {self._back(swap, fact.taker)}." if swap.return_start else ""
        text = f"You took {requester}'s time as {self._when(swap, fact.taker)}.{back}"
        await self._tell(tx, fact.taker, text, f"swap:{fact.swap_id}:accepted")
        await self._close(tx, swap, fact.swap_id)

    async def on_swap_declined(self, tx: Tx, fact: SwapDeclined) -> None:
        """Who asked is told, and what else can be done."""
        swap = await self._swaps.swap(tx, fact.swap_id)
        command = self._oncall.config.commands.oncall
        text = (
            f"{self._name(fact.by)} cannot take your time as {self._when(swap, fact.requester)}. You stay on call. "
            f"`{command} off` shows who else could, `{command} cover` asks the team."
        )
        await self._tell(tx, fact.requester, text, f"swap:{fact.swap_id}:declined")

    async def on_swap_withdrawn(self, tx: Tx, fact: SwapWithdrawn) -> None:
        """Whoever was asked, or had taken it, need not."""
        swap = await self._swaps.swap(tx, fact.swap_id)
        told = fact.taker or swap.asked
        if told is not None:
            text = f"{self._name(fact.requester)} withdrew what they asked: {self._when(swap, told)}. It stays theirs; you need do nothing."
            await self._tell(tx, told, text, f"swap:{fact.swap_id}:withdrawn")
        await self._close(tx, swap, fact.swap_id)

    async def on_override_added(self, tx: Tx, fact: OverrideAdded) -> None:
        """Whoever stands in, and whoever need not be there, unless they did it themselves."""
        change = await self._override(tx, fact.override_id)
        if change is None:
            return
        by, key = self._name(fact.by), f"override:{fact.override_id}:added"
        if fact.person and fact.person != fact.by:
            await self._tell(tx, fact.person, f"{by} put you on call: {self._time(fact.schedule, change, fact.person)}.", key)
        for person in await self._displaced(tx, fact.schedule, change):
            if person not in (fact.by, fact.person):
                who = self._name(fact.person) if fact.person else "Nobody"
                text = f"{who} stands in for you: {self._time(fact.schedule, change, person)} (by {by}). You are off then."
                await self._tell(tx, person, text, key)

    async def on_override_removed(self, tx: Tx, fact: OverrideRemoved) -> None:
        """Whoever stood in, and whoever has their time back."""
        change = await self._override(tx, fact.override_id)
        if change is None:
            return
        by, key = self._name(fact.by), f"override:{fact.override_id}:removed"
        concerned = [fact.person] if fact.person else []
        for person in dict.fromkeys([*concerned, *await self._displaced(tx, fact.schedule, change)]):
            if person != fact.by:
                text = f"{by} took an override back: {self._time(fact.schedule, change, person)}. The plan holds again."
                await self._tell(tx, person, text, key)

    async def on_temporary_added(self, tx: Tx, fact: TemporaryAdded) -> None:
        """Whoever is on call by it hears when, and whoever was planned that they need not be there."""
        plan, by = await self._temporary(tx, fact.temporary_id), self._name(fact.by)
        title, key = escape(self._planner.title(fact.schedule)), f"temporary:{fact.temporary_id}:added"
        inside = list(dict.fromkeys(one.person for one in plan.shifts))
        for person in await self._concerned(tx, fact.schedule, plan):
            if person == fact.by:
                continue
            zone = self._planner.zone(person)
            whole = f"{by} put shifts in place of the schedule of {title} *{between(plan.start, plan.end, zone)}* ({zone})."
            theirs = "; ".join(f"*{between(one.start, one.end, zone)}*" for one in plan.shifts if one.person == person)
            instead = escape(listed([self._directory.name(one) for one in inside]))
            text = f"{whole} You are on call {theirs}." if theirs else f"{whole} {instead} stands in for you: you are off then."
            await self._tell(tx, person, text, key)

    async def on_temporary_removed(self, tx: Tx, fact: TemporaryRemoved) -> None:
        """Everybody who was told of it."""
        plan, key = await self._temporary(tx, fact.temporary_id), f"temporary:{fact.temporary_id}:removed"
        for person in await self._concerned(tx, fact.schedule, plan):
            if person != fact.by:
                since = at(max(plan.start, tx.now), self._planner.zone(person))
                title = escape(self._planner.title(fact.schedule))
                text = f"{self._name(fact.by)} took a temporary schedule of {title} back: the plan holds again from {since} on."
                await self._tell(tx, person, text, key)

    def question(self, swap: Swap, reader: str | None) -> str:
        """What is asked of `reader`, or of a team, in the schedule's zone."""
        who = self._name(swap.requester)
        asks = f"{who} asks you to take" if reader else f"{who} cannot be on call and asks the team: who takes"
        text = f"{asks} {self._when(swap, reader)}{'.' if reader else '?'}"
        if swap.return_start:
            text += f" In return {who} takes {self._back(swap, reader)}."
        return f"{text}\n>{escape(swap.reason)}" if swap.reason else text

    async def _close(self, tx: Tx, swap: Swap, swap_id: int) -> None:
        if swap.asked is None:
            await queue.schedule(tx, CloseCover(swap_id=swap_id), key=f"{cover_key(swap_id)}:closed", about=_about(swap_id))

    async def _tell(self, tx: Tx, person: str, text: str, key: str, body: Sequence[Block] = ()) -> None:
        shown = json.dumps([block.to_dict() for block in body]) if body else ""
        await queue.schedule(tx, TellPerson(actor=person, text=text, blocks=shown), key=f"{key}:{person}")

    async def _override(self, tx: Tx, override_id: int) -> Override | None:
        row = (await tx.session.execute(select(OnCallOverride).where(col(OnCallOverride.id) == override_id))).scalar()
        return as_override(row) if row else None

    async def _temporary(self, tx: Tx, temporary_id: int) -> TemporarySchedule:
        row = await tx.session.get(OnCallTemporary, temporary_id)
        if row is None:
            raise NotFound("This temporary schedule was removed.")
        return as_temporary(row)

    async def _concerned(self, tx: Tx, schedule: str, plan: TemporarySchedule) -> list[str]:
        """Who is on call by a temporary schedule, and who would be without it."""
        found = await self._oncall.board(tx, schedule, plan.start, plan.end)
        without = Board(found.definition, Overrides(found.overrides.overrides))
        planned = [shift.person for shift in without.shifts(plan.start, plan.end)]
        return list(dict.fromkeys([*(shift.person for shift in plan.shifts), *planned]))

    async def _displaced(self, tx: Tx, schedule: str, change: Override) -> list[str]:
        """Who would be on call without it, and is not with it."""
        board = await self._oncall.board(tx, schedule, change.start, change.end)
        others = tuple(one for one in board.overrides.overrides if one.id != change.id)
        without = Board(board.definition, Overrides(others, board.overrides.temporary))
        return list(dict.fromkeys(one.person for one in without.shifts(change.start, change.end) if one.person != change.person))

    def _time(self, schedule: str, change: Override, reader: str) -> str:
        zone = self._planner.zone(reader)
        return f"{escape(self._planner.title(schedule))} *{between(change.start, change.end, zone)}* ({zone})"

    def _when(self, swap: Swap, reader: str | None) -> str:
        zone = self._planner.zone(reader) if reader else self._oncall.zone_of(swap.schedule)
        return f"{escape(self._planner.title(swap.schedule))} *{between(swap.start, swap.end, zone)}* ({zone})"

    def _back(self, swap: Swap, reader: str | None) -> str:
        zone = self._planner.zone(reader) if reader else self._oncall.zone_of(swap.schedule)
        return f"*{between(swap.return_start, swap.return_end, zone)}*" if swap.return_start and swap.return_end else "nothing"

    def _name(self, actor: str) -> str:
        return escape(self._directory.name(actor))


def cover_key(swap_id: int) -> str:
    """The key of the order that asks the team; its message carries it."""
    return f"oncall_cover:{swap_id}"


def _about(swap_id: int) -> str:
    return f"swap:{swap_id}"
