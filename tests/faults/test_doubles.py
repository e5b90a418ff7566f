"""What comes twice, because an answer was lost on its way, changes nothing the second time."""

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlmodel import SQLModel, col

from bot.clock import FakeClock
from bot.incidents.models import ChannelMessage
from bot.sandbox.workspace.delivery import Kind
from tests.world import World, running_world


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """A bot with one incident, its channel and its page."""
    async with running_world(database_url, tmp_path, clock) as world:
        await world.user("kim").command("/inc sev1 checkout is down")
        await world.settled()
        yield world


async def everything(world: World) -> Counter[str]:
    """How many rows each table holds, and how much was said outside."""
    found: Counter[str] = Counter()
    async with world.bot.database.read() as tx:
        for table in SQLModel.metadata.sorted_tables:
            found[table.name] = int((await tx.session.execute(select(func.count()).select_from(table))).scalar_one())
    said = ("chat.postMessage", "conversations.create", "conversations.invite", "pins.add")
    found.update(call["method"] for call in world.sandbox.calls(caller="Tocsin") if call["method"] in said)
    found["sms"] = len(world.phone("ana").received) + len(world.phone("bo").received)
    return found


async def repeat_last(world: World, kind: Kind) -> None:
    """Slack hands over once more, to the letter, what it handed over last."""
    delivery = world.sandbox.outside.workspace.team.delivery
    last = next(attempt for attempt in reversed(delivery.attempts) if attempt.kind == kind)
    answer = await delivery.ask(world.sandbox.outside.app, kind, last.payload)
    assert answer.error is None
    await world.settled()


async def test_a_command_that_comes_twice(world: World) -> None:
    channel = await world.channel_name(1)
    for line in ("/inc sev2 search is slow", "/inc update rollback started", "/inc page @bo", "/inc resolve rolled back"):
        assert (await world.user("kim").command(line, channel))["ok"]
        await world.settled()
        once = await everything(world)
        await repeat_last(world, "slash_commands")
        assert await everything(world) == once, line


async def test_a_click_that_comes_twice(world: World) -> None:
    channel = await world.channel_name(1)
    for label in ("Ack", "Escalate"):
        assert (await world.user("ana").press(label, channel))["ok"]
        await world.settled()
        once = await everything(world)
        await repeat_last(world, "interactive")
        assert await everything(world) == once, label


async def test_a_text_that_comes_twice(world: World) -> None:
    await world.phone("ana").reply("1e", times=2)
    await world.settled()
    async with world.bot.database.read() as tx:
        page = await world.bot.rooms.paging.newest_page(tx, 1)
    assert page is not None
    assert page.taken == 2, "the second escalates nothing"
    assert len([text for text in world.phone("ana").received if "next step is being paged" in text]) == 1


async def test_a_message_whose_acknowledgement_is_lost(world: World) -> None:
    channel = await world.channel_name(1)
    world.sandbox.fault(service="socket", method="events_api", reset="after")  # delivered, and the connection is cut before the answer
    await world.user("kim").message("the cache is cold", channel)
    await world.sandbox.until(lambda: not world.sandbox.outside.faults.faults)
    await world.sandbox.until(lambda: not world.sandbox.outside.workspace.team.delivery.sockets.links)
    await world.sandbox.outside.until_connected()
    await world.settled()
    await repeat_last(world, "events_api")
    async with world.bot.database.read() as tx:
        stored = select(col(ChannelMessage.text)).where(col(ChannelMessage.text) == "the cache is cold")
        assert list((await tx.session.execute(stored)).scalars()) == ["the cache is cold"]
