"""Who is on call for a team, and `/oncall` as people read it."""

from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest

from bot.config.loader import load
from bot.config.models import Config
from bot.db import BOT, Database
from bot.directory.service import Directory
from bot.oncall.service import OnCall

MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def config() -> Config:
    return load(Path(str(resources.files("bot"))) / "sandbox" / "config", {})


async def test_the_turn_passes_at_the_hand_off(sqlite_database: Database, config: Config) -> None:
    oncall = OnCall(Directory(config))
    noon = MORNING.replace(hour=12)
    async with sqlite_database.begin(actor=BOT) as tx:
        now = await oncall.who(tx, "db", "primary", MORNING)
        assert (now.person, now.why, now.until) == ("kim", "primary on call for Databases", noon)
        assert (await oncall.who(tx, "db", "primary", noon - timedelta(seconds=1))).person == "kim"
        assert (await oncall.who(tx, "db", "primary", noon)).person == "lee"
        assert (await oncall.after(tx, "db", "primary", MORNING)).person == "lee"
        assert (await oncall.on_schedule(tx, "db-primary", noon)).person == "lee"


async def test_nobody_is_found_with_a_reason(sqlite_database: Database, config: Config) -> None:
    oncall = OnCall(Directory(config))
    async with sqlite_database.begin(actor=BOT) as tx:
        assert (await oncall.who(tx, "db", "secondary", MORNING)).why == "Databases has no secondary rotation"
        assert (await oncall.who(tx, "nowhere", "primary", MORNING)).why == "there is no team nowhere"
        before = await oncall.who(tx, "payments", "primary", datetime(2025, 12, 1, tzinfo=UTC))
    assert before.person is None
    assert "payments-primary has not begun" in before.why
