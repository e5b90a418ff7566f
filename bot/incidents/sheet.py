"""Writing the transcript: some messages of a channel, with their reactions, while what is new about them is taken in.

Events come late, twice, in any order, or not at all, and history shows only how things stand. Each row therefore keeps the stamp (a
time by Slack's clock) of what it was made from, and only something newer changes it: any order of the same events gives the same rows.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import col

from bot.db import Tx
from bot.incidents.models import ChannelMessage, Reaction
from bot.incidents.transcript import NOBODY_BOT, moment, stamp

BOT_ID = re.compile(r"bot:B[A-Z0-9]{5,}")


@dataclass(frozen=True)
class Seen:
    """A message as one event, or one reading of history, showed it. `version` is when it came to be so; its own ts when never edited."""

    ts: str
    version: str
    author: str
    text: str
    thread_ts: str | None = None


@dataclass
class Sheet:
    """The rows of some messages, read at once and written at once, which nobody else writes until the transaction ends."""

    tx: Tx
    incident_id: int
    channel_id: str
    messages: dict[str, ChannelMessage] = field(default_factory=dict)
    reactions: dict[tuple[str, str, str], Reaction] = field(default_factory=dict)

    @classmethod
    async def open(cls, tx: Tx, incident_id: int, channel_id: str, stamps: Collection[str]) -> "Sheet":
        """The messages with these stamps, as they stand; those that are not known yet begin when they are first written."""
        await tx.lock(f"transcript:{channel_id}")
        wanted = list(stamps)
        messages = select(ChannelMessage).where(col(ChannelMessage.channel_id) == channel_id, col(ChannelMessage.ts).in_(wanted))
        reactions = select(Reaction).where(col(Reaction.channel_id) == channel_id, col(Reaction.ts).in_(wanted))
        fresh = {"populate_existing": True}
        return cls(
            tx, incident_id, channel_id,
            {row.ts: row for row in (await tx.session.execute(messages, execution_options=fresh)).scalars()},
            {(row.ts, row.person, row.name): row for row in (await tx.session.execute(reactions, execution_options=fresh)).scalars()},
        )  # fmt: skip

    def saw(self, seen: Seen) -> None:
        """Take in a message, posted or edited."""
        row = self._message(seen.ts)
        newer = (stamp(seen.version), seen.text) > (stamp(row.edited_ts or row.ts), row.text)
        if newer or not row.author:
            row.text = seen.text
            row.edited_ts = seen.version if seen.version != row.ts else None
        if seen.version == row.ts:
            row.first_text = seen.text
        row.thread_ts = row.thread_ts or seen.thread_ts
        row.author = _better_author(row.author, seen.author)

    def deleted(self, ts: str, at: datetime) -> None:
        """A message is gone. Remembered even when the message itself is yet to come; its words are kept, and not shown."""
        row = self._message(ts)
        row.deleted_at = min(at, row.deleted_at) if row.deleted_at else at

    def reacted(self, ts: str, person: str, name: str, *, event_ts: str, added: bool) -> None:
        """A reaction was given or taken back at `event_ts`."""
        key = (ts, person, name)
        row = self.reactions.get(key)
        if row is None:
            row = Reaction(channel_id=self.channel_id, ts=ts, person=person, name=name, event_ts=event_ts, is_removed=not added)
            self.reactions[key] = row
            self.tx.session.add(row)
        elif (stamp(event_ts), not added) > (stamp(row.event_ts), row.is_removed):
            row.event_ts, row.is_removed = event_ts, not added

    def pinned(self, ts: str, *, event_ts: str, added: bool) -> None:
        """A message was pinned or unpinned at `event_ts`."""
        row = self._message(ts)
        if row.pin_ts is None or (stamp(event_ts), not added) > (stamp(row.pin_ts), not row.is_pinned):
            row.pin_ts, row.is_pinned = event_ts, added

    async def done(self) -> None:
        """Write what changed."""
        await self.tx.session.flush()

    def _message(self, ts: str) -> ChannelMessage:
        """The message's row; one without author or words when there is none yet."""
        row = self.messages.get(ts)
        if row is None:
            row = ChannelMessage(
                channel_id=self.channel_id, ts=ts, incident_id=self.incident_id, author="", text="", first_text="",
                happened_at=moment(ts), recorded_at=self.tx.now,
            )  # fmt: skip
            self.messages[ts] = row
            self.tx.session.add(row)
        return row


async def vanished(tx: Tx, channel_id: str, gone: Collection[str]) -> int:
    """Messages that history no longer shows were deleted, some time before now; returns how many."""
    if not gone:
        return 0
    live = col(ChannelMessage.ts).in_(gone) & col(ChannelMessage.deleted_at).is_(None)
    return await tx.changed(update(ChannelMessage).where(col(ChannelMessage.channel_id) == channel_id, live).values(deleted_at=tx.now))


def _better_author(one: str, other: str) -> str:
    """A name beats an id, an id beats nothing: events of other apps carry their id alone, history their name."""
    return max(one, other, key=lambda author: (author != "", author != NOBODY_BOT, BOT_ID.fullmatch(author) is None, author))
