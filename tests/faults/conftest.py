"""A nursery for each file's tests, and a way to begin a house on either database."""

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from tests.faults.house import House, Nursery, nursery
from tests.postgres import Postgres

Build = Callable[[str], AbstractAsyncContextManager[House]]
"""A house on a migrated, empty database of its own, on "sqlite" or "postgresql"."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bots() -> AsyncIterator[Nursery]:
    """Where this file's bots are born."""
    async with nursery() as place:
        yield place


@pytest.fixture
def build(bots: Nursery, tmp_path: Path, sqlite_template: Path, postgres_server: Postgres, postgres_template: str) -> Build:
    """Builds houses, each in a folder of its own."""
    numbers = itertools.count(1)

    @asynccontextmanager
    async def one(kind: str) -> AsyncIterator[House]:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        if kind == "sqlite":
            async with House(bots, f"sqlite+inline:///{shutil.copy(sqlite_template, folder / 'tocsin.db')}", folder) as house:
                yield house
            return
        name = await asyncio.to_thread(postgres_server.create, postgres_template)
        try:
            async with House(bots, postgres_server.url(name), folder) as house:
                yield house
        finally:
            await asyncio.to_thread(postgres_server.drop, name)

    return one
