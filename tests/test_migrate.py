"""The revisions make exactly the tables that the rooms declare, on both databases, once, whoever starts first."""

import asyncio
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from bot.clock import FakeClock
from bot.db import Database
from bot.events import Listeners
from bot.migrate import PLACE, head, migrate, revision
from bot.migrations.tables import metadata

INDEXES = {
    True: "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND name NOT LIKE 'alembic%' ORDER BY name",
    False: "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE 'alembic%' ORDER BY indexname",
}


@pytest.fixture
async def empty(empty_database_url: str):  # type: ignore[no-untyped-def]
    database = Database(empty_database_url, FakeClock(), Listeners())
    yield database
    await database.close()


async def test_the_revisions_make_exactly_the_declared_tables(empty: Database) -> None:
    await migrate(empty)
    async with empty.connect() as (connection, _):
        assert await connection.run_sync(differences) == []
        migrated = (await connection.execute(text(INDEXES[empty.is_sqlite]))).all()
        await connection.run_sync(lambda sync: metadata().drop_all(sync))
        await connection.run_sync(lambda sync: metadata().create_all(sync))
        declared = (await connection.execute(text(INDEXES[empty.is_sqlite]))).all()
    assert [tuple(row) for row in migrated] == [tuple(row) for row in declared]  # conditions of partial indexes too


async def test_a_second_start_finds_nothing_to_do(empty: Database) -> None:
    assert await revision(empty) is None
    await migrate(empty)
    await migrate(empty)
    assert await revision(empty) == head()


async def test_replicas_that_start_at_once_migrate_once(empty_database_url: str) -> None:
    replicas = [Database(empty_database_url, FakeClock(), Listeners()) for _ in range(4)]
    await asyncio.gather(*(migrate(replica) for replica in replicas))
    assert [await revision(replica) for replica in replicas] == [head()] * 4
    for replica in replicas:
        await replica.close()


async def test_a_database_from_a_newer_release_is_left_as_it_is(database: Database) -> None:
    async with database.connect() as (connection, _):
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await migrate(database)
    assert await revision(database) == "9999"


def test_the_newest_revision_is_the_one_alembic_knows() -> None:
    config = Config()
    config.set_main_option("script_location", str(PLACE))
    assert ScriptDirectory.from_config(config).get_heads() == [head()]


def test_an_up_to_date_start_does_not_load_alembic(sqlite_url: str) -> None:
    program = f"""
import asyncio, sys
from bot.clock import WallClock
from bot.db import Database
from bot.events import Listeners
from bot.migrate import migrate
asyncio.run(migrate(Database({sqlite_url!r}, WallClock(), Listeners())))
assert "alembic" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)


def differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata()))
