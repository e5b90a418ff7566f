"""HTTP mode: events, commands and interactions posted to an app, signed as Slack signs them."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp
from slack_sdk.signature import SignatureVerifier

from bot.sandbox.workspace.model import App
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.wire import Json, child, objects


@dataclass(frozen=True)
class Reply:
    body: Json | str | None = None
    error: str | None = None
    no_retry: bool = False


class Webhooks:
    """The HTTP side of delivery."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self._session: aiohttp.ClientSession | None = None

    def address(self, app: App, kind: str, payload: Json) -> str | None:
        """Where a payload goes: the app's one URL, or the one its manifest gives for this feature."""
        if app.request_url is not None:
            return app.request_url
        if kind == "slash_commands":
            commands = objects(child(app.manifest, "features"), "slash_commands")
            return next((c.get("url") for c in commands if c.get("command") == payload["command"]), None)
        part = "event_subscriptions" if kind == "events_api" else "interactivity"
        settings = child(app.manifest, "settings", part)
        if payload.get("type") == "block_suggestion":
            return settings.get("message_menu_options_url") or settings.get("request_url")
        return settings.get("request_url")

    async def post(self, app: App, url: str, kind: str, payload: Json, retry: int, reason: str | None) -> Reply:
        """One signed request; the body of a 200, or Slack's word for what went wrong."""
        body, content_type = encode(kind, payload)
        now = str(int(time.time()))
        signature = SignatureVerifier(app.signing_secret).generate_signature(timestamp=now, body=body)
        headers = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": now,
            "X-Slack-Signature": signature or "",
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        }
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": reason or "unknown_error"}
        if self._session is None:
            self._session = aiohttp.ClientSession()
        timeout = aiohttp.ClientTimeout(total=self.team.pace.answer_s)
        try:
            async with self._session.post(url, data=body.encode(), headers=headers, timeout=timeout, allow_redirects=False) as response:
                text = await response.text()
                if response.status == 200:
                    return Reply(decode(text, response.content_type))
                stop = response.headers.get("X-Slack-No-Retry") == "1"
                return Reply(error="http_service_error" if response.status >= 500 else "http_client_error", no_retry=stop)
        except TimeoutError:
            return Reply(error="operation_timeout")
        except aiohttp.ClientError:
            return Reply(error="dispatch_failed")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def encode(kind: str, payload: Json) -> tuple[str, str]:
    """The body and its type: JSON for events, a form for commands, a form with one JSON field for interactions."""
    if kind == "events_api":
        return json.dumps(payload), "application/json"
    fields = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return urlencode(fields), "application/x-www-form-urlencoded"


def decode(text: str, content_type: str) -> Json | str | None:
    if not text:
        return None
    if content_type == "application/json":
        try:
            value = json.loads(text)
        except ValueError:
            return text
        return value if isinstance(value, dict | str) else None
    return text
