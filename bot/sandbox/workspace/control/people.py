"""What people do in Slack, one control call each."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import get_args

from aiohttp import web

from bot.sandbox.workspace import channels, commands, events, messages, typed, uploads, views
from bot.sandbox.workspace.api.base import Caller
from bot.sandbox.workspace.api.chat import need_to_post
from bot.sandbox.workspace.control.parse import BadRequest, Body, answered, app_named, message_in, person, place, read_body, view_of
from bot.sandbox.workspace.interactions import Interactions, Place
from bot.sandbox.workspace.modals import Modals
from bot.sandbox.workspace.model import App, Channel, Level, Message, User
from bot.sandbox.workspace.outcome import Outcome, refused
from bot.sandbox.workspace.seed import SeedUser
from bot.sandbox.workspace.shapes import message_shape, user_shape, view_shape
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Json, SlackError, child, objects

LEVELS: tuple[Level, ...] = get_args(Level)
AT_ELEMENT = ("user", "channel", "ts", "view_id", "action_id", "block_id", "value")


class PeopleControl:
    """POST /control/command, message, click and so on."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self.interactions = Interactions(team)
        self.modals = Modals(team, self.interactions)

    def routes(self) -> list[web.RouteDef]:
        calls = {
            "command": self.command,
            "message": self.message,
            "edit": self.edit,
            "delete": self.delete,
            "react": self.react,
            "unreact": self.unreact,
            "pin": self.pin,
            "upload": self.upload,
            "join": self.join,
            "leave": self.leave,
            "users": self.new_user,
            "click": self.click,
            "select": self.click,
            "suggest": self.suggest,
            "submit": self.submit,
            "close": self.close,
            "shortcut": self.shortcut,
            "message_action": self.message_action,
            "home": self.home,
        }
        return [web.post(f"/control/{name}", answered(call)) for name, call in calls.items()]

    def where(self, body: Body) -> tuple[User, Channel]:
        user = person(self.team, body.text("user"))
        return user, place(self.team, user, body.text("channel"))

    async def command(self, request: web.Request) -> web.Response:
        body = await read_body(request, "user", "channel", "text")
        user, channel = self.where(body)
        if not body.text("text").lstrip().startswith("/"):
            raise BadRequest("A command starts with /. For a message there is /control/message.")
        closed = cannot_write(user, channel)
        return reply(closed or await commands.run(self.team, user, channel, body.text("text")))

    async def message(self, request: web.Request) -> web.Response:
        body = await read_body(request, "user", "channel", "text", "thread_ts", "broadcast")
        user, channel = self.where(body)
        closed = cannot_write(user, channel)
        if closed is not None:
            return reply(closed)
        thread_ts = body.text_or_none("thread_ts")
        if thread_ts is not None:
            asked = message_in(channel, thread_ts, user)
            thread_ts = asked.thread_ts if asked.is_reply else asked.ts
        if not body.text("text").strip():
            raise BadRequest("A message has some text.")
        text = typed.as_message(self.team, body.text("text"))
        return self.posted(channel, messages.person_says(self.team, channel, user, text, thread_ts, body.flag("broadcast")))

    async def edit(self, request: web.Request) -> web.Response:
        body = await read_body(request, "user", "channel", "ts", "text")
        user, channel = self.where(body)
        message = message_in(channel, body.text("ts"), user)
        if message.user != user.id:
            return reply(refused("cant_update_message", "You can edit only your own messages."))
        text = typed.as_message(self.team, body.text("text"))
        block = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}]}
        return self.posted(channel, messages.change(self.team, channel, message, user.id, text=text, blocks=[block]))

    def posted(self, channel: Channel, message: Message) -> web.Response:
        more = {"channel": channel.id, "ts": message.ts, "message": message_shape(self.team, channel, message)}
        return reply(Outcome(more=more))

    async def delete(self, request: web.Request) -> web.Response:
        body = await read_body(request, "user", "channel", "ts")
        user, channel = self.where(body)
        message = message_in(channel, body.text("ts"), user)
        if message.user != user.id and message.hidden_to_all_but is None and user.level not in ("admin", "owner"):
            return reply(refused("cant_delete_message", "You can delete only your own messages."))
        messages.delete(self.team, channel, message)
        return reply(Outcome())

    async def react(self, request: web.Request) -> web.Response:
        body = await read_body(request, "user", "channel", "ts", "name")
        user, channel = self.where(body)
        name = body.text("name").strip(":")
        if not re.fullmatch(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?", name):
            return reply(refused("invalid_name", f"There is no emoji :{name}:."))
        if not messages.react(self.team, channel, message_in(channel, body.text("ts"), user), user.id, name):
            return reply(refused("already_reacted", "You have reacted so already."))
        return reply(Outcome())

    async def unreact(self, request: web.Request) -> web.Response:
        body = await read_body(request, "user", "channel", "ts", "name")
        user, channel = self.where(body)
        if not messages.unreact(self.team, channel, message_in(channel, body.text("ts"), user), user.id, body.text("name").strip(":")):
            return reply(refused("no_reaction", "You have not reacted so."))
        return reply(Outcome())

    async def pin(self, request: web.Request) -> web.Response:
        body = await read_body(request, "user", "channel", "ts")
        user, channel = self.where(body)
        message = message_in(channel, body.text("ts"), user)
        if any(one.ts == message.ts for one in channel.pins):
            return reply(refused("already_pinned", "This message is pinned already."))
        messages.pin(self.team, channel, message, user.id)
        return reply(Outcome())

    async def upload(self, request: web.Request) -> web.Response:
        """Share a file in a channel; with no channel, put it into an input of a form that is still open."""
        body = await read_body(request, "user", "channel", "filename", "content", "base64", "text", "thread_ts")
        if body.text_or_none("channel") is None:
            user = person(self.team, body.text("user"))
            kept = uploads.keep(self.team, user, body.text("filename"), body.text("content").encode())
            return reply(Outcome(more={"file": kept.id}))
        user, channel = self.where(body)
        closed = cannot_write(user, channel)
        if closed is not None:
            return reply(closed)
        text = typed.as_message(self.team, body.text_or_none("text") or "")
        encoded = body.text_or_none("base64")  # what is no text
        content = body.text("content").encode() if encoded is None else b64decode(encoded)
        file = uploads.upload(self.team, channel, user, body.text("filename"), content, text, body.text_or_none("thread_ts"))
        return reply(Outcome(more={"file": file.id, "channel": channel.id, "ts": file.shares[channel.id]}))

    async def join(self, request: web.Request) -> web.Response:
        user, channel = self.where(await read_body(request, "user", "channel"))
        if channel.archived:
            return reply(refused("is_archived", "This channel is archived."))
        if user.id not in channel.members:
            channels.add_member(self.team, channel, user)
        return reply(Outcome(more={"channel": channel.id}))

    async def leave(self, request: web.Request) -> web.Response:
        user, channel = self.where(await read_body(request, "user", "channel"))
        if user.id in channel.members:
            channels.remove_member(self.team, channel, user)
        return reply(Outcome())

    async def new_user(self, request: web.Request) -> web.Response:
        body = await read_body(request, "name", "real_name", "tz", "level")
        name, wanted = body.text("name"), body.text_or_none("level") or "member"
        level = next((one for one in LEVELS if one == wanted), None)
        if not re.fullmatch(r"[a-z][a-z0-9._-]*", name) or self.team.find_user(name) is not None:
            raise BadRequest(f"{name!r} is taken, or no user name.")
        if level is None:
            raise BadRequest(f"The level is one of {', '.join(LEVELS)}.")
        one = SeedUser(name, body.text_or_none("real_name") or name.capitalize(), body.text_or_none("tz") or "UTC")
        id_ = one.id if one.id not in self.team.world.users else self.team.world.new_id("U")
        user = User(id_, name, one.real_name, f"{name}@example.com", one.tz, level, updated=self.team.seconds())
        self.team.world.users[id_] = user
        events.announce(self.team, {"type": "team_join", "user": user_shape(self.team, user), "event_ts": self.team.new_ts()})
        self.team.changed("users")
        return reply(Outcome(more={"user": user_shape(self.team, user)}))

    def at(self, body: Body) -> Place:
        """The message or view an element is in."""
        user = person(self.team, body.text("user"))
        view_id = body.text_or_none("view_id")
        if view_id is not None:
            view = view_of(self.team, user, view_id)
            return Place(self.team.world.apps[view.app_id], user, view=view)
        channel = place(self.team, user, body.text("channel"))
        message = message_in(channel, body.text("ts"), user)
        app = self.team.world.apps.get(message.app_id or "")
        if app is None:
            raise BadRequest("This message was not posted by an app, so nothing in it can be pressed.")
        return Place(app, user, channel, message)

    async def click(self, request: web.Request) -> web.Response:
        body = await read_body(request, *AT_ELEMENT)
        at = self.at(body)
        return reply(await self.interactions.click(at, body.text("action_id"), body.values.get("value"), body.text_or_none("block_id")))

    async def suggest(self, request: web.Request) -> web.Response:
        body = await read_body(request, *AT_ELEMENT)
        at = self.at(body)
        return reply(await self.interactions.suggest(at, body.text("action_id"), body.text("value"), body.text_or_none("block_id")))

    async def submit(self, request: web.Request) -> web.Response:
        body = await read_body(request, "user", "view_id", "values")
        view = view_of(self.team, person(self.team, body.text("user")), body.text("view_id"))
        return reply(await self.modals.submit(view, body.object("values")))

    async def close(self, request: web.Request) -> web.Response:
        body = await read_body(request, "user", "view_id", "all")
        view = view_of(self.team, person(self.team, body.text("user")), body.text("view_id"))
        if view.kind == "home":
            raise BadRequest("A home tab cannot be closed.")
        return reply(await self.modals.close(view, body.flag("all")))

    async def shortcut(self, request: web.Request) -> web.Response:
        body = await read_body(request, "user", "callback_id")
        user = person(self.team, body.text("user"))
        app = self.with_shortcut(body.text("callback_id"), "global")
        return reply(await self.interactions.shortcut(app, user, body.text("callback_id")))

    async def message_action(self, request: web.Request) -> web.Response:
        body = await read_body(request, "user", "channel", "ts", "callback_id")
        user, channel = self.where(body)
        message = message_in(channel, body.text("ts"), user)
        app = self.with_shortcut(body.text("callback_id"), "message")
        return reply(await self.interactions.message_action(app, user, channel, message, body.text("callback_id")))

    def with_shortcut(self, callback_id: str, kind: str) -> App:
        for app in self.team.live_apps():
            for one in objects(child(app.manifest, "features"), "shortcuts"):
                if one.get("callback_id") == callback_id and one.get("type") == kind:
                    return app
        raise BadRequest(f"No installed app has a {kind} shortcut {callback_id!r} in its manifest.")

    async def home(self, request: web.Request) -> web.Response:
        body = await read_body(request, "user", "app", "tab")
        user, app = person(self.team, body.text("user")), app_named(self.team, body.text_or_none("app"))
        tab = body.text_or_none("tab") or "home"
        if tab not in ("home", "messages"):
            raise BadRequest("The tab is home or messages.")
        view = views.home_of(self.team, app, user.id)
        channel = self.team.direct([user.id, app.bot_user])
        event: Json = {"type": "app_home_opened", "user": user.id, "channel": channel.id, "tab": tab, "event_ts": self.team.new_ts()}
        shown = view_shape(self.team, view) if view is not None else None
        events.announce(self.team, event | ({"view": shown} if shown and tab == "home" else {}), only=app.id)
        return reply(Outcome(more={"view": shown}))


def cannot_write(user: User, channel: Channel) -> Outcome | None:
    """Why the person has no message box in this channel, if so."""
    try:
        need_to_post(Caller("user", user), channel)
    except SlackError as error:
        why = "This channel is archived." if error.code == "is_archived" else f"{user.name} is not in #{channel.name}. Join it first."
        return refused(error.code, why)
    return None


def reply(outcome: Outcome) -> web.Response:
    return web.json_response(outcome.to_json())
