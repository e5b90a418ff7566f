"""What past incidents teach: found again, tagged, and told of at the end of the quarter."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.clock import FakeClock
from tests.journeys.stories import told
from tests.world import CONFIG, World, running_world

LAST_EVENING = datetime(2026, 3, 31, 20, 50, tzinfo=UTC)
REPORTED = """
learning:
  report_channel: general
  team_reports: true
"""


@pytest.fixture
async def world(sqlite_url: str, tmp_path: Path) -> AsyncIterator[World]:
    config = tmp_path / "config"
    config.mkdir()
    for file in CONFIG.glob("*.yaml"):
        (config / file.name).write_text(file.read_text().replace("\n  infra:\n", "\n  infra:\n    channel: gone-since\n", 1))
    (config / "learning.yaml").write_text(REPORTED)
    async with running_world(sqlite_url, tmp_path, FakeClock(LAST_EVENING), config=config) as world:
        yield world


async def do(world: World, person: str, line: str, channel: str = "ops") -> str:
    said = await world.user(person).command(line, channel)
    await world.settled()
    return told(said)


async def posts(world: World, channel: str) -> list[str]:
    return [text for text in await world.sandbox.channel(channel).texts() if "Incidents of 2026 Q1" in text]


async def fetched(url: str) -> tuple[int, str]:
    async with ClientSession() as client, client.get(url.replace("&amp;", "&")) as answer:
        return answer.status, await answer.text()


async def sent(url: str, **fields: str) -> str:
    """What the page says after a form of it was sent."""
    async with ClientSession() as client, client.post(url, data=fields, headers={"Accept": "text/html"}) as answer:
        return await answer.text()


async def test_an_incident_is_found_tagged_and_reported_of_once(world: World) -> None:
    await do(world, "kim", "/inc sev2 checkout cards are declined @payments service:checkout", "general")
    await do(world, "kim", "/inc #1 note rolled back the release of v42")
    await do(world, "kim", "/inc #1 resolve the payment provider was down, too")
    await do(world, "kim", "/inc private customer data in a log")
    await world.user("kim").press("Declare it privately", "ops")
    await world.settled()

    said = await do(world, "bea", "/inc find declin provider sev2")
    assert "#1 SEV2 checkout cards are declined" in said and "the payment *provider* was down, too" in said
    assert "No incident is like `customer`" in await do(world, "bea", "/inc find customer")
    assert "#2" in await do(world, "kim", "/inc find customer")
    archive = re.findall(r"<(\S+)\|In the archive>", said)[0]
    assert "<mark>provider</mark>" in (await fetched(archive))[1]

    said = await do(world, "ana", "/inc #1 postmortem tags")
    assert (
        "#1 has no tag yet" in said and "`deploy`: “rolled back” in a note" in said and "`dependency`: “provider” in the resolution" in said
    )
    await world.user("ana").press("Deploy", "ops")
    await world.settled()
    assert "`database`" not in said and "#1 is tagged `deploy`" in "".join(message.shown for message in await world.user("ana").sees("ops"))
    said = await do(world, "bea", "/inc #1 postmortem tag Dependency, cold cache")
    assert "#1 is tagged `dependency` `cold cache`. `cold cache` is a word of your own" in said
    assert "no tag" not in await do(world, "bea", "/inc #1 postmortem untag cold cache")
    assert "has that tag already" in await do(world, "bea", "/inc #1 postmortem tag deploy")
    assert "`dependency` `deploy`" in await do(world, "bea", "/inc find tag:deploy")

    page = re.findall(r"<(\S+)\|postmortem of #1>", await do(world, "bea", "/inc #1 postmortem"))[0]
    document = (await fetched(page))[1]
    assert "Tags: dependency, deploy" in document
    tags = page.replace("/postmortems/1?", "/postmortems/1/tags?")
    assert tags in document.replace("&amp;", "&").replace('href="', f'href="{world.sandbox.url}')
    assert "“pages” in a note" not in (await fetched(tags))[1] and "Take away deploy" in (await fetched(tags))[1]
    assert "Take away cold cache" in await sent(tags, add="Cold_Cache, dependency")
    assert "Add deploy" in await sent(tags, remove="deploy")
    assert "Take away deploy" in await sent(tags, add="deploy") and "Take away cold cache" not in await sent(tags, remove="cold cache")
    assert "Type a tag, or choose one" in await sent(tags, add=" ")

    said = await do(world, "bea", "/inc report")
    assert "Incidents of 2026 Q1: Example (so far)" in said
    assert "2 incidents so far (1 SEV2, 1 SEV3), 0 in all of the quarter before. 1 of them is private. 1 is not over yet." in said
    assert "Most frequent causes: dependency (1), deploy (1); 1 of 2 incidents have a tag." in said
    assert "1 incident so far (1 SEV2)" in await do(world, "bea", "/inc report q1 payments")
    assert "is no quarter and no team" in await do(world, "bea", "/inc #1 report nonsense")

    await world.advance(hours=12)
    assert await posts(world, "general") == []
    await world.advance(hours=1, minutes=10)
    assert len(await posts(world, "general")) == 1 and len(await posts(world, "payments")) == 1
    await world.advance(hours=2)
    ops = [text for text in await world.sandbox.channel("ops").texts() if "report of 2026 Q1" in text]
    assert len(ops) == 1 and "could not be posted in gone-since" in ops[0] and "/reports/2026q1/infra?k=" in ops[0]
    [post] = await posts(world, "general")
    assert "(so far)" not in post and "2 incidents (1 SEV2, 1 SEV3)" in post and "customer" not in post
    raw = next(message.raw for message in await world.sandbox.channel("general").messages() if "Incidents of 2026 Q1" in message.shown)
    page = re.findall(r"<(\S+?)\|All of it>", str(raw["blocks"]))[0]
    status, text = await fetched(page)
    assert status == 200 and "Incidents of 2026 Q1" in text and "customer" not in text and "named" not in text.replace("named nowhere", "")
