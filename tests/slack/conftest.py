"""A raw Slack to misbehave on demand, and a gateway to it."""

from collections.abc import AsyncIterator

import pytest

from bot.db import Database
from bot.slack.gateway import SlackGateway, web_client
from tests.slack.office import Office
from tests.slack.raw import RawSlack


@pytest.fixture
async def raw() -> AsyncIterator[RawSlack]:
    raw = RawSlack()
    await raw.start()
    yield raw
    await raw.close()


@pytest.fixture
async def gateway(raw: RawSlack) -> AsyncIterator[SlackGateway]:
    gateway = SlackGateway(web_client("xoxb-test", raw.api_url), timeout_s=10.0)
    yield gateway
    await gateway.close()


@pytest.fixture
async def office(request: pytest.FixtureRequest, sqlite_database: Database, raw: RawSlack, gateway: SlackGateway) -> AsyncIterator[Office]:
    """A door in HTTP mode that waits 0.3 s (or the parameter) for a transaction before it says that it is still at it."""
    office = Office(sqlite_database, raw, gateway, patience_s=getattr(request, "param", 10.0))
    await office.start()
    yield office
    await office.close()
