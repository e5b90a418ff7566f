"""`tocsin doctor` and `tocsin page show`, as somebody types them at 03:00, against a bot that runs."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import FakeClock
from tests.world import CONFIG, World, running_world


@pytest.fixture
async def world(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with running_world(sqlite_url, tmp_path, clock, SANDBOX_PUSH_ANA="ntfy://127.0.0.1:1/ana") as world:
        yield world


@pytest.fixture
async def edited(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """A bot whose configuration the test may edit."""
    config = Path(shutil.copytree(CONFIG, tmp_path / "config"))
    async with running_world(sqlite_url, tmp_path, clock, config=config) as world:
        yield world


async def typed(world: World, *words: str) -> tuple[int, str]:
    """What the command line answers, and with which code it ends."""
    environ = {**{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}, **world.environ}
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=environ
    )
    said, _ = await command.communicate()
    return command.returncode or 0, said.decode()


async def test_all_is_well(world: World) -> None:
    code, screen = await typed(world, "doctor")
    assert screen.startswith("Paging works.\n"), screen
    assert (code, screen.count("WRONG")) == (0, 0)
    assert len(screen.splitlines()) <= 24


async def test_a_push_address_that_the_environment_lacks_and_an_account_for_runs_that_is_none_are_told(world: World) -> None:
    await world.stop()
    await world.start(TOCSIN_RUNS_USER="no-such-account")
    del world.environ["SANDBOX_PUSH_ANA"]
    code, screen = await typed(world, "doctor")
    assert (code, screen.splitlines()[0]) == (1, "2 things wrong:")
    assert "runbooks: Nothing is run: there is no account no-such-account here, which TOCSIN_RUNS_USER names." in screen
    assert "push addresses are in SANDBOX_PUSH_ANA, which this environment lacks" in screen


async def test_what_is_wrong_comes_first_and_says_what_to_do(world: World) -> None:
    world.sandbox.fault(service="sms", status=500, count=0)
    await world.stop()
    code, screen = await typed(world, "doctor")
    lines = screen.splitlines()
    assert (code, lines[0]) == (1, "2 things wrong:")
    assert "nobody is paged. Start it: tocsin run" in lines[1]
    assert lines[2].startswith("WRONG  Twilio")


async def test_a_configuration_that_is_not_sound_is_seen_from_both_sides_and_hides_nothing_else(edited: World) -> None:
    world = edited
    services = Path(world.environ["TOCSIN_CONFIG"]) / "services.yaml"
    services.write_text(services.read_text().replace("owner: payments", "owner: paiments"))
    await world.bot.rooms.following.look(at_once=True)
    await world.settled()
    code, screen = await typed(world, "doctor")
    lines = screen.splitlines()
    assert (code, lines[0]) == (1, "2 things wrong:")
    assert lines[1].startswith("WRONG  bot          configuration: degraded: the changed files are not in force")
    assert lines[2].startswith(f"WRONG  configuration is not sound: {services}:5: ") and "'paiments'" in lines[2]
    assert any(line.startswith("ok     Twilio") for line in lines)


async def test_a_pages_story(world: World) -> None:
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.advance(minutes=3, seconds=1)
    code, story = await typed(world, "page", "show", "1")
    assert code == 0
    assert "page 1: SEV1, open" in story
    assert "Ana Silva has the page on their phone (SMS), primary on call for Payments" in story
    assert "step 2  Bo Lindqvist" in story
    assert (await typed(world, "page", "show", "7"))[1] == "Nobody has been paged for #7.\n"
