"""Repairing the transcript from Slack's history: what was said, edited, deleted, reacted or pinned while no event reached us.

A channel is read from its newest message to its first, a page at a time, and then each of its threads once. How far that came stands in
the database (`HistoryCursor`, `HistoryThread`), written with what was read: after a 429, or in another process, it goes on from there. A
new order on the way is a new turn: it goes on to the bottom, and then reads from the top down to where it was when the order came.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlmodel import col

from bot import log
from bot.db import BOT, Database, Tx
from bot.incidents import history, known
from bot.incidents.history import Raw
from bot.incidents.lifecycle import OPEN
from bot.incidents.messages import HistoryRepaired, RepairHistory
from bot.incidents.models import HistoryCursor, HistoryThread, Incident
from bot.incidents.recorder import Recorder
from bot.incidents.sheet import vanished
from bot.incidents.transcript import stamp
from bot.slack import fields
from bot.slack.gateway import Failed, Ok, SlackGateway
from bot.slack.gateway import TryLater as SlackAway
from bot.work import queue
from bot.work.orders import Done, Outcome
from bot.work.queue import Claim

PAGE = 999
"""Messages a call, the most that Slack gives. It gives apps that are sold outside its marketplace 15, once a minute."""
THREADS = 4
"""Threads that are read side by side."""
PART = 250
"""Messages a transaction: nothing else can be written meanwhile, and pages are answered."""

logger = log.get(__name__)


class Stopped(Exception):
    """Slack cannot be read on just now, or not at all."""

    def __init__(self, answer: SlackAway | Failed) -> None:
        super().__init__(answer.why)
        self.answer = answer


class Overtaken(Exception):
    """Another process reads on under a newer order."""


class Forgotten(Exception):
    """Slack no longer knows how far we were."""


@dataclass(frozen=True)
class Asked:
    """A page, and what was known before it was asked for."""

    known: known.Known
    page: list[Raw]
    has_more: bool


@dataclass(frozen=True)
class Part:
    """Of an ordinary channel only what was said between these times is the incident's; None: no bound."""

    oldest: str | None = None
    latest: str | None = None


class HistoryRepair:
    """Reads channels' histories."""

    def __init__(self, database: Database, gateway: SlackGateway, recorder: Recorder) -> None:
        self._db = database
        self._slack = gateway
        self._recorder = recorder

    async def repair_open(self, tx: Tx) -> int:
        """Order the repair of every open incident's channel, after a time in which events may have been missed; returns how many."""
        open_ones = select(col(Incident.id)).where(col(Incident.state).in_(OPEN), col(Incident.channel_id).is_not(None))
        numbers = [number for number in (await tx.session.execute(open_ones)).scalars() if number is not None]
        for number in numbers:
            await queue.refresh(tx, RepairHistory(incident_id=number), key=f"repair_history:{number}", about=f"incident:{number}")
        return len(numbers)

    async def repair_history(self, order: RepairHistory, claim: Claim) -> Outcome:
        """Handler: take in the whole history of the incident's channel."""
        async with self._db.begin(actor=BOT) as tx:
            incident = await tx.session.get(Incident, order.incident_id)
            if incident is None or not incident.channel_id:
                return Done()
            await begin_turn(tx, incident.number, incident.channel_id, claim.revision)
        reader = Reader(self._db, self._slack, self._recorder, incident.number, incident.channel_id, claim.revision, part_of(incident))
        try:
            await reader.read()
        except Overtaken:
            return Done()
        except Stopped as stopped:
            return stopped.answer if isinstance(stopped.answer, SlackAway) else stopped.answer.outcome()
        async with self._db.begin(actor=BOT) as tx:
            await tx.session.delete(await reader.cursor(tx))
            await tx.announce(HistoryRepaired(incident.number))
        logger.info("history repaired", incident=incident.number)
        return Done()


def part_of(incident: Incident) -> Part:
    """How much of its channel's history is the incident's."""
    if not incident.is_adopted:
        return Part()
    return Part(incident.channel_since, f"{incident.ended_at.timestamp():.6f}" if incident.ended_at else None)


async def begin_turn(tx: Tx, incident_id: int, channel: str, revision: int) -> None:
    """Go on where an order stopped, or begin the turn of a new one."""
    cursor = await tx.session.get(HistoryCursor, channel)
    if cursor is None:
        tx.session.add(HistoryCursor(channel_id=channel, incident_id=incident_id, revision=revision))
    elif cursor.revision != revision:
        cursor.revision = revision
        cursor.upper = cursor.until = None if cursor.is_read else cursor.upper
        cursor.is_last_leg, cursor.is_read = cursor.upper is None, False


def onward(cursor: HistoryCursor, lowest: str, has_more: bool) -> None:
    """Everything down to `lowest` was read; at the bottom a turn that began on the way goes on from the top."""
    cursor.upper = lowest
    if cursor.is_last_leg:
        cursor.is_read = not has_more or (cursor.until is not None and stamp(lowest) <= stamp(cursor.until))
    elif not has_more:
        cursor.upper, cursor.is_last_leg = None, True


class Reader:
    """Reads one channel's history for one order, as far as Slack allows it."""

    def __init__(
        self, database: Database, gateway: SlackGateway, recorder: Recorder, incident_id: int, channel: str, revision: int, part: Part
    ) -> None:
        self._db = database
        self._slack = gateway
        self._recorder = recorder
        self._incident = incident_id
        self._channel = channel
        self._revision = revision
        self._part = part
        self._ahead: tuple[str, asyncio.Task[Asked]] | None = None
        """The next page, which was asked for while this one is written."""

    async def read(self) -> None:
        """Every page, then every thread. Slack counts them apart: while it asks for patience with the one, the other goes on."""
        away: list[SlackAway] = []
        try:
            for step in (self._read_page, self._read_threads):
                try:
                    while await step():
                        pass
                except Stopped as stopped:
                    if not isinstance(stopped.answer, SlackAway):
                        raise
                    away.append(stopped.answer)
        finally:
            await self._drop_ahead()
        if away:
            raise Stopped(min(away, key=lambda answer: answer.after or timedelta.max))

    async def cursor(self, tx: Tx) -> HistoryCursor:
        """How far this order came. Raises `Overtaken` when it is no longer the one that counts."""
        cursor = await tx.session.get(HistoryCursor, self._channel)
        if cursor is None or cursor.revision != self._revision:
            raise Overtaken
        return cursor

    async def _read_page(self) -> bool:
        async with self._db.read() as tx:
            cursor = await self.cursor(tx)
            if cursor.is_read:
                return False
        asked = await self._asked(cursor.upper)
        shown = {fields.text(message, "ts") for message in asked.page}
        if asked.has_more and cursor.until is None:
            lowest = min(shown, key=stamp)
            self._ahead = lowest, asyncio.create_task(self._ask(lowest))  # Slack answers while this page is written
        parts = [asked.page[start : start + PART] for start in range(0, len(asked.page), PART)] or [[]]
        for part in parts:
            async with self._db.begin(actor=BOT) as tx:
                cursor = await self.cursor(tx)
                await history.take_in(tx, self._recorder, self._incident, self._channel, part, asked.known)
                await vanished(tx, self._channel, history.missing(part, asked.known, shown))
                await self._remember_threads(tx, [fields.text(root, "ts") for root in part if fields.number(root, "reply_count") > 0])
                lowest = min((fields.text(message, "ts") for message in part), key=stamp, default=cursor.upper or "")
                onward(cursor, lowest, bool(part) and (asked.has_more or part is not parts[-1]))
        return True

    async def _ask(self, upper: str | None) -> Asked:
        async with self._db.read() as tx:
            seen = await known.below(tx, self._incident, upper or self._part.latest)  # what is later was not asked for
        data = await self._call("conversations.history", limit=PAGE, oldest=self._part.oldest, latest=upper or self._part.latest)
        return Asked(seen, fields.items(data, "messages"), fields.flag(data, "has_more"))

    async def _asked(self, upper: str | None) -> Asked:
        """The page below `upper`, which may have been asked for already."""
        if self._ahead is not None and self._ahead[0] == upper:
            asked, self._ahead = self._ahead[1], None
            return await asked
        return await self._ask(upper)

    async def _drop_ahead(self) -> None:
        if self._ahead is not None:
            self._ahead[1].cancel()
            await asyncio.gather(self._ahead[1], return_exceptions=True)
            self._ahead = None

    async def _remember_threads(self, tx: Tx, roots: Sequence[str]) -> None:
        mine = col(HistoryThread.channel_id) == self._channel
        await tx.changed(delete(HistoryThread).where(mine, col(HistoryThread.root).in_(roots)))
        tx.session.add_all([HistoryThread(channel_id=self._channel, root=root) for root in roots])

    async def _read_threads(self) -> bool:
        """Some threads side by side, the newest first."""
        mine = select(HistoryThread).where(col(HistoryThread.channel_id) == self._channel)
        async with self._db.read() as tx:
            newest = (await tx.session.execute(mine.order_by(col(HistoryThread.root).desc()).limit(THREADS))).scalars().all()
        ends = await asyncio.gather(*(self._read_replies(thread) for thread in newest), return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end
        return bool(newest)

    async def _read_replies(self, thread: HistoryThread) -> None:
        async with self._db.read() as tx:
            seen = await known.replies_to(tx, self._incident, thread.root)
        bounds = {"oldest": self._part.oldest, "latest": self._part.latest}
        try:
            data = await self._call("conversations.replies", ts=thread.root, limit=PAGE, cursor=thread.cursor or None, **bounds)
        except Forgotten:
            async with self._db.begin(actor=BOT) as tx:
                await self._go_on(tx, thread.root, cursor="", after="")
            return
        replies = [reply for reply in fields.items(data, "messages") if fields.text(reply, "ts") != thread.root]
        cursor = fields.text(data, "response_metadata", "next_cursor")
        async with self._db.begin(actor=BOT) as tx:
            await self.cursor(tx)
            await history.take_in(tx, self._recorder, self._incident, self._channel, replies, seen)
            if data:
                await vanished(
                    tx,
                    self._channel,
                    history.missing_replies(replies, seen, thread.after, is_last=not cursor and self._part.latest is None),
                )
            if cursor:
                await self._go_on(tx, thread.root, cursor, max((fields.text(reply, "ts") for reply in replies), key=stamp, default=""))
            else:
                await tx.changed(delete(HistoryThread).where(*self._thread(thread.root)))

    async def _go_on(self, tx: Tx, root: str, cursor: str, after: str) -> None:
        await self.cursor(tx)
        await tx.changed(update(HistoryThread).where(*self._thread(root)).values(cursor=cursor, after=after))

    def _thread(self, root: str) -> tuple[ColumnElement[bool], ...]:
        return col(HistoryThread.channel_id) == self._channel, col(HistoryThread.root) == root

    async def _call(self, method: str, **args: str | int | None) -> Raw:
        """What Slack answers; nothing for a thread that is gone."""
        answer = await self._slack.call(method, timeout_s=None, channel=self._channel, include_all_metadata=True, **args)
        match answer:
            case Ok(data):
                return data
            case Failed(code="thread_not_found"):
                return {}
            case Failed(code="invalid_cursor"):
                raise Forgotten
            case SlackAway() | Failed():
                raise Stopped(answer)
