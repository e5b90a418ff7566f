"""What an app posts to a response_url."""

from __future__ import annotations

import json

from aiohttp import web

from bot.sandbox.faults import cut, refusal
from bot.sandbox.workspace import commands, messages
from bot.sandbox.workspace.blocks import block_problems
from bot.sandbox.workspace.model import Channel, Message
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.tickets import ResponseUrl
from bot.sandbox.workspace.wire import Json, objects

METHOD = "response_url"


async def receive(team: Team, request: web.Request) -> web.StreamResponse:
    """POST /response/…: answer in the place where the command or the click came from. Logged and faulted as the method response_url."""
    text = await request.text()
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    known = isinstance(content, dict)
    call = team.calls.begin(METHOD, content if known else {"body": text}, request.match_info["key"].partition("/")[0])
    try:
        fault = await team.faults.meet(request, "slack", METHOD)
        refused = refusal(request, fault)
        if refused is not None:
            return refused
        error = fault.error if fault and fault.error else answer(team, request.match_info["key"], content if known else None)
        call.finish({"ok": error is None} | ({"error": error} if error else {}))
        if fault and fault.reset == "after":
            return cut(request)
    finally:
        if call.end is None:
            call.finish(None)
    if error is None:
        return web.Response(text="ok")
    return web.Response(status=404 if error in ("expired_url", "used_url") else 400, text=error)


def answer(team: Team, key: str, content: Json | None) -> str | None:
    """Carry out one answer; the error when it is refused."""
    if content is None:
        return "invalid_payload"
    url = team.response_urls.use(key)
    if isinstance(url, str):
        return url
    channel, original = team.world.channels[url.channel], original_of(team, url)
    if content.get("delete_original"):
        if original is not None:
            messages.delete(team, channel, original)
        return None
    if not (content.get("text") or content.get("blocks") or content.get("attachments")):
        return "no_text"
    if content.get("blocks") and block_problems(content["blocks"], "message"):
        return "invalid_blocks"
    if content.get("replace_original") and original is not None:
        replace(team, channel, original, content)
        return None
    app, user = team.world.apps[url.app_id], team.world.users[url.user]
    thread_ts = content.get("thread_ts") or url.thread_ts
    commands.say(team, app, user, channel, content, thread_ts=thread_ts if isinstance(thread_ts, str) else None)
    return None


def original_of(team: Team, url: ResponseUrl) -> Message | None:
    channel = team.world.channels[url.channel]
    return channel.messages.get(url.message_ts or "") or channel.ephemerals.get(url.message_ts or "")


def replace(team: Team, channel: Channel, original: Message, content: Json) -> None:
    text = str(content.get("text") or "")
    blocks, attachments = objects(content, "blocks"), objects(content, "attachments")
    messages.change(team, channel, original, original.user, text=text, blocks=blocks, attachments=attachments)
