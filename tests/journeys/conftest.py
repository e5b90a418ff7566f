"""Stories run on the whole bot, once on each kind of database."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import FakeClock
from bot.oncall.times import load
from tests.journeys.runbooks import written
from tests.world import CONFIG, World, running_world


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


@pytest.fixture
def runbook_config(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The sandbox's configuration with a runbook whose hosts are this machine; what is said of it otherwise, by indirect parameters."""
    made = tmp_path / "config"
    shutil.copytree(CONFIG, made)
    written(made, **getattr(request, "param", {}))
    return made


@pytest.fixture
async def runbook_world(sqlite_url: str, tmp_path: Path, clock: FakeClock, runbook_config: Path) -> AsyncIterator[World]:
    """A bot with that runbook, on SQLite."""
    async with running_world(sqlite_url, tmp_path, clock, config=runbook_config, TOCSIN_RUNS=str(tmp_path / "runs")) as world:
        yield world
