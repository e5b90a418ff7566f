"""What the transcript held before Slack was asked: only this can be judged by the answer, since more may come in meanwhile."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from bot.db import Tx
from bot.incidents.models import ChannelMessage, Reaction
from bot.incidents.transcript import moment, stamp

MOST = 2000
"""Messages: twice as many as a page holds. Were more than these deleted at once, the next repair finds the rest."""

_M, _R = ChannelMessage, Reaction


@dataclass(frozen=True)
class Pin:
    """Whether a message was pinned, and since when that is known."""

    is_pinned: bool
    since: str | None


@dataclass(frozen=True)
class Mark:
    """Whether a reaction had been taken back, and when it last changed."""

    is_removed: bool
    event_ts: str


@dataclass(frozen=True)
class Known:
    """Messages that were not deleted, and their reactions. `spoken` are those whose words are known, not a pin alone."""

    pins: Mapping[str, Pin] = field(default_factory=dict)
    spoken: frozenset[str] = frozenset()
    replies: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Below each message, the replies to it."""
    reactions: Mapping[tuple[str, str, str], Mark] = field(default_factory=dict)
    """By message, person and name."""

    def reactions_to(self, ts: str) -> Iterable[tuple[str, str, str]]:
        """The keys of one message's reactions."""
        return self._by_message.get(ts, ())

    @cached_property
    def _by_message(self) -> Mapping[str, list[tuple[str, str, str]]]:
        found: dict[str, list[tuple[str, str, str]]] = {}
        for key in self.reactions:
            found.setdefault(key[0], []).append(key)
        return found

    def between(self, after: str, until: str | None = None) -> Iterable[str]:
        """What was said later than one moment and, if given, no later than another."""
        return (ts for ts in self.spoken if stamp(ts) > stamp(after) and (until is None or stamp(ts) <= stamp(until)))


async def below(tx: Tx, incident_id: int, upper: str | None) -> Known:
    """The channel's own messages that a page of its history may show, and the replies to them."""
    older = col(_M.happened_at) < moment(upper) if upper else col(_M.ts).is_not(None)
    mine = (col(_M.incident_id) == incident_id, col(_M.thread_ts).is_(None), col(_M.deleted_at).is_(None), older)
    window = select(col(_M.ts)).where(*mine).order_by(col(_M.happened_at).desc()).limit(MOST).subquery()
    known = await _read(tx, incident_id, col(_M.ts).in_(select(window.c.ts)))
    answers = select(col(_M.thread_ts), col(_M.ts)).where(
        col(_M.incident_id) == incident_id, col(_M.deleted_at).is_(None), col(_M.thread_ts).in_(select(window.c.ts))
    )
    replies: dict[str, set[str]] = {}
    for root, ts in (await tx.session.execute(answers)).all():
        replies.setdefault(root or "", set()).add(ts)
    return Known(known.pins, known.spoken, {root: frozenset(stamps) for root, stamps in replies.items()}, known.reactions)


async def replies_to(tx: Tx, incident_id: int, root: str) -> Known:
    """The replies of one thread."""
    return await _read(tx, incident_id, (col(_M.thread_ts) == root) & col(_M.deleted_at).is_(None))


async def _read(tx: Tx, incident_id: int, which: ColumnElement[bool]) -> Known:
    mine = (col(_M.incident_id) == incident_id, which)
    messages = select(col(_M.ts), col(_M.author), col(_M.is_pinned), col(_M.pin_ts)).where(*mine)
    rows = (await tx.session.execute(messages)).all()
    of_these = col(_R.ts) == col(_M.ts)
    reactions = select(col(_R.ts), col(_R.person), col(_R.name), col(_R.is_removed), col(_R.event_ts))
    marks = reactions.join(_M, of_these & (col(_R.channel_id) == col(_M.channel_id))).where(*mine)
    return Known(
        {ts: Pin(is_pinned, pin_ts) for ts, _, is_pinned, pin_ts in rows},
        frozenset(ts for ts, author, _, __ in rows if author),
        reactions={
            (ts, person, name): Mark(is_removed, event_ts)
            for ts, person, name, is_removed, event_ts in (await tx.session.execute(marks)).all()
        },
    )
