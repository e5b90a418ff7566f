"""Scenarios run on the whole bot, each with the house's configuration and what it says besides."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.clock import FakeClock
from tests.scenarios import house
from tests.scenarios.scenario import START, Scenario
from tests.world import running_world

Play = Callable[..., Awaitable[Scenario]]
"""`play(changes, **environ)`: begin the bot with these changes to the house's configuration, and these variables."""


@pytest.fixture
async def play(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Play]:
    config = tmp_path / "config"
    async with AsyncExitStack() as stack:

        async def begin(changes: str = "", **environ: str) -> Scenario:
            house.write(config, changes)
            world = await stack.enter_async_context(running_world(sqlite_url, tmp_path, FakeClock(START), config=config, **environ))
            return Scenario(world, config)

        yield begin
