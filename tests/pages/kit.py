"""A bolt app for tests of the sandbox's page: it remembers what it is told, and answers modals in every way there is."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, Page, ViewportSize, expect
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.testing import APP_TOKEN, BOT_TOKEN, Json, Sandbox
from bot.sandbox.workspace.pace import Pace

PATIENCE_MS = 15_000
"""How long a page may take to show something: a machine with two cores and other tests on it is slow at times."""
SCOPES = ["commands", "chat:write", "channels:read", "channels:manage", "channels:history", "groups:write", "groups:history", "im:write"]
SCOPES += ["im:history", "users:read", "reactions:read", "bookmarks:write", "pins:write"]
MANIFEST: Json = {
    "display_information": {"name": "Kit"},
    "features": {
        "bot_user": {"display_name": "kit"},
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
        "slash_commands": [
            {"command": "/kit", "description": "Try something", "usage_hint": "form | late | hello <name>"},
            {"command": "/kitchen", "description": "Cook something"},
        ],
        "shortcuts": [
            {"type": "global", "name": "Open the form", "callback_id": "global", "description": "A form"},
            {"type": "message", "name": "Keep this", "callback_id": "keep", "description": "Keep it"},
        ],
    },
    "oauth_config": {"scopes": {"bot": SCOPES}},
    "settings": {
        "event_subscriptions": {"bot_events": ["app_home_opened", "message.channels"]},
        "interactivity": {"is_enabled": True},
        "socket_mode_enabled": True,
    },
}
CITIES = ["Lisbon", "Lima", "London", "Oslo"]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(text: str) -> Json:
    return {"text": plain(text), "value": text.lower()}


def field_of(block_id: str, element: Json, **more: object) -> Json:
    """An input block whose element has the block's own name."""
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(block_id.capitalize()),
        "element": {"action_id": block_id, **element},
        **more,
    }


def form(callback_id: str, *blocks: Json, title: str = "A form", **more: object) -> Json:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(title),
        "submit": plain("Go"),
        "close": plain("Cancel"),
        "blocks": list(blocks),
        **more,
    }


NAME = field_of("name", {"type": "plain_text_input"})
SECOND = form("second", field_of("reason", {"type": "plain_text_input"}), title="Second step")


@dataclass
class Kit:
    """What the app was told: actions, submitted values, closings. `forms` are what `/kit <name>` opens."""

    forms: dict[str, Json] = field(default_factory=dict)
    actions: list[Json] = field(default_factory=list)
    submitted: list[Json] = field(default_factory=list)
    closed: list[Json] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    never: asyncio.Event = field(default_factory=asyncio.Event)

    def app(self, api_url: str) -> AsyncApp:
        app = AsyncApp(
            client=AsyncWebClient(token=BOT_TOKEN, base_url=api_url), signing_secret="unused", request_verification_enabled=False
        )
        app.command("/kit")(self.command)
        app.action(re.compile("late.*"))(self.be_late)
        app.action("rename")(self.rename)
        app.action(re.compile(".*"))(self.acted)
        app.options(re.compile("late.*"))(self.offer_late)
        app.options(re.compile(".*"))(self.offer)
        app.view("errors")(self.refuse)
        app.view("update")(self.answering("update", form("done", title="Changed")))
        app.view("push")(self.answering("push", SECOND))
        app.view("second")(self.answering("clear"))
        app.view("late")(self.be_late)
        app.view(re.compile(".*"))(self.answering())
        app.view_closed(re.compile(".*"))(self.heard_closing)
        app.shortcut("global")(self.start)
        app.shortcut("keep")(self.keep)
        app.event("app_home_opened")(self.opened_home)
        app.event("message")(self.ignore)
        return app

    async def command(self, ack: AsyncAck, command: dict[str, str], client: AsyncWebClient) -> None:
        self.typed.append(command["text"])
        if command["text"] == "late":
            await self.be_late()
        await ack("" if command["text"] in self.forms else f"You typed {command['text']}")
        if command["text"] in self.forms:
            await client.views_open(trigger_id=command["trigger_id"], view=self.forms[command["text"]])

    async def acted(self, ack: AsyncAck, action: Json, body: Json) -> None:
        self.actions.append({**action, "by": body["user"]["username"]})
        await ack()

    async def rename(self, ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        view = body["view"]
        await client.views_update(view_id=view["id"], view=form(view["callback_id"], *view["blocks"], title="Renamed"))

    async def be_late(self) -> None:
        await self.never.wait()

    async def offer_late(self) -> None:
        await self.never.wait()

    async def offer(self, ack: AsyncAck, payload: Json) -> None:
        await ack(options=[option(city) for city in CITIES if payload["value"].lower() in city.lower()])

    async def refuse(self, ack: AsyncAck, view: Json) -> None:
        self.submitted.append(view["state"]["values"])
        if len(self.submitted) == 1:
            await ack(response_action="errors", errors={"name": "That name is taken."})
        else:
            await ack()

    def answering(self, action: str | None = None, view: Json | None = None) -> Callable[..., Any]:
        async def answer(ack: AsyncAck, body: Json) -> None:
            self.submitted.append(body["view"]["state"]["values"])
            await (ack() if action is None else ack(response_action=action, view=view) if view else ack(response_action=action))

        return answer

    async def heard_closing(self, ack: AsyncAck, body: Json) -> None:
        self.closed.append({"callback_id": body["view"]["callback_id"], "is_cleared": body["is_cleared"]})
        await ack()

    async def start(self, ack: AsyncAck, shortcut: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=shortcut["trigger_id"], view=form("plain", NAME))

    async def keep(self, ack: AsyncAck, shortcut: Json) -> None:
        self.kept.append(shortcut["message"]["text"])
        await ack()

    async def opened_home(self, event: Json, client: AsyncWebClient) -> None:
        button = {"type": "button", "action_id": "home-button", "text": plain("Press me at home")}
        blocks = [{"type": "header", "text": plain("At home")}, {"type": "actions", "elements": [button]}]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    async def ignore(self) -> None:
        pass


@dataclass
class Place:
    """A workspace with the app in it, and the browser windows that look at it."""

    sandbox: Sandbox
    kit: Kit
    slack: AsyncWebClient
    browser: Browser
    pages: list[Page] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    async def window(self, user: str = "kim", size: ViewportSize | None = None, scheme: str = "light", touch: bool = False) -> Page:
        """Somebody's window on the sandbox, in #general."""
        context = await self.browser.new_context(
            viewport=size or {"width": 1280, "height": 800},
            color_scheme="dark" if scheme == "dark" else "light",
            has_touch=touch,
            is_mobile=touch,
        )
        page = await context.new_page()
        self.pages.append(page)
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda message: self.troubles.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("dialog", lambda dialog: self.troubles.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: self.addresses.append(request.url))
        await page.goto(f"{self.sandbox.url}/?as={user}")
        await expect(page.locator("#place-name")).to_have_text("# general")
        await expect(page.locator("#messages > *")).not_to_have_count(0)
        return page

    async def post(self, *blocks: Json, channel: str = "C0GENERAL00", **more: Any) -> str:
        """Post as the app; the message's ts."""
        sent = await self.slack.chat_postMessage(channel=channel, text=more.pop("text", "a message"), blocks=list(blocks) or None, **more)
        return str(sent["ts"])

    async def told(self, what: Callable[[], Any]) -> Any:
        """Wait until the app was told something, and hand it back."""
        found: list[Any] = []
        await self.sandbox.until(lambda: (found.append(what()), found[-1])[1])
        return found[-1]

    async def close(self) -> None:
        """Close every window. Nothing may have asked another machine for anything, nor broken the page's policy."""
        for page in self.pages:
            await page.context.close()
        self.pages.clear()
        self.kit.never.set()
        assert [trouble for trouble in self.troubles if "Failed to load resource" not in trouble] == []
        assert [address for address in self.addresses if not address.startswith((self.sandbox.url + "/", "data:"))] == []


@asynccontextmanager
async def a_place(browser: Browser, answer_s: float = 3.0) -> AsyncIterator[Place]:
    """A fresh workspace. `answer_s`: how long Slack waits for the app, in seconds."""
    async with Sandbox(manifest=MANIFEST) as sandbox:
        sandbox.outside.workspace.team.pace = Pace(answer_s=answer_s)
        kit = Kit()
        slack = AsyncWebClient(token=BOT_TOKEN, base_url=f"{sandbox.url}/api/")
        handler = AsyncSocketModeHandler(kit.app(f"{sandbox.url}/api/"), APP_TOKEN)
        await handler.connect_async()
        await sandbox.outside.until_connected()
        sandbox.outside.workspace.team.world.channels["C0GENERAL00"].members.append("U0KIT000000")
        place = Place(sandbox, kit, slack, browser)
        try:
            yield place
        finally:
            await place.close()
            await handler.close_async()
