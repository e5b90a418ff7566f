"""STOP and START on the whole bot: kept over a restart, told to who must know, and gone with the number."""

from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copytree

import pytest

from bot.clock import FakeClock
from bot.paging.contacts import STARTED, STOPPED
from bot.sandbox.outside import NUMBERS
from tests.paging.test_doctor import typed
from tests.world import CONFIG, World, running_world


@pytest.fixture
async def world(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    config = copytree(CONFIG, tmp_path / "config")
    async with running_world(sqlite_url, tmp_path, clock, config=config) as world:
        yield world


async def told(world: World, name: str) -> list[str]:
    """What Tocsin said to somebody in direct messages, pages left out."""
    user = f"U0{name.upper()}".ljust(11, "0")
    posted = [call["args"] for call in world.sandbox.calls("chat.postMessage") if call["args"]["channel"] == user]
    return [str(args["text"]) for args in posted if "STOP" in str(args["text"]) or args["text"] == STARTED]


async def test_who_sends_stop_and_the_lead_of_their_team_are_told_once(world: World) -> None:
    await world.phone("ana").reply("STOP")
    await world.phone("ana").reply("stop")
    await world.settled()
    assert await told(world, "ana") == [STOPPED]
    [to_lead] = await told(world, "kim")
    assert to_lead.startswith("Ana Silva has sent STOP")
    assert await told(world, "bea") == []
    await world.phone("ana").reply("START")
    await world.settled()
    assert await told(world, "ana") == [STOPPED, STARTED]


async def test_of_a_lead_that_sends_stop_the_manager_is_told(world: World) -> None:
    await world.phone("lee").reply("STOP")
    await world.settled()
    assert (await told(world, "bea"))[0].startswith("Lee O'Hara has sent STOP")


async def test_stop_outlasts_a_restart_and_simulate_knows_of_it(world: World) -> None:
    await world.phone("ana").reply("STOP")
    await world.stop()
    await world.start()
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    assert not any("checkout" in text for text in world.phone("ana").received)
    assert len(world.phone("ana").calls) == 1  # at once, in the place of the text
    _, said = await typed(world, "simulate", "--service", "checkout", "--severity", "1", "--at", "2026-03-02T10:00", "--zone", "UTC")
    assert "+0:00  Ana Silva by slack, email, voice" in said
    assert "Bo Lindqvist by slack, sms, email" in said


async def test_whom_slack_does_not_know_is_told_by_mail(world: World) -> None:
    people = Path(world.environ["TOCSIN_CONFIG"]) / "people.yaml"
    people.write_text(people.read_text().replace("    slack: U0MAX000000\n", "").replace("max@example.com", "adeyemi@example.com"))
    await world.stop()
    await world.start()
    await world.phone("max").reply("STOP")
    await world.settled()
    [mail] = [mail for mail in world.sandbox.outside.mailbox.mails if mail.recipient == "adeyemi@example.com"]
    assert mail.text.strip() == STOPPED


async def test_a_new_number_begins_afresh(world: World) -> None:
    await world.phone("ana").reply("STOP")
    people = Path(world.environ["TOCSIN_CONFIG"]) / "people.yaml"
    people.write_text(people.read_text().replace(NUMBERS["ana"], NUMBERS["gus"]))
    await world.stop()
    await world.start()
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    assert any("checkout is down" in text for text in world.phone("gus").received)
