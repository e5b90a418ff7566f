"""Stories run on the whole bot, once on each kind of database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import FakeClock
from bot.oncall.times import load
from tests.world import World, running_world


@pytest.fixture(scope="session", autouse=True)
def typed_times() -> None:
    """The library that reads typed times is there: on a busy machine its loading takes longer than Slack waits for an answer."""
    load()


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """A bot that runs, in the sandbox."""
    async with running_world(database_url, tmp_path, clock) as world:
        yield world


@pytest.fixture
async def sqlite_world(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """The same on SQLite alone: for stories in which the kind of database makes no difference."""
    async with running_world(sqlite_url, tmp_path, clock) as world:
        yield world
