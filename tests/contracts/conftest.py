"""Fixtures of the post room's contract."""

import pytest

from bot.clock import FakeClock
from bot.db import Database
from bot.work.worker import Worker


@pytest.fixture
def worker(database: Database, clock: FakeClock) -> Worker:
    """The worker of this process, woken by commits."""
    worker = Worker(database, clock)
    database.wake = worker.wake
    return worker
