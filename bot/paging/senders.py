"""Senders with a limit: whose turn it is. A row each, so that it holds for all replicas together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select, update
from sqlmodel import col

from bot.db import Tx
from bot.paging import throttle
from bot.paging.crowds import LOOK_BACK, NOT_BEGUN, STILL_WANTED, Crowd
from bot.paging.models import Page, PageAttempt, SenderTurn


@dataclass(frozen=True)
class Sender:
    """Who sends the messages of a method: a number, a mail account. `per_second` messages at most."""

    name: str
    per_second: float

    @property
    def interval(self) -> timedelta:
        """The time between two messages."""
        return timedelta(seconds=1 / self.per_second)


class Senders:
    """Gives turns. `limited` are the senders that have a limit, by method; the others are never asked."""

    def __init__(self, limited: Mapping[str, Sender]) -> None:
        self._limited = limited

    async def when(self, tx: Tx, crowd: Crowd) -> datetime | None:
        """When the crowd's message had better ask again, since the sender is busy or others are more urgent; None when it may try now."""
        sender = self._limited.get(crowd.method)
        if sender is None or await self._is_first(tx, crowd):
            return None
        free_at = await self._free_at(tx, sender)
        rank, waiting_since = await self._more_urgent(tx, crowd)
        return throttle.turn(rank, max(free_at, waiting_since), sender.interval, tx.now)

    async def take(self, tx: Tx, crowd: Crowd) -> datetime | None:
        """Take the turn: None when it is taken, else when to ask again. Held until the transaction ends, so this comes last in it."""
        sender = self._limited.get(crowd.method)
        if sender is None:
            return None
        await tx.insert_new(SenderTurn, sender=sender.name, free_at=tx.now)
        free_at = await self._free_at(tx, sender, hold=True)
        if free_at > tx.now and not await self._is_first(tx, crowd):
            return free_at
        next_one = throttle.after_sending(free_at, sender.interval, tx.now)
        await tx.changed(update(SenderTurn).where(col(SenderTurn.sender) == sender.name).values(free_at=next_one))
        return None

    async def _free_at(self, tx: Tx, sender: Sender, *, hold: bool = False) -> datetime:
        wanted = select(col(SenderTurn.free_at)).where(col(SenderTurn.sender) == sender.name)
        found: datetime | None = (await tx.session.execute(wanted.with_for_update() if hold else wanted)).scalar()
        return throttle.owed(found, sender.interval, tx.now) if found else tx.now

    async def _is_first(self, tx: Tx, crowd: Crowd) -> bool:
        """Is it the first page of an incident, or the first that gets through of a ladder? That never waits."""
        if any(one.is_first for one in (crowd.me, *crowd.waiting)):
            return True
        mine = select(col(PageAttempt.id)).join(Page, col(Page.id) == col(PageAttempt.page_id))
        on_its_way = mine.where(
            col(Page.id) == crowd.me.page_id, col(PageAttempt.loop) == col(Page.loop), col(PageAttempt.calling_at).is_not(None)
        )
        return (await tx.session.execute(on_its_way.limit(1))).first() is None

    async def _more_urgent(self, tx: Tx, crowd: Crowd) -> tuple[int, datetime]:
        """How many other people wait for the same sender with something more urgent, and since when the first of them could have gone."""
        severity, due_at, number = min(one.urgency for one in (crowd.me, *crowd.waiting))
        before = or_(
            col(Page.severity) < severity,
            and_(
                col(Page.severity) == severity,
                or_(col(PageAttempt.due_at) < due_at, and_(col(PageAttempt.due_at) == due_at, col(PageAttempt.id) < number)),
            ),
        )
        waiting = (
            select(func.count(col(PageAttempt.person).distinct()), func.min(col(PageAttempt.due_at)))
            .join(Page, col(Page.id) == col(PageAttempt.page_id))
            .where(
                col(PageAttempt.method) == crowd.method,
                col(PageAttempt.person) != crowd.person,
                col(PageAttempt.state).in_(NOT_BEGUN),
                col(PageAttempt.due_at) <= tx.now,
                col(PageAttempt.due_at) > tx.now - LOOK_BACK,
                func.coalesce(col(PageAttempt.reason), "") != throttle.WAITS_FOR_STORM,
                col(Page.state).in_(STILL_WANTED),
                col(Page.loop) == col(PageAttempt.loop),
                before,
            )
        )
        rank, since = (await tx.session.execute(waiting)).one()
        return rank, since or tx.now
