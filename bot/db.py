"""The database: one way to begin a transaction, on SQLite and PostgreSQL alike.

`async with db.begin(actor=…) as tx` is the only way to write: it commits at the end, or rolls back when anything is raised.
No I/O happens inside; effects are ordered as due work and happen after the commit.

SQLite is the embedded default. Every write begins with `BEGIN IMMEDIATE`, behind one lock so that writers queue here and not in
the file's busy loop. Reads have an engine of their own, without that lock.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, NewType, Protocol, cast

from sqlalchemy import DateTime, Dialect, Executable, String, event, text
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import CursorResult
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

from bot import log, sqlite
from bot.clock import Clock
from bot.events import Listeners

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert

ActorId = NewType("ActorId", str)
"""Who does something: a configured person's id ("ana"), "slack:U123" for a stranger, "tocsin", "alertmanager:<name>"."""

BOT = ActorId("tocsin")

logger = log.get(__name__)

PASSING = frozenset({"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "08000", "08001", "08003", "08004", "08006"})
"""PostgreSQL's codes for what may be gone at the next try: a deadlock, a lost connection, a server that restarts."""
WRITE_TIMEOUT_S = 30
READ_CONNECTIONS = 4
ASKED_AFTER_S = 1.0
"""A connection that was idle for longer is asked whether it still answers before it is used."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime column. A naive value is a bug and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store in UTC; SQLite has no zones, so there it is stored bare."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a datetime without a zone reached the database: {value!r}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Read back aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EnumText(TypeDecorator[StrEnum]):
    """A string enum, stored as its value and read back as the enum."""

    impl = String
    cache_ok = True

    def __init__(self, enum: type[StrEnum]) -> None:
        super().__init__()
        self.enum = enum

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        """Refuse what the enum does not know."""
        return None if value is None else self.enum(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """Back to the enum."""
        return None if value is None else self.enum(value)


@dataclass
class Tx:
    """One open transaction: the session, the moment it began (one moment for all it writes), and who acts."""

    session: AsyncSession
    now: datetime
    actor: ActorId
    listeners: Listeners
    work_ordered: bool = False
    """Set by the post room: once this is committed, workers are woken."""
    facts: list[object] = field(default_factory=list)
    """What was announced: once this is committed, it is logged."""
    held: set[int] = field(default_factory=set)
    """The incidents that nobody else can change until the end of this."""
    read_held: set[int] = field(default_factory=set)
    """Those of them that were read since, and need not be read again."""

    async def announce(self, fact: object) -> None:
        """State a fact; everybody who listens hears it now, inside this transaction."""
        self.facts.append(fact)
        await self.listeners.announce(self, fact)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """What is raised inside undoes what was done inside, and nothing else."""
        before = len(self.facts)
        try:
            async with self.session.begin_nested():
                yield
        except BaseException:
            del self.facts[before:]
            self.held.clear()  # locks taken inside are gone, and so is what was read
            self.read_held.clear()
            raise

    @contextmanager
    def acting(self, actor: ActorId) -> Iterator[None]:
        """Inside, `actor` acts: where one transaction does the bidding of several."""
        before, self.actor = self.actor, actor
        try:
            yield
        finally:
            self.actor = before

    async def changed(self, statement: Executable, values: Mapping[str, Any] | None = None) -> int:
        """Execute an UPDATE or DELETE and return how many rows it changed."""
        result = await self.session.execute(statement, values or {}, execution_options={"synchronize_session": False})
        return cast("CursorResult[Any]", result).rowcount

    async def lock(self, name: str) -> None:
        """Wait for, and hold until the end of the transaction, the lock called `name`. On SQLite one writer at a time holds them all."""
        if not is_sqlite(self.session):
            await self.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})

    async def insert_new(self, table: type[SQLModel], **values: Any) -> bool:
        """Insert a row unless one of its unique keys already holds; True when it was inserted."""
        return await self.changed(_insert_if_new(table, is_sqlite(self.session)), values) > 0


def may_pass(error: BaseException) -> bool:
    """Whether the same transaction, begun again, may succeed: it lost a deadlock, or the database went away for a moment."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in PASSING
    return isinstance(error, OSError)


async def hold_declaring(tx: Tx) -> None:
    """Nobody else declares until the transaction ends. Who holds incidents as well asks for this before."""
    await tx.lock("declare")


async def hold_incident(tx: Tx, incident_id: int) -> None:
    """Hold everything about one incident until the transaction ends. Every room that changes any of it asks for this first: two
    transactions that took its rows in different orders would wait for each other for ever. Several incidents: the lowest first."""
    if incident_id not in tx.held:
        await tx.lock(f"incident:{incident_id}")
        tx.held.add(incident_id)


def is_sqlite(session: AsyncSession) -> bool:
    """Whether this session talks to SQLite."""
    return session.get_bind().dialect.name == "sqlite"


def insert_into(table: type[SQLModel], on_sqlite: bool) -> "PostgresqlInsert | SqliteInsert":
    """An INSERT of one dialect, so that ON CONFLICT can follow."""
    target = table.__table__  # type: ignore[attr-defined]
    if on_sqlite:
        return sqlite_insert(target)
    from sqlalchemy.dialects.postgresql import insert as postgresql_insert  # loads three drivers: only where it is needed

    return postgresql_insert(target)


@cache
def _insert_if_new(table: type[SQLModel], on_sqlite: bool) -> "PostgresqlInsert | SqliteInsert":
    return insert_into(table, on_sqlite).on_conflict_do_nothing()


def _check_connections(engine: AsyncEngine) -> None:
    """Let no transaction begin on a connection that the server has closed. Asking the server each time would cost a storm of pages a
    tenth of its speed: the driver knows what was closed, and only a connection that was idle is asked whether it still answers."""

    @event.listens_for(engine.sync_engine, "checkin")
    def note(_: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["used_at"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def check(connection: DBAPIConnection, record: ConnectionPoolEntry, _: object) -> None:
        is_fresh = time.monotonic() - record.info.get("used_at", 0.0) < ASKED_AFTER_S
        is_closed = cast("Driver", record.driver_connection).is_closed()
        if is_closed or not (is_fresh or _answers(engine.dialect, connection)):
            raise InvalidatePoolError  # the pool makes a new one, and looks at the others


class Driver(Protocol):
    """What we use of an asyncpg connection."""

    def is_closed(self) -> bool: ...


def _answers(dialect: Dialect, connection: DBAPIConnection) -> bool:
    try:
        return dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error:
        return False


class Database:
    """The engine(s) of one database and the ways into it. `url` carries an async driver (`sqlite+inline` or `postgresql+asyncpg`)."""

    def __init__(self, url: str, clock: Clock, listeners: Listeners) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self._clock = clock
        self._listeners = listeners
        self.wake: Callable[[], None] = lambda: None
        """Called after a commit that ordered work; the worker puts its own here."""
        if self.is_sqlite:
            self._writer = sqlite.engine(url, writes=True, connections=1)
            self._reader = sqlite.engine(url, writes=False, connections=READ_CONNECTIONS)
            self._write_lock: AbstractAsyncContextManager[None] | asyncio.Lock = asyncio.Lock()
        else:
            self._writer = self._reader = create_async_engine(
                url,
                pool_size=20,
                max_overflow=0,  # connections beyond the pool are made and thrown away, again and again, while a storm lasts
                hide_parameters=True,  # an error's text goes to the log, where nobody's words belong
                connect_args={"timeout": 5, "command_timeout": WRITE_TIMEOUT_S},
            )
            _check_connections(self._writer)
            self._write_lock = nullcontext()

    @property
    def engine(self) -> AsyncEngine:
        """The engine that writes."""
        return self._writer

    @asynccontextmanager
    async def begin(self, actor: ActorId) -> AsyncIterator[Tx]:
        """One write transaction by `actor`: commits at the end, rolls back when anything is raised."""
        async with self._write_lock, AsyncSession(self._writer, expire_on_commit=False) as session, session.begin():
            tx = Tx(session, self._clock.now(), actor, self._listeners)
            yield tx
        if tx.work_ordered:
            self.wake()
        for fact in tx.facts:
            log.fact(logger, fact)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[tuple[AsyncConnection, datetime]]:
        """A bare write transaction for the alert intake, where an ORM session would cost more than the work; with its moment."""
        async with self._write_lock, self._writer.begin() as connection:
            yield connection, self._clock.now()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """A read-only look at the committed state; whatever is written through it is thrown away."""
        async with AsyncSession(self._reader, expire_on_commit=False) as session:
            yield Tx(session, self._clock.now(), BOT, self._listeners)

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()
