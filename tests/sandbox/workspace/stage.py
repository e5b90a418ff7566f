"""A workspace on loopback with the app Tocsin installed, and the hands of the people in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.calls import CallLog
from bot.sandbox.faults import FaultBoard
from bot.sandbox.workspace.model import App
from bot.sandbox.workspace.pace import Pace
from bot.sandbox.workspace.seed import SEED
from bot.sandbox.workspace.workspace import Workspace

ANA, BO, KIM, LEE = "U0ANA000000", "U0BO0000000", "U0KIM000000", "U0LEE000000"
BEA, MAX, ZOE, GUS = "U0BEA000000", "U0MAX000000", "U0ZOE000000", "U0GUS000000"
GENERAL, OPS, PAYMENTS, BOT = "C0GENERAL00", "C0OPS000000", "C0PAYMENTS0", "U0TOCSIN000"

ORACLE = json.loads((Path(__file__).parent / "slack-methods.json").read_text())

SCOPES = [
    "app_mentions:read", "bookmarks:read", "bookmarks:write", "canvases:read", "canvases:write", "channels:history", "channels:join",
    "channels:manage", "channels:read", "chat:write", "commands", "files:read", "files:write", "groups:history", "groups:read",
    "groups:write", "im:history", "im:read", "im:write", "mpim:history", "mpim:read", "mpim:write", "pins:read", "pins:write",
    "reactions:read", "reactions:write", "team:read", "usergroups:read", "usergroups:write", "users:read", "users:read.email",
]  # fmt: skip
EVENTS = [
    "app_home_opened", "app_mention", "app_uninstalled", "channel_archive", "channel_created", "channel_rename", "channel_unarchive",
    "file_shared", "member_joined_channel", "member_left_channel", "message.channels", "message.groups", "message.im", "message.mpim",
    "pin_added", "reaction_added", "reaction_removed", "subteam_members_changed", "team_join", "tokens_revoked",
]  # fmt: skip


def manifest(name: str = "Tocsin", scopes: list[str] | None = None, events: list[str] | None = None) -> dict[str, Any]:
    command = "/inc" if name == "Tocsin" else f"/{name.lower()}"
    return {
        "display_information": {"name": name},
        "features": {
            "bot_user": {"display_name": name.lower()},
            "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
            "slash_commands": [
                {"command": command, "description": "Incidents", "should_escape": True},
                {"command": f"{command}raw", "description": "As typed"},
            ],
            "shortcuts": [
                {"name": "Declare", "type": "global", "callback_id": "declare", "description": "d"},
                {"name": "Add to timeline", "type": "message", "callback_id": "note", "description": "n"},
            ],
        },
        "oauth_config": {"scopes": {"bot": SCOPES if scopes is None else scopes}},
        "settings": {"socket_mode_enabled": True, "event_subscriptions": {"bot_events": EVENTS if events is None else events}},
    }


class Stage:
    """Opens with `async with`. At the end every error that was answered is looked up in Slack's documentation."""

    def __init__(self, data: Path | None = None, pace: Pace | None = None, now: Callable[[], float] | None = None) -> None:
        times = {} if now is None else {"now": now}
        self.faults, self.calls = FaultBoard(), CallLog()
        self.workspace = Workspace(SEED, self.faults, self.calls, data, pace, **times)
        self.team = self.workspace.team
        self.base = ""

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.add_routes(self.workspace.routes())
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.base = f"http://127.0.0.1:{self.runner.addresses[0][1]}"
        await self.workspace.start(self.base)
        self.app: App = self.workspace.install(manifest())
        self.http = aiohttp.ClientSession()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.http.close()
        await self.workspace.close()
        await self.runner.cleanup()
        if error is None:
            self.compare_with_documentation()

    def compare_with_documentation(self) -> None:
        """Nothing is answered that Slack does not document for that method."""
        for call in self.calls.to_json():
            result, method = call["result"], str(call["method"])
            if not isinstance(result, dict) or result.get("ok") or method not in ORACLE or "args" in result:
                continue
            code = str(result["error"])
            known = ORACLE[method]["errors"] + ORACLE["_common_errors"]
            assert code in known or code.startswith("("), f"{method} answered {code}, which Slack does not document"

    def client(self, token: str = "xoxb-tocsin") -> AsyncWebClient:
        return AsyncWebClient(token, base_url=f"{self.base}/api/")

    @property
    def slack(self) -> AsyncWebClient:
        return self.client()

    async def control(self, path: str, verb: str = "POST", expect: int = 200, **body: Any) -> Any:
        """A control call; its answer, which must have this status."""
        async with self.http.request(verb, f"{self.base}/control/{path}", json=body or None) as response:
            answer = await response.json()
            assert response.status == expect, answer
            return answer

    async def see(self, path: str) -> Any:
        return await self.control(path, "GET")

    async def says(self, user: str, channel: str, text: str, **more: Any) -> str:
        """Somebody writes; the ts of the message."""
        answer = await self.control("message", user=user, channel=channel, text=text, **more)
        assert answer["ok"], answer
        return str(answer["ts"])

    def inside(self, channel: str = GENERAL) -> None:
        """The bot has been in a channel since before, so that no event tells of it."""
        self.team.world.channels[channel].members.append(BOT)

    async def texts(self, channel: str, user: str = "ana") -> list[str]:
        return [message["text"] for message in await self.see(f"messages/{channel}?user={user}")]


async def code_of(call: Awaitable[Any]) -> str:
    """The error code a call is refused with, "" when it is not."""
    try:
        await call
    except SlackApiError as error:
        return str(error.response["error"])
    return ""


async def until(holds: Callable[[], object], within_s: float = 5.0) -> None:
    """Wait until something is true. Raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - what is waited for happens in another program's client
            await asyncio.sleep(0.005)


def text(words: str, kind: str = "plain_text") -> dict[str, Any]:
    return {"type": kind, "text": words}


def button(action_id: str = "go", value: str = "7", words: str = "Go") -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": text(words), "value": value}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    shown = list(blocks) or [text_input()]
    return {"type": "modal", "callback_id": "form", "title": text("A form"), "submit": text("Send"), "blocks": shown} | more


def text_input(block_id: str = "what", action_id: str = "text", **more: Any) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": action_id}
    return {"type": "input", "block_id": block_id, "label": text("What"), "element": element} | more
