"""From resolved to written down: what the postmortem says, and how it follows what is undone, reopened and resolved again."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.clock import FakeClock
from tests.journeys import roads
from tests.world import World, running_world

ADDRESS = re.compile(r"https?://[^\s|>\"\\]+/postmortems/1\?k=[^\s|>\"\\]+")


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """A world whose clock begins at the time of the day: messages carry Slack's time, and it must agree with ours."""
    async with running_world(database_url, tmp_path, FakeClock(datetime.now(UTC) - timedelta(minutes=10))) as world:
        yield world


@pytest.fixture
async def sqlite_world(sqlite_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """The same on SQLite alone."""
    async with running_world(sqlite_url, tmp_path, FakeClock(datetime.now(UTC) - timedelta(minutes=10))) as world:
        yield world


async def address(world: World) -> str:
    """Where the channel says that the postmortem is: in one message, once."""
    await world.heard(1, "Postmortem draft ready")
    messages = await world.sandbox.channel(await world.channel_name(1)).messages()
    [announced] = [message for message in messages if "Postmortem draft ready" in message.shown]
    return ADDRESS.findall(json.dumps(announced.raw))[0]


def in_order(text: str, *parts: str) -> bool:
    """Do the parts stand in the text, each after the one before?"""
    at = 0
    for part in parts:
        found = text.find(part, at)
        assert found >= 0, f"{part!r} is missing, or comes too early, in:\n{text[at:]}"
        at = found + len(part)
    return True


async def test_an_incident_of_51_hours_told_in_the_order_in_which_it_happened(world: World) -> None:
    kim, ana = world.user("kim"), world.user("ana")
    await kim.command("/inc sev1 checkout is down")
    await world.advance(minutes=4)
    await roads.by_sms(world, "ana")
    await world.settled()
    await world.advance(minutes=6, seconds=30)
    channel = await world.channel_name(1)
    said = await ana.message("The pool of connections is empty", channel)
    await kim.message("Since the deploy of 14:05?", channel, said["ts"])
    await ana.react("eyes", channel, said["ts"])
    await world.settled()
    await world.advance(minutes=2)
    await ana.command("/inc lead me", channel)
    await ana.command("/inc update Rolling back, watching next 30m", channel)
    await world.settled()
    world.clock.advance(timedelta(hours=50))
    await ana.command("/inc mitigated Rolled back", channel)
    await world.settled()
    world.clock.advance(world.clock_start + timedelta(hours=51) - world.clock.now())
    await ana.command("/inc resolve Rolled back to v41", channel)
    await world.settled()

    link = await address(world)
    document = await world.postmortem(1)
    assert "| Severity | SEV1, total outage |" in document
    assert "| Why | typed by who declared it |" in document
    assert "| Service | Checkout |" in document
    assert "(MTTA) | 4 min" in document
    assert "(MTTM) | 50 h 12 min (2 d 2 h 12 min)" in document
    assert "(MTTR) | 51 h 00 min (2 d 3 h 00 min)" in document
    assert in_order(document, "## People", "Ana Silva: responder, commander", "; paged by", "Bo Lindqvist; paged by", "## Timeline")
    assert in_order(document, "## What did not go well", "A page needed 2 steps before anybody answered.", "## Where we got lucky")
    assert in_order(
        document.partition("## Timeline")[2],
        "**Kim Ji\\-woo** declared SEV1" if "Ji\\-woo" in document else "**Kim Ji-woo** declared SEV1",
        "paged Ana Silva by SMS", "paged Bo Lindqvist by SMS", "**Ana Silva** acknowledged the page",
        "**Ana Silva**: The pool of connections is empty",
        "Since the deploy of 14:05?", "leads the incident, no longer acting",
        "update: Rolling back", "mitigated: Rolled back", "resolved: Rolled back to v41",
    )  # fmt: skip
    assert f"/archives/{said['channel']}/p{said['ts'].replace('.', '')})" in document
    assert "reactions: :eyes:" in document

    status, page = await roads.opened(link)
    assert status == 200
    for part in ("Postmortem of #1: checkout is down", "51 h 00 min", "The pool of connections is empty", "Rolled back to v41"):
        assert part in page
    assert f'href="{world.sandbox.url}/archives/{said["channel"]}/' in page


async def test_a_resolve_is_undone_within_five_minutes_and_no_later(sqlite_world: World) -> None:
    world = sqlite_world
    kim = world.user("kim")
    await kim.command("/inc sev2 checkout is slow")
    await world.settled()
    channel = await world.channel_name(1)
    await roads.by_sms(world, "ana")
    await kim.command("/inc resolve a slip of the thumb", channel)
    await world.settled()
    await world.advance(minutes=4, seconds=59)
    await kim.press("Undo", channel)
    await world.settled()
    assert "*Investigating*" in await world.card(1)
    assert "<@U0ANA000000> acknowledged" in await world.card(1)
    assert "nobody" not in world.phone("bo").last_sms

    await kim.command("/inc resolve meant this time", channel)
    await world.settled()
    await world.advance(minutes=5, seconds=1)
    await kim.press("Undo", channel)
    await world.settled()
    assert "*Resolved*" in await world.card(1)
    assert any("can be undone for 5 min only. Reopen it instead." in message.shown for message in await kim.sees(channel))
    document = await world.postmortem(1)
    assert "What resolved it: meant this time" in document
    milestones = document.partition("## Milestones")[2].partition("## What happened")[0]
    assert milestones.count("| resolved ") == 1, "what was undone never was"


async def test_reopened_and_resolved_again_the_draft_is_amended(sqlite_world: World) -> None:
    world = sqlite_world
    kim = world.user("kim")
    await kim.command("/inc sev2 checkout is slow")
    await world.settled()
    channel = await world.channel_name(1)
    await roads.by_sms(world, "ana")
    await kim.command("/inc lead @ana", channel)
    await world.advance(minutes=20)
    await kim.command("/inc resolve restarted it", channel)
    await world.settled()
    first = await address(world)
    assert "(MTTR) | 20 min" in await world.postmortem(1)

    await world.advance(hours=2)
    pages = len([text for text in world.phone("ana").received if "Reply" in text])
    await kim.command("/inc reopen it is slow again", channel)
    await world.settled()
    assert "*Investigating*" in await world.card(1)
    assert len([text for text in world.phone("ana").received if "Reply" in text]) == pages + 1
    await roads.by_sms(world, "ana")
    await world.advance(hours=1)
    await kim.message("It was the cache all along", channel)
    await kim.command("/inc resolve a bigger cache", channel)
    await world.settled()

    assert await address(world) == first, "the link that everybody has still leads there"
    _, page = await roads.opened(first)
    assert "It was reopened in between" in page
    assert "3 h 20 min" in page
    assert "a bigger cache" in page
    assert "restarted it" in page
    assert "It was the cache all along" in page
