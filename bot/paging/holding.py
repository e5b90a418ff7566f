"""Who holds a page, and for how long: snooze, giving it back, and acknowledgements that wear off with no sign of life."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import col

from bot.db import Tx
from bot.errors import InvalidInput, NotFound
from bot.paging.climbing import Climbing
from bot.paging.messages import HoldEnds, PageAcknowledged, PageReturned, PageSnoozed
from bot.paging.models import Page, number
from bot.paging.notice import span
from bot.paging.policy import longest_snooze
from bot.paging.service import Paging
from bot.paging.states import PageState, needs_answer
from bot.work import queue

SignOfLife = Callable[[Tx, int, str], Awaitable[datetime | None]]
"""(tx, incident, person) → when the person, or somebody who works on it with them, was last heard of."""


class Holding:
    """What becomes of a page after somebody took it."""

    def __init__(self, paging: Paging, climbing: Climbing) -> None:
        self._paging = paging
        self._climbing = climbing
        self._signs: list[SignOfLife] = []

    def add_sign(self, sign: SignOfLife) -> None:
        """Let a room say when somebody was last heard of."""
        self._signs.append(sign)

    async def on_acknowledged(self, tx: Tx, fact: PageAcknowledged) -> None:
        """Somebody took it: look again when that wears off."""
        page = await self._paging.page(tx, fact.page_id, hold=False)
        lasts = self._lasts(page)
        if lasts is not None and page.acknowledged_at is not None:
            await self._look_again(tx, page, page.acknowledged_at + lasts)

    async def snooze(self, tx: Tx, page_id: int, wait: timedelta) -> datetime:
        """The actor is paged again after `wait`, unless somebody takes it before; returns when. `InvalidInput` when that is too long."""
        page = await self._paging.page(tx, page_id)
        if not (needs_answer(page.state) or (page.state == PageState.ACKNOWLEDGED and page.acknowledged_by == tx.actor)):
            raise self._paging.not_needed(page, tx.actor, tx.now)
        longest = longest_snooze(page.severity)
        if not timedelta(0) < wait <= longest:
            raise InvalidInput(f"A SEV{page.severity} can be snoozed for {span(longest)} at most. To leave it to others: n, or I can't.")
        if page.acknowledged_at is None:
            page.acknowledged_at = tx.now
        page.state, page.acknowledged_by, page.next_at = PageState.SNOOZED, tx.actor, tx.now + wait
        page.version += 1
        await tx.session.flush()
        await self._paging.call_off(tx, page)
        await self._paging.mark_answered(tx, page, None)
        await self._look_again(tx, page, page.next_at)
        await self._paging.refresh_messages(tx, page)
        await tx.announce(PageSnoozed(page_id, page.incident_id, tx.actor, page.next_at))
        return page.next_at

    async def snooze_incident(self, tx: Tx, incident_id: int, wait: timedelta) -> datetime:
        """Snooze the incident's page that waits for an answer, or that the actor holds."""
        page = await self._paging.open_page(tx, incident_id) or await self._paging.newest_page(tx, incident_id)
        if page is None:
            raise NotFound(f"Nobody has been paged for #{incident_id}, so there is nothing to snooze.")
        return await self.snooze(tx, number(page), wait)

    async def give_back(self, tx: Tx, incident_id: int) -> None:
        """The page is nobody's again, and paging goes on at the step where it stopped: whoever else it means is paged now."""
        page = await self._paging.newest_page(tx, incident_id)
        if page is not None:
            page = await self._paging.page(tx, number(page))
        if page is None or page.state not in (PageState.ACKNOWLEDGED, PageState.SNOOZED):
            raise NotFound(f"Nobody holds the page of #{incident_id}, so there is nothing to give back.")
        held_by = page.acknowledged_by or tx.actor
        await tx.announce(
            PageReturned(number(page), incident_id, held_by, f"given back by {self._paging.directory.name(tx.actor)}", tx.actor)
        )
        if tx.actor == held_by and not await self._climbing.is_for_others(tx, page, tx.actor):
            self._paging.reopen(page, tx.now)
            await self._climbing.climb_now(tx, page, tx.actor)
        else:
            await self._climbing.resume(tx, page)
        await self._paging.refresh_messages(tx, page)

    async def hold_ends(self, tx: Tx, page_id: int, since: datetime) -> None:
        """A snooze is over, or an acknowledgement as old as `since` wears off unless there was a sign of life."""
        page = await self._paging.page(tx, page_id)
        if page.acknowledged_at != since or page.acknowledged_by is None:
            return
        if page.state == PageState.SNOOZED:
            until = page.next_at or tx.now
            why = "the snooze is over"
        elif page.state == PageState.ACKNOWLEDGED and (lasts := self._lasts(page)) is not None:
            until = await self._last_heard(tx, page, since) + lasts
            why = f"no sign of life for {span(lasts)}"
        else:
            return
        if until > tx.now:
            await self._look_again(tx, page, until)
            return
        holder = page.acknowledged_by
        await tx.announce(PageReturned(page_id, page.incident_id, holder, why, None))
        await self._climbing.resume(tx, page, also=holder)
        await self._paging.refresh_messages(tx, page)

    async def heard_from(self, tx: Tx, person: str) -> None:
        """A text of the person's, or a visit to their link, is a sign of life for what they hold."""
        held = update(Page).where(col(Page.state) == PageState.ACKNOWLEDGED, col(Page.acknowledged_by) == person)
        await tx.changed(held.values(heard_at=tx.now))

    async def _last_heard(self, tx: Tx, page: Page, since: datetime) -> datetime:
        heard = [await sign(tx, page.incident_id, page.acknowledged_by or "") for sign in self._signs]
        return max(moment for moment in (since, page.heard_at, *heard) if moment is not None)

    def _lasts(self, page: Page) -> timedelta | None:
        return self._paging.directory.config.severity.level(page.severity).ack_timeout

    async def _look_again(self, tx: Tx, page: Page, at: datetime) -> None:
        if page.acknowledged_at is None:
            return
        order = HoldEnds(number(page), page.acknowledged_at)
        await queue.refresh(tx, order, key=f"page:{page.id}:hold", about=f"page:{page.id}", due=at)
