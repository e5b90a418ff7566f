"""One bot in the sandbox for all that sign in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.clock import FakeClock
from tests.world import World, running_world


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder: Path = tmp_path_factory.mktemp("accounts")
    async with running_world(f"sqlite+inline:///{folder / 'tocsin.db'}", folder, FakeClock()) as world:
        yield world
