"""Several processes follow their directories, each in its own time: what they find is written down once, and none undoes another's."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from bot.clock import FakeClock
from bot.config.loader import load
from bot.config.watch import Watch
from bot.db import BOT, Database
from bot.directory.service import Directory
from bot.oncall.models import OnCallEpoch
from bot.oncall.service import OnCall
from bot.reloads.models import Reading
from bot.reloads.service import Reloads
from bot.reloads.work import Following
from bot.work.models import WorkItem
from tests.world import CONFIG

ANA = "  payments-primary:\n    start: 2026-01-05 09:00\n    participants: [ana]"


class Replica:
    """A process's own directory, and how it follows it."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self.folder = folder
        shutil.copytree(CONFIG, folder)
        self.begin()

    def begin(self) -> None:
        """Start anew, with what the directory holds."""
        config = load(self.folder, {})
        self.directory = Directory(config)
        self.oncall = OnCall(self.directory)
        watch = Watch(self.folder, {}, config.digest)
        self.following = Following(self._database, self.directory, Reloads(self.oncall), watch)

    def write(self, who: str) -> None:
        """The directory says that `who` is primary."""
        original = (CONFIG / "teams.yaml").read_text()
        (self.folder / "teams.yaml").write_text(original.replace(ANA, ANA.replace("ana", who)))

    async def reads(self, who: str) -> None:
        """That version arrives here, and is found."""
        self.write(who)
        await self.following.look(at_once=True)

    async def next(self) -> str | None:
        """Who will be primary in eight days."""
        async with self._database.read() as tx:
            return (await self.oncall.who(tx, "payments", "primary", tx.now + timedelta(days=8))).person


@pytest.fixture
async def replicas(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[tuple[Replica, Replica]]:
    pair = Replica(database, tmp_path / "one"), Replica(database, tmp_path / "two")
    for one in pair:
        await one.following.begin()
    yield pair


async def messages(database: Database) -> list[str]:
    """What the ops channel is told, in order."""
    async with database.read() as tx:
        return list(
            (
                await tx.session.execute(
                    select(col(WorkItem.payload)).where(col(WorkItem.about) == "configuration").order_by(col(WorkItem.id))
                )
            ).scalars()
        )


async def epochs(database: Database) -> list[tuple[str, str]]:
    async with database.read() as tx:
        rows = select(col(OnCallEpoch.schedule), col(OnCallEpoch.source)).where(col(OnCallEpoch.schedule) == "payments-primary")
        return [(name, source) for name, source in await tx.session.execute(rows.order_by(col(OnCallEpoch.since)))]


async def test_two_that_read_the_same_write_it_down_once(database: Database, replicas: tuple[Replica, Replica]) -> None:
    one, two = replicas
    await asyncio.gather(one.reads("kim"), two.reads("kim"))
    assert [await one.next(), await two.next()] == ["kim", "kim"]
    [told] = await messages(database)
    assert "kim instead of ana" in told
    assert len(await epochs(database)) == 2


async def test_whoever_comes_late_undoes_nothing_and_says_nothing(database: Database, replicas: tuple[Replica, Replica]) -> None:
    one, two = replicas
    await one.reads("kim")
    await one.reads("bo")
    assert await two.next() == "bo", "it still follows the old files, and knows the epochs that the other one opened"
    await two.reads("kim")
    assert [await one.next(), await two.next()] == ["bo", "bo"]
    await two.reads("bo")
    assert [await one.next(), await two.next()] == ["bo", "bo"]
    assert len(await messages(database)) == 2


async def test_a_version_that_comes_back_on_purpose_takes_effect_again(database: Database, replicas: tuple[Replica, Replica]) -> None:
    one, two = replicas
    for who in ("kim", "ana"):
        await one.reads(who)
        await two.reads(who)
    assert await two.next() == "ana"
    assert len(await messages(database)) == 2


async def test_a_process_that_starts_with_what_is_known_says_nothing_and_with_something_new_it_does(
    database: Database, replicas: tuple[Replica, Replica]
) -> None:
    one, two = replicas
    await one.reads("kim")
    two.write("kim")
    two.begin()
    await two.following.begin()
    assert len(await messages(database)) == 1
    two.write("bo")
    two.begin()
    await two.following.begin()
    assert "bo instead of kim" in (await messages(database))[-1]
    await one.reads("bo")
    assert len(await messages(database)) == 2
    assert await one.next() == "bo"


async def test_what_only_one_cannot_load_is_told_though_the_other_could(database: Database, replicas: tuple[Replica, Replica]) -> None:
    one, two = replicas
    await one.reads("kim")
    await two.reads("nobody-known")
    assert two.following.problems and not one.following.problems
    assert "'nobody-known'" in (await messages(database))[-1]
    assert await two.next() == "kim"
    async with database.read() as tx:
        assert [bool(row.problems) for row in (await tx.session.execute(select(Reading).order_by(col(Reading.id)))).scalars()] == [
            False, False, True,
        ]  # fmt: skip


async def test_what_could_not_be_written_down_is_tried_again(database: Database, replicas: tuple[Replica, Replica]) -> None:
    one, _ = replicas
    async with database.begin(actor=BOT) as tx:
        await tx.session.execute(text("ALTER TABLE configuration_reading RENAME TO away"))
    with pytest.raises(DBAPIError):
        await one.reads("kim")
    assert one.directory.config.rotations["payments-primary"].participants == (("ana",),), "what was in force still is"
    async with database.begin(actor=BOT) as tx:
        await tx.session.execute(text("ALTER TABLE away RENAME TO configuration_reading"))
    await one.following.look()
    assert await one.next() == "kim"


async def test_trouble_that_passed_is_shown_no_more(database: Database, replicas: tuple[Replica, Replica]) -> None:
    one, _ = replicas
    async with database.begin(actor=BOT) as tx:
        await tx.session.execute(text("ALTER TABLE configuration_reading RENAME TO away"))
    one.write("kim")
    following = asyncio.create_task(one.following.run())
    try:
        async with asyncio.timeout(60):
            one.following.look_now()
            while not one.following.problems:  # noqa: ASYNC110 – it looks by itself
                await asyncio.sleep(0.01)
            assert "it is tried again" in one.following.problems[0]
            one.write("ana")
            one.following.look_now()
            while one.following.problems:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        following.cancel()
    assert await one.next() == "ana"
