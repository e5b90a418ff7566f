"""Declaring over HTTP: the token says who, and nothing but a good one is taken."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.clock import FakeClock, WallClock
from bot.db import ActorId
from bot.errors import InvalidInput, Unavailable
from bot.incidents.api import GOOD_FOR, PATH, PURPOSE, declare_at
from bot.web.signing import Links, Secrets
from tests.world import World, running_world


@pytest.fixture
async def world(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with running_world(sqlite_url, tmp_path, clock) as world:
        yield world


def token(world: World, *, secret: str = "", purpose: str = PURPOSE, lasts: timedelta = GOOD_FOR) -> str:
    """A signed token of kim's."""
    links = Links(Secrets(secret or world.environ["TOCSIN_SECRET"]), world.sandbox.url, WallClock())
    return links.token(purpose, person=ActorId("kim"), lasts=lasts)


async def declare(world: World, body: object, key: str | None) -> tuple[int, str]:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    async with ClientSession() as session, session.post(world.sandbox.url + PATH, json=body, headers=headers) as answer:
        return answer.status, await answer.text()


async def test_a_good_token_declares_once_and_a_twin_is_said(world: World) -> None:
    status, said = await declare(world, {"text": "sev1 checkout is down <!channel>"}, token(world))
    assert status == 201 and '"incident": 1' in said
    status, said = await declare(world, {"text": "payment fails service:checkout"}, token(world))
    assert status == 200 and "declared moments ago" in said
    await world.settled()
    assert "declared by <@U0KIM000000>" in await world.card(1)
    assert "SEV1 #1 checkout is down" in world.phone("ana").last_sms


async def test_no_other_token_is_taken(world: World) -> None:
    good = token(world)
    for key in (
        None,
        "",
        "nonsense",
        good[:-3] + ("aaa" if not good.endswith("aaa") else "bbb"),
        token(world, secret="somebody else's secret of good length"),
        token(world, purpose="p"),
        token(world, lasts=timedelta(seconds=-1)),
    ):
        status, said = await declare(world, {"text": "sev1 checkout is down"}, key)
        assert status in (401, 403, 410), (key, said)
    assert await world.bot_channels() == [] and not world.phone("ana").received


@pytest.mark.parametrize("body", [{}, {"text": "  "}, [], "sev1", {"text": "sev1"}, {"text": "it is slow service:chekout"}], ids=str)
async def test_what_declares_nothing_is_answered_with_a_sentence(world: World, body: object) -> None:
    status, said = await declare(world, body, token(world))
    assert status == 400 and len(said) > 20
    assert await world.bot_channels() == []


async def test_the_command_line_says_what_the_bot_says_or_that_nobody_answers(world: World) -> None:
    with pytest.raises(InvalidInput, match="Did you mean"):
        await declare_at(world.environ, "it is slow service:chekout", by="kim")
    world.sandbox.serve(None)
    with pytest.raises(Unavailable, match="Nothing was declared"):
        await declare_at(world.environ, "sev1 checkout is down", by="kim")
    with pytest.raises(Unavailable, match="call somebody"):
        await declare_at({**world.environ, "TOCSIN_URL": "http://127.0.0.1:9"}, "sev1 checkout is down", by="kim")
