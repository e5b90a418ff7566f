"""Closing what is done, on SQLite and PostgreSQL alike: together where much ends at once, and never what is not ours."""

import asyncio
from datetime import timedelta

from sqlalchemy import event, select
from sqlmodel import col

from bot.clock import FakeClock
from bot.db import BOT, Database
from bot.work import queue
from bot.work.closing import Closing
from bot.work.models import WorkItem
from bot.work.orders import Priority, WorkState
from bot.work.queue import Claim, Lane
from tests.contracts.post_room import Greet, item, order, refresh


async def claimed(database: Database, count: int) -> list[Claim]:
    for number in range(count):
        await order(database, Greet(who=str(number)), key=str(number))
    async with database.begin(actor=BOT) as tx:
        return await queue.claim(tx, Lane("inside", Priority.NORMAL), lease="mine", limit=count)


async def test_what_ends_at_once_is_closed_in_few_transactions(database: Database) -> None:
    claims, commits = await claimed(database, 50), []
    event.listen(database.engine.sync_engine, "commit", commits.append)
    closing = Closing(database)
    assert all(await asyncio.gather(*(closing.close(claim) for claim in claims)))
    assert len(commits) <= 3
    async with database.read() as tx:
        states = set((await tx.session.execute(select(col(WorkItem.state)))).scalars())
    assert states == {WorkState.DONE}


async def test_what_was_ordered_anew_meanwhile_waits_again_and_the_others_are_closed(database: Database) -> None:
    claims = await claimed(database, 10)
    await refresh(database, Greet(who="again"), key="3")
    closing = Closing(database)
    closed = await asyncio.gather(*(closing.close(claim) for claim in claims))
    assert [claim.key for claim, is_closed in zip(claims, closed, strict=True) if not is_closed] == ["3"]
    assert (await item(database, "3")).state is WorkState.WAITING


async def test_what_another_has_taken_over_is_left_to_it(database: Database, clock: FakeClock) -> None:
    claims = await claimed(database, 10)
    clock.advance(queue.LEASE + timedelta(seconds=1))
    async with database.begin(actor=BOT) as tx:
        (taken,) = await queue.claim(tx, Lane("inside", Priority.NORMAL), lease="of another", limit=1)
    closing = Closing(database)
    closed = await asyncio.gather(*(closing.close(claim) for claim in claims))
    assert [claim.key for claim, is_closed in zip(claims, closed, strict=True) if not is_closed] == [taken.key]
    assert (await item(database, taken.key)).lease == "of another"
