"""A pipeline tells what it changed; who is woken sees it on the card, asks for more, and reads it again in the postmortem."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.clock import FakeClock
from tests.journeys.stories import told
from tests.world import CONFIG, Json, World, running_world

KEY = "a-key-of-these-tests"
HERE = "inc-1-checkout-is-down"


class Pipeline:
    """Somebody else's pipeline."""

    def __init__(self, world: World, client: aiohttp.ClientSession) -> None:
        self.world, self.client = world, client

    async def tell(self, once: str, *, key: str = KEY, **change: object) -> tuple[int, Json]:
        headers = {"Authorization": f"Bearer {key}"} | ({"Idempotency-Key": once} if once else {})
        address = f"http://127.0.0.1:{self.world.bot.port}/api/v1/changes"
        async with self.client.post(address, json=change, headers=headers) as answer:
            return answer.status, await answer.json()


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """A bot that knows one program."""
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    (config / "programs.yaml").write_text(f"programs:\n  deploy: {{key: {KEY}}}\n")
    async with running_world(database_url, tmp_path, clock, config=config) as world:
        yield world


@pytest.fixture
async def pipeline(world: World) -> AsyncIterator[Pipeline]:
    async with aiohttp.ClientSession() as client:
        yield Pipeline(world, client)


async def asked(world: World) -> str:
    said = await world.user("kim").command("/inc changes", HERE)
    await world.settled()
    return told(said)


async def test_what_changed_before_it_is_on_the_card_and_in_the_postmortem(world: World, pipeline: Pipeline) -> None:
    release = {"kind": "deploy", "service": "checkout", "title": "checkout <v42>", "by": "kim", "url": "https://ci.example.com/1841"}
    status, answer = await pipeline.tell("d1", **release)
    assert (status, answer["service"]) == (201, "checkout")
    assert (await pipeline.tell("d1", **release))[0] == 200, "a retry tells of the same change"
    await pipeline.tell("d2", kind="flag", service="search", title="new ranking on")
    await world.advance(minutes=12)
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    card = await world.card(1)
    assert card.count("checkout &lt;v42&gt;, by kim") == 1 and "12 min before it began" in card
    assert "new ranking" not in card
    said = await asked(world)
    assert "*Changed in checkout*:" in said and "<https://ci.example.com/1841|checkout &lt;v42&gt;, by kim>" in said
    assert "*Changed elsewhere*:" in said and "search, flag: new ranking on" in said

    await world.advance(minutes=3)
    await pipeline.tell("d3", kind="deploy", service="checkout", title="checkout v43")
    await world.advance(seconds=5)
    assert "checkout v43" in await world.card(1) and "3 min after it began" in await world.card(1)
    await world.user("kim").command("/inc resolve rolled back", HERE)
    await world.advance(seconds=5)
    document = await world.postmortem(1)
    assert "What was changed in the day before, and meanwhile:" in document and "Deploy: checkout \\<v42\\>, by kim" in document.replace(
        "&lt;", "\\<"
    ).replace("&gt;", "\\>")
    assert "checkout v43" in document.partition("## Timeline")[2]


async def test_where_nothing_was_told_it_says_how_to_tell(world: World, pipeline: Pipeline) -> None:
    await pipeline.tell("old", kind="deploy", service="checkout", title="checkout v40")
    await world.advance(hours=25)
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    said = await asked(world)
    assert "Nothing was told to have changed in the day before #1 began" in said and "POST /api/v1/changes" in said
    assert "v40" not in await world.card(1)
    assert (await pipeline.tell("x", key="wrong", kind="deploy", title="y"))[0] == 403
    status, answer = await pipeline.tell("", kind="deploy", title="y")
    assert status == 400 and "Idempotency-Key" in answer["error"]
    status, answer = await pipeline.tell("x", kind="deploy")
    assert status == 400 and "'title' says" in answer["error"]
