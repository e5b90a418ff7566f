"""HTTP mode: signed requests to one URL, tried again as Slack does."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier

from bot.sandbox.workspace.pace import Pace
from tests.sandbox.workspace.apps import serving
from tests.sandbox.workspace.stage import Stage, manifest, until

QUICK = Pace(answer_s=0.2, retries_s=(0.0, 0.05, 0.05))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with Stage(pace=QUICK) as stage:
        stage.inside()
        yield stage


class Door:
    """An app's URL that keeps what it gets and answers with `statuses` one after the other, then 200."""

    def __init__(self, *statuses: int, headers: dict[str, str] | None = None, wait_s: float = 0) -> None:
        self.statuses, self.headers, self.wait_s = list(statuses), headers, wait_s
        self.got: list[tuple[dict[str, str], str]] = []

    async def open(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.text()))
        await asyncio.sleep(self.wait_s)
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200, headers=self.headers)


async def test_bolt_takes_signed_events_commands_and_interactions(stage: Stage) -> None:
    bolt = AsyncApp(client=stage.slack, signing_secret="sandbox-signing-secret", raise_error_for_unhandled_request=False)
    heard: list[str] = []

    @bolt.event("message")
    async def message(event: dict[str, str]) -> None:
        heard.append(event["text"])

    @bolt.command("/inc")
    async def inc(ack: object, command: dict[str, str]) -> None:
        await ack(f"you said {command['text']}")  # type: ignore[operator]

    @bolt.shortcut("declare")
    async def declare(ack: object, shortcut: dict[str, str]) -> None:
        await ack()  # type: ignore[operator]
        heard.append(shortcut["callback_id"])

    async def door(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await bolt.async_dispatch(await to_bolt_request(request)))

    async with serving(door) as url:
        stage.workspace.install(manifest(), f"{url}/slack/events")
        await stage.says("ana", "general", "hello")
        answer = await stage.control("command", user="ana", channel="general", text="/inc sev1 checkout")
        assert answer["response"]["text"] == "you said sev1 checkout"
        assert (await stage.control("shortcut", user="ana", callback_id="declare"))["ok"]
        await until(lambda: set(heard) == {"hello", "declare"})
        stage.workspace.install(manifest(), f"{url}/slack/events", signing_secret="another")
        refused = await stage.control("command", user="ana", channel="general", text="/inc again")
        assert refused["error"] == "http_client_error"


async def test_the_signature_is_over_time_and_body(stage: Stage) -> None:
    door = Door()
    async with serving(door.open) as url:
        stage.workspace.install(manifest(), url)
        await stage.says("ana", "general", "hello")
        await until(lambda: door.got)
        headers, body = door.got[0]
        verifier = SignatureVerifier("sandbox-signing-secret")
        assert verifier.is_valid_request(body, headers) and not verifier.is_valid_request(body + " ", headers)


async def test_a_failing_app_is_tried_three_times_more(stage: Stage) -> None:
    door = Door(500, 404, 500, 500, 500)
    async with serving(door.open) as url:
        stage.workspace.install(manifest(), url)
        await stage.says("ana", "general", "hello")
        await until(lambda: len(door.got) == 4)
        await asyncio.sleep(0.05)
        retries = [(headers.get("X-Slack-Retry-Num"), headers.get("X-Slack-Retry-Reason")) for headers, _ in door.got]
        assert retries == [(None, None), ("1", "http_error"), ("2", "http_error"), ("3", "http_error")]


async def test_an_app_can_ask_for_no_retries(stage: Stage) -> None:
    door = Door(500, headers={"X-Slack-No-Retry": "1"})
    async with serving(door.open) as url:
        stage.workspace.install(manifest(), url)
        await stage.says("ana", "general", "hello")
        await until(lambda: door.got)
        await asyncio.sleep(0.05)
        assert len(door.got) == 1


async def test_a_slow_app_and_no_app_at_all(stage: Stage) -> None:
    door = Door(wait_s=1)
    async with serving(door.open) as url:
        stage.workspace.install(manifest(), url)
        answer = await stage.control("command", user="ana", channel="general", text="/inc x")
        assert answer["error"] == "operation_timeout"
        await stage.says("ana", "general", "hello")
        await until(lambda: len(door.got) >= 3)
        assert door.got[2][0]["X-Slack-Retry-Reason"] == "http_timeout"
    assert (await stage.control("command", user="ana", channel="general", text="/inc x"))["error"] == "dispatch_failed"


async def test_urls_of_the_manifest_serve_where_no_other_is_given(stage: Stage) -> None:
    door = Door()
    async with serving(door.open) as url:
        given = manifest()
        given["settings"] |= {"socket_mode_enabled": False, "interactivity": {"is_enabled": True, "request_url": f"{url}/interactive"}}
        given["features"]["slash_commands"][0]["url"] = f"{url}/commands"
        stage.workspace.install(given)
        assert (await stage.control("command", user="ana", channel="general", text="/inc x"))["ok"]
        assert (await stage.control("shortcut", user="ana", callback_id="declare"))["ok"]
        assert [body.partition("=")[0] for _, body in door.got] == ["token", "payload"]
