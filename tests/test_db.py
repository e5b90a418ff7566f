"""Transactions: nothing is lost, nothing is half done, time is aware, and reading writes nothing. On both databases."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlmodel import col

from bot.clock import FakeClock
from bot.db import BOT, ActorId, Database, Tx
from bot.errors import NotAllowed
from bot.events import Listeners
from bot.work import inbox, queue
from bot.work.models import InboxEntry, WorkItem
from tests.contracts.post_room import Greet
from tests.postgres import Postgres

WRITERS = 200


async def counter(database: Database) -> int:
    async with database.begin(actor=BOT) as tx:
        await queue.schedule(tx, Greet(who="counter"), key="counter")
        return (await tx.session.execute(select(col(WorkItem.id)))).scalar_one()


async def count(database: Database) -> int:
    async with database.read() as tx:
        return (await tx.session.execute(select(func.count()).select_from(InboxEntry))).scalar_one()


async def test_no_update_is_lost_under_concurrency(database: Database, database_url: str, clock: FakeClock) -> None:
    """SQLAlchemy's defaults on SQLite kept 20 of these 200. Another process (`tocsin migrate`) may write to the same database."""
    number = await counter(database)
    other = Database(database_url, clock, Listeners())

    async def increment(through: Database) -> None:
        async with through.begin(actor=BOT) as tx:
            item = await tx.session.get_one(WorkItem, number, with_for_update=True)
            await asyncio.sleep(0)
            item.attempts += 1

    await asyncio.gather(*(increment(through) for _ in range(WRITERS // 2) for through in (database, other)))
    async with database.read() as tx:
        assert (await tx.session.get_one(WorkItem, number)).attempts == WRITERS
    await other.close()


async def test_readers_are_not_held_up_by_an_open_write(database: Database) -> None:
    async with database.begin(actor=BOT) as tx:
        await inbox.first_time(tx, "k")
        async with asyncio.timeout(2):
            assert await count(database) == 0
    assert await count(database) == 1


async def test_what_is_raised_undoes_everything(database: Database) -> None:
    with pytest.raises(NotAllowed):
        async with database.begin(actor=BOT) as tx:
            await inbox.first_time(tx, "k")
            raise NotAllowed("No.")
    assert await count(database) == 0


async def test_a_writer_that_is_cancelled_leaves_nothing_behind_and_no_lock(database: Database) -> None:
    inside = asyncio.Event()

    async def write() -> None:
        async with database.begin(actor=BOT) as tx:
            await inbox.first_time(tx, "k")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await inside.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(5), database.begin(actor=BOT) as tx:
        assert await inbox.first_time(tx, "k")


async def test_reading_writes_nothing(database: Database) -> None:
    async with database.read() as tx:
        await inbox.first_time(tx, "k")
    assert await count(database) == 0


async def test_one_moment_and_one_actor_for_all_of_a_transaction(database: Database, clock: FakeClock) -> None:
    async with database.begin(actor=ActorId("ana")) as tx:
        began = tx.now
        clock.advance(timedelta(hours=1))
        assert (tx.now, tx.actor) == (began, "ana")


async def test_a_fact_is_heard_inside_the_transaction_and_a_refusal_undoes_it(database: Database, listeners: Listeners) -> None:
    async def refuse(tx: Tx, fact: str) -> None:
        await inbox.first_time(tx, "heard")
        raise NotAllowed(f"Not {fact}.")

    listeners.on(str, refuse)
    with pytest.raises(NotAllowed, match=r"Not this\."):
        async with database.begin(actor=BOT) as tx:
            await tx.announce("this")
    assert await count(database) == 0


async def test_work_ordered_rings_after_the_commit_and_only_then(database: Database) -> None:
    rung: list[int] = []
    waiting: list[int] = []
    database.wake = lambda: rung.append(1)
    async with database.begin(actor=BOT) as tx:
        await queue.schedule(tx, Greet(who="ana"), key="k")
        waiting += rung
    assert (waiting, rung) == ([], [1])
    async with database.begin(actor=BOT) as tx:
        await inbox.first_time(tx, "k")
    assert rung == [1]


async def test_times_come_back_aware_in_utc_to_the_microsecond(database: Database) -> None:
    due = datetime(2026, 3, 29, 3, 30, 0, 123457, tzinfo=timezone(timedelta(hours=2)))
    async with database.begin(actor=BOT) as tx:
        await queue.schedule(tx, Greet(who="ana"), key="k", due=due)
    async with database.read() as tx:
        read = (await tx.session.execute(select(col(WorkItem.due_at)))).scalar_one()
    assert (read, read.tzinfo) == (due, UTC)


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="without a zone"):
        async with database.begin(actor=BOT) as tx:
            await queue.schedule(tx, Greet(who="ana"), key="k", due=datetime(2026, 3, 2))  # noqa: DTZ001


async def test_locks_of_one_name_exclude_each_other(database: Database) -> None:
    inside = most = 0

    async def hold() -> None:
        nonlocal inside, most
        async with database.begin(actor=BOT) as tx:
            await tx.lock("service:checkout")
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(hold() for _ in range(8)))
    assert most == 1


async def test_a_dropped_connection_is_replaced(postgres_url: str, clock: FakeClock, postgres_server: Postgres) -> None:
    database = Database(postgres_url, clock, Listeners())
    assert await count(database) == 0
    await postgres_server.cut_off(postgres_server.name(postgres_url))
    async with database.begin(actor=BOT) as tx:
        assert await inbox.first_time(tx, "k")
    assert await count(database) == 1
    await database.close()


async def test_a_write_cut_off_in_the_middle_leaves_nothing(postgres_url: str, clock: FakeClock, postgres_server: Postgres) -> None:
    database = Database(postgres_url, clock, Listeners())
    with pytest.raises((DBAPIError, OSError)):
        async with database.begin(actor=BOT) as tx:
            await inbox.first_time(tx, "k")
            await postgres_server.cut_off(postgres_server.name(postgres_url))
            await tx.session.execute(text("SELECT 1"))
    assert await count(database) == 0
    await database.close()


async def test_what_people_wrote_does_not_reach_the_log_with_an_error(database: Database) -> None:
    async def twice(tx: Tx) -> None:
        statement = text("INSERT INTO inbox_entry (key, received_at) VALUES (:key, '2026-03-02 09:00:00+00')")
        for _ in range(2):
            await tx.session.execute(statement, {"key": "Customer data of Acme exposed"})

    with pytest.raises(IntegrityError) as failed:
        async with database.begin(actor=BOT) as tx:
            await twice(tx)
    assert "Acme" not in str(failed.value)
