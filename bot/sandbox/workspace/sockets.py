"""Socket Mode: the connections of each app, envelopes out and acks back."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from bot.sandbox.faults import Fault, cut
from bot.sandbox.workspace.model import App
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Json

MOST_SOCKETS = 10
LARGEST_FRAME = 16 * 1024 * 1024
LIFE_S = 18060
# How long a dismissed client may keep its connection, and how long its next one is waited for.
# (@slack/bolt takes five seconds to come back.)
GRACE_S, REFRESH_S = 10.0, 8.0
# A connection cut after an envelope leaves it this long to arrive.
AFTER_S = 0.02


@dataclass(eq=False)
class Link:
    """One open connection of an app."""

    app_id: str
    socket: web.WebSocketResponse
    request: web.Request
    leaving: bool = False


@dataclass
class Sockets:
    """All open connections. Acks are matched by envelope over all of them, because a late ack may come by a newer connection."""

    team: Team
    links: list[Link] = field(default_factory=list)
    acks: dict[str, asyncio.Future[Json]] = field(default_factory=dict)
    refreshed: dict[str, float] = field(default_factory=dict)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def serves(self, app: App) -> bool:
        """Whether this app is reached by Socket Mode rather than by requests."""
        if app.request_url is not None:
            return False
        return bool(app.manifest.get("settings", {}).get("socket_mode_enabled", True))

    def of(self, app_id: str | None) -> list[Link]:
        return [link for link in self.links if app_id in (None, link.app_id) and not link.leaving]

    async def accept(self, request: web.Request) -> web.StreamResponse:
        """GET /link?ticket=…: hold one connection from hello until it ends."""
        fault = await self.team.faults.meet(request, "socket", "hello")
        if fault and fault.reset == "before":
            return cut(request)
        app_id = self.team.tickets.redeem(request.query.get("ticket", ""))
        if app_id is None or (fault and fault.http_status):
            return web.Response(status=(fault and fault.http_status) or 401, text="this Socket Mode address is not valid any more")
        socket = web.WebSocketResponse(heartbeat=self.team.pace.ping_s, max_msg_size=LARGEST_FRAME, timeout=1.0)
        await socket.prepare(request)
        link = Link(app_id, socket, request)
        self.links.append(link)
        try:
            await self._greet(link, fault)
            await self._listen(link)
        finally:
            self.links.remove(link)
            self.team.changes.tell({"type": "socket", "app": app_id})
        return socket

    async def send(self, app: App, kind: str, payload: Json, retry: int, reason: str | None) -> Json | str:
        """Send an envelope on one connection and wait for its ack; a text is Slack's word for why there is none."""
        fault = self.team.faults.take("socket", kind)
        await self.team.faults.hold(fault)
        link = await self._pick(app, fault, patience_s=REFRESH_S if kind == "events_api" else self.team.pace.answer_s)
        if link is None:
            return "dispatch_failed"
        envelope: Json = {
            "envelope_id": str(uuid.uuid4()),
            "payload": payload,
            "type": kind,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": retry, "retry_reason": reason or ""}
        ack: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self.acks[envelope["envelope_id"]] = ack
        try:
            async with asyncio.timeout(self.team.pace.answer_s):
                await link.socket.send_str(json.dumps(envelope))
                if fault and fault.reset == "after":
                    await asyncio.sleep(AFTER_S)
                    cut(link.request)
                return await ack
        except TimeoutError:
            return "operation_timeout"
        except ConnectionError:
            return "dispatch_failed"
        finally:
            del self.acks[envelope["envelope_id"]]

    async def disconnect(self, reason: str, app_id: str | None = None) -> int:
        """Ask connections to go, or cut them with the reason "abort"; how many."""
        links = self.of(app_id)
        for link in links:
            await self._dismiss(link, reason)
        return len(links)

    async def close(self) -> None:
        for link in list(self.links):
            with suppress(ConnectionError):
                await link.socket.close(code=1001)

    async def _pick(self, app: App, fault: Fault | None, patience_s: float) -> Link | None:
        links = await self._wait_for_link(app, patience_s)
        if not links:
            return None
        link = links[0]
        self.links.remove(link)  # the one that got the last payload waits longest for the next
        self.links.append(link)
        if fault and fault.reset == "before":
            cut(link.request)
            return None
        if fault and fault.error:
            await self._dismiss(link, fault.error)
            return None
        return link

    async def _hang_up(self, link: Link) -> None:
        """Close a dismissed connection if its client has not done so by itself."""
        await asyncio.sleep(GRACE_S)
        await link.socket.close()

    async def _wait_for_link(self, app: App, patience_s: float) -> list[Link]:
        """The app's connections; for a moment after a dismissal, the new one is waited for."""
        left = min(self.refreshed.get(app.id, 0.0) + REFRESH_S - time.monotonic(), patience_s)
        if not self.of(app.id) and left > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    while not self.of(app.id):
                        await self.arrived.wait()
        return self.of(app.id)

    async def _greet(self, link: Link, fault: Fault | None) -> None:
        count = len(self.of(link.app_id))
        about = {"host": "applink-sandbox", "build_number": 1, "approximate_connection_time": LIFE_S}
        hello = {"type": "hello", "num_connections": count, "debug_info": about, "connection_info": {"app_id": link.app_id}}
        await link.socket.send_str(json.dumps(hello))
        self.arrived.set()
        self.arrived = asyncio.Event()
        self.team.changes.tell({"type": "socket", "app": link.app_id})
        if fault and (fault.error or fault.reset == "after"):
            await self._dismiss(link, fault.error or "abort")
        elif count > MOST_SOCKETS:
            await self._dismiss(link, "too_many_websockets")

    async def _listen(self, link: Link) -> None:
        async for message in link.socket:
            if message.type != WSMsgType.TEXT:
                continue
            try:
                frame = json.loads(message.data)
            except ValueError:
                continue
            ack = self.acks.get(str(frame.get("envelope_id"))) if isinstance(frame, dict) else None
            if ack is not None and not ack.done():
                ack.set_result(frame)

    async def _dismiss(self, link: Link, reason: str) -> None:
        link.leaving = True
        if reason == "abort":
            cut(link.request)
            return
        self.refreshed[link.app_id] = time.monotonic()
        self.team.delivery.spawn(self._hang_up(link))
        about = {"host": "applink-sandbox"}
        with suppress(ConnectionError):
            await link.socket.send_str(json.dumps({"type": "disconnect", "reason": reason, "debug_info": about}))
