"""The world of a workspace: plain data, kept as one JSON snapshot. Ids and timestamps are given out here, once each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from bot.sandbox.workspace.wire import Json

Level = Literal["member", "admin", "owner", "guest", "single_channel_guest", "deactivated"]
Kind = Literal["channel", "group", "im", "mpim"]

SLACKBOT = "USLACKBOT"
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass
class User:
    """A person, or the user that stands for a bot (then `bot_id` and `app_id` are set). `updated` is in Unix seconds."""

    id: str
    name: str
    real_name: str
    email: str = ""
    tz: str = "UTC"
    level: Level = "member"
    bot_id: str | None = None
    app_id: str | None = None
    updated: int = 0

    @property
    def is_bot(self) -> bool:
        return self.bot_id is not None

    @property
    def deleted(self) -> bool:
        return self.level == "deactivated"

    @property
    def is_guest(self) -> bool:
        return self.level in ("guest", "single_channel_guest")


@dataclass
class Message:
    """One message. `hidden_to_all_but` makes it ephemeral; `extra` holds what only its subtype has (inviter, topic, old_name …)."""

    ts: str
    user: str
    text: str = ""
    subtype: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    username: str | None = None
    icons: Json | None = None
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    thread_ts: str | None = None
    broadcast: bool = False
    edited: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    metadata: Json | None = None
    hidden_to_all_but: str | None = None
    client_msg_id: str | None = None
    extra: Json = field(default_factory=dict)

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass
class Bookmark:
    id: str
    title: str
    link: str
    emoji: str
    created: int
    updated: int
    by: str


@dataclass
class Pin:
    ts: str
    by: str
    created: int


@dataclass
class Note:
    """A topic or a purpose."""

    value: str = ""
    creator: str = ""
    last_set: int = 0


@dataclass
class Channel:
    """A channel, private channel or direct message. `messages` is by ts in the order of posting, `replies` by the ts of their root."""

    id: str
    name: str
    kind: Kind
    creator: str
    created: int
    members: list[str] = field(default_factory=list)
    archived: bool = False
    is_general: bool = False
    is_ext_shared: bool = False
    topic: Note = field(default_factory=Note)
    purpose: Note = field(default_factory=Note)
    previous_names: list[str] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    replies: dict[str, list[str]] = field(default_factory=dict)
    ephemerals: dict[str, Message] = field(default_factory=dict)
    pins: list[Pin] = field(default_factory=list)
    bookmarks: list[Bookmark] = field(default_factory=list)
    last_read: dict[str, str] = field(default_factory=dict)
    canvas_id: str | None = None

    def replies_to(self, root: str) -> list[Message]:
        return [self.messages[ts] for ts in self.replies.get(root, [])]

    @property
    def is_private(self) -> bool:
        return self.kind != "channel"

    @property
    def is_direct(self) -> bool:
        return self.kind in ("im", "mpim")


@dataclass
class App:
    """An installed app: its manifest, its bot user, its secrets, and where its requests go (None: Socket Mode, or the manifest's URLs)."""

    id: str
    name: str
    manifest: Json
    bot_user: str
    bot_id: str
    bot_token: str
    app_token: str
    signing_secret: str
    verification_token: str
    request_url: str | None = None
    revoked: bool = False
    client_id: str = ""
    client_secret: str = ""
    """With these an app lets people sign in."""

    @property
    def scopes(self) -> frozenset[str]:
        return frozenset(self.manifest.get("oauth_config", {}).get("scopes", {}).get("bot", []))


@dataclass
class View:
    """A modal in somebody's stack, or their home tab of an app. `content` is what the app sent; `state` what the person has filled in."""

    id: str
    app_id: str
    user: str
    kind: Literal["modal", "home"]
    content: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    state: dict[str, Json] = field(default_factory=dict)


@dataclass
class UserGroup:
    id: str
    name: str
    handle: str
    description: str
    users: list[str]
    channels: list[str]
    by: str
    created: int
    updated: int
    deleted: int = 0


@dataclass
class File:
    """An uploaded file. `content` is base64; it is shared where `shares` says (channel id to message ts)."""

    id: str
    name: str
    title: str
    user: str
    size: int
    created: int
    mimetype: str = "text/plain"
    content: str | None = None
    complete: bool = False
    deleted: bool = False
    alt_txt: str = ""
    snippet_type: str = ""
    shares: dict[str, str] = field(default_factory=dict)


@dataclass
class Section:
    id: str
    markdown: str


@dataclass
class Canvas:
    id: str
    title: str
    by: str
    channel_id: str | None = None
    sections: list[Section] = field(default_factory=list)
    created: int = 0
    updated: int = 0
    editors: list[str] = field(default_factory=list)
    """Who edited it, the last one last."""


@dataclass
class Scheduled:
    """A message that waits for `post_at`, in Unix seconds. `args` are those of the call."""

    id: str
    app_id: str | None
    user: str
    channel: str
    post_at: int
    created: int
    args: Json


@dataclass
class World:
    """All there is. Loaded and saved whole."""

    team_id: str = "T0SANDBOX00"
    team_name: str = "Sandbox"
    domain: str = "sandbox"
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    apps: dict[str, App] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    groups: dict[str, UserGroup] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    canvases: dict[str, Canvas] = field(default_factory=dict)
    scheduled: dict[str, Scheduled] = field(default_factory=dict)
    last_ts: int = 0
    last_id: int = 0

    def new_ts(self, now: float) -> str:
        """The next message timestamp: the time in microseconds, never the same twice and never going back."""
        self.last_ts = max(int(now * 1_000_000), self.last_ts + 1)
        return f"{self.last_ts // 1_000_000}.{self.last_ts % 1_000_000:06d}"

    def new_id(self, prefix: str) -> str:
        """An id of Slack's form, e.g. C0000000A2F."""
        self.last_id += 1
        digits, rest = "", self.last_id
        while rest:
            rest, digit = divmod(rest, len(DIGITS))
            digits = DIGITS[digit] + digits
        return prefix + "0" + digits.rjust(9, "0")


def readable_id(prefix: str, name: str) -> str:
    """An id that shows whose it is, for what the seed and the apps bring: U0ANA000000."""
    return (prefix + "0" + "".join(c for c in name.upper() if c in DIGITS))[:11].ljust(11, "0")
