"""One process per SQLite file: a second one refuses to start and says why; a killed one leaves neither lock nor lease."""

import asyncio
import subprocess
import sys

import pytest

from bot.clock import FakeClock
from bot.db import Database
from bot.errors import Unavailable
from bot.events import Listeners
from bot.work.sole import sole_process
from bot.work.worker import Worker
from tests.contracts.post_room import Doer, Greet, claim_one, order

HOLD = """
import asyncio, sys
from bot.clock import WallClock
from bot.db import Database
from bot.events import Listeners
from bot.work.sole import sole_process
async def hold():
    async with sole_process(Database(sys.argv[1], WallClock(), Listeners())):
        print("held", flush=True)
        await asyncio.Event().wait()
asyncio.run(hold())
"""


async def test_a_second_process_refuses_to_start_until_the_first_is_killed(sqlite_url: str, sqlite_database: Database) -> None:
    first = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLD, sqlite_url, stdout=subprocess.PIPE)
    assert first.stdout is not None
    assert await asyncio.wait_for(first.stdout.readline(), 20) == b"held\n"
    with pytest.raises(Unavailable, match=rf"process {first.pid}\) uses .*tocsin\.db\. Stop it first"):
        async with sole_process(sqlite_database):
            pass
    first.kill()
    await first.wait()
    async with sole_process(sqlite_database):
        pass


async def test_it_takes_up_what_its_predecessor_held(sqlite_database: Database, clock: FakeClock) -> None:
    doer, worker = Doer(), Worker(sqlite_database, clock)
    worker.handles(Greet, doer)
    await order(sqlite_database, Greet(who="ana"), key="k")
    await claim_one(sqlite_database, lease="of a process that was killed")
    async with sole_process(sqlite_database):
        await worker.drain()
    assert doer.done == ["ana"]


async def test_on_postgresql_several_may_run_and_keep_their_leases(postgres_url: str, clock: FakeClock) -> None:
    first, second = Database(postgres_url, clock, Listeners()), Database(postgres_url, clock, Listeners())
    doer, worker = Doer(), Worker(second, clock)
    worker.handles(Greet, doer)
    async with sole_process(first), sole_process(second):
        await order(first, Greet(who="ana"), key="k")
        await claim_one(first, lease="the first's")
        await worker.drain()
    assert doer.done == []
    await first.close()
    await second.close()
