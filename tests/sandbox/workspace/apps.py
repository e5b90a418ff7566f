"""Small apps on Slack's own libraries, for the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.workspace.model import App
from tests.sandbox.workspace.stage import Stage


class Listener:
    """A Socket Mode client that keeps what it gets and acks, unless told not to. `answers` are ack payloads by type."""

    def __init__(self, stage: Stage, app: App) -> None:
        self.got: list[SocketModeRequest] = []
        self.acking = True
        self.answers: dict[str, Any] = {}
        self.client = SocketModeClient(app.app_token, web_client=AsyncWebClient(base_url=f"{stage.base}/api/"), ping_interval=0.1)
        self.client.socket_mode_request_listeners.append(self.hear)

    async def hear(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        self.got.append(request)
        if self.acking:
            await self.ack(request)

    async def ack(self, request: SocketModeRequest) -> None:
        answer = self.answers.get(str(request.payload.get("type") or request.type))
        await self.client.send_socket_mode_response(SocketModeResponse(request.envelope_id, answer))

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The inner events heard, of one type when given."""
        heard = [one.payload["event"] for one in self.got if one.type == "events_api"]
        return [event for event in heard if kind in (None, event["type"])]

    def payloads(self, kind: str) -> list[dict[str, Any]]:
        return [one.payload for one in self.got if kind in (one.type, one.payload.get("type"))]


@asynccontextmanager
async def listening(stage: Stage, app: App | None = None) -> AsyncIterator[Listener]:
    """A connected Socket Mode client of an app."""
    listener = Listener(stage, app or stage.app)
    await listener.client.connect()
    try:
        yield listener
    finally:
        await listener.client.close()


@asynccontextmanager
async def in_socket_mode(stage: Stage, bolt: AsyncApp) -> AsyncIterator[None]:
    """A bolt app connected by Socket Mode."""
    handler = AsyncSocketModeHandler(bolt, stage.app.app_token)
    await handler.connect_async()
    try:
        yield
    finally:
        await handler.close_async()


@asynccontextmanager
async def serving(handler: Any) -> AsyncIterator[str]:
    """An HTTP server whose every path is the handler; its address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
