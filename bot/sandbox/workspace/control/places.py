"""A channel's surroundings: how far one has read, its topic, pins and bookmarks, and its messages a stretch at a time."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from bot.sandbox.workspace import channels, messages
from bot.sandbox.workspace.api.canvases import edited, remove
from bot.sandbox.workspace.control.parse import BadRequest, Body, answered, message_in, person, place, read_body
from bot.sandbox.workspace.model import Bookmark, Channel, User
from bot.sandbox.workspace.outcome import Outcome, refused
from bot.sandbox.workspace.shapes import bookmark_shape, message_shape
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.timeline import stretch

LONGEST_STRETCH = 500


class PlacesControl:
    """The calls about one channel."""

    def __init__(self, team: Team) -> None:
        self.team = team

    def routes(self) -> list[web.RouteDef]:
        acting = {
            "read": self.read,
            "topic": self.topic,
            "unpin": self.unpin,
            "bookmark": self.bookmark,
            "unbookmark": self.unbookmark,
            "canvas": self.canvas,
            "connect": self.connect,
        }
        return [
            web.get("/control/timeline/{channel}", answered(self.timeline)),
            web.get("/control/channels/{channel}", answered(self.details)),
            *(web.post(f"/control/{name}", answered(call)) for name, call in acting.items()),
        ]

    def seen(self, request: web.Request) -> tuple[User | None, Channel]:
        viewer = person(self.team, request.query["user"]) if request.query.get("user") else None
        return viewer, place(self.team, viewer, request.match_info["channel"])

    async def timeline(self, request: web.Request) -> web.Response:
        viewer, channel = self.seen(request)
        limit = request.query.get("limit", "50")
        if not limit.isdecimal() or not 1 <= int(limit) <= LONGEST_STRETCH:
            raise BadRequest(f"The limit is a number from 1 to {LONGEST_STRETCH}, not {limit!r}.")
        where = {name: request.query.get(name, "") for name in ("before", "since", "around")}
        found = stretch(channel, viewer.id if viewer else None, int(limit), **where)
        shown = [message_shape(self.team, channel, message, metadata=True) for message in found.messages]
        return web.json_response({"channel": channel.id, "messages": shown, "older": found.older, "newer": found.newer})

    async def details(self, request: web.Request) -> web.Response:
        _, channel = self.seen(request)
        pinned = [(pin, channel.messages[pin.ts]) for pin in channel.pins if pin.ts in channel.messages]
        pins = [{"created": pin.created, "created_by": pin.by, "message": message_shape(self.team, channel, m)} for pin, m in pinned]
        marks = [bookmark_shape(channel, bookmark) for bookmark in channel.bookmarks]
        canvases = [
            {"id": one.id, "title": one.title, "sections": [{"id": section.id, "markdown": section.markdown} for section in one.sections]}
            for one in self.team.world.canvases.values()
            if one.channel_id == channel.id
        ]
        return web.json_response(
            {"channel": channel.id, "members": channel.members, "pins": pins, "bookmarks": marks, "canvases": canvases}
        )

    async def canvas(self, request: web.Request) -> web.Response:
        """Somebody edits a section of a channel's canvas; without words it is taken away, without a section the whole canvas."""
        body = await read_body(request, "user", "channel", "canvas", "section", "text")
        user, channel = self.where(body)
        canvas = self.team.world.canvases.get(body.text("canvas"))
        if canvas is None or canvas.channel_id != channel.id:
            raise BadRequest("There is no such canvas in this channel.")
        name, words = body.text_or_none("section"), body.text_or_none("text") or ""
        if name is None:
            remove(self.team, canvas)
            return reply(Outcome())
        section = next((one for one in canvas.sections if one.id == name), None)
        if section is None:
            raise BadRequest("The canvas has no such section.")
        section.markdown = words
        canvas.sections = [one for one in canvas.sections if one.markdown.strip()]
        edited(self.team, canvas, user.id)
        return reply(Outcome())

    def where(self, body: Body) -> tuple[User, Channel]:
        user = person(self.team, body.text("user"))
        return user, place(self.team, user, body.text("channel"))

    async def read(self, request: web.Request) -> web.Response:
        body = await read_body(request, "user", "channel", "ts")
        user, channel = self.where(body)
        if body.text("ts") > channel.last_read.get(user.id, ""):
            channel.last_read[user.id] = body.text("ts")
            self.team.changed("read", channel=channel.id, user=user.id)
        return reply(Outcome())

    async def topic(self, request: web.Request) -> web.Response:
        body = await read_body(request, "user", "channel", "topic")
        user, channel = self.where(body)
        if channel.is_direct or channel.archived or user.id not in channel.members:
            return reply(refused("not_in_channel", "Only members of a channel that is not archived set its topic."))
        if len(body.text("topic")) > channels.LONGEST_NOTE:
            return reply(refused("too_long", f"A topic has at most {channels.LONGEST_NOTE} characters."))
        channels.set_topic(self.team, channel, body.text("topic"), user.id)
        return reply(Outcome())

    async def connect(self, request: web.Request) -> web.Response:
        """Share the channel with another company, as by Slack Connect."""
        _, channel = self.where(await read_body(request, "user", "channel"))
        channel.is_ext_shared = True
        self.team.changed("channel", channel=channel.id)
        return reply(Outcome())

    async def unpin(self, request: web.Request) -> web.Response:
        body = await read_body(request, "user", "channel", "ts")
        user, channel = self.where(body)
        message = message_in(channel, body.text("ts"), user)
        if all(pin.ts != message.ts for pin in channel.pins):
            return reply(refused("no_pin", "This message is not pinned."))
        messages.unpin(self.team, channel, message, user.id)
        return reply(Outcome())

    async def bookmark(self, request: web.Request) -> web.Response:
        body = await read_body(request, "user", "channel", "title", "link", "emoji")
        user, channel = self.where(body)
        link, title = body.text("link").strip(), body.text("title").strip()
        if urlsplit(link).scheme not in ("http", "https") or not urlsplit(link).netloc or not title:
            return reply(refused("invalid_link", "A bookmark has a title and a link that begins with http:// or https://."))
        now = self.team.seconds()
        channel.bookmarks.append(Bookmark(self.team.world.new_id("Bk"), title, link, body.text_or_none("emoji") or "", now, 0, user.id))
        self.team.changed("bookmark", channel=channel.id)
        return reply(Outcome())

    async def unbookmark(self, request: web.Request) -> web.Response:
        body = await read_body(request, "user", "channel", "id")
        _, channel = self.where(body)
        kept = [one for one in channel.bookmarks if one.id != body.text("id")]
        if len(kept) == len(channel.bookmarks):
            return reply(refused("not_found", "There is no such bookmark here any more."))
        channel.bookmarks = kept
        self.team.changed("bookmark", channel=channel.id)
        return reply(Outcome())


def reply(outcome: Outcome) -> web.Response:
    return web.json_response(outcome.to_json())
