"""The transcript: what was said and done in incidents' channels, as whoever tells of it reads it; `sheet.py` writes it.

A message that is known by a pin alone has no author yet, and is left out.
"""

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import case, select
from sqlmodel import col

from bot.db import Tx
from bot.incidents.lifecycle import is_open
from bot.incidents.models import ChannelMessage, Incident, Reaction

TS = re.compile(r"(\d{1,11})(?:\.(\d{1,6}))?")
OTHER_APP = "bot:"
"""What the author of another app's message begins with."""
NOBODY_BOT = "bot:unknown"
WORTHY = frozenset({"eyes", "pushpin", "round_pushpin", "memo"})
"""Reactions that mark a message for the timeline."""


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


async def incident_of(tx: Tx, channel_id: str, ts: str = "") -> int | None:
    """The number of the incident whose channel this is; with a `ts`, only if what was said then is part of it.

    An ordinary channel is its incident's until that is over.
    """
    columns = (col(Incident.id), col(Incident.state), col(Incident.channel_since))
    newest = select(*columns).where(col(Incident.channel_id) == channel_id).order_by(col(Incident.id).desc()).limit(1)
    found = (await tx.session.execute(newest)).first()
    if found is None:
        return None
    number, state, since = found
    if since is not None and (not is_open(state) or (ts and stamp(ts) < stamp(since))):
        return None
    return number


async def messages(tx: Tx, incident_id: int) -> list[ChannelMessage]:
    """What was said in an incident's channel, deleted messages too, in the order it was said."""
    said = (col(ChannelMessage.incident_id) == incident_id) & (col(ChannelMessage.author) != "")
    rows = select(ChannelMessage).where(said).order_by(col(ChannelMessage.happened_at), col(ChannelMessage.ts))
    return list((await tx.session.execute(rows)).scalars())


class Spoken(NamedTuple):
    """A message, without what only its recording needs: a channel may have ten thousand."""

    channel_id: str
    ts: str
    thread_ts: str | None
    author: str
    text: str
    is_edited: bool
    is_deleted: bool
    is_pinned: bool


async def spoken(tx: Tx, incident_id: int) -> list[Spoken]:
    """What was said in an incident's channel, deleted messages without their words, in the order it was said."""
    m = ChannelMessage
    gone = col(m.deleted_at).is_not(None)
    edited = col(m.first_text).not_in(["", col(m.text)])
    words = case((gone, ""), else_=col(m.text))
    rows = select(col(m.channel_id), col(m.ts), col(m.thread_ts), col(m.author), words, edited, gone, col(m.is_pinned))
    said = (col(m.incident_id) == incident_id) & (col(m.author) != "")
    rows = rows.where(said).order_by(col(m.happened_at), col(m.ts))
    return [Spoken(*row) for row in (await tx.session.execute(rows)).all()]


async def reactions(tx: Tx, channels: Collection[str]) -> list[Reaction]:
    """The reactions that still stand in these channels."""
    standing = col(Reaction.channel_id).in_(channels) & col(Reaction.is_removed).is_(False)
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
