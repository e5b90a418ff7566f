"""Writing the transcript: some messages of a channel, with their reactions, while what is new about them is taken in.

Events come late, twice, in any order, or not at all, and history shows only how things stand. Each row therefore keeps the stamp (a
time by Slack's clock) of what it was made from, and only something newer changes it: any order of the same events gives the same rows.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, bindparam, select, update
from sqlmodel import SQLModel, col

from bot.db import Tx, insert_into, is_sqlite
from bot.incidents.models import ChannelMessage, Reaction
from bot.incidents.transcript import NOBODY_BOT, moment, stamp

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

BOT_ID = re.compile(r"bot:B[A-Z0-9]{5,}")


@dataclass(frozen=True)
class Seen:
    """A message as one event, or one reading of history, showed it. `version` is when it came to be so; its own ts when never edited."""

    ts: str
    version: str
    author: str
    text: str
    thread_ts: str | None = None


@dataclass(slots=True)
class MessageRow:
    """A row of `ChannelMessage` while it is written. A page of history has a thousand: the table's own class would cost ten times more."""

    ts: str
    thread_ts: str | None = None
    author: str = ""
    text: str = ""
    first_text: str = ""
    edited_ts: str | None = None
    deleted_at: datetime | None = None
    is_pinned: bool = False
    pin_ts: str | None = None


@dataclass(slots=True)
class ReactionRow:
    """A row of `Reaction` while it is being written."""

    ts: str
    person: str
    name: str
    event_ts: str
    is_removed: bool


_MESSAGE = tuple(one.name for one in fields(MessageRow))
_REACTION = tuple(one.name for one in fields(ReactionRow))


@dataclass
class Sheet:
    """The rows of some messages, read at once and written at once, which nobody else writes until the transaction ends."""

    tx: Tx
    incident_id: int
    channel_id: str
    messages: dict[str, MessageRow]
    reactions: dict[tuple[str, str, str], ReactionRow]

    def __post_init__(self) -> None:
        self._as_read: dict[object, MessageRow | ReactionRow] = {ts: replace(row) for ts, row in self.messages.items()}
        self._as_read |= {key: replace(row) for key, row in self.reactions.items()}

    @classmethod
    async def open(cls, tx: Tx, incident_id: int, channel_id: str, stamps: Collection[str]) -> "Sheet":
        """The messages with these stamps, as they stand; those that are not known yet begin when they are first written."""
        await tx.lock(f"transcript:{channel_id}")
        found = {"channel": channel_id, "stamps": list(stamps)}
        messages = [MessageRow(*row) for row in (await tx.session.execute(_of(ChannelMessage, _MESSAGE), found)).all()]
        reactions = [ReactionRow(*row) for row in (await tx.session.execute(_of(Reaction, _REACTION), found)).all()]
        by_person = {(row.ts, row.person, row.name): row for row in reactions}
        return cls(tx, incident_id, channel_id, {row.ts: row for row in messages}, by_person)

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
        row = self.reactions.get((ts, person, name))
        if row is None:
            self.reactions[ts, person, name] = ReactionRow(ts, person, name, event_ts, is_removed=not added)
        elif (stamp(event_ts), not added) > (stamp(row.event_ts), row.is_removed):
            row.event_ts, row.is_removed = event_ts, not added

    def pinned(self, ts: str, *, event_ts: str, added: bool) -> None:
        """A message was pinned or unpinned at `event_ts`."""
        row = self._message(ts)
        if row.pin_ts is None or (stamp(event_ts), not added) > (stamp(row.pin_ts), not row.is_pinned):
            row.pin_ts, row.is_pinned = event_ts, added

    async def done(self) -> None:
        """Write what changed."""
        messages = [self._values(row) for key, row in self.messages.items() if row != self._as_read.get(key)]
        reactions = [self._values(row) for key, row in self.reactions.items() if row != self._as_read.get(key)]
        first = {"incident_id": self.incident_id, "recorded_at": self.tx.now}
        if messages:
            values = [{**row, **first, "happened_at": moment(str(row["ts"]))} for row in messages]
            await self.tx.session.execute(_upsert(ChannelMessage, _MESSAGE, is_sqlite(self.tx.session)), values)
        if reactions:
            await self.tx.session.execute(_upsert(Reaction, _REACTION, is_sqlite(self.tx.session)), reactions)

    def _values(self, row: MessageRow | ReactionRow) -> dict[str, object]:
        return {"channel_id": self.channel_id, **{name: getattr(row, name) for name in row.__slots__}}

    def _message(self, ts: str) -> MessageRow:
        """The message's row; one without author or words when there is none yet."""
        return self.messages.setdefault(ts, MessageRow(ts))


@cache
def _of(table: type[SQLModel], columns: tuple[str, ...]) -> Select[tuple[Any, ...]]:
    c = table.__table__.c  # type: ignore[attr-defined]
    return select(*(c[name] for name in columns)).where(c.channel_id == bindparam("channel"), c.ts.in_(bindparam("stamps", expanding=True)))


@cache
def _upsert(table: type[SQLModel], changing: tuple[str, ...], on_sqlite: bool) -> "PostgresqlInsert | SqliteInsert":
    """Insert rows, or change those that are there: never what is written once, such as when a message was recorded."""
    insert = insert_into(table, on_sqlite)
    keys = [column.name for column in table.__table__.primary_key]  # type: ignore[attr-defined]
    return insert.on_conflict_do_update(index_elements=keys, set_={name: insert.excluded[name] for name in changing if name not in keys})


async def vanished(tx: Tx, channel_id: str, gone: Collection[str]) -> int:
    """Messages that history no longer shows were deleted, some time before now; returns how many."""
    if not gone:
        return 0
    live = col(ChannelMessage.ts).in_(gone) & col(ChannelMessage.deleted_at).is_(None)
    return await tx.changed(update(ChannelMessage).where(col(ChannelMessage.channel_id) == channel_id, live).values(deleted_at=tx.now))


def _better_author(one: str, other: str) -> str:
    """A name beats an id, an id beats nothing: events of other apps carry their id alone, history their name."""
    return max(one, other, key=lambda author: (author != "", author != NOBODY_BOT, BOT_ID.fullmatch(author) is None, author))
