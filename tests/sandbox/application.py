"""A small application on the carrier's account: it answers webhooks as told, and checks every signature as Twilio's library does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import ClientSession, web
from twilio.request_validator import RequestValidator

from bot.clock import FakeClock
from bot.sandbox.faults import Fault, FaultBoard
from bot.sandbox.keys import Account
from bot.sandbox.mailbox import Mailbox
from bot.sandbox.phones import Phones
from bot.sandbox.server import Server
from bot.sandbox.twilio import TwilioApi

ACCOUNT = Account(sid="AC" + "5" * 32, token="a-token-for-tests", numbers=("+15550100000", "+15550109999"))
NUMBERS = {"ana": "+15550100001", "bo": "+15550100002"}


@dataclass
class Heard:
    """One webhook that came in."""

    path: str
    params: dict[str, str]
    signed: bool


@dataclass
class Application:
    """What the webhooks are answered with, by path: TwiML, or a status other than 200."""

    heard: list[Heard] = field(default_factory=list)
    answers: dict[str, str | int] = field(default_factory=dict)
    public_url: str = ""
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def webhook(self, request: web.Request) -> web.Response:
        params = {name: str(value) for name, value in (await request.post() if request.method == "POST" else request.query).items()}
        address = self.public_url + request.raw_path
        signed_over = params if request.method == "POST" else {}
        signed = RequestValidator(ACCOUNT.token).validate(address, signed_over, request.headers.get("X-Twilio-Signature", ""))
        self.heard.append(Heard(request.path, params, signed))
        self.came.set()
        answer = self.answers.get(request.path, "<Response/>")
        return web.Response(status=answer) if isinstance(answer, int) else web.Response(text=answer, content_type="text/xml")

    def on(self, path: str) -> list[dict[str, str]]:
        return [one.params for one in self.heard if one.path == path]

    async def told(self, path: str, times: int) -> list[dict[str, str]]:
        """Wait until this webhook has come so often."""
        async with asyncio.timeout(5):
            while len(self.on(path)) < times:
                self.came = asyncio.Event()
                await self.came.wait()
        return self.on(path)


@dataclass
class Carrier:
    """Phones, mailbox and server on a free port, with the application behind them."""

    server: Server
    phones: Phones
    mailbox: Mailbox
    clock: FakeClock
    faults: FaultBoard
    application: Application
    client: ClientSession

    @property
    def account_url(self) -> str:
        return f"{self.server.url}/twilio/2010-04-01/Accounts/{ACCOUNT.sid}"

    def fault(self, **what: object) -> None:
        self.faults.add(Fault.parse(what))

    async def control(self, method: str, path: str, **body: object) -> dict[str, object]:
        async with self.client.request(method, f"{self.server.url}/control{path}", json=body if method == "POST" else None) as answer:
            assert answer.status == 200, await answer.text()
            answered = await answer.json()
        assert isinstance(answered, dict)
        return answered

    async def refused(self, path: str, **body: object) -> str:
        """A control call that is not carried out: its sentence."""
        async with self.client.post(f"{self.server.url}/control{path}", json=body) as answer:
            assert answer.status == 400
            return str((await answer.json())["error"])


@asynccontextmanager
async def carrier() -> AsyncIterator[Carrier]:
    clock, faults, application = FakeClock(), FaultBoard(), Application()
    phones = Phones(NUMBERS, ACCOUNT, clock)
    mailbox = Mailbox({user: f"{user}@example.com" for user in NUMBERS}, faults, clock)

    async def advance(seconds: float) -> None:
        pass

    server = Server([], phones, mailbox, TwilioApi(phones, faults), advance)
    behind = web.Application()
    behind.router.add_route("*", "/hooks/{path:.*}", application.webhook)
    runner = web.AppRunner(behind, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await server.start()
    server.proxy.target = f"http://127.0.0.1:{runner.addresses[0][1]}"
    application.public_url = server.url
    phones.sms_webhook = f"{server.url}/hooks/twilio/sms"
    async with ClientSession() as client:
        try:
            yield Carrier(server, phones, mailbox, clock, faults, application, client)
        finally:
            await server.close()
            await runner.cleanup()
