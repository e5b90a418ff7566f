"""A bot that takes alerts."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import FakeClock
from tests.world import World, running_world


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """A bot that runs, in the sandbox, once on each kind of database."""
    async with running_world(database_url, tmp_path, clock) as world:
        yield world
