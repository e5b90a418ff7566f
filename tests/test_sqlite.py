"""SQLite on the loop's thread: waiting for a disk or for another process never stops the loop, and being cancelled breaks nothing."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import sqlite


@pytest.fixture
async def writer(tmp_path: Path):
    engine = sqlite.engine(f"sqlite+inline:///{tmp_path / 'x.db'}", writes=True, connections=1)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE seen (n INTEGER PRIMARY KEY)"))
    yield engine
    await engine.dispose()


async def insert(engine: AsyncEngine, n: int) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("INSERT INTO seen VALUES (:n)"), {"n": n})


async def rows(engine: AsyncEngine) -> list[int]:
    async with engine.connect() as connection:
        return list((await connection.execute(text("SELECT n FROM seen ORDER BY n"))).scalars())


async def test_another_process_that_writes_is_waited_for_while_the_loop_goes_on(writer: AsyncEngine, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(insert(writer, 1))
    for _ in range(5):
        await asyncio.sleep(0.01)
    assert not waiting.done()
    other.execute("COMMIT")
    await waiting
    assert await rows(writer) == [1]
    other.close()


async def test_what_is_wrong_with_the_file_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("This is a letter, and no database; it is long enough to be looked at." * 20)
    engine = sqlite.engine(f"sqlite+inline:///{tmp_path / 'x.db'}", writes=True, connections=1)
    with pytest.raises(Exception, match="file is not a database"):
        await rows(engine)
    await engine.dispose()


async def test_cancelled_anywhere_it_commits_all_or_nothing_and_the_next_writer_gets_its_turn(writer: AsyncEngine) -> None:
    for n in range(60):
        task = asyncio.create_task(insert(writer, n))
        for _ in range(n % 12):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(5):
        await insert(writer, 1000)
        assert 1000 in await rows(writer)


async def test_a_commit_is_on_the_disk_before_anybody_is_told(writer: AsyncEngine, tmp_path: Path) -> None:
    await insert(writer, 7)
    other = sqlite3.connect(tmp_path / "x.db")
    assert other.execute("SELECT n FROM seen").fetchall() == [(7,)]
    other.close()
