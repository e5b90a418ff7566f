"""The door of the Web API: reads a call, knows the caller, applies faults, scopes and limits, and answers."""

from __future__ import annotations

from aiohttp import web

from bot.sandbox.calls import Call
from bot.sandbox.faults import Fault, cut, refusal
from bot.sandbox.workspace.api import (
    auth,
    bookmarks,
    canvases,
    chat,
    conversations,
    files,
    history,
    members,
    openid,
    people,
    pins,
    reactions,
    scheduled,
    usergroups,
    views,
)
from bot.sandbox.workspace.api.base import METHODS, Caller, Method
from bot.sandbox.workspace.model import SLACKBOT
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Args, Json, SlackError, read_args

FAMILIES = (
    auth, bookmarks, canvases, chat, conversations, files, history, members, openid, people, pins, reactions, scheduled, usergroups, views,
)  # fmt: skip


class Limited(Exception):
    """The call comes too early; `after` is in seconds."""

    def __init__(self, after: int) -> None:
        super().__init__(after)
        self.after = after


class Door:
    """Serves /api/{method}."""

    def __init__(self, team: Team) -> None:
        self.team = team

    async def serve(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        try:
            args = await read_args(request)
        except SlackError as error:
            return web.json_response({"ok": False, "error": error.code})
        caller = self.caller(request, args)
        call = self.team.calls.begin(name, args.values, caller.name if isinstance(caller, Caller) else "")
        fault = self.team.faults.take("slack", name)
        try:
            return await self.answer(request, name, args, caller, fault, call)
        finally:
            if call.end is None:
                call.finish(call.result)

    async def answer(
        self, request: web.Request, name: str, args: Args, caller: Caller | str, fault: Fault | None, call: Call
    ) -> web.StreamResponse:
        if not (fault and fault.reset == "after"):
            await self.team.faults.hold(fault)
        refused = refusal(request, fault)
        if refused is not None:
            call.finish(refused_result(fault))
            return json_refusal(refused, fault)
        try:
            result = failed(SlackError(fault.error)) if fault and fault.error else {"ok": True} | self.run(name, args, caller)
        except SlackError as error:
            result = failed(error)
        except Limited as limited:
            call.finish({"ok": False, "error": "ratelimited"})
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(limited.after)})
        call.finish(result)
        if fault and fault.reset == "after":  # done, and the caller never hears of it: at once, or after a silence
            await self.team.faults.hold(fault)
            return cut(request)
        scopes = ",".join(sorted(caller.app.scopes)) if isinstance(caller, Caller) and caller.app else ""
        return web.json_response(result, headers={"X-OAuth-Scopes": scopes} if scopes else None)

    def run(self, name: str, args: Args, caller: Caller | str) -> Json:
        """Carry out a call. Raises SlackError or Limited."""
        method = METHODS.get(name)
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        if "none" in method.tokens and isinstance(caller, str):
            caller = Caller("none", self.team.world.users[SLACKBOT])
        if isinstance(caller, str):
            raise SlackError(caller)
        if caller.kind not in method.tokens:
            raise SlackError("not_allowed_token_type")
        caller.need(*method.scopes)
        self.limit(method, args, caller)
        return method.handler(self.team, caller, args)

    def limit(self, method: Method, args: Args, caller: Caller) -> None:
        if caller.app is None:
            return
        after = self.team.limits.wait(caller.app.id, method.name, method.tier)
        if after is None and method.name == "chat.postMessage":
            after = self.team.limits.wait_to_post(caller.app.id, args.text("channel"))
        if after is not None:
            raise Limited(after)

    def caller(self, request: web.Request, args: Args) -> Caller | str:
        """Whose token it is, or the error: not_authed, invalid_auth, token_revoked, account_inactive."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        token = token if scheme.lower() == "bearer" else args.text("token")
        if not token:
            return "not_authed"
        for app in self.team.world.apps.values():
            if token in (app.bot_token, app.app_token):
                kind = "bot" if token == app.bot_token else "app"
                user = self.team.world.users[app.bot_user]
                return "token_revoked" if app.revoked else Caller("bot" if kind == "bot" else "app", user, app)
        user_of_token = self.team.find_user(token.removeprefix("xoxp-")) if token.startswith("xoxp-") else None
        if user_of_token is None or user_of_token.is_bot:
            return "invalid_auth"
        return "account_inactive" if user_of_token.deleted else Caller("user", user_of_token)


def failed(error: SlackError) -> Json:
    return {"ok": False, "error": error.code} | error.more


def refused_result(fault: Fault | None) -> Json:
    if fault and fault.reset:
        return {"ok": False, "error": "(connection reset)"}
    status = fault.http_status if fault else None
    return {"ok": False, "error": "ratelimited" if status == 429 else f"(HTTP {status})"}


def json_refusal(refused: web.Response, fault: Fault | None) -> web.Response:
    """A 429 has Slack's body; any other status answers as a broken server would."""
    if fault and not fault.reset and fault.http_status == 429:
        return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=fault.headers)
    return refused
