"""Bring the database to the newest revision, at start.

Usually there is nothing to do, and that is seen by one SELECT: Alembic (and its memory) is loaded only when there is.
"""

from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from bot import log
from bot.db import Database

PLACE = Path(__file__).parent / "migrations"
LOCK = 0x70C51
"""PostgreSQL's advisory lock under which one replica migrates while the others wait."""

logger = log.get(__name__)


def head() -> str:
    """The newest revision this version knows: the history is one line, so the highest number is the newest."""
    return max(path.stem.split("_")[0] for path in (PLACE / "versions").glob("[0-9]*.py"))


async def migrate(database: Database) -> None:
    """Apply what is missing. Safe while other replicas start: one migrates, the rest wait and find it done."""
    current = await revision(database)
    if current == head():
        return
    if current is not None and current > head():
        # After a release is rolled back, paging on a database with a column too many beats not paging.
        logger.warning("the database is newer than this version", database=current, version=head())
        return
    async with database.connect() as (connection, _):
        if not database.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        await connection.run_sync(_upgrade)
    logger.info("database migrated", before=current, now=head())


async def revision(database: Database) -> str | None:
    """The revision the database is at; None when it is empty."""
    async with database.read() as tx:
        try:
            return (await tx.session.execute(text("SELECT version_num FROM alembic_version"))).scalar()
        except DBAPIError as error:
            if "alembic_version" in str(error.orig):  # "no such table", "relation … does not exist"
                return None
            raise


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(PLACE).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
