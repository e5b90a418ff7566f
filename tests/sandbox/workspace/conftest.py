"""The stage every test of the workspace plays on."""

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox.workspace.stage import Stage


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with Stage() as stage:
        yield stage


@pytest.fixture
def slack(stage: Stage) -> AsyncWebClient:
    """Slack's own client with the bot's token."""
    return stage.slack
