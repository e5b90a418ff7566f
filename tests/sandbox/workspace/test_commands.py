"""Slash commands and response URLs, with bolt."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp

from bot.sandbox.workspace.pace import Pace
from tests.sandbox.workspace.apps import Listener, in_socket_mode, listening
from tests.sandbox.workspace.stage import ANA, BO, GENERAL, OPS, PAYMENTS, Stage, manifest, until


@pytest.fixture
async def app(stage: Stage) -> AsyncIterator[Listener]:
    async with listening(stage) as app:
        yield app


async def run(stage: Stage, text: str, channel: str = "general", user: str = "ana") -> dict[str, Any]:
    answer: dict[str, Any] = await stage.control("command", user=user, channel=channel, text=text)
    return answer


async def test_the_form_of_a_command(stage: Stage, app: Listener) -> None:
    await run(stage, "/inc sev1 checkout is down")
    form = app.payloads("slash_commands")[0]
    assert (form["command"], form["text"], form["user_id"], form["user_name"]) == ("/inc", "sev1 checkout is down", ANA, "ana")
    assert (form["channel_id"], form["channel_name"], form["team_domain"], form["api_app_id"]) == (
        GENERAL,
        "general",
        "sandbox",
        stage.app.id,
    )
    assert form["is_enterprise_install"] == "false" and form["response_url"].startswith(f"{stage.base}/response/")
    assert "thread_ts" not in form


async def test_mentions_are_translated_only_for_those_who_ask(stage: Stage, app: Listener) -> None:
    line = "lead @bo in #ops https://x.example/?a=1 a<b & nobody@example.com"
    await run(stage, f"/inc {line}")
    await run(stage, f"/incraw {line}")
    escaped, raw = (form["text"] for form in app.payloads("slash_commands"))
    assert escaped == f"lead <@{BO}|bo> in <#{OPS}|ops> <https://x.example/?a=1> a&lt;b &amp; nobody@example.com"
    assert raw == "lead @bo in #ops https://x.example/?a=1 a&lt;b &amp; nobody@example.com"


async def test_an_unknown_command_goes_nowhere(stage: Stage, app: Listener) -> None:
    answer = await run(stage, "/nonsense")
    assert (answer["error"], answer["shown"]) == ("invalid_command", "/nonsense is not a valid command.")
    assert app.got == []
    refused = await stage.control("command", user="ana", channel="general", text="no slash", expect=400)
    assert refused["error"].startswith("A command starts with /.")
    assert (await run(stage, "/inc", "payments", "bea"))["error"] == "not_in_channel"


async def test_replies_are_for_one_or_for_all(stage: Stage) -> None:
    bolt = AsyncApp(client=stage.slack)

    @bolt.command("/inc")
    async def inc(ack: Any, command: dict[str, str]) -> None:
        replies: dict[str, Any] = {
            "plain": "just you",
            "all": {"response_type": "in_channel", "text": "all of you"},
            "none": "",
            "bad": {"text": "x", "blocks": [{"type": "nonsense"}]},
        }
        reply = replies[command["text"]]
        await (ack(**reply) if isinstance(reply, dict) else ack(reply))

    async with in_socket_mode(stage, bolt):
        assert (await run(stage, "/inc plain"))["response"]["is_ephemeral"]
        assert (await run(stage, "/inc all"))["response"]["text"] == "all of you"
        assert (await run(stage, "/inc none"))["response"] is None
        assert (await run(stage, "/inc bad"))["error"] == "invalid_blocks"
    assert await stage.texts("general", "bo") == ["all of you"]


async def test_a_listener_that_never_acks_times_out(stage: Stage) -> None:
    stage.team.pace = Pace(answer_s=0.1)
    bolt = AsyncApp(client=stage.slack, raise_error_for_unhandled_request=False)
    async with in_socket_mode(stage, bolt):
        assert (await run(stage, "/inc x"))["error"] == "operation_timeout"


async def use(stage: Stage, url: str, **content: Any) -> tuple[int, str]:
    async with stage.http.post(url, json=content) as response:
        return response.status, await response.text()


async def test_a_response_url_says_five_things(stage: Stage, app: Listener) -> None:
    await run(stage, "/inc x", "payments")  # the bot is not in there: a response_url needs no membership
    url = app.payloads("slash_commands")[0]["response_url"]
    for number in range(4):
        assert await use(stage, url, text=f"only you {number}") == (200, "ok")
    assert await use(stage, url, text="all", response_type="in_channel") == (200, "ok")
    assert await use(stage, url, text="too much") == (404, "used_url")
    assert await stage.texts(PAYMENTS, "bo") == ["all"]
    assert len(await stage.texts(PAYMENTS, "ana")) == 5
    assert (await stage.see("calls?method=response_url"))[0]["args"]["text"] == "only you 0"


async def test_a_response_url_ends() -> None:
    later: list[float] = []
    async with Stage(now=lambda: time.time() + sum(later)) as stage, listening(stage) as app:
        await run(stage, "/inc x")
        url = app.payloads("slash_commands")[0]["response_url"]
        assert await use(stage, url) == (400, "no_text")
        assert await use(stage, url, text="x", blocks=[{"type": "nonsense"}]) == (400, "invalid_blocks")
        later.append(1801)
        assert await use(stage, url, text="x") == (404, "expired_url")
        assert await use(stage, url + "x", text="x") == (404, "expired_url")


async def test_a_command_of_another_app_goes_there(stage: Stage, app: Listener) -> None:
    other = stage.workspace.install(manifest("Other"), None, None, None, None)
    async with listening(stage, other) as there:
        await run(stage, "/other hello")
        await run(stage, "/inc hello")
        await until(lambda: there.got and app.got)
        assert [form["command"] for form in there.payloads("slash_commands")] == ["/other"]
        assert [form["command"] for form in app.payloads("slash_commands")] == ["/inc"]
        assert there.payloads("slash_commands")[0]["token"] == other.verification_token != stage.app.verification_token
