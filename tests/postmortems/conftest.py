"""Houses in which postmortems are drafted."""

from pathlib import Path

import pytest
from hypothesis import settings

from bot.clock import FakeClock
from bot.config.loader import load
from bot.config.models import Config
from bot.db import Database
from bot.events import Listeners
from tests.postmortems.house import House
from tests.web.conftest import serve

__all__ = ["serve"]

settings.register_profile("busy machine", deadline=None)  # a shared machine pauses now and then; that is no failure
settings.load_profile("busy machine")


@pytest.fixture(scope="session")
def config() -> Config:
    """The company of the sandbox."""
    return load(Path("bot/sandbox/config"), {})


@pytest.fixture
def house(config: Config, database: Database, clock: FakeClock, listeners: Listeners) -> House:
    """On both kinds of database."""
    return House(config, database, clock, listeners)


@pytest.fixture
def sqlite_house(config: Config, sqlite_database: Database, clock: FakeClock, listeners: Listeners) -> House:
    """Where a second kind of database would prove nothing new."""
    return House(config, sqlite_database, clock, listeners)
