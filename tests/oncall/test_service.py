"""Who is on call for a team, and `/oncall` as people read it."""

from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest

from bot.clock import FakeClock
from bot.config.loader import load
from bot.config.models import Config
from bot.db import BOT, ActorId, Database
from bot.directory.service import Directory
from bot.errors import NotFound
from bot.oncall.service import OnCall
from bot.oncall.slack import OnCallCommand
from bot.slack.replies import Say
from bot.slack.requests import Command

MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def config() -> Config:
    return load(Path(str(resources.files("bot"))) / "sandbox" / "config", {})


async def test_the_turn_passes_at_the_hand_off(sqlite_database: Database, config: Config) -> None:
    oncall = OnCall(config)
    noon = MORNING.replace(hour=12)
    async with sqlite_database.begin(actor=BOT) as tx:
        now = await oncall.who(tx, "db", "primary", MORNING)
        assert (now.person, now.why, now.until) == ("kim", "primary on call for Databases", noon)
        assert (await oncall.who(tx, "db", "primary", noon - timedelta(seconds=1))).person == "kim"
        assert (await oncall.who(tx, "db", "primary", noon)).person == "lee"
        assert (await oncall.after(tx, "db", "primary", MORNING)).person == "lee"
        assert (await oncall.on_schedule(tx, "db-primary", noon)).person == "lee"


async def test_nobody_is_found_with_a_reason(sqlite_database: Database, config: Config) -> None:
    oncall = OnCall(config)
    async with sqlite_database.begin(actor=BOT) as tx:
        assert (await oncall.who(tx, "db", "secondary", MORNING)).why == "Databases has no secondary rotation"
        assert (await oncall.who(tx, "nowhere", "primary", MORNING)).why == "there is no team nowhere"
        before = await oncall.who(tx, "payments", "primary", datetime(2025, 12, 1, tzinfo=UTC))
    assert before.person is None
    assert "payments-primary has not begun" in before.why


async def ask(database: Database, config: Config, text: str, who: str = "kim") -> str:
    listener = OnCallCommand(OnCall(config), Directory(config))
    async with database.begin(actor=ActorId(who)) as tx:
        reply = await listener.show(tx, Command("U1", "C1", "general", text, "", "", "k", "/oncall"))
    assert isinstance(reply, Say)
    assert not reply.public
    return reply.text


async def test_the_command_tells_hand_offs_on_the_readers_clock(sqlite_database: Database, config: Config, clock: FakeClock) -> None:
    assert (await ask(sqlite_database, config, "db")).splitlines() == [
        "*Databases*",
        "• primary: Kim Ji-woo until Mon 2 Mar 21:00 KST, then Lee O'Hara",
        "• secondary: nobody (Databases has no secondary rotation)",
    ]
    assert "Mon 2 Mar 07:00 EST" in await ask(sqlite_database, config, "@db", who="lee")
    assert "*Payments*" in await ask(sqlite_database, config, "checkout")  # a service: its owner
    everybody = await ask(sqlite_database, config, "")
    assert [line for line in everybody.splitlines() if line.startswith("*")] == [
        "*Payments*",
        "*Platform*",
        "*Infrastructure*",
        "*Databases*",
    ]
    assert await ask(sqlite_database, config, "me", who="max") == "You are not on call for any team right now."
    assert (await ask(sqlite_database, config, "me", who="ana")).startswith("You are primary on call for Payments until ")
    with pytest.raises(NotFound, match="There is no team or service 'nowhere'"):
        await ask(sqlite_database, config, "nowhere")
