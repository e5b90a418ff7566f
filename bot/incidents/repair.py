"""Repairing the transcript from Slack's history: what was said, edited, deleted, reacted or pinned while no event reached us."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from bot import log
from bot.db import BOT, Database, Tx
from bot.directory.service import Directory
from bot.incidents import transcript
from bot.incidents.lifecycle import OPEN
from bot.incidents.messages import HistoryRepaired, RepairHistory
from bot.incidents.models import ChannelMessage, Incident, Reaction
from bot.incidents.recorder import Recorder
from bot.incidents.transcript import just_after, stamp
from bot.slack import events, fields
from bot.slack.gateway import Failed, Ok, SlackGateway
from bot.slack.gateway import TryLater as SlackAway
from bot.slack.marks import EVENT_TYPE
from bot.work import queue
from bot.work.orders import Done, Outcome
from bot.work.queue import Claim

Raw = Mapping[str, object]
PAGE = 200
"""Messages a call; Slack recommends no more."""

logger = log.get(__name__)


class Stopped(Exception):
    """Slack cannot be read on just now, or not at all."""

    def __init__(self, answer: SlackAway | Failed) -> None:
        super().__init__(answer.why)
        self.answer = answer


@dataclass(frozen=True)
class Known:
    """What the transcript held before Slack was asked: only this can be judged by the answer, since more may come in meanwhile."""

    messages: Mapping[str, ChannelMessage]
    reactions: Mapping[tuple[str, str, str], Reaction]


class HistoryRepair:
    """Reads a channel's history from its newest message to its first, each page with its threads, newest thread first.

    How far it came is remembered while this process lives, so that after a 429 it goes on from there; a new order starts anew.
    """

    def __init__(self, database: Database, gateway: SlackGateway, directory: Directory, recorder: Recorder) -> None:
        self._db = database
        self._slack = gateway
        self._directory = directory
        self._recorder = recorder
        self._reached: dict[tuple[int, int], str] = {}
        """By item of work and how often it was ordered: everything after this message was read."""

    async def repair_open(self, tx: Tx) -> int:
        """Order the repair of every open incident's channel, after a time in which events may have been missed; returns how many."""
        open_ones = select(col(Incident.id)).where(col(Incident.state).in_(OPEN), col(Incident.channel_id).is_not(None))
        numbers = [number for number in (await tx.session.execute(open_ones)).scalars() if number is not None]
        for number in numbers:
            await queue.refresh(tx, RepairHistory(incident_id=number), key=f"repair_history:{number}", about=f"incident:{number}")
        return len(numbers)

    async def repair_history(self, order: RepairHistory, claim: Claim) -> Outcome:
        """Handler: take in the whole history of the incident's channel."""
        async with self._db.read() as tx:
            incident = await tx.session.get(Incident, order.incident_id)
        if incident is None or not incident.channel_id:
            return Done()
        run = (claim.id, claim.revision)
        try:
            await self._read_all(run, incident.number, incident.channel_id)
        except Stopped as stopped:
            if isinstance(stopped.answer, SlackAway):
                return stopped.answer
            self._reached.pop(run, None)
            return stopped.answer.outcome()
        self._reached.pop(run, None)
        async with self._db.begin(actor=BOT) as tx:
            await tx.announce(HistoryRepaired(incident.number))
        logger.info("history repaired", incident=incident.number)
        return Done()

    async def _read_all(self, run: tuple[int, int], incident_id: int, channel: str) -> None:
        has_more = True
        while has_more:
            upper = self._reached.get(run)
            known = await self._known(channel)
            data = await self._call("conversations.history", channel, limit=PAGE, latest=upper)
            page = fields.items(data, "messages")
            top = [row for row in known.messages.values() if row.thread_ts is None and (not upper or stamp(row.ts) < stamp(upper))]
            await self._take_in(incident_id, channel, page, known, top)
            for message in page:
                ts = fields.text(message, "ts")
                if fields.number(message, "reply_count") > 0:
                    await self._read_thread(incident_id, channel, ts)
                self._reached[run] = ts
            has_more = bool(page) and fields.flag(data, "has_more")

    async def _read_thread(self, incident_id: int, channel: str, root: str) -> None:
        known = await self._known(channel, root)
        replies: list[Raw] = []
        cursor = ""
        while True:
            data = await self._call("conversations.replies", channel, ts=root, limit=PAGE, cursor=cursor or None)
            replies += [reply for reply in fields.items(data, "messages") if fields.text(reply, "ts") != root]
            cursor = fields.text(data, "response_metadata", "next_cursor")
            if not cursor:
                break
        await self._take_in(incident_id, channel, replies, known, list(known.messages.values()), is_thread=True)

    async def _call(self, method: str, channel: str, **args: str | int | None) -> Raw:
        answer = await self._slack.call(method, timeout_s=None, channel=channel, include_all_metadata=True, **args)
        match answer:
            case Ok(data):
                return data
            case Failed(code="thread_not_found"):  # deleted between the page and now
                return {}
            case SlackAway() | Failed():
                raise Stopped(answer)

    async def _known(self, channel: str, thread: str | None = None) -> Known:
        """The transcript of the channel, or of one thread's replies."""
        messages = select(ChannelMessage).where(col(ChannelMessage.channel_id) == channel)
        reactions = select(Reaction).where(col(Reaction.channel_id) == channel)
        if thread is not None:
            messages = messages.where(col(ChannelMessage.thread_ts) == thread)
            reactions = reactions.where(col(Reaction.ts) > thread)
        async with self._db.read() as tx:
            return Known(
                {row.ts: row for row in (await tx.session.execute(messages)).scalars()},
                {(row.ts, row.person, row.name): row for row in (await tx.session.execute(reactions)).scalars()},
            )

    async def _take_in(
        self,
        incident_id: int,
        channel: str,
        page: Sequence[Raw],
        known: Known,
        judged: Iterable[ChannelMessage],
        is_thread: bool = False,
    ) -> None:
        """Write down one page. Of `judged`, what the page should show and does not was deleted."""
        if not page:
            return
        shown = {fields.text(message, "ts") for message in page}
        first = min(stamp(ts) for ts in shown)
        live = [row.ts for row in judged if row.author and row.deleted_at is None]
        async with self._db.begin(actor=BOT) as tx:
            await transcript.hold(tx, channel)
            for message in page:
                await self._take_in_message(tx, incident_id, channel, message, known)
            # What is older than everything shown may be hidden by the workspace's retention; that proves no deletion.
            await transcript.vanished(tx, channel, [ts for ts in live if ts not in shown and (is_thread or stamp(ts) > first)])

    async def _take_in_message(self, tx: Tx, incident_id: int, channel: str, message: Raw, known: Known) -> None:
        ts = fields.text(message, "ts")
        if fields.text(message, "subtype") == "tombstone":
            await transcript.vanished(tx, channel, [ts])
            return
        await self._reconcile_reactions(tx, channel, message, known)
        if fields.text(message, "metadata", "event_type") == EVENT_TYPE:
            return
        body = events.message({**message, "channel": channel})
        edited = fields.text(message, "edited", "ts")
        # Slack cuts this time to the second, where the event of the same edit has more digits: history is at least as new.
        version = f"{stamp(edited)[0]}.999999" if edited else ts
        name = fields.text(message, "bot_profile", "name") or fields.text(message, "username")
        await self._recorder.take_in(tx, incident_id, body, version=version, bot_name=name)
        await self._reconcile_pin(tx, incident_id, channel, message, known)

    async def _reconcile_pin(self, tx: Tx, incident_id: int, channel: str, message: Raw, known: Known) -> None:
        ts = fields.text(message, "ts")
        pinned_to = message.get("pinned_to")
        is_pinned = isinstance(pinned_to, list) and channel in pinned_to
        before = known.messages.get(ts)
        if is_pinned != (before is not None and before.is_pinned):
            since = just_after(before.pin_ts) if before and before.pin_ts else ts
            await transcript.pinned(tx, incident_id, channel, ts, event_ts=since, added=is_pinned)

    async def _reconcile_reactions(self, tx: Tx, channel: str, message: Raw, known: Known) -> None:
        """History tells who reacts with what now, not since when: what differs from before counts as changed just after it last did."""
        ts = fields.text(message, "ts")
        standing: set[tuple[str, str, str]] = set()
        is_whole = True
        for reaction in fields.items(message, "reactions"):
            users, name = _texts(reaction.get("users")), fields.text(reaction, "name")
            is_whole = is_whole and len(users) >= fields.number(reaction, "count")
            standing |= {(ts, await self._directory.actor_of(tx, user), name) for user in users}
        for key in sorted(standing):
            before = known.reactions.get(key)
            if before is None or before.is_removed:
                since = just_after(before.event_ts) if before else ts
                await transcript.reacted(tx, channel, *key, event_ts=since, added=True)
        taken_back = [key for key, row in known.reactions.items() if key[0] == ts and not row.is_removed and key not in standing]
        for key in sorted(taken_back) if is_whole else []:
            await transcript.reacted(tx, channel, *key, event_ts=just_after(known.reactions[key].event_ts), added=False)


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
