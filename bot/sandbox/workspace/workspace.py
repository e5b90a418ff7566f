"""The workspace as the sandbox and the tests hold it."""

from __future__ import annotations

import asyncio
import time
from base64 import b64decode
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from bot.sandbox.calls import CallLog
from bot.sandbox.faults import FaultBoard
from bot.sandbox.keys import APP_TOKEN, BOT_TOKEN, CLIENT_ID, CLIENT_SECRET, SIGNING_SECRET
from bot.sandbox.workspace import apps, responses, uploads
from bot.sandbox.workspace.api.door import Door
from bot.sandbox.workspace.api.scheduled import send_when_due
from bot.sandbox.workspace.control.people import PeopleControl
from bot.sandbox.workspace.control.places import PlacesControl
from bot.sandbox.workspace.control.seeing import SeeingControl
from bot.sandbox.workspace.control.trouble import TroubleControl
from bot.sandbox.workspace.delivery import Delivery
from bot.sandbox.workspace.model import App
from bot.sandbox.workspace.openid import OpenId
from bot.sandbox.workspace.pace import Pace
from bot.sandbox.workspace.seed import Seed
from bot.sandbox.workspace.store import Store
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Json

DOT = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


async def follow_permalink(request: web.Request) -> web.Response:
    """A permalink opens the sandbox's page at its message."""
    digits = request.match_info["message"][1:]
    at = quote(f"{request.match_info['channel']}/{digits[:-6]}.{digits[-6:]}")
    return web.Response(status=302, headers={"Location": f"/#{at}"})


async def send_avatar(request: web.Request) -> web.Response:
    return web.Response(body=DOT, content_type="image/png")


class Workspace:
    """A Slack workspace. Mount `routes()`, then `start(address)`; `close()` writes the snapshot.

    `data` is the directory of the snapshot (None: nothing is kept), `now` the time in Unix seconds.
    """

    def __init__(
        self,
        seed: Seed,
        faults: FaultBoard,
        calls: CallLog,
        data: Path | None = None,
        pace: Pace | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        store = Store(data)
        self.team = Team(store.load() or seed.world(now()), store, faults, calls, pace or Pace(), now)
        self.team.delivery = Delivery(self.team)
        self.team.openid = OpenId(self.team)
        self._sender: asyncio.Task[None] | None = None

    def install(
        self,
        manifest: Json,
        request_url: str | None = None,
        bot_token: str | None = BOT_TOKEN,
        app_token: str | None = APP_TOKEN,
        signing_secret: str | None = SIGNING_SECRET,
        client: tuple[str, str] = (CLIENT_ID, CLIENT_SECRET),
    ) -> App:
        """Install an app by its manifest: served by Socket Mode, or by signed requests to `request_url`. None for a token makes one up."""
        return apps.install(self.team, manifest, request_url, bot_token, app_token, signing_secret, client)

    def routes(self) -> list[web.RouteDef]:
        """Everything of Slack's and of the control API that concerns Slack. To be served with handler_cancellation."""
        team, door = self.team, Door(self.team)

        async def receive_upload(request: web.Request) -> web.Response:
            return await uploads.receive(team, request)

        async def send_file(request: web.Request) -> web.Response:
            return uploads.send(team, request)

        async def show_canvas(request: web.Request) -> web.Response:
            return uploads.show_canvas(team, request)

        async def receive_response(request: web.Request) -> web.StreamResponse:
            return await responses.receive(team, request)

        return [
            web.get("/api/{method}", door.serve),
            web.post("/api/{method}", door.serve),
            web.get("/link", team.delivery.sockets.accept),
            web.post("/files/upload/{key}", receive_upload),
            web.get("/docs/{team}/{id}", show_canvas),
            web.get("/files/{id}/download/{name}", send_file),
            web.get("/files/{id}/{name}", send_file),
            web.post("/response/{key:.+}", receive_response),
            web.get("/archives/{channel}/{message:p[0-9]{16,}}", follow_permalink),
            web.get("/avatars/{name}.png", send_avatar),
            *team.openid.routes(),
            *PeopleControl(team).routes(),
            *PlacesControl(team).routes(),
            *SeeingControl(team).routes(),
            *TroubleControl(team).routes(),
        ]

    async def start(self, address: str) -> None:
        """Begin to work under this public address, e.g. http://127.0.0.1:8080."""
        self.team.address = address.rstrip("/")
        self._sender = asyncio.get_running_loop().create_task(send_when_due(self.team))

    async def close(self) -> None:
        """Let go of everybody who is connected or held up, and write the snapshot."""
        if self._sender is not None:
            self._sender.cancel()
            with suppress(asyncio.CancelledError):
                await self._sender
        self.team.faults.clear()
        self.team.changes.tell(None)
        await self.team.delivery.close()
        self.team.store.save(self.team.world)
