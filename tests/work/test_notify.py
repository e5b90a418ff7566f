"""The bell: work ordered by one replica is done by another at once, and the bell comes back after its connection was lost."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from bot.clock import FakeClock
from bot.db import BOT, Database
from bot.events import Listeners
from bot.work import queue
from bot.work.notify import CHANNEL, Bell
from bot.work.worker import Worker
from tests.contracts.post_room import Doer, Greet, at_work, eventually, order
from tests.postgres import Postgres


class Replica:
    """One process: its database connections, its bell and its worker."""

    def __init__(self, url: str, clock: FakeClock) -> None:
        self.database = Database(url, clock, Listeners())
        self.worker = Worker(self.database, clock)
        self.bell = Bell(self.database, self.worker.wake)
        self.database.wake = self.bell.ring
        self._task = asyncio.create_task(self.bell.run())

    async def leave(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.database.close()


@pytest.fixture
async def replicas(postgres_url: str, clock: FakeClock) -> AsyncIterator[tuple[Replica, Replica]]:
    pair = Replica(postgres_url, clock), Replica(postgres_url, clock)
    for replica in pair:
        await asyncio.wait_for(replica.bell.is_listening.wait(), 5)
    yield pair
    for replica in pair:
        await replica.leave()


async def test_work_ordered_here_is_done_there_at_once(replicas: tuple[Replica, Replica]) -> None:
    here, there = replicas
    doer = Doer()
    there.worker.handles(Greet, doer)
    async with at_work(there.worker):
        await asyncio.sleep(0.05)  # it has looked, and found nothing
        await order(here.database, Greet(who="ana"), key="k")
        await eventually(lambda: doer.done == ["ana"], within_s=2)


async def test_a_rolled_back_order_rings_nobody(replicas: tuple[Replica, Replica], postgres_url: str) -> None:
    heard: list[object] = []
    ear = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    await ear.add_listener(CHANNEL, lambda *call: heard.append(call))
    with pytest.raises(RuntimeError):
        async with replicas[0].database.begin(actor=BOT) as tx:
            await queue.schedule(tx, Greet(who="ana"), key="k")
            raise RuntimeError
    await order(replicas[0].database, Greet(who="bo"), key="k")
    await eventually(lambda: len(heard) > 0)
    assert len(heard) == 1
    await ear.close()


async def test_a_storm_of_commits_rings_a_few_times(replicas: tuple[Replica, Replica], postgres_url: str) -> None:
    heard: list[object] = []
    ear = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    await ear.add_listener(CHANNEL, lambda *call: heard.append(call))
    for _ in range(1000):
        replicas[0].bell.ring()
    await eventually(lambda: len(heard) > 0)
    assert len(heard) < 10
    await ear.close()


async def test_the_bell_comes_back_after_a_fail_over(
    replicas: tuple[Replica, Replica],
    postgres_url: str,
    postgres_server: Postgres,
) -> None:
    here, there = replicas
    doer = Doer()
    there.worker.handles(Greet, doer)
    await postgres_server.cut_off(postgres_server.name(postgres_url))
    await eventually(lambda: not there.bell.is_listening.is_set())
    async with at_work(there.worker):
        await asyncio.wait_for(there.bell.is_listening.wait(), 5)
        await asyncio.wait_for(here.bell.is_listening.wait(), 5)
        await order(here.database, Greet(who="ana"), key="k")
        await eventually(lambda: doer.done == ["ana"], within_s=2)


async def test_on_sqlite_the_bell_is_a_call(sqlite_database: Database) -> None:
    woken: list[int] = []
    bell = Bell(sqlite_database, lambda: woken.append(1))
    await asyncio.wait_for(bell.run(), 1)
    bell.ring()
    assert woken == [1]
