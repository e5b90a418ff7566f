"""One port for the whole sandbox: Slack under /api, phones under /twilio, the control API, the page; everything else is the bot's."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from aiohttp import web

from bot.errors import InvalidInput
from bot.sandbox import assets
from bot.sandbox.calls import Traffic
from bot.sandbox.doors import Handler, answering, fields_of
from bot.sandbox.handsets import Handsets
from bot.sandbox.mailbox import Mailbox
from bot.sandbox.phones import Phones
from bot.sandbox.proxy import Proxy
from bot.sandbox.twilio import TwilioApi

LARGEST_BODY = 64 * 1024 * 1024
SHORTEST_STEP_S = 30.0  # shorter than any phone rings
MOST_STEPS = 10
ACTIONS = ("kill", "stop", "start")

AdvanceBot = Callable[[float], Awaitable[None]]


class BotProcess(Protocol):
    """The bot as a process that can be dealt with alone."""

    async def kill(self) -> None: ...
    async def stop(self) -> None: ...
    async def start(self) -> None: ...
    def status(self) -> dict[str, object]: ...


class Server:
    """Composes the routes. `advance_bot` moves the bot's clock by seconds and returns when what fell due is done."""

    def __init__(
        self,
        routes: Iterable[web.AbstractRouteDef],
        phones: Phones,
        mailbox: Mailbox,
        twilio: TwilioApi,
        advance_bot: AdvanceBot,
        *,
        traffic: Traffic | None = None,
        with_page: bool = True,
    ) -> None:
        self.phones, self.mailbox, self.advance_bot = phones, mailbox, advance_bot
        self.bot: BotProcess | None = None
        self.proxy = Proxy(traffic or Traffic())
        self.port = 0
        self._runner: web.AppRunner | None = None
        self.app = web.Application(client_max_size=LARGEST_BODY)
        self.app.add_routes(routes)
        self.app.add_routes(twilio.routes())
        self.app.add_routes(Handsets(phones, mailbox).routes())
        doors: list[tuple[str, str, Handler]] = [
            ("POST", "/control/clock", self.move_clock),
            ("POST", "/control/bot", self.deal_with_bot),
            ("GET", "/control/bot", self.tell_of_bot),
        ]
        self.app.add_routes([web.route(method, path, answering(handler)) for method, path, handler in doors])
        if with_page:
            self.app.router.add_get("/", assets.send)
            self.app.router.add_get("/sandbox/static/{file:[a-z_]+[.](?:js|css|svg)}", assets.send)
        self.app.router.add_route("*", "/{path:(?:api|twilio|control|sandbox|openid)(?:/.*)?}", nothing_here)
        self.app.router.add_route("*", "/{path:.*}", self.proxy.pass_on)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, port: int = 0, smtp_port: int = 0) -> None:
        """Listen on 127.0.0.1; 0 takes any free port. Raises OSError when the port is taken."""
        await self.mailbox.start(smtp_port)
        await self.phones.start()
        await self.proxy.start()
        # A streaming client (server-sent events, a held request) must not hold up the end.
        self._runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=0.5, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        await asyncio.gather(self.proxy.close(), self.phones.close(), self.mailbox.close())

    async def move_clock(self, request: web.Request) -> web.Response:
        seconds = (await fields_of(request)).number("advance_s")
        await self.advance(seconds)
        return web.json_response({"ok": True})

    async def advance(self, seconds: float) -> None:
        """Move the bot's clock in steps, so that what phones do by time (ring out, press nothing) reaches it on the way, not at the end."""
        step = max(SHORTEST_STEP_S, seconds / MOST_STEPS)
        left = seconds
        while True:
            moving = min(step, left)
            await self.phones.settled()
            await self.advance_bot(moving)
            await self.phones.voice.tick()
            await self.phones.settled()
            left -= moving
            if left <= 0:
                return

    async def deal_with_bot(self, request: web.Request) -> web.Response:
        action = (await fields_of(request)).choice("action", ACTIONS)
        if self.bot is None:
            raise InvalidInput("The bot runs inside this process and cannot be dealt with alone.")
        match action:
            case "kill":
                await self.bot.kill()
            case "stop":
                await self.bot.stop()
            case _:
                await self.bot.start()
        return web.json_response({"ok": True, **self.bot.status()})

    async def tell_of_bot(self, request: web.Request) -> web.Response:
        status = self.bot.status() if self.bot is not None else {"running": self.proxy.target is not None}
        return web.json_response(status)


async def nothing_here(request: web.Request) -> web.Response:
    """The sandbox's own prefixes never fall through to the bot."""
    return web.json_response({"error": f"The sandbox has no {request.method} {request.path}."}, status=404)
