"""One process per SQLite file: a second one would wake nobody in the first, and must not free its leases."""

import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from bot import log
from bot.db import BOT, Database
from bot.errors import Unavailable
from bot.work import queue

logger = log.get(__name__)


@asynccontextmanager
async def sole_process(database: Database) -> AsyncIterator[None]:
    """Hold the SQLite file for this process while the block lasts, and free the leases that its predecessor left; nothing on PostgreSQL.

    Raises Unavailable when another process holds it. The lock goes with the process, however it ends.
    """
    if not database.is_sqlite:
        yield
        return
    path = Path(f"{make_url(database.url).database}.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
            raise Unavailable(
                f"Another Tocsin (process {holder}) uses {path.with_suffix('')}. Stop it first, or set DATABASE_URL to a PostgreSQL, "
                "which several may share."
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        async with database.begin(actor=BOT) as tx:
            freed = await queue.free_all(tx)
        if freed:
            logger.info("work of a process that ended is taken up again", items=freed)
        yield
    finally:
        os.close(descriptor)
