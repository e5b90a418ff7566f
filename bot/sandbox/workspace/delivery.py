"""What goes from Slack to an app, by Socket Mode or by a signed request, with the answer waited for and events tried again."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Coroutine
from dataclasses import asdict, dataclass, field
from typing import Literal

from bot.sandbox.calls import next_number
from bot.sandbox.workspace.model import App
from bot.sandbox.workspace.sockets import Sockets
from bot.sandbox.workspace.team import Team
from bot.sandbox.workspace.webhooks import Webhooks
from bot.sandbox.workspace.wire import Json

Kind = Literal["events_api", "slash_commands", "interactive"]

# What Slack says about a first try that failed, when it tries again.
RETRY_REASONS = {"operation_timeout": "http_timeout", "dispatch_failed": "connection_failed"}


@dataclass(frozen=True)
class Answer:
    """What an app said within three seconds. `error` is Slack's word when it did not: operation_timeout, dispatch_failed, http_*_error."""

    body: Json | str | None = None
    error: str | None = None
    no_retry: bool = False

    @property
    def content(self) -> Json:
        return self.body if isinstance(self.body, dict) else {}


@dataclass
class Attempt:
    """One try, for GET /control/deliveries. Times are wall-clock seconds."""

    app: str
    kind: str
    what: str
    payload: Json
    retry: int
    start: float
    end: float | None = None
    error: str | None = None
    number: int = field(default_factory=next_number)


class Delivery:
    """The one way out to the apps."""

    def __init__(self, team: Team) -> None:
        self.team = team
        self.sockets = Sockets(team)
        self.webhooks = Webhooks(team)
        self.attempts: deque[Attempt] = deque(maxlen=5000)
        self._running: set[asyncio.Task[None]] = set()

    async def ask(self, app: App, kind: Kind, payload: Json) -> Answer:
        """Give a command or an interaction to the app, once, and wait for its answer."""
        what = str(payload.get("command") or payload.get("type"))
        return await self._try(app, kind, what, payload, retry=0, reason=None)

    def send_event(self, app: App, payload: Json) -> None:
        """Give an event to the app in the background; up to three more tries."""
        self.spawn(self._send_event(app, payload))

    def spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self.sockets.close()
        await self.webhooks.close()

    async def _send_event(self, app: App, payload: Json) -> None:
        what = str(payload["event"]["type"])
        fault = self.team.faults.take("events", what)
        await self.team.faults.hold(fault)
        if fault and fault.error == "lost":
            return
        error: str | None = "dispatch_failed"
        if not (fault and fault.reset == "before"):
            answer = await self._try(app, "events_api", what, payload, retry=0, reason=None)
            error = answer.error
            if fault and error is None:
                error = spoiled(fault.status, fault.reset is not None or fault.error == "duplicate")
            if error and answer.no_retry:
                return
        for number, pause in enumerate(self.team.pace.retries_s, start=1):
            if error is None or app.revoked:
                return
            await asyncio.sleep(pause)
            reason = "timeout" if self.sockets.serves(app) else RETRY_REASONS.get(error, "http_error")
            answer = await self._try(app, "events_api", what, payload, retry=number, reason=reason)
            error = None if answer.no_retry else answer.error

    async def _try(self, app: App, kind: Kind, what: str, payload: Json, retry: int, reason: str | None) -> Answer:
        attempt = Attempt(app.name, kind, what, payload, retry, time.time())
        self.attempts.append(attempt)
        if self.sockets.serves(app):
            answer = await self._by_socket(app, kind, payload, retry, reason)
        else:
            answer = await self._by_http(app, kind, payload, retry, reason)
        attempt.end, attempt.error = time.time(), answer.error
        return answer

    async def _by_socket(self, app: App, kind: Kind, payload: Json, retry: int, reason: str | None) -> Answer:
        ack = await self.sockets.send(app, kind, payload, retry, reason)
        if isinstance(ack, str):
            return Answer(error=ack)
        body = ack.get("payload")
        return Answer(body if isinstance(body, dict | str) else None)

    async def _by_http(self, app: App, kind: Kind, payload: Json, retry: int, reason: str | None) -> Answer:
        url = self.webhooks.address(app, kind, payload)
        if url is None:
            return Answer(error="dispatch_failed")
        reply = await self.webhooks.post(app, url, kind, payload, retry, reason)
        return Answer(reply.body, reply.error, reply.no_retry)

    def log(self) -> list[Json]:
        return [asdict(attempt) for attempt in self.attempts]


def spoiled(status: int | None, lost: bool) -> str | None:
    """The error a fault makes of a delivery that went well."""
    if status is not None:
        return "http_service_error"
    return "operation_timeout" if lost else None
