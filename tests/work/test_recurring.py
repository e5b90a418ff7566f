"""Recurring work: once for each time, whoever many run, whatever fails, and through the days that lose or repeat an hour."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import FakeClock
from bot.db import BOT, Database, Tx
from bot.work import queue
from bot.work.recurring import Recur, Recurring, next_time
from bot.work.worker import Worker
from tests.contracts.post_room import Greet, order


class Process:
    """One replica with a digest at nine on workdays in Berlin."""

    def __init__(
        self, database: Database, clock: FakeClock, log: list[datetime], cron: str = "0 9 * * mon-fri", fails: bool = False
    ) -> None:
        self.worker = Worker(database, clock)
        self.recurring = Recurring(database, self.worker)
        self.recurring.add("digest", "0 9 * * mon-fri", self.digest, zone="Europe/Berlin")
        self._log = log
        self._fails = fails

    async def digest(self, tx: Tx, at: datetime) -> None:
        if self._fails:
            raise RuntimeError("boom")
        self._log.append(at)


async def days_pass(clock: FakeClock, days: int, *processes: Process) -> None:
    for _ in range(days * 24):
        clock.advance(timedelta(hours=1))
        for process in processes:
            await process.worker.drain()


async def start(database: Database, *processes: Process) -> None:
    for process in processes:
        async with database.begin(actor=BOT) as tx:
            await process.recurring.start(tx)


async def test_many_replicas_give_one_effect(database: Database, clock: FakeClock) -> None:
    log: list[datetime] = []
    replicas = [Process(database, clock, log) for _ in range(4)]
    await start(database, *replicas)
    await days_pass(clock, 2, *replicas)
    assert log == [datetime(2026, 3, 3, 8, tzinfo=UTC), datetime(2026, 3, 4, 8, tzinfo=UTC)]


async def test_a_failure_does_not_end_the_series(sqlite_database: Database, clock: FakeClock) -> None:
    log: list[datetime] = []
    broken, mended = Process(sqlite_database, clock, log, fails=True), Process(sqlite_database, clock, log)
    await start(sqlite_database, broken)
    await days_pass(clock, 1, broken)
    await days_pass(clock, 1, mended)
    assert datetime(2026, 3, 4, 8, tzinfo=UTC) in log


async def test_what_was_missed_is_done_once_late(sqlite_database: Database, clock: FakeClock) -> None:
    log: list[datetime] = []
    await start(sqlite_database, Process(sqlite_database, clock, log))
    clock.advance(timedelta(days=3))  # nothing ran
    after = Process(sqlite_database, clock, log)
    await start(sqlite_database, after)
    await after.worker.drain()
    assert log == [datetime(2026, 3, 3, 8, tzinfo=UTC)]
    await days_pass(clock, 1, after)
    assert log[1:] == [datetime(2026, 3, 6, 8, tzinfo=UTC)]


async def test_a_crash_after_the_effect_repeats_nothing(sqlite_database: Database, clock: FakeClock) -> None:
    log: list[datetime] = []
    process = Process(sqlite_database, clock, log)
    await start(sqlite_database, process)
    clock.advance(timedelta(days=1))
    at = datetime(2026, 3, 3, 8, tzinfo=UTC)
    await order(sqlite_database, Recur(name="digest", at=at), key="the same occurrence, as after a crash")
    await process.worker.drain()
    assert log == [at]


async def test_a_series_that_a_newer_version_dropped_ends_quietly(sqlite_database: Database, clock: FakeClock) -> None:
    await start(sqlite_database, Process(sqlite_database, clock, []))
    newer = Worker(sqlite_database, clock)
    Recurring(sqlite_database, newer)
    clock.advance(timedelta(days=1))
    await newer.drain()
    async with sqlite_database.read() as tx:
        due = await queue.next_due(tx)
    assert due is not None
    assert due - clock.now() <= timedelta(hours=1)  # the retention alone goes on


async def test_retention_comes_by_itself(sqlite_database: Database, clock: FakeClock) -> None:
    process = Process(sqlite_database, clock, [])
    process.worker.handles(Greet, nothing)
    await order(sqlite_database, Greet(who="ana"), key="old")
    await process.worker.drain()
    await start(sqlite_database, process)
    clock.advance(timedelta(days=31))
    await process.worker.drain()
    assert await order(sqlite_database, Greet(who="ana"), key="old")  # its key is free again


async def nothing(*_: object) -> None:
    return None


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        ("0 9 * * mon", datetime(2026, 3, 2, 8, tzinfo=UTC), datetime(2026, 3, 9, 8, tzinfo=UTC)),  # exactly then: the one after
        ("0 9 * * mon", datetime(2026, 3, 2, 7, 59, 59, 999999, tzinfo=UTC), datetime(2026, 3, 2, 8, tzinfo=UTC)),
        (
            "30 2 * * *",
            datetime(2026, 3, 28, 12, tzinfo=UTC),
            datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
        ),  # no such hour
        ("30 2 * * *", datetime(2026, 10, 25, 0, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # the hour comes twice:
        ("30 2 * * *", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)),  # done the first time only
        ("0 * * * *", datetime(2026, 10, 25, 0, 0, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)),  # hourly: both
    ],
)
def test_the_next_time_through_summer_time(cron: str, after: datetime, expected: datetime) -> None:
    assert next_time(cron, "Europe/Berlin", after) == expected


@pytest.mark.parametrize("cron", ["0 9 * * 1", "0 9 * *", "61 9 * * *", "0 0 30 2 *"])
def test_a_pattern_that_makes_no_sense_is_refused(cron: str) -> None:
    with pytest.raises(ValueError):
        next_time(cron, "UTC", datetime(2026, 3, 2, tzinfo=UTC))
