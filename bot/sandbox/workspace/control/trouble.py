"""What goes wrong: faults, rate limits, sockets, and apps that come and go."""

from __future__ import annotations

from aiohttp import web

from bot.sandbox.faults import Fault
from bot.sandbox.workspace import apps
from bot.sandbox.workspace.control.parse import BadRequest, Body, answered, app_named, read_body
from bot.sandbox.workspace.model import App
from bot.sandbox.workspace.ratelimits import MODES
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Json

REASONS = ("warning", "refresh_requested", "too_many_websockets", "link_disabled", "abort")


class TroubleControl:
    """Faults, limits, sockets and apps."""

    def __init__(self, team: Team) -> None:
        self.team = team

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/control/fault", answered(self.faults)),
            web.post("/control/fault", answered(self.add_fault)),
            web.delete("/control/fault", answered(self.clear_faults)),
            web.post("/control/ratelimits", answered(self.rate_limits)),
            web.post("/control/socket", answered(self.socket)),
            web.post("/control/apps", answered(self.install)),
            web.delete("/control/apps", answered(self.uninstall)),
        ]

    async def faults(self, request: web.Request) -> web.Response:
        return web.json_response([fault.to_json() for fault in self.team.faults.faults])

    async def add_fault(self, request: web.Request) -> web.Response:
        body = await read_body(request, *Fault.__dataclass_fields__)
        self.team.faults.add(fault_of(body))
        return web.json_response({"ok": True, "error": None, "shown": None})

    async def clear_faults(self, request: web.Request) -> web.Response:
        """Every fault, or with a body only those just like it."""
        body = await read_body(request, *Fault.__dataclass_fields__)
        if body.values:
            self.team.faults.remove(fault_of(body))
        else:
            self.team.faults.clear()
        return web.json_response({"ok": True, "error": None, "shown": None})

    async def rate_limits(self, request: web.Request) -> web.Response:
        wanted = (await read_body(request, "mode")).text("mode")
        mode = next((mode for mode in MODES if mode == wanted), None)
        if mode is None:
            raise BadRequest(f"The mode is one of {', '.join(MODES)}.")
        self.team.limits.switch(mode)
        return web.json_response({"ok": True, "error": None, "shown": None, "mode": wanted})

    async def socket(self, request: web.Request) -> web.Response:
        body = await read_body(request, "disconnect", "app")
        reason = body.text_or_none("disconnect") or "refresh_requested"
        if reason not in REASONS:
            raise BadRequest(f"A socket is disconnected with one of {', '.join(REASONS)}.")
        name = body.text_or_none("app")
        app_id = app_named(self.team, name).id if name else None
        count = await self.team.delivery.sockets.disconnect(reason, app_id)
        return web.json_response({"ok": True, "error": None, "shown": None, "connections": count})

    async def install(self, request: web.Request) -> web.Response:
        body = await read_body(request, "manifest", "request_url")
        try:
            app = apps.install(self.team, body.object("manifest"), body.text_or_none("request_url"))
        except apps.BadManifest as error:
            raise BadRequest(str(error)) from None
        return web.json_response({"ok": True} | secrets_of(app))

    async def uninstall(self, request: web.Request) -> web.Response:
        apps.uninstall(self.team, app_named(self.team, (await read_body(request, "app")).text("app")))
        return web.json_response({"ok": True, "error": None, "shown": None})


def fault_of(body: Body) -> Fault:
    try:
        return Fault.parse(body.values)
    except ValueError as error:
        raise BadRequest(str(error)) from None


def secrets_of(app: App) -> Json:
    return {
        "app_id": app.id,
        "bot_user_id": app.bot_user,
        "bot_id": app.bot_id,
        "bot_token": app.bot_token,
        "app_token": app.app_token,
        "signing_secret": app.signing_secret,
        "verification_token": app.verification_token,
    }
