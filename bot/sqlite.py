"""SQLite for an async engine, on the event loop's own thread: the dialect `sqlite+inline`.

A statement on the embedded database takes some ten microseconds; handing each to a thread and back, as the usual async driver does,
takes ten times that, and a declaration has dozens of them. So statements run where they are asked for. What waits for the disk, the
COMMIT, runs in a thread while the loop goes on; what waits for another process's write, the BEGIN, is tried again after a pause.
Nothing is left half done when a task is cancelled: the only places to be cancelled at are those two.
"""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, cast

from sqlalchemy import URL, Connection, Pool, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry
from sqlalchemy.util import await_only

WAIT_S = 30.0
"""How long another process's write is waited for."""
PAUSE_S = 0.005
PRAGMAS = ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-8000")

_disk = ThreadPoolExecutor(thread_name_prefix="sqlite-commit")


class Cursor(sqlite3.Cursor):
    """The driver's cursor, with the two signs by which SQLAlchemy knows an async one: it passes through the loop, and closes softly."""

    def execute(self, *statement: Any) -> Self:
        """Execute one statement."""
        await_only(_pass())
        return super().execute(*statement)

    def executemany(self, *statement: Any) -> Self:
        """Execute one statement for many rows."""
        await_only(_pass())
        return super().executemany(*statement)

    async def _async_soft_close(self) -> None:
        return None


class DriverConnection(sqlite3.Connection):
    """The driver's connection with our cursor."""

    def cursor(self, factory: Any = Cursor) -> Any:
        """A cursor of ours."""
        return super().cursor(factory)


class InlineDialect(SQLiteDialect_pysqlite):
    """SQLAlchemy's own dialect for the standard library's driver, with a COMMIT that does not stop the loop."""

    driver = "inline"
    is_async = True
    supports_statement_cache = True

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        """A pool whose waiting is the loop's."""
        return AsyncAdaptedQueuePool

    def do_commit(self, dbapi_connection: Any) -> None:
        """Write through to the disk, in a thread."""
        await_only(_to_its_end(asyncio.get_running_loop().run_in_executor(_disk, dbapi_connection.commit)))


registry.register("sqlite.inline", __name__, InlineDialect.__name__)


def engine(url: str, *, writes: bool, connections: int) -> AsyncEngine:
    """An engine on `url` (`sqlite+inline:///…`) whose transactions take the write lock as they begin, or never need it.

    The driver's own transaction handling loses updates under concurrency, so it is switched off.
    """
    made = create_async_engine(url, pool_size=connections, max_overflow=0, hide_parameters=True, connect_args={"factory": DriverConnection})

    @event.listens_for(made.sync_engine, "connect")
    def on_connect(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (*PRAGMAS, f"busy_timeout={0 if writes else 1000}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(made.sync_engine, "begin")
    def on_begin(connection: Connection) -> None:
        driver = cast("sqlite3.Connection", connection.connection.dbapi_connection)
        if writes:
            await_only(_begin_writing(driver))
        else:
            sqlite3.Cursor(driver).execute("BEGIN")

    return made


async def _begin_writing(connection: sqlite3.Connection) -> None:
    """Take the write lock. Raises `sqlite3.OperationalError` when another process has held it for `WAIT_S`."""
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + WAIT_S
    while True:
        try:
            sqlite3.Cursor(connection).execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or loop.time() > give_up_at:
                raise
        await asyncio.sleep(PAUSE_S)


async def _pass() -> None:
    """No waiting at all."""


async def _to_its_end(commit: asyncio.Future[None]) -> None:
    """Wait for the commit, also when cancelled meanwhile: the connection is not free before."""
    try:
        await asyncio.shield(commit)
    except asyncio.CancelledError:
        await asyncio.wait([commit])
        raise
