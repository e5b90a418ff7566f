"""The watchdog's own phone gets a real text and a real call a day; what does not arrive is an alarm until the next one does."""

from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copytree

import pytest

from bot.clock import FakeClock
from bot.paging import daily
from bot.work.audit import Finding
from tests.paging.test_doctor import typed
from tests.world import CONFIG, World, running_world

OWN = "gus"
"""Somebody in the sandbox with a phone whom no configuration knows."""


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """At 09:00; the phone is called at 10:00."""
    config = copytree(CONFIG, tmp_path / "config")
    async with running_world(database_url, tmp_path, clock, config=config) as world:
        (config / "own.yaml").write_text(f"paging: {{watchdog_phone: '{world.phone(OWN).number}'}}\n")
        await world.bot.rooms.following.look(at_once=True)
        await world.settled()
        yield world


async def findings(world: World) -> list[str]:
    """What the auditor finds wrong about the phone, as it looks every minute."""
    return [one.sentence for one in await world.bot.rooms.auditor.audit() if is_ours(one)]


def is_ours(finding: Finding) -> bool:
    return finding.about.startswith("watchdog:")


async def stands(world: World) -> tuple[bool, str]:
    """What people are told of it."""
    async with world.bot.database.read() as tx:
        return await daily.standing(tx, world.phone(OWN).number)


async def test_once_a_day_a_real_text_and_a_real_call_arrive(world: World) -> None:
    phone = world.phone(OWN)
    await phone.policy(calls="answer")
    await world.advance(minutes=59)
    assert (phone.received, phone.calls) == ([], [])
    await world.advance(days=2)
    assert phone.received == ["Daily test of Tocsin's own phone: nothing is wrong."] * 2
    assert len(phone.calls) == 2
    assert await findings(world) == []
    assert await stands(world) == (True, f"to {phone.number}: text of Tue 10:00 UTC arrived; call of Tue 10:00 UTC arrived")


async def test_a_text_that_the_carrier_refuses_is_an_alarm_until_one_arrives_an_hour_later(world: World) -> None:
    phone = world.phone(OWN)
    await phone.policy(calls="answer", receipts="undelivered")
    await world.advance(minutes=61)
    [alarm] = await findings(world)
    assert alarm.startswith(f"The watchdog's daily text to {phone.number} failed: the carrier could not deliver it")
    _, screen = await typed(world, "doctor")
    assert f"WRONG  own phone    to {phone.number}: text of Mon 10:00 UTC failed: the carrier could not deliver it" in screen
    await world.advance(seconds=5)
    assert any("daily text" in text for text in await world.sandbox.channel("ops").texts())

    await phone.policy(receipts="deliver")
    await world.advance(hours=1)
    assert len(phone.received) == 1
    assert await findings(world) == []


async def test_without_a_receipt_it_is_an_alarm_after_ten_minutes(world: World) -> None:
    await world.phone(OWN).policy(calls="answer", receipts="silent")
    await world.advance(minutes=70)
    assert await findings(world) == []
    is_well, says = await stands(world)
    assert is_well and "text of Mon 10:00 UTC is on its way" in says
    await world.advance(minutes=1)
    [alarm] = await findings(world)
    assert "daily text" in alarm and "has not arrived after 11 min" in alarm


async def test_a_call_that_nobody_picks_up_is_an_alarm(world: World) -> None:
    await world.phone(OWN).policy(calls="decline")
    await world.advance(minutes=61)
    [alarm] = await findings(world)
    assert "daily call" in alarm and "failed" in alarm


async def test_without_a_number_of_ones_own_nothing_is_sent(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> None:
    async with running_world(sqlite_url, tmp_path, clock) as world:
        await world.advance(days=1)
        assert world.sandbox.outside.phones.messages == {}
        assert await findings(world) == []
