"""The door in HTTP mode on a real socket, and the Slack that posts to it: signed as Slack signs, shaped as Slack shapes."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar
from urllib.parse import urlencode

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from slack_sdk.models.blocks import InputBlock, PlainTextInputElement, PlainTextObject
from slack_sdk.models.views import View

from bot.db import ActorId, Database, Tx
from bot.slack.door import Door
from bot.slack.endpoint import Endpoint
from bot.slack.gateway import SlackGateway
from bot.slack.replies import Reply
from tests.slack.ledger import note
from tests.slack.raw import RawSlack

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


@dataclass(frozen=True)
class Answer:
    """What the bot answered, and when the answer was complete."""

    status: int
    text: str
    at: float

    @property
    def json(self) -> dict[str, object]:
        parsed: dict[str, object] = json.loads(self.text)
        return parsed


@dataclass
class Office:
    """A bot's door and Slack's side of it."""

    database: Database
    raw: RawSlack
    gateway: SlackGateway
    patience_s: float = 2.0
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def start(self) -> None:
        self.door = Door(self.database, self.gateway, who, patience_s=self.patience_s)
        app = web.Application()
        app.add_routes(Endpoint(self.door, SECRET).routes())
        self.server = TestServer(app)
        await self.server.start_server()
        self.session = ClientSession()
        await self.door.start()

    async def close(self) -> None:
        await self.door.close()
        await self.session.close()
        await self.server.close()

    async def settled(self) -> None:
        """Wait for what follows the acknowledgements."""
        await self.door.settle()

    async def post(self, raw: bytes, content_type: str, headers: dict[str, str] | None = None) -> Answer:
        sent = {"Content-Type": content_type, **(signed(raw) if headers is None else headers)}
        async with self.session.post(self.server.make_url("/slack/events"), data=raw, headers=sent) as response:
            text = await response.text()
            return Answer(response.status, text, time.monotonic())

    async def command(self, text: str, *, name: str = "/inc", trigger: str = "", user: str = "U1") -> Answer:
        form = {
            "command": name, "text": text, "user_id": user, "user_name": "ana", "channel_id": "C1", "channel_name": "general",
            "team_id": "T1", "team_domain": "acme", "api_app_id": "A1", "is_enterprise_install": "false", "token": "x",
            "trigger_id": trigger or self.trigger(), "response_url": self.raw.url("/respond"),
        }  # fmt: skip
        return await self.post(urlencode(form).encode(), "application/x-www-form-urlencoded")

    async def interact(self, **payload: object) -> Answer:
        body = {"user": {"id": "U1", "username": "ana", "team_id": "T1"}, "team": {"id": "T1", "domain": "acme"}, "api_app_id": "A1",
                "token": "x", "enterprise": None, "is_enterprise_install": False, **payload}  # fmt: skip
        return await self.post(urlencode({"payload": json.dumps(body)}).encode(), "application/x-www-form-urlencoded")

    async def click(self, action_id: str, value: str = "", *, at: str = "", message: dict[str, object] | None = None) -> Answer:
        return await self.interact(
            type="block_actions",
            trigger_id=self.trigger(),
            response_url=self.raw.url("/respond"),
            container={"type": "message", "message_ts": "10.1", "channel_id": "C1", "is_ephemeral": False},
            channel={"id": "C1", "name": "general"},
            message={"ts": "10.1", "text": "card", "user": "UBOT", **(message or {})},
            state={"values": {}},
            actions=[{"type": "button", "action_id": action_id, "block_id": "b", "value": value, "action_ts": at or self.trigger()}],
        )

    async def click_in_modal(self, action: dict[str, object]) -> Answer:
        view = {"id": "V1", "type": "modal", "callback_id": "declare", "private_metadata": "7", "hash": "1.a", "state": {"values": {}}}
        return await self.interact(
            type="block_actions",
            trigger_id=self.trigger(),
            container={"type": "view", "view_id": "V1"},
            view=view,
            actions=[{"action_id": "a", "block_id": "b", "action_ts": self.trigger(), **action}],
        )

    async def submit(
        self, values: dict[str, object], *, callback_id: str = "declare", inputs: tuple[str, ...] = ("title", "sev")
    ) -> Answer:
        view = {
            "id": "V1", "type": "modal", "callback_id": callback_id, "private_metadata": "7", "hash": "1.a", "state": {"values": values},
            "blocks": [{"type": "section", "block_id": "intro"}, *({"type": "input", "block_id": block} for block in inputs)],
        }  # fmt: skip
        return await self.interact(type="view_submission", trigger_id=self.trigger(), view=view, response_urls=[])

    async def event(self, event: dict[str, object], *, event_id: str = "", retry: int = 0) -> Answer:
        body = {
            "type": "event_callback", "token": "x", "team_id": "T1", "api_app_id": "A1", "event": event,
            "event_id": event_id or self.trigger(), "event_time": 1767225600,
            "authorizations": [{"team_id": "T1", "user_id": "UBOT", "is_bot": True, "is_enterprise_install": False}],
        }  # fmt: skip
        raw = json.dumps(body).encode()
        retries = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"} if retry else {}
        return await self.post(raw, "application/json", {**signed(raw), **retries})

    def trigger(self) -> str:
        return f"{time.time_ns()}.{next(self.numbers)}"


def signed(raw: bytes, *, secret: str = SECRET, age_s: int = 0) -> dict[str, str]:
    """Slack's headers for a body."""
    stamp = str(int(time.time()) - age_s)
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + raw, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


async def who(_: Tx, slack_user: str) -> ActorId:
    return ActorId("ana" if slack_user == "U1" else f"slack:{slack_user}")


async def until(holds: Callable[[], object], within_s: float = 5.0) -> None:
    """Wait until something holds, looking often."""
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 – what is waited for happens in a server
            await asyncio.sleep(0.005)


R = TypeVar("R")
ORDERS = count()


def replying(reply: Reply | Exception, seen: list[R] | None = None) -> Callable[[Tx, R], Awaitable[Reply]]:
    """A listener that leaves a trace, then answers or raises."""

    async def listener(tx: Tx, request: R) -> Reply:
        await note(tx, str(next(ORDERS)))
        if seen is not None:
            seen.append(request)
        if isinstance(reply, Exception):
            raise reply
        return reply

    return listener


FORM = View(
    type="modal",
    callback_id="declare",
    title=PlainTextObject(text="Declare"),
    submit=PlainTextObject(text="Declare"),
    blocks=[InputBlock(block_id="title", label="Title", element=PlainTextInputElement(action_id="title"))],
)
