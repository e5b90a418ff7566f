"""Faults: what is broken on purpose is broken so, for as often as told, and nothing else is."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.faults import Fault, FaultBoard
from tests.sandbox.workspace.stage import GENERAL, Stage, code_of, until


def bare(stage: Stage) -> AsyncWebClient:
    """Slack's client without its own second try after a connection error."""
    return AsyncWebClient("xoxb-tocsin", base_url=f"{stage.base}/api/", retry_handlers=[])


def test_the_oldest_that_fits_is_taken_and_counted_down() -> None:
    board = FaultBoard()
    board.add(Fault("slack", method="chat.postMessage", error="one", count=2))
    board.add(Fault("slack", error="always", count=0))
    assert board.take("sms") is None
    assert [fault.error for fault in (board.take("slack", "chat.postMessage") for _ in range(4)) if fault] == [
        "one",
        "one",
        "always",
        "always",
    ]
    assert (board.take("slack", "auth.test") or Fault("slack")).error == "always"
    board.clear()
    assert board.take("slack", "auth.test") is None


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            {"service": "fax", "error": "x"},
            "The service of a fault is one of slack, socket, events, sms, voice, smtp, push, webhook",
        ),
        ({"service": "slack"}, "Say what goes wrong: error, status, delay_s, reset or retry_after_s."),
        ({"service": "slack", "reset": "during"}, "A reset comes 'before' or 'after' the request is accepted."),
        ({"service": "slack", "error": "x", "count": -1}, "count and delay_s are not negative."),
        ({"service": "slack", "error": 7}, "error is a text, not 7."),
        ({"service": "slack", "delay_s": "1"}, "delay_s is a number of seconds, not '1'."),
        ({"service": "slack", "error": "x", "colour": "red"}, "This call does not take colour."),
    ],
)
async def test_a_fault_that_makes_no_sense(stage: Stage, body: dict[str, Any], sentence: str) -> None:
    assert (await stage.control("fault", expect=400, **body))["error"].startswith(sentence)
    assert await stage.see("fault") == []


async def test_an_error_answers_in_place_of_the_method(stage: Stage, slack: AsyncWebClient) -> None:
    await stage.control("fault", service="slack", method="conversations.create", error="name_taken", count=2)
    for code in ("name_taken", "name_taken", ""):
        assert await code_of(slack.conversations_create(name="inc-1")) == code


async def test_until_cleared(stage: Stage, slack: AsyncWebClient) -> None:
    await stage.control("fault", service="slack", error="fatal_error", count=0)
    for _ in range(3):
        assert await code_of(slack.auth_test()) == "fatal_error"
    assert (await stage.see("fault"))[0]["error"] == "fatal_error"
    await stage.control("fault", "DELETE")
    assert await code_of(slack.auth_test()) == ""


async def test_a_status(stage: Stage) -> None:
    await stage.control("fault", service="slack", status=503)
    async with stage.http.post(f"{stage.base}/api/auth.test", data={"token": "xoxb-tocsin"}) as response:
        assert response.status == 503
    call = (await stage.see("calls"))[0]
    assert call["result"] == {"ok": False, "error": "(HTTP 503)"} and call["end"] >= call["start"]


async def test_a_reset_before_or_after_it_was_accepted(stage: Stage) -> None:
    stage.inside()
    for when in ("before", "after"):
        await stage.control("fault", service="slack", method="chat.postMessage", reset=when)
        with pytest.raises(aiohttp.ClientError):
            await bare(stage).chat_postMessage(channel=GENERAL, text=when)
    assert await stage.texts("general") == ["after"]


async def test_a_delay_slows_and_still_does(stage: Stage, slack: AsyncWebClient) -> None:
    await stage.control("fault", service="slack", delay_s=0.05, count=0)
    start = time.monotonic()
    await asyncio.gather(slack.conversations_create(name="inc-1"), slack.conversations_create(name="inc-2"))
    assert time.monotonic() - start >= 0.05
    for call in await stage.see("calls"):
        assert call["end"] - call["start"] >= 0.05


async def test_what_hangs_is_let_go_when_faults_are_cleared(stage: Stage, slack: AsyncWebClient) -> None:
    await stage.control("fault", service="slack", delay_s=3600, count=0)
    made = asyncio.create_task(slack.conversations_create(name="inc-1"))
    await until(lambda: bool(stage.calls.calls))
    assert (await stage.see("calls"))[0]["end"] is None
    await stage.control("fault", "DELETE")
    assert (await made)["channel"]["name"] == "inc-1"


async def test_a_caller_who_gave_up_made_no_channel(stage: Stage) -> None:
    await stage.control("fault", service="slack", method="conversations.create", delay_s=3600)
    impatient = AsyncWebClient("xoxb-tocsin", base_url=f"{stage.base}/api/", timeout=1, retry_handlers=[])
    task = asyncio.create_task(impatient.conversations_create(name="inc-1"))
    await until(lambda: bool(stage.calls.calls))
    task.cancel()
    await until(lambda: stage.calls.calls[0].end is not None)
    assert "inc-1" not in [channel.get("name") for channel in await stage.see("channels")]


async def test_accepted_and_then_silence(stage: Stage) -> None:
    await stage.control("fault", service="slack", method="conversations.create", delay_s=3600, reset="after")
    task = asyncio.create_task(bare(stage).conversations_create(name="inc-1"))
    await until(lambda: bool(stage.calls.calls) and stage.calls.calls[0].result is not None)
    assert "inc-1" in [channel.get("name") for channel in await stage.see("channels")] and not task.done()
    await stage.control("fault", "DELETE")
    with pytest.raises(aiohttp.ClientError):
        await task


async def test_a_response_url_can_fail_too(stage: Stage) -> None:
    await stage.control("fault", service="slack", method="response_url", status=500)
    async with stage.http.post(f"{stage.base}/response/a/b/c", json={"text": "x"}) as response:
        assert response.status == 500
