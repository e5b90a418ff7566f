"""What every Web API method uses: its registration, its caller, scopes, visibility and paging."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from bot.sandbox.workspace.model import App, Channel, Message, User
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Args, Json, SlackError

T = TypeVar("T")
TokenKind = Literal["bot", "user", "app", "none"]
NO_TOKEN_NEEDED: tuple[TokenKind, ...] = ("bot", "user", "app", "none")

# Which scopes allow a family of conversation methods, by kind of channel; any one will do.
FAMILIES: dict[str, dict[str, tuple[str, ...]]] = {
    "read": {kind: (f"{prefix}:read",) for kind, prefix in (("channel", "channels"), ("group", "groups"), ("im", "im"), ("mpim", "mpim"))},
    "history": {
        kind: (f"{prefix}:history",) for kind, prefix in (("channel", "channels"), ("group", "groups"), ("im", "im"), ("mpim", "mpim"))
    },
    "manage": {
        "channel": ("channels:manage", "channels:write"),
        "group": ("groups:write",),
        "im": ("im:write",),
        "mpim": ("mpim:write",),
    },
    "open": {"channel": ("channels:manage",), "group": ("groups:write",), "im": ("im:write",), "mpim": ("mpim:write",)},
    "invites": {
        "channel": ("channels:manage", "channels:write.invites"),
        "group": ("groups:write", "groups:write.invites"),
        "im": ("im:write",),
        "mpim": ("mpim:write",),
    },
    "topic": {
        "channel": ("channels:manage", "channels:write.topic"),
        "group": ("groups:write", "groups:write.topic"),
        "im": ("im:write", "im:write.topic"),
        "mpim": ("mpim:write", "mpim:write.topic"),
    },
}


@dataclass(frozen=True)
class Caller:
    """Who calls: an app's bot, an app itself (app-level token), or a person with their own token, who may do anything a person may."""

    kind: TokenKind
    user: User
    app: App | None = None

    @property
    def name(self) -> str:
        return self.app.name if self.app else self.user.name

    def need(self, *scopes: str) -> None:
        """Raise missing_scope unless one of the scopes was granted."""
        if self.app is not None and self.kind == "bot" and scopes and self.app.scopes.isdisjoint(scopes):
            raise SlackError("missing_scope", needed=",".join(scopes), provided=",".join(sorted(self.app.scopes)))

    def the_app(self) -> App:
        """The calling app; only an app has views and triggers."""
        if self.app is None:
            raise SlackError("not_allowed_token_type")
        return self.app


Handler = Callable[[Team, Caller, Args], Json]


@dataclass(frozen=True)
class Method:
    """A Web API method. No tier: Slack limits it in its own way. `family` stands for the conversation scopes checked in the method."""

    name: str
    tier: int | None
    scopes: tuple[str, ...]
    tokens: tuple[TokenKind, ...]
    handler: Handler


METHODS: dict[str, Method] = {}


def method(
    name: str, tier: int | None, *scopes: str, family: str | None = None, tokens: tuple[TokenKind, ...] = ("bot", "user")
) -> Callable[[Handler], Handler]:
    """Register a Web API method under its name."""
    allowed = scopes if family is None else tuple(scope for any_of in FAMILIES[family].values() for scope in any_of)

    def register(handler: Handler) -> Handler:
        METHODS[name] = Method(name, tier, allowed, tokens, handler)
        return handler

    return register


def visible(team: Team, caller: Caller, channel: Channel) -> bool:
    return not channel.is_private or caller.user.id in channel.members


def find_channel(team: Team, caller: Caller, name: str, family: str | None = None, error: str = "channel_not_found") -> Channel:
    """A channel the caller may see, by id. Raises channel_not_found, or missing_scope when its kind needs another scope."""
    channel = team.world.channels.get(name)
    if channel is None or not visible(team, caller, channel):
        raise SlackError(error)
    if family is not None:
        caller.need(*FAMILIES[family][channel.kind])
    return channel


def need_member(caller: Caller, channel: Channel) -> None:
    if caller.user.id not in channel.members:
        raise SlackError("not_in_channel")


def need_open(channel: Channel) -> None:
    if channel.archived:
        raise SlackError("is_archived")


def need_channel(channel: Channel) -> None:
    """Refuse direct messages, where the method makes no sense."""
    if channel.is_direct:
        raise SlackError("method_not_supported_for_channel_type")


def find_message(channel: Channel, ts: str, error: str = "message_not_found") -> Message:
    message = channel.messages.get(ts)
    if message is None or message.subtype == "tombstone":
        raise SlackError(error)
    return message


def encode_cursor(kind: str, value: str) -> str:
    return base64.b64encode(f"{kind}:{value}".encode()).decode()


def decode_cursor(kind: str, cursor: str) -> str:
    """What a cursor of this kind stands for. Raises invalid_cursor."""
    try:
        name, _, value = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise SlackError("invalid_cursor") from None
    if name != kind or not value:
        raise SlackError("invalid_cursor")
    return value


def page(items: list[T], args: Args, kind: str, key: Callable[[T], str], most: int = 1000, default: int = 100) -> tuple[list[T], str]:
    """One page of items and the cursor of the next, empty at the end. The cursor names the first item of the next page."""
    limit = args.whole("limit", default)
    if limit < 0 or limit > most:
        raise SlackError("invalid_limit")
    start = 0
    if args.has("cursor"):
        first = decode_cursor(kind, args.text("cursor"))
        start = next((n for n, item in enumerate(items) if key(item) == first), -1)
        if start < 0:
            raise SlackError("invalid_cursor")
    end = start + (limit or default)
    return items[start:end], encode_cursor(kind, key(items[end])) if end < len(items) else ""


def with_cursor(reply: Json, cursor: str) -> Json:
    return reply | {"response_metadata": {"next_cursor": cursor}}
