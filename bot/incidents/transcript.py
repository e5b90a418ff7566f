"""The transcript: what was said and done in incidents' channels, row by row.

Events come late, twice, in any order, or not at all, and history shows only how things stand. Each row therefore keeps the stamp (a
time by Slack's clock) of what it was made from, and only something newer changes it: any order of the same events gives the same rows.
A message that is known by a pin alone has no author yet; whoever reads the transcript leaves it out.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlmodel import col

from bot.db import Tx
from bot.incidents.models import ChannelMessage, Incident, Reaction

TS = re.compile(r"(\d{1,11})(?:\.(\d{1,6}))?")
BOT_ID = re.compile(r"bot:B[A-Z0-9]{5,}")
OTHER_APP = "bot:"
"""What the author of another app's message begins with."""
NOBODY_BOT = "bot:unknown"
WORTHY = frozenset({"eyes", "pushpin", "round_pushpin", "memo"})
"""Reactions that mark a message for the timeline."""


@dataclass(frozen=True)
class Seen:
    """A message as one event, or one reading of history, showed it. `version` is when it came to be so; its own ts when never edited."""

    ts: str
    version: str
    author: str
    text: str
    thread_ts: str | None = None


def stamp(ts: str | None) -> tuple[int, int]:
    """A Slack time as whole seconds and microseconds, to compare by; (0, 0) for what is none."""
    found = TS.fullmatch(ts or "")
    return (int(found[1]), int((found[2] or "").ljust(6, "0"))) if found else (0, 0)


def moment(ts: str) -> datetime:
    """A Slack time as an aware UTC datetime."""
    seconds, micros = stamp(ts)
    return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros)


def just_after(ts: str) -> str:
    """The Slack time one microsecond later: for what was found out without being told when it happened."""
    seconds, micros = stamp(ts)
    seconds, micros = (seconds + 1, 0) if micros == 999_999 else (seconds, micros + 1)
    return f"{seconds}.{micros:06}"


async def incident_of(tx: Tx, channel_id: str) -> int | None:
    """The number of the incident whose channel this is."""
    newest = select(col(Incident.id)).where(col(Incident.channel_id) == channel_id).order_by(col(Incident.id).desc()).limit(1)
    return (await tx.session.execute(newest)).scalar()


async def hold(tx: Tx, channel_id: str) -> None:
    """Let nobody else write this channel's transcript until the transaction ends."""
    await tx.lock(f"transcript:{channel_id}")


async def saw(tx: Tx, incident_id: int, channel_id: str, seen: Seen) -> None:
    """Take in a message, posted or edited."""
    row = await _message(tx, incident_id, channel_id, seen.ts)
    newer = (stamp(seen.version), seen.text) > (stamp(row.edited_ts or row.ts), row.text)
    if newer or not row.author:
        row.text = seen.text
        row.edited_ts = seen.version if seen.version != row.ts else None
    if seen.version == row.ts:
        row.first_text = seen.text
    row.thread_ts = row.thread_ts or seen.thread_ts
    row.author = _better_author(row.author, seen.author)
    await tx.session.flush()


async def deleted(tx: Tx, incident_id: int, channel_id: str, ts: str, at: datetime) -> None:
    """A message is gone. Remembered even when the message itself is yet to come; its words are kept, and not shown."""
    row = await _message(tx, incident_id, channel_id, ts)
    row.deleted_at = min(at, row.deleted_at) if row.deleted_at else at
    await tx.session.flush()


async def vanished(tx: Tx, channel_id: str, gone: Collection[str]) -> int:
    """Messages that history no longer shows were deleted, some time before now; returns how many."""
    if not gone:
        return 0
    live = col(ChannelMessage.ts).in_(gone) & col(ChannelMessage.deleted_at).is_(None)
    return await tx.changed(update(ChannelMessage).where(col(ChannelMessage.channel_id) == channel_id, live).values(deleted_at=tx.now))


async def reacted(tx: Tx, channel_id: str, ts: str, person: str, name: str, *, event_ts: str, added: bool) -> None:
    """A reaction was given or taken back at `event_ts`."""
    key = (channel_id, ts, person, name)
    row = await tx.session.get(Reaction, key, populate_existing=True)
    if row is None:
        tx.session.add(Reaction(channel_id=channel_id, ts=ts, person=person, name=name, event_ts=event_ts, is_removed=not added))
    elif (stamp(event_ts), not added) > (stamp(row.event_ts), row.is_removed):
        row.event_ts, row.is_removed = event_ts, not added
    await tx.session.flush()


async def pinned(tx: Tx, incident_id: int, channel_id: str, ts: str, *, event_ts: str, added: bool) -> None:
    """A message was pinned or unpinned at `event_ts`."""
    row = await _message(tx, incident_id, channel_id, ts)
    if row.pin_ts is None or (stamp(event_ts), not added) > (stamp(row.pin_ts), not row.is_pinned):
        row.pin_ts, row.is_pinned = event_ts, added
    await tx.session.flush()


async def messages(tx: Tx, incident_id: int) -> list[ChannelMessage]:
    """What was said in an incident's channel, deleted messages too, in the order it was said."""
    said = (col(ChannelMessage.incident_id) == incident_id) & (col(ChannelMessage.author) != "")
    rows = select(ChannelMessage).where(said).order_by(col(ChannelMessage.happened_at), col(ChannelMessage.ts))
    return list((await tx.session.execute(rows)).scalars())


async def reactions(tx: Tx, channel_id: str) -> list[Reaction]:
    """The reactions that still stand in a channel."""
    standing = (col(Reaction.channel_id) == channel_id) & col(Reaction.is_removed).is_(False)
    order = (col(Reaction.ts), col(Reaction.event_ts), col(Reaction.person), col(Reaction.name))
    return list((await tx.session.execute(select(Reaction).where(standing).order_by(*order))).scalars())


async def marked(tx: Tx, incident_id: int) -> list[ChannelMessage]:
    """The messages that somebody pinned or marked with a reaction for the timeline, in the order they were said; none that was deleted."""
    worthy = select(col(Reaction.ts)).where(
        col(Reaction.channel_id) == col(ChannelMessage.channel_id), col(Reaction.name).in_(WORTHY), col(Reaction.is_removed).is_(False)
    )
    standing = (
        (col(ChannelMessage.incident_id) == incident_id) & (col(ChannelMessage.author) != "") & col(ChannelMessage.deleted_at).is_(None)
    )
    rows = select(ChannelMessage).where(standing, col(ChannelMessage.is_pinned) | col(ChannelMessage.ts).in_(worthy))
    return list((await tx.session.execute(rows.order_by(col(ChannelMessage.happened_at), col(ChannelMessage.ts)))).scalars())


async def _message(tx: Tx, incident_id: int, channel_id: str, ts: str) -> ChannelMessage:
    """The message's row; one without author or words when there is none yet."""
    row = await tx.session.get(ChannelMessage, (channel_id, ts), populate_existing=True)
    if row is None:
        row = ChannelMessage(
            channel_id=channel_id,
            ts=ts,
            incident_id=incident_id,
            author="",
            text="",
            first_text="",
            happened_at=moment(ts),
            recorded_at=tx.now,
        )
        tx.session.add(row)
    return row


def _better_author(one: str, other: str) -> str:
    """A name beats an id, an id beats nothing: events of other apps carry their id alone, history their name."""
    return max(one, other, key=lambda author: (author != "", author != NOBODY_BOT, BOT_ID.fullmatch(author) is None, author))
