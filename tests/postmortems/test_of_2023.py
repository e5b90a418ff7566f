"""The documents of the four major incidents of 2023: reviewed files, the same to the byte."""

import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.clock import FakeClock
from bot.config.loader import load
from bot.config.models import Config
from bot.db import Database
from bot.events import Listeners
from tests.postmortems import of_2023
from tests.postmortems.house import House
from tests.postmortems.of_2023 import Night

GOLDEN = Path(__file__).parent.parent / "data" / "postmortems"
STORIES = (
    (datetime(2023, 3, 15, tzinfo=UTC), of_2023.network_split),
    (datetime(2023, 6, 22, tzinfo=UTC), of_2023.memory_leak),
    (datetime(2023, 9, 8, tzinfo=UTC), of_2023.power_failure),
    (datetime(2023, 11, 14, tzinfo=UTC), of_2023.cdn_configuration),
)


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> FakeClock:
    """At midnight of the day."""
    return FakeClock(request.param)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The company of the sandbox, on call since 2022."""
    folder = tmp_path_factory.mktemp("company")
    for file in Path("bot/sandbox/config").glob("*.yaml"):
        (folder / file.name).write_text(file.read_text().replace("start: 2026-01-05", "start: 2022-01-03"))
    return load(folder, {})


@pytest.mark.parametrize(("clock", "story"), STORIES, ids=[story.__name__ for _, story in STORIES], indirect=["clock"])
async def test_the_document_is_the_reviewed_one(
    config: Config, sqlite_database: Database, clock: FakeClock, listeners: Listeners, story: Callable[[Night], Awaitable[None]]
) -> None:
    house = House(config, sqlite_database, clock, listeners)
    await story(Night(house))
    draft = await house.drafted()
    assert draft is not None
    name = f"{clock.now():%Y-%m-%d}-{story.__name__.replace('_', '-')}"
    for file, text in ((f"{name}.md", draft.markdown), (f"{name}.html", draft.html)):
        if os.environ.get("GOLDEN") == "write":
            (GOLDEN / file).write_text(text)
        assert text == (GOLDEN / file).read_text(), f"see tests/data/postmortems/{file}; GOLDEN=write makes it anew"
