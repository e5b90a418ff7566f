"""Proof that the workspace is like Slack and not only like our bot: one story on three of Slack's own frameworks, by both ways of delivery.

Each app is a program of its own that is given a base URL and tokens, and nothing that would tell the sandbox from Slack.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.sandbox.proof.programs import HERE, Program, free_port, node_program, python_program, running
from tests.sandbox.workspace.stage import ANA, Stage, until

MANIFEST = json.loads((HERE / "manifest.json").read_text())
PROGRAMS: dict[str, Callable[[], Program]] = {
    "slack_bolt": lambda: python_program("bolt_sync.py"),
    "slack_bolt async": lambda: python_program("bolt_async.py"),
    "@slack/bolt": node_program,
}
START_S = 20.0


async def listens(port: int) -> None:
    """Wait until something takes connections there. Raises TimeoutError."""
    async with asyncio.timeout(START_S):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return


@pytest.fixture(params=["Socket Mode", "HTTP"])
async def delivery(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=PROGRAMS)
async def greeter(request: pytest.FixtureRequest, delivery: str) -> AsyncIterator[Stage]:
    """The workspace with the app running in #general."""
    program = PROGRAMS[request.param]()
    async with Stage() as stage:
        port = free_port()
        served = {"request_url": f"http://127.0.0.1:{port}/slack/events"} if delivery == "HTTP" else {}
        app = await stage.control("apps", manifest=MANIFEST, **served)
        environ = {
            "SLACK_API_URL": f"{stage.base}/api/",
            "SLACK_BOT_TOKEN": app["bot_token"],
            "SLACK_APP_TOKEN": app["app_token"],
            "SLACK_SIGNING_SECRET": app["signing_secret"],
        }
        async with running(program, environ | ({"PORT": str(port)} if served else {})):
            if served:
                await listens(port)
            else:
                await until(lambda: bool(stage.team.delivery.sockets.of(app["app_id"])), START_S)
            await stage.client(app["bot_token"]).conversations_join(channel="C0GENERAL00")
            yield stage


async def wait_for(stage: Stage, path: str, holds: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """What is seen at a path once it is as expected. Raises TimeoutError."""
    async with asyncio.timeout(10):
        while True:
            seen: list[dict[str, Any]] = await stage.see(path)
            if holds(seen):
                return seen
            await asyncio.sleep(0.02)


def said(text: str) -> Callable[[list[dict[str, Any]]], bool]:
    return lambda messages: any(message["text"] == text for message in messages)


async def test_the_story_of_a_greeter(greeter: Stage) -> None:
    stage = greeter
    # A message, and the answer to it.
    await stage.says("ana", "general", "hello you")
    await wait_for(stage, "messages/general", said(f"Hey there <@{ANA}>!"))
    # A mention, answered to one person only.
    await stage.says("ana", "general", "@greeter are you there?")
    await wait_for(stage, "messages/general?user=ana", said("You called, Ana Silva?"))
    assert not said("You called, Ana Silva?")(await stage.see("messages/general?user=bo"))
    # A command, its modal, a mistake in it, and the message that comes of it.
    assert (await stage.control("command", user="ana", channel="general", text="/greet"))["ok"]
    view = (await wait_for(stage, "views/ana", bool))[0]
    refused = await stage.control("submit", user="ana", view_id=view["id"], values={"whom": {"name": "nobody"}})
    assert refused["errors"] == {"whom": "There is always somebody."}
    assert (await stage.control("submit", user="ana", view_id=view["id"], values={"whom": {"name": "the world"}}))["ok"]
    assert await stage.see("views/ana") == []
    messages = await wait_for(stage, "messages/general", said("greetings, the world"))
    card = next(message for message in messages if message["text"] == "greetings, the world")
    # A press of its button changes the message and starts a thread.
    assert (await stage.control("click", user="bo", channel="general", ts=card["ts"], action_id="wave_back"))["ok"]
    await wait_for(stage, "messages/general", said("<@U0BO0000000> waved: hello"))
    await wait_for(stage, f"messages/general?thread_ts={card['ts']}", said("how nice"))
    # A shortcut, answered in a direct message; the home tab.
    assert (await stage.control("shortcut", user="ana", callback_id="greet_shortcut"))["ok"]
    await wait_for(stage, "messages/@greeter?user=ana", said("shortcut taken"))
    assert (await stage.control("home", user="ana", app="Greeter"))["ok"]
    home = (await wait_for(stage, "views/ana", bool))[0]
    assert home["type"] == "home" and "Welcome home" in home["blocks"][0]["text"]["text"]
    # Every command and interaction was answered in time; of events, bolt leaves those it has no listener for.
    asked = [attempt for attempt in await stage.see("deliveries") if attempt["kind"] != "events_api"]
    assert [attempt["what"] for attempt in asked if attempt["error"]] == [] and len(asked) == 5


@pytest.mark.parametrize("delivery", ["Socket Mode"], indirect=True)
async def test_a_dropped_connection_is_made_again(greeter: Stage) -> None:
    told = await greeter.control("socket", disconnect="refresh_requested")
    assert told["connections"] == 1
    await greeter.says("ana", "general", "hello again")
    await wait_for(greeter, "messages/general", said(f"Hey there <@{ANA}>!"))
