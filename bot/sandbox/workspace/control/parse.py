"""Reading control calls: bodies, people, channels, messages and views by name. Whatever is wrong is a BadRequest with a sentence."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from bot.sandbox.workspace.model import App, Channel, Message, User, View
from bot.sandbox.workspace.state import BadValue
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Json

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class BadRequest(Exception):
    """A control call that cannot be carried out as it was made; the text is the answer's sentence."""


class Body:
    """The JSON object of a control call. Nothing but `allowed` may be in it."""

    def __init__(self, values: Json, allowed: tuple[str, ...]) -> None:
        unknown = [name for name in values if name not in allowed]
        if unknown:
            raise BadRequest(f"This call does not take {', '.join(unknown)}. It takes {', '.join(allowed)}.")
        self.values = values

    def text(self, name: str) -> str:
        value = self.text_or_none(name)
        if value is None:
            raise BadRequest(f"{name} is needed.")
        return value

    def text_or_none(self, name: str) -> str | None:
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            raise BadRequest(f"{name} is a text, not {json.dumps(value)}.")
        return value

    def flag(self, name: str) -> bool:
        return self.values.get(name) is True

    def object(self, name: str) -> Json:
        value = self.values.get(name, {})
        if not isinstance(value, dict):
            raise BadRequest(f"{name} is an object, not {json.dumps(value)}.")
        return value


async def read_body(request: web.Request, *allowed: str) -> Body:
    text = await request.text()
    try:
        values: Any = json.loads(text) if text else {}
    except ValueError:
        raise BadRequest("The body is not JSON.") from None
    if not isinstance(values, dict):
        raise BadRequest("The body is a JSON object.")
    return Body(values, allowed)


def answered(handler: Handler) -> Handler:
    """Turn a BadRequest into a 400 with its sentence. A page of another site that reaches for the sandbox gets a 403."""

    async def answer(request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            return web.json_response({"error": f"The sandbox does not take calls from pages of {origin}."}, status=403)
        try:
            return await handler(request)
        except (BadRequest, BadValue) as error:
            return web.json_response({"error": str(error)}, status=400)

    return answer


def person(team: Team, name: str) -> User:
    user = team.find_user(name)
    if user is None or user.is_bot:
        there = ", ".join(sorted(u.name for u in team.world.users.values() if not u.is_bot and not u.deleted))
        raise BadRequest(f"There is nobody called {name!r}. There are {there}.")
    if user.deleted:
        raise BadRequest(f"{user.real_name} is deactivated and cannot do anything.")
    return user


def place(team: Team, user: User | None, name: str) -> Channel:
    """A channel that the person sees; "@name" is the direct message with that user."""
    if name.startswith("@"):
        other = team.find_user(name)
        if user is None or other is None:
            raise BadRequest(f"There is nobody called {name!r}." if user else f"{name} is a direct message: say whose, with user.")
        return team.direct([user.id, other.id])
    channel = team.find_channel(name)
    if channel is None or (user is not None and channel.is_private and user.id not in channel.members):
        raise BadRequest(f"There is no channel {name!r}{f' that {user.name} can see' if user else ''}.")
    return channel


def message_in(channel: Channel, ts: str, user: User) -> Message:
    """A message of the channel, or one that only this person sees."""
    message = channel.messages.get(ts) or channel.ephemerals.get(ts)
    if message is None or message.hidden_to_all_but not in (None, user.id):
        raise BadRequest(f"There is no message {ts!r} in {channel.name or 'this direct message'} that {user.name} can see.")
    return message


def view_of(team: Team, user: User, view_id: str) -> View:
    view = team.world.views.get(view_id)
    if view is None or view.user != user.id:
        raise BadRequest(f"{user.name} has no view {view_id!r} open.")
    return view


def app_named(team: Team, name: str | None) -> App:
    app = team.find_app(name)
    if app is None:
        raise BadRequest(f"There is no app {name!r}." if name else "No app is installed.")
    return app
