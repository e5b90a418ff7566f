"""Files: their bytes, sharing them in a channel, and taking them away."""

from __future__ import annotations

import base64
import mimetypes
from html import escape

from aiohttp import web

from bot.sandbox.workspace import events, messages
from bot.sandbox.workspace.model import App, Canvas, Channel, File, Message, User
from bot.sandbox.workspace.team import Team
from bot.web.markdown import to_html
from bot.web.pages import POLICY


def mimetype(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "text/plain"


async def receive(team: Team, request: web.Request) -> web.Response:
    """POST /files/upload/{key}: the second step of an upload, without a token."""
    file = team.world.files.get(team.uploads.get(request.match_info["key"], ""))
    if file is None:
        return web.Response(status=404, text="invalid_upload_url")
    if request.content_type == "multipart/form-data":
        form = await request.post()
        part = next((one for one in form.values() if isinstance(one, web.FileField)), None)
        content = part.file.read() if part else b""
    else:
        content = await request.read()
    if len(content) != file.size:
        return web.Response(status=400, text="length_mismatch")
    file.content = base64.b64encode(content).decode()
    return web.Response(text=f"OK - {len(content)}")


def send(team: Team, request: web.Request) -> web.Response:
    """GET /files/{id}/…: the bytes; of a canvas its sections as HTML, for whoever shows a token."""
    canvas = team.world.canvases.get(request.match_info["id"])
    if canvas is not None:
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            return web.Response(status=302, headers={"Location": f"{team.address}/sign-in"})
        return web.Response(text=page_of(canvas), content_type="text/html", charset="utf-8", headers={"Content-Disposition": "attachment"})
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")  # a browser, which is signed in, shows none
    if shown and shown not in {app.bot_token for app in team.world.apps.values()}:
        return web.Response(status=302, headers={"Location": f"{team.address}/sign-in"})
    file = team.world.files.get(request.match_info["id"])
    if file is None or file.content is None or file.deleted:
        return web.Response(status=404, text="file_not_found")
    # As an attachment and never as a page: what people upload must not run in the sandbox's own origin.
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return web.Response(body=base64.b64decode(file.content), content_type=file.mimetype, headers=headers)


def page_of(canvas: Canvas) -> str:
    """A canvas as HTML, each section under its id. People's Markdown is made safe by the bot's own renderer."""
    parts = "".join(f'<div id="{escape(section.id)}">{to_html(section.markdown)}</div>' for section in canvas.sections)
    title = escape(canvas.title or "Untitled")
    head = f"<meta charset='utf-8'><title>{title}</title>"
    return f"<!DOCTYPE html><html lang='en'><head>{head}</head><body><h1>{title}</h1>{parts}</body></html>"


def show_canvas(team: Team, request: web.Request) -> web.Response:
    """GET /docs/{team}/{id}: where a canvas's link leads."""
    canvas = team.world.canvases.get(request.match_info["id"])
    if canvas is None:
        return web.Response(status=404, text="This canvas is gone.")
    headers = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
    return web.Response(text=page_of(canvas), content_type="text/html", charset="utf-8", headers=headers)


def share(team: Team, channel: Channel, user: User, app: App | None, files: list[File], text: str, thread_ts: str | None) -> Message:
    """Post files into a channel, and tell the apps there."""
    message = Message("", user.id, text, "file_share" if app is None else None, files=[file.id for file in files], thread_ts=thread_ts)
    if app is not None:
        message.bot_id, message.app_id = app.bot_id, app.id
    ts = messages.post(team, channel, message).ts
    for file in files:
        file.shares[channel.id] = ts
        event = {"type": "file_shared", "file_id": file.id, "user_id": user.id, "file": {"id": file.id}, "channel_id": channel.id}
        events.announce(team, event | {"event_ts": team.new_ts()}, channel)
    return message


def upload(team: Team, channel: Channel, user: User, name: str, content: bytes, text: str, thread_ts: str | None) -> File:
    """A person drops a file into a channel."""
    file = keep(team, user, name, content)
    share(team, channel, user, None, [file], text, thread_ts)
    return file


def keep(team: Team, user: User, name: str, content: bytes) -> File:
    """A person's file, shared nowhere yet."""
    file = File(team.world.new_id("F"), name, name, user.id, len(content), team.seconds(), mimetype(name), complete=True)
    file.content = base64.b64encode(content).decode()
    team.world.files[file.id] = file
    return file


def delete(team: Team, file: File) -> None:
    file.deleted, file.content = True, None
    events.announce(team, {"type": "file_deleted", "file_id": file.id, "event_ts": team.new_ts()})
    team.changed("file", file=file.id)
