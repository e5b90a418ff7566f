"""What can be seen of the workspace."""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

from bot.sandbox.workspace import views
from bot.sandbox.workspace.control.parse import answered, person, place
from bot.sandbox.workspace.model import App
from bot.sandbox.workspace.shapes import channel_shape, message_shape, user_shape, view_shape
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.unread import unread_shape
from bot.sandbox.workspace.wire import Json, child, objects

KEEP_ALIVE_S = 15.0


class SeeingControl:
    """The GET calls of the workspace."""

    def __init__(self, team: Team) -> None:
        self.team = team

    def routes(self) -> list[web.RouteDef]:
        calls = {
            "views/{user}": self.views,
            "channels": self.channels,
            "users": self.users,
            "apps": self.apps,
            "messages/{channel}": self.messages,
            "events": self.events,
            "calls": self.calls,
            "deliveries": self.deliveries,
        }
        return [web.get(f"/control/{name}", answered(call)) for name, call in calls.items()]

    async def views(self, request: web.Request) -> web.Response:
        user = person(self.team, request.match_info["user"])
        homes = [view for view in self.team.world.views.values() if view.kind == "home" and view.user == user.id]
        return web.json_response([view_shape(self.team, view) for view in [*views.modals_of(self.team, user.id), *homes]])

    async def channels(self, request: web.Request) -> web.Response:
        viewer = person(self.team, request.query["user"]) if request.query.get("user") else None
        seen = [c for c in self.team.world.channels.values() if viewer is None or not c.is_private or viewer.id in c.members]
        shapes = [channel_shape(self.team, c, viewer.id if viewer else "", members=True) | {"members": c.members} for c in seen]
        for shape, c in zip(shapes, seen, strict=True):
            shape |= {"bookmarks": len(c.bookmarks), "pins": len(c.pins)}
            shape |= unread_shape(c, viewer.id) if viewer is not None else {}
        return web.json_response(shapes)

    async def users(self, request: web.Request) -> web.Response:
        return web.json_response([user_shape(self.team, user) for user in self.team.world.users.values()])

    async def apps(self, request: web.Request) -> web.Response:
        return web.json_response([self.app_shape(app) for app in self.team.live_apps()])

    def app_shape(self, app: App) -> Json:
        features = child(app.manifest, "features")
        return {
            "id": app.id,
            "name": app.name,
            "bot_user_id": app.bot_user,
            "bot_user": self.team.world.users[app.bot_user].name,
            "request_url": app.request_url,
            "sockets": len(self.team.delivery.sockets.of(app.id)),
            "commands": [
                {name: one.get(name) for name in ("command", "description", "usage_hint")} for one in objects(features, "slash_commands")
            ],
            "shortcuts": objects(features, "shortcuts"),
            "home_tab": bool(child(features, "app_home").get("home_tab_enabled")),
        }

    async def messages(self, request: web.Request) -> web.Response:
        """Oldest first. A message only its reader sees has is_ephemeral; where the person is named, only theirs are shown."""
        viewer = person(self.team, request.query["user"]) if request.query.get("user") else None
        channel = place(self.team, viewer, request.match_info["channel"])
        own = [m for m in channel.ephemerals.values() if viewer is not None and m.hidden_to_all_but == viewer.id]
        seen = sorted([*channel.messages.values(), *own], key=lambda message: message.ts)
        thread = request.query.get("thread_ts")
        if thread:
            seen = [message for message in seen if thread in (message.ts, message.thread_ts)]
        return web.json_response([message_shape(self.team, channel, message, metadata=True) for message in seen])

    async def calls(self, request: web.Request) -> web.Response:
        method = request.query.get("method")
        return web.json_response([call for call in self.team.calls.to_json() if method in (None, call["method"])])

    async def deliveries(self, request: web.Request) -> web.Response:
        return web.json_response(self.team.delivery.log())

    async def events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        changes = self.team.changes.watch()
        try:
            await response.write(b": watching\n\n")
            while request.transport is not None:
                try:
                    async with asyncio.timeout(KEEP_ALIVE_S):
                        change = await changes.get()
                except TimeoutError:
                    await response.write(b": still here\n\n")
                    continue
                if change is None:
                    break
                await response.write(f"data: {json.dumps(change)}\n\n".encode())
        except ConnectionError:
            pass
        finally:
            self.team.changes.leave(changes)
        return response
