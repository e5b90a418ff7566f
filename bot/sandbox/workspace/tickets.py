"""What Slack hands out to be used soon and few times: Socket Mode tickets, trigger ids and response URLs. None survive a restart."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.workspace.pace import Pace
from bot.sandbox.workspace.wire import SlackError


class Tickets:
    """One-use keys of Socket Mode addresses."""

    def __init__(self) -> None:
        self._apps: dict[str, str] = {}

    def issue(self, app_id: str) -> str:
        ticket = secrets.token_urlsafe(24)
        self._apps[ticket] = app_id
        return ticket

    def redeem(self, ticket: str) -> str | None:
        return self._apps.pop(ticket, None)


@dataclass
class Trigger:
    app_id: str
    user: str
    until: float
    used: bool = False
    view_id: str | None = None


class Triggers:
    """Trigger ids: three seconds, one use, only for the app that got it."""

    def __init__(self, pace: Pace, now: Callable[[], float]) -> None:
        self._pace, self._now = pace, now
        self._triggers: dict[str, Trigger] = {}

    def issue(self, app_id: str, user: str, view_id: str | None = None) -> str:
        """A trigger id; `view_id` is the modal that it came from, if any."""
        now = self._now()
        self._triggers = {key: one for key, one in self._triggers.items() if one.until > now - 600}
        key = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self._triggers[key] = Trigger(app_id, user, now + self._pace.trigger_s, view_id=view_id)
        return key

    def use(self, key: str, app_id: str) -> Trigger:
        """Exchange a trigger id. Raises invalid_, expired_ or exchanged_trigger_id."""
        trigger = self._triggers.get(key)
        if trigger is None or trigger.app_id != app_id:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._now() > trigger.until:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger


@dataclass
class ResponseUrl:
    """Where an app may answer. `message_ts` is the message it came from, `thread_ts` the thread of that message."""

    app_id: str
    user: str
    channel: str
    until: float
    uses_left: int
    message_ts: str | None = None
    thread_ts: str | None = None


class ResponseUrls:
    """Response URLs: five uses within 30 minutes."""

    def __init__(self, pace: Pace, now: Callable[[], float]) -> None:
        self._pace, self._now = pace, now
        self._urls: dict[str, ResponseUrl] = {}

    def issue(self, app_id: str, user: str, channel: str, message_ts: str | None = None, thread_ts: str | None = None) -> str:
        """The path of a fresh one, under /response/."""
        now = self._now()
        self._urls = {key: one for key, one in self._urls.items() if one.until > now - 3600}
        key = f"{app_id}/{secrets.randbelow(10**12)}/{secrets.token_urlsafe(18)}"
        until = now + self._pace.response_url_s
        self._urls[key] = ResponseUrl(app_id, user, channel, until, self._pace.response_url_uses, message_ts, thread_ts)
        return key

    def use(self, key: str) -> ResponseUrl | str:
        """Count one use; a text is the error to answer with a 404: expired_url or used_url."""
        url = self._urls.get(key)
        if url is None or self._now() > url.until:
            return "expired_url"
        if url.uses_left == 0:
            return "used_url"
        url.uses_left -= 1
        return url
