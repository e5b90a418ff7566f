"""Rate limits: off, realistic, harsh and commercial."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.workspace.ratelimits import RateLimits
from tests.sandbox.workspace.stage import GENERAL, OPS, Stage, code_of


def test_a_tier_is_a_budget_a_minute_that_refills() -> None:
    now = [0.0]
    limits = RateLimits(lambda: now[0])
    assert limits.wait("A1", "conversations.create", 2) is None  # off
    limits.switch("realistic")
    for _ in range(20):
        assert limits.wait("A1", "conversations.create", 2) is None
    assert limits.wait("A1", "conversations.create", 2) == 3
    assert limits.wait("A2", "conversations.create", 2) is None  # another app
    assert limits.wait("A1", "conversations.rename", 2) is None  # another method
    now[0] += 3
    assert limits.wait("A1", "conversations.create", 2) is None
    assert limits.wait("A1", "auth.test", None) is None


def test_a_channel_takes_one_message_a_second() -> None:
    now = [0.0]
    limits = RateLimits(lambda: now[0])
    limits.switch("harsh")
    assert limits.wait_to_post("A1", "C1") is None
    assert limits.wait_to_post("A1", "C1") == 1
    assert limits.wait_to_post("A1", "C2") is None
    now[0] += 1
    assert limits.wait_to_post("A1", "C1") is None


def test_an_app_that_is_sold_elsewhere_gets_fifteen_messages_a_minute() -> None:
    now = [0.0]
    limits = RateLimits(lambda: now[0])
    limits.switch("commercial")
    assert limits.most_messages == 15
    assert limits.wait("A1", "conversations.history", 3) is None
    assert limits.wait("A1", "conversations.replies", 3) is None
    assert limits.wait("A1", "conversations.history", 3) == 60
    assert limits.wait("A1", "conversations.info", 3) is None


async def test_a_call_too_many_is_a_429_with_retry_after(stage: Stage, slack: AsyncWebClient) -> None:
    stage.inside()
    stage.inside(OPS)
    stage.workspace.team.limits = RateLimits(lambda: 100.0)  # a second must not pass between two posts, however busy the machine
    await stage.control("ratelimits", mode="harsh")
    await slack.chat_postMessage(channel=GENERAL, text="one")
    with pytest.raises(SlackApiError) as caught:
        await slack.chat_postMessage(channel=GENERAL, text="two")
    assert caught.value.response.status_code == 429 and caught.value.response["error"] == "ratelimited"
    assert caught.value.response.headers["Retry-After"] == "1"
    await slack.chat_postMessage(channel=OPS, text="elsewhere")
    await stage.says("ana", "general", "people are not limited")
    assert "two" not in await stage.texts("general")
    await stage.control("ratelimits", mode="off")
    assert await code_of(slack.chat_postMessage(channel=GENERAL, text="three")) == ""


async def test_the_sdk_waits_as_it_is_told(stage: Stage) -> None:
    stage.inside()
    await stage.control("fault", service="slack", method="chat.postMessage", retry_after_s=0)
    client = AsyncWebClient(
        "xoxb-tocsin", base_url=f"{stage.base}/api/", retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=1)]
    )
    await client.chat_postMessage(channel=GENERAL, text="patience")
    assert [call["result"].get("error") for call in await stage.see("calls?method=chat.postMessage")] == ["ratelimited", None]


async def test_the_mode_is_one_of_four(stage: Stage) -> None:
    assert "off, realistic, harsh, commercial" in (await stage.control("ratelimits", mode="soft", expect=400))["error"]
