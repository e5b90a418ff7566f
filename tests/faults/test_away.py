"""The database goes away and comes back: what was sent is not sent again, and the bot goes on by itself."""

import asyncio
import time

import pytest
from aiohttp import ClientSession

from bench.load import webhook
from tests.faults.conftest import Build
from tests.faults.house import House
from tests.faults.story import declare, end_of
from tests.postgres import Postgres

pytestmark = pytest.mark.asyncio(loop_scope="module")

AWAY_S = 4.0
LONG_AWAY_S = 60.0
"""As promised; longer than any lease, and than what was sent waits to be written down."""
BACK_WITHIN_S = 10.0
LENGTHS = (AWAY_S, pytest.param(LONG_AWAY_S, marks=pytest.mark.soak))


async def status_of_alert(house: House, body: bytes) -> int:
    async with ClientSession() as client, client.post(f"{house.sandbox.url}/hooks/alertmanager/sandbox", data=body) as answer:
        return answer.status


async def is_accepted(house: House, body: bytes) -> bool:
    return await status_of_alert(house, body) == 202


@pytest.mark.parametrize("away_s", LENGTHS)
async def test_a_database_that_was_away_is_used_again_within_ten_seconds(build: Build, postgres_server: Postgres, away_s: float) -> None:
    async with build("postgresql") as house:
        await house.start()
        assert await house.settled()
        house.sandbox.fault(service="sms", delay_s=2.0)  # the provider's yes falls into the time without a database
        assert await declare(house)
        await house.sandbox.until(lambda: house.sandbox.calls("conversations.create"))

        name = postgres_server.name(house.database.url)
        await postgres_server.admit(name, False)
        await postgres_server.cut_off(name)
        body = webhook(1, 3, service="storage", severity="critical")
        assert await status_of_alert(house, body) >= 500, "what cannot be stored is not accepted"
        await asyncio.sleep(away_s)
        await postgres_server.admit(name, True)

        back = time.monotonic()
        await house.sandbox.until(lambda: is_accepted(house, body))
        assert await house.settled()
        assert time.monotonic() - back < BACK_WITHIN_S
        assert house.life is not None
        assert not house.life.is_over
        end = await end_of(house)
        assert len(end.channels) == len(set(end.channels)) == 2
        assert "inc-…-checkout-is-down" in end.channels
        assert {("ana", "sms"), ("ana", "slack"), ("bea", "sms")} <= end.reached
        assert end.extra["ana", "sms"] == end.extra["ana", "slack"] == 0
        assert end.given_up == []
