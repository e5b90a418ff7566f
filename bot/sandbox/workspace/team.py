"""The team: the world with everything that acts on it, as the Web API, the people and the apps find it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.sandbox.calls import CallLog
from bot.sandbox.faults import FaultBoard
from bot.sandbox.workspace.model import App, Channel, User, World
from bot.sandbox.workspace.pace import Pace
from bot.sandbox.workspace.ratelimits import RateLimits
from bot.sandbox.workspace.store import Store
from bot.sandbox.workspace.tickets import ResponseUrls, Tickets, Triggers
from bot.sandbox.workspace.wire import Json

if TYPE_CHECKING:
    from bot.sandbox.workspace.delivery import Delivery
    from bot.sandbox.workspace.openid import OpenId

WATCHER_BACKLOG = 1000


class Changes:
    """Who watches the workspace change: the page, by server-sent events."""

    def __init__(self) -> None:
        self._watchers: set[asyncio.Queue[Json | None]] = set()

    def watch(self) -> asyncio.Queue[Json | None]:
        queue: asyncio.Queue[Json | None] = asyncio.Queue(WATCHER_BACKLOG)
        self._watchers.add(queue)
        return queue

    def leave(self, queue: asyncio.Queue[Json | None]) -> None:
        self._watchers.discard(queue)

    def tell(self, change: Json | None) -> None:
        for queue in self._watchers:
            if not queue.full():  # a watcher that does not keep up asks again for what it shows
                queue.put_nowait(change)


class Team:
    """One workspace. Everything here runs on one event loop, so each verb happens whole."""

    delivery: Delivery
    openid: OpenId

    def __init__(self, world: World, store: Store, faults: FaultBoard, calls: CallLog, pace: Pace, now: Callable[[], float]) -> None:
        self.world, self.store, self.faults, self.calls, self.pace, self.now = world, store, faults, calls, pace, now
        self.address = ""
        self.changes = Changes()
        self.tickets = Tickets()
        self.triggers = Triggers(pace, now)
        self.response_urls = ResponseUrls(pace, now)
        self.limits = RateLimits(time.monotonic)
        self.uploads: dict[str, str] = {}

    def changed(self, kind: str, **about: object) -> None:
        """Say that something is different now: whoever watches is told, and the snapshot will be written."""
        self.changes.tell({"type": kind, **about})
        self.store.save_soon(lambda: self.world)

    def seconds(self) -> int:
        return int(self.now())

    def new_ts(self) -> str:
        return self.world.new_ts(self.now())

    def live_apps(self) -> list[App]:
        return [app for app in self.world.apps.values() if not app.revoked]

    def app_of(self, user_id: str) -> App | None:
        return next((app for app in self.world.apps.values() if app.bot_user == user_id), None)

    def find_app(self, name: str | None) -> App | None:
        """An app by name or id; the first installed for None."""
        apps = self.live_apps()
        if name is None:
            return apps[0] if apps else None
        return next((app for app in apps if name.lower() in (app.id.lower(), app.name.lower())), None)

    def find_user(self, name: str) -> User | None:
        """A user by id or name, with or without @."""
        plain = name.removeprefix("@")
        return self.world.users.get(plain) or next((u for u in self.world.users.values() if u.name == plain.lower()), None)

    def find_channel(self, name: str) -> Channel | None:
        """A channel by id or name, with or without #; not a direct message by a person's name."""
        plain = name.removeprefix("#")
        by_id = self.world.channels.get(plain)
        if by_id is not None:
            return by_id
        named = [c for c in self.world.channels.values() if c.name == plain and not c.is_direct]
        return named[0] if named else None

    def direct(self, users: list[str]) -> Channel:
        """The direct message of these users, opened when there is none."""
        members = list(dict.fromkeys(users))
        for channel in self.world.channels.values():
            if channel.is_direct and set(channel.members) == set(members):
                return channel
        kind = "im" if len(members) <= 2 else "mpim"
        id_ = self.world.new_id("D" if kind == "im" else "G")
        names = "--".join(self.world.users[m].name for m in members)
        channel = Channel(id_, f"mpdm-{names}-1" if kind == "mpim" else "", "im" if kind == "im" else "mpim", members[0], self.seconds())
        channel.members = members
        self.world.channels[id_] = channel
        self.changed("channel", channel=id_)
        return channel
