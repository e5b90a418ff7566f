"""The auditor sees a page that nobody is on the way to."""

from datetime import timedelta

from sqlalchemy import delete, update
from sqlmodel import col

from bot.db import BOT
from bot.paging.audit import pages_never_sent, pages_without_next_step
from bot.paging.models import Page
from bot.work.models import WorkItem
from tests.paging.conftest import Room


async def test_a_page_whose_next_step_is_lost_is_found(room: Room) -> None:
    await room.start(1)
    await room.advance(2)
    async with room.database.begin(actor=BOT) as tx:
        assert await pages_without_next_step(tx) == []
        await tx.changed(delete(WorkItem).where(col(WorkItem.kind) == "take_step"))
    room.clock.advance(timedelta(minutes=3))
    async with room.database.begin(actor=BOT) as tx:
        assert [finding.about for finding in await pages_without_next_step(tx)] == ["page:1"]
        await tx.changed(update(Page).values(next_at=None))
        assert len(await pages_without_next_step(tx)) == 1


async def test_a_page_that_reaches_nobody_is_found_until_it_does(room: Room) -> None:
    for service in ("slack", "sms", "voice", "smtp"):
        room.sandbox.fault(service=service, status=500 if service != "smtp" else 451, count=0)
    await room.start(1)
    async with room.database.read() as tx:
        assert await pages_never_sent(tx) == []
    await room.advance(1.5)
    async with room.database.read() as tx:
        assert [finding.about for finding in await pages_never_sent(tx)] == ["page:1:unsent"]
    room.sandbox.clear_faults()
    await room.advance(0.5)
    async with room.database.read() as tx:
        assert await pages_never_sent(tx) == []
