"""Fixtures that every room uses: the database (each test once on SQLite, once on PostgreSQL), the clock that tests move."""

import asyncio
import gc
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_socket
import structlog
from aiohttp import web_app
from sqlalchemy import Connection, event, util
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from bot.clock import FakeClock, pin_zones
from bot.db import Database
from bot.events import Listeners
from bot.migrate import migrate
from bot.sqlite import InlineDialect
from tests import postgres

pin_zones()
INSIDE = ["127.0.0.1", "::1"]

# structlog's own default draws every local variable of a traceback, which takes seconds and buries the failure.
PLAIN = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
structlog.configure([structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, PLAIN])


STATEMENTS = util.LRUCache(5000)
"""What was compiled, for every engine of this process: each test has engines of its own, and to compile anew is a sixth of a test."""


def _is_same_kind(dialect: Dialect, other: object) -> bool:
    return type(dialect) is type(other)


def _kind(dialect: Dialect) -> int:
    return hash(type(dialect))


for _dialect in (InlineDialect, PGDialect_asyncpg):
    _dialect.__eq__, _dialect.__hash__ = _is_same_kind, _kind


@event.listens_for(Engine, "engine_connect")
def share_statements(connection: Connection) -> None:
    """Statements are known by their dialect, too; all of one kind are the same here."""
    connection.execution_options(compiled_cache=STATEMENTS)


@event.listens_for(Pool, "checkout")
def wait_for_no_disk(connection: DBAPIConnection, record: ConnectionPoolEntry, _: object) -> None:
    """As the tests' PostgreSQL: what a test wrote need not outlive the machine. Bots in processes of their own do wait for the disk."""
    if isinstance(connection, sqlite3.Connection) and not record.info.get("is_quick"):
        record.info["is_quick"] = True
        sqlite3.Cursor(connection).execute("PRAGMA synchronous=OFF")


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup() -> None:
    """Nothing but this machine may be reached."""
    pytest_socket.socket_allow_hosts(INSIDE, allow_unix_socket=True)


def pytest_collection_finish() -> None:
    """What was imported stays: the collector need not go through all of it again and again, nor after every few hundred new objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """A test's bot goes with the test: aiohttp remembers the last thousand handlers it served, and so everything they hold.

    What nobody closed is found out here at the end of each module, not somewhere in another one.
    """
    yield
    web_app._cached_build_middleware.cache_clear()
    if nextitem is None or nextitem.path != item.path:
        gc.collect()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Postgres]:
    """One server for this process's tests."""
    with postgres.running() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_server: postgres.Postgres) -> Iterator[str]:
    """The name of a migrated, empty database to copy."""
    name = postgres_server.create()
    asyncio.run(_migrate(postgres_server.url(name)))
    yield name
    postgres_server.drop(name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    asyncio.run(_migrate(f"sqlite+inline:///{path}"))
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite database of this test's own."""
    return f"sqlite+inline:///{shutil.copy(sqlite_template, tmp_path / 'tocsin.db')}"


@pytest.fixture
def postgres_url(postgres_server: postgres.Postgres, postgres_template: str) -> Iterator[str]:
    """A migrated PostgreSQL database of this test's own."""
    name = postgres_server.create(template=postgres_template)
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of this test's own: the test runs once on each kind."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table: the test runs once on each kind."""
    if request.param == "sqlite":
        yield f"sqlite+inline:///{tmp_path / 'empty.db'}"
        return
    server: postgres.Postgres = request.getfixturevalue("postgres_server")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def clock() -> FakeClock:
    """Monday 2 March 2026, 09:00 UTC, until the test moves it."""
    return FakeClock()


@pytest.fixture
def listeners() -> Listeners:
    """Who hears the facts announced in `database`: nobody yet."""
    return Listeners()


@pytest.fixture
async def database(database_url: str, clock: FakeClock, listeners: Listeners) -> AsyncIterator[Database]:
    """A migrated database on both kinds, told the time by `clock`."""
    database = Database(database_url, clock, listeners)
    yield database
    await database.close()


@pytest.fixture
async def sqlite_database(sqlite_url: str, clock: FakeClock, listeners: Listeners) -> AsyncIterator[Database]:
    """A migrated SQLite database: for tests of rules above the database, where a second kind would prove nothing new."""
    database = Database(sqlite_url, clock, listeners)
    yield database
    await database.close()


async def _migrate(url: str) -> None:
    database = Database(url, FakeClock(), Listeners())
    await migrate(database)
    await database.close()
