"""The bell: work ordered by one replica wakes the workers of all, by PostgreSQL's NOTIFY after the commit.

One connection of its own per process listens and rings. Many commits at once ring once. A lost connection is made anew; meanwhile
the workers' safety poll finds what the bell did not announce. On SQLite there is one process, and the bell is a call.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol, cast

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bot import log
from bot.db import Database

CHANNEL = "tocsin_work"
AGAIN_AFTER_S = 1.0
ALIVE_EVERY_S = 30.0
ANSWER_WITHIN_S = 5.0

logger = log.get(__name__)


class Listening(Protocol):
    """What we use of an asyncpg connection."""

    async def add_listener(self, channel: str, callback: Callable[..., None]) -> None: ...
    async def execute(self, query: str, *, timeout: float | None = None) -> str: ...
    def add_termination_listener(self, callback: Callable[..., None]) -> None: ...
    def get_server_pid(self) -> int: ...
    def is_closed(self) -> bool: ...


class Bell:
    """Put `ring` where the database wakes (`database.wake = bell.ring`); `wake` is the local worker's; keep `run` running."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        self._db = database
        self._wake = wake
        self._rung = False
        self._news = asyncio.Event()
        self.is_listening = asyncio.Event()
        """Set while other replicas are heard."""

    def ring(self) -> None:
        """Wake this process's worker now and the others' in a moment."""
        self._wake()
        self._rung = True
        self._news.set()

    async def run(self) -> None:
        """Listen and ring until cancelled. Returns at once on SQLite."""
        while not self._db.is_sqlite:
            try:
                await self._listen()
            except (SQLAlchemyError, OSError) as error:
                logger.warning("the bell lost its connection", error=type(error).__name__)
            except Exception:
                logger.exception("the bell lost its connection")
            finally:
                self.is_listening.clear()
            await asyncio.sleep(AGAIN_AFTER_S)

    async def _listen(self) -> None:
        async with self._db.engine.connect() as connection:
            wire = cast("Listening", (await connection.get_raw_connection()).driver_connection)
            await connection.run_sync(Connection.detach)  # ours alone: the pool makes another in its place
            own = wire.get_server_pid()

            def heard(_: object, pid: int, *__: object) -> None:
                if pid != own:
                    self._wake()

            wire.add_termination_listener(lambda *_: self._news.set())
            await wire.add_listener(CHANNEL, heard)
            self.is_listening.set()
            self._wake()  # for what was ordered while nobody listened
            while not wire.is_closed():
                await self._wait_for_news()
                if not wire.is_closed():
                    await wire.execute(f"NOTIFY {CHANNEL}" if self._take() else "SELECT 1", timeout=ANSWER_WITHIN_S)

    async def _wait_for_news(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ALIVE_EVERY_S):  # `wait_for` can lose a cancellation that comes together with the news
                await self._news.wait()
        self._news.clear()

    def _take(self) -> bool:
        rung, self._rung = self._rung, False
        return rung
