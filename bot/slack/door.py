"""The door: listeners register here, and whatever Slack sends comes through `take`.

bolt unwraps a request and drops what is our own doing; then one middleware takes over, since bolt awaits middleware before it
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
from bot.slack.requests import Click, Command, Event, MessageAction, MessageBody, MessageChange, Request, Shortcut, Submission, Suggestion
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

    def work(self, worker: Worker) -> None:
        """Register the door's own due work."""
        worker.handles(LearnIdentity, learning(self._db, self._gateway, self._learned))

    async def start(self) -> None:
        """Recall who we are, and order that Slack is asked again. Works while Slack is down."""
        async with self._db.begin(actor=BOT) as tx:
            self.identity = await identity(tx)
            await order_learning(tx)

    async def close(self, grace_s: float = 5.0) -> None:
        """Take nothing more, and finish within `grace_s` seconds what was taken."""
        self._closing = True
        deadline = time.monotonic() + grace_s
        while self._tasks and (left := deadline - time.monotonic()) > 0:
            await asyncio.wait(self._tasks, timeout=left)
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
        request = AsyncBoltRequest(mode="socket_mode", body=dict(body), headers=dict(headers))
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
        """bolt drops our own messages, but not the news that we edited one."""
        if not isinstance(request, Event) or not isinstance(request.body, MessageBody) or self.identity is None:
            return False
        return request.body.change is MessageChange.EDITED and request.body.bot_id == self.identity.bot_id

    def _learned(self, us: Identity) -> None:
        self.identity = us

    def _bolt_app(self) -> AsyncApp:
        # A client without a token: with one (or with SLACK_BOT_TOKEN and no client) bolt would call auth.test before the first answer.
        client = web_client(None, self._gateway.api_url)

        async def authorize(team_id: str | None, enterprise_id: str | None) -> AuthorizeResult:
            user, bot = (self.identity.bot_user, self.identity.bot_id) if self.identity else (None, None)
            return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_user_id=user, bot_id=bot)

        async def take_over(request: AsyncBoltRequest) -> BoltResponse:
            return await self._answer(request)

        app = AsyncApp(name="tocsin", client=client, authorize=authorize, request_verification_enabled=False)
        app.middleware(take_over)
        return app
