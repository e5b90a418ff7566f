"""The door in the sandbox's workspace: over a WebSocket, or over signed HTTP requests, with the same listeners."""

from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_sdk.models.blocks import ActionsBlock, ButtonElement, InputBlock, PlainTextInputElement, PlainTextObject, SectionBlock
from slack_sdk.models.views import View

from bot.clock import WallClock
from bot.db import Database, Tx
from bot.errors import Refusal
from bot.sandbox.testing import APP_TOKEN, BOT_TOKEN, Sandbox
from bot.slack.door import Door
from bot.slack.endpoint import Endpoint
from bot.slack.gateway import SlackGateway, web_client
from bot.slack.identity import Identity
from bot.slack.replies import FieldErrors, Nothing, OpenModal, Reply, Say
from bot.slack.requests import Click, Command, Event, MessageBody, ReactionBody, Submission
from bot.slack.sockets import SocketMode
from bot.work.worker import Worker
from tests.slack.ledger import note
from tests.slack.office import who

Mode = Literal["socket", "http"]
PING_S = 0.2


@dataclass
class Lobby:
    """A small bot: `/inc <words>` answers with a button, `/inc` opens a form, `/inc never` refuses; messages and reactions are kept."""

    sandbox: Sandbox
    database: Database
    mode: Mode
    heard: list[Event] = field(default_factory=list)
    socket: SocketMode | None = None

    async def start(self) -> None:
        api_url = f"{self.sandbox.url}/api/"
        self.gateway = SlackGateway(web_client(BOT_TOKEN, api_url))
        self.door = Door(self.database, self.gateway, who)
        self.door.command("/inc", self.on_command)
        self.door.click("ack", self.on_click)
        self.door.submission("declare", self.on_form)
        for kind in ("message", "reaction_added"):
            self.door.event(kind, self.on_event)
        self.worker = Worker(self.database, WallClock())
        self.door.work(self.worker)
        await self.door.start()
        if self.mode == "socket":
            self.socket = SocketMode(self.door, APP_TOKEN, api_url, ping_interval_s=PING_S)
            await self.socket.start()
        else:
            app = web.Application()
            app.add_routes(Endpoint(self.door, self.sandbox.outside.app.signing_secret).routes())
            self.server = TestServer(app)
            await self.server.start_server()
            self.sandbox.outside.app.request_url = str(self.server.make_url("/slack/events"))

    async def connected(self) -> None:
        """Wait until Slack reaches us."""
        if self.socket is not None:
            socket = self.socket
            await self.sandbox.until(lambda: socket.connected)
            await self.sandbox.outside.until_connected()

    async def close(self) -> None:
        """Once or more."""
        if self.socket is not None:
            await self.socket.close()
        elif self.mode == "http":
            await self.door.close()
            await self.server.close()
        await self.gateway.close()

    async def learn_identity(self) -> Identity | None:
        await self.worker.drain()
        return self.door.identity

    async def on_command(self, tx: Tx, command: Command) -> Reply:
        if not command.text:
            return OpenModal(FORM)
        await note(tx, command.key)
        if command.text == "never":
            raise Refusal("Never is not an option.")
        button = ButtonElement(text="Ack", action_id="ack", value=command.text)
        return Say(f"Declared: {command.text}", [SectionBlock(text=f"Declared: {command.text}"), ActionsBlock(elements=[button])])

    async def on_click(self, tx: Tx, click: Click) -> Reply:
        await note(tx, click.key)
        return Say(f"{tx.actor} has {click.value}", public=True)

    async def on_form(self, tx: Tx, form: Submission) -> Reply:
        title = form.values["title"]["title"]
        if title == "nothing":
            return FieldErrors({"title": "Say what is wrong."})
        await note(tx, form.key)
        return Say(f"Declared: {title}", channel="general")

    async def on_event(self, tx: Tx, event: Event) -> Reply:
        await note(tx, event.key)
        self.heard.append(event)
        return Nothing()

    @property
    def words(self) -> list[str]:
        """What messages and reactions said, in the order they came."""
        return [
            event.body.text if isinstance(event.body, MessageBody) else event.body.name
            for event in self.heard
            if isinstance(event.body, MessageBody | ReactionBody)
        ]


FORM = View(
    type="modal",
    callback_id="declare",
    title=PlainTextObject(text="Declare"),
    submit=PlainTextObject(text="Declare"),
    blocks=[InputBlock(block_id="title", label="What is wrong?", element=PlainTextInputElement(action_id="title"))],
)
