"""The door: listeners register here, and whatever Slack sends comes through `take`.

bolt answers Slack's own checks and unwraps a request; then one middleware takes over, since bolt awaits middleware before it
acknowledges. Its listeners run unawaited, after an event's acknowledgement, and a refusal raised in one becomes silence.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from prometheus_client import Histogram
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot import log
from bot.db import BOT, Database
from bot.slack.answer import Answerer
from bot.slack.desk import PATIENCE_S, Desk, Who
from bot.slack.gateway import SlackGateway, web_client
from bot.slack.identity import Identity, LearnIdentity, identity, learning, order_learning
from bot.slack.listeners import Listener, Listeners
from bot.slack.parse import parse
from bot.slack.requests import (
    Click,
    Command,
    Event,
    MemberBody,
    MessageAction,
    MessageBody,
    MessageChange,
    Request,
    Shortcut,
    Submission,
    Suggestion,
)
from bot.work.worker import Worker

T = TypeVar("T")
THEN = "tocsin_then"

ack_time = Histogram(
    "tocsin_slack_ack_seconds", "From arrival to acknowledgement", ["kind"], buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 3)
)
logger = log.get(__name__)


@dataclass(frozen=True)
class Taken:
    """What is sent back to Slack, and what is started as soon as that is out."""

    response: BoltResponse
    then: Callable[[], None]


class Door:
    """Register listeners, then `await start()`. Fed by `SocketMode` or by the HTTP endpoint.

    A listener is `async (tx, request) -> Reply`, does no I/O, and may raise a Refusal: then nothing is changed and the person reads it.
    """

    def __init__(self, database: Database, gateway: SlackGateway, who: Who, *, patience_s: float = PATIENCE_S) -> None:
        self._db = database
        self._gateway = gateway
        self._desk = Desk(database, Answerer(gateway), who, self.spawn, patience_s)
        self._listeners = Listeners()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing = False
        self.identity: Identity | None = None
        """Who we are, once Slack was ever reached."""
        self._bolt = self._bolt_app()

    def command(self, name: str, listener: Listener[Command]) -> None:
        """A slash command: `door.command("/inc", …)`."""
        self._listeners.add(Command, name, listener)

    def click(self, action_id: str, listener: Listener[Click]) -> None:
        """A button or a choice, by action id or by its beginning: `door.click("page.ack:*", …)`."""
        self._listeners.add(Click, action_id, listener)

    def submission(self, callback_id: str, listener: Listener[Submission]) -> None:
        """A modal sent off."""
        self._listeners.add(Submission, callback_id, listener)

    def event(self, kind: str, listener: Listener[Event]) -> None:
        """An event, by Slack's name for it. Several listeners may hear the same one, in one transaction."""
        self._listeners.add(Event, kind, listener)

    def shortcut(self, callback_id: str, listener: Listener[Shortcut]) -> None:
        """A global shortcut."""
        self._listeners.add(Shortcut, callback_id, listener)

    def message_action(self, callback_id: str, listener: Listener[MessageAction]) -> None:
        """A message shortcut."""
        self._listeners.add(MessageAction, callback_id, listener)

    def home(self, listener: Listener[Event]) -> None:
        """Somebody opened our home tab: answer `ShowHome(view)`."""
        self._listeners.add(Event, "app_home_opened", listener)

    def options(self, action_id: str, listener: Listener[Suggestion]) -> None:
        """What a select offers for what is typed: answer `Options(…)`. Its transaction only reads."""
        self._listeners.add(Suggestion, action_id, listener)

    def names(self, kind: type[Request]) -> set[str]:
        """What is listened to, of one kind of request: what the manifest must offer."""
        return self._listeners.names(kind)

    @property
    def is_busy(self) -> bool:
        """Is anything that was taken still being dealt with?"""
        return bool(self._tasks)

    def work(self, worker: Worker) -> None:
        """Register the door's own due work."""
        worker.handles(LearnIdentity, learning(self._db, self._gateway, self._learned))

    async def start(self) -> None:
        """Recall who we are, and order that Slack is asked again. Works while Slack is down."""
        async with self._db.begin(actor=BOT) as tx:
            self.identity = await identity(tx)
            await order_learning(tx)

    async def settle(self, within_s: float = 5.0) -> bool:
        """Finish what was taken, answers included. False when something still ran after `within_s` seconds."""
        deadline = time.monotonic() + within_s
        while self._tasks and (left := deadline - time.monotonic()) > 0:
            await asyncio.wait(self._tasks, timeout=left)
        return not self._tasks

    async def close(self, grace_s: float = 5.0) -> None:
        """Take nothing more, and finish within `grace_s` seconds what was taken."""
        self._closing = True
        await self.settle(grace_s)
        for task in self._tasks:
            task.cancel()

    def spawn(self, work: Awaitable[T]) -> asyncio.Task[T]:
        """Run `work` as a task that `close` waits for."""
        task: asyncio.Task[T] = asyncio.create_task(cast("Coroutine[Any, Any, T]", work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def take(self, body: Mapping[str, object], headers: Mapping[str, str]) -> Taken:
        """Deal with one request that is known to come from Slack: send `response`, then call `then`."""
        if self._closing:
            return Taken(BoltResponse(status=503), lambda: None)
        # Given as from a socket, because bolt's reading of forms loses every command whose text contains the word "payload".
        try:
            request = AsyncBoltRequest(mode="socket_mode", body=dict(body), headers=dict(headers))
        except (AttributeError, TypeError, ValueError):  # bolt looks for who and where, and trips over a shape that Slack never sends
            logger.exception("request not understood")
            return Taken(BoltResponse(status=400), lambda: None)
        response = await self._bolt.async_dispatch(request)
        return Taken(response, cast("Callable[[], None]", request.context.get(THEN, lambda: None)))

    async def _answer(self, request: AsyncBoltRequest) -> BoltResponse:
        parsed = parse(request.body)
        if parsed is None or self._is_our_own(parsed):
            return BoltResponse(status=200)
        started = time.monotonic()
        dealt = await self._desk.deal(parsed, self._listeners.find(parsed))
        ack_time.labels(type(parsed).__name__).observe(time.monotonic() - started)
        if dealt.then is not None:
            rest = dealt.then
            request.context[THEN] = lambda: self.spawn(rest())
        return BoltResponse(status=dealt.status, body=dict(dealt.ack.body) or "")

    def _is_our_own(self, request: Request) -> bool:
        """Our own doing comes back as an event. (bolt's filter would also drop the news that somebody deleted a message of ours.)"""
        us = self.identity
        if not isinstance(request, Event) or us is None:
            return False
        if isinstance(request.body, MessageBody):
            ours = request.body.bot_id == us.bot_id or request.body.user == us.bot_user
            return ours and request.body.change is not MessageChange.DELETED
        return request.user == us.bot_user and not isinstance(request.body, MemberBody)

    def _learned(self, us: Identity) -> None:
        self.identity = us

    def _bolt_app(self) -> AsyncApp:
        client = web_client(None, self._gateway.api_url)

        # From what is stored: left to itself, bolt would call auth.test before the first answer, once for each request that waits.
        async def authorize(team_id: str | None, enterprise_id: str | None) -> AuthorizeResult:
            user, bot = (self.identity.bot_user, self.identity.bot_id) if self.identity else (None, None)
            return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_user_id=user, bot_id=bot)

        app = AsyncApp(
            name="tocsin", client=client, authorize=authorize, request_verification_enabled=False, ignoring_self_events_enabled=False
        )
        app.middleware(_TakeOver(self._answer))
        return app


class _TakeOver(AsyncMiddleware):
    """The end of bolt's line: what comes here is answered, not handed on."""

    def __init__(self, answer: Callable[[AsyncBoltRequest], Awaitable[BoltResponse]]) -> None:
        self._answer = answer

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 – bolt passes it by this name
    ) -> BoltResponse:
        return await self._answer(req)
