"""The paging room on real roads: the sandbox's phones, mailbox and Slack over HTTP and SMTP, a clock that tests move."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import resources
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.clock import FakeClock
from bot.config.loader import load
from bot.config.models import Config
from bot.db import ActorId, Database
from bot.directory.service import Directory
from bot.events import Listeners
from bot.oncall.service import OnCall
from bot.paging import messages
from bot.paging.actions import PageActions
from bot.paging.answering import Answering
from bot.paging.channels.email import EmailChannel
from bot.paging.channels.push import PushChannel
from bot.paging.channels.slack import SlackChannel
from bot.paging.channels.sms import SmsChannel
from bot.paging.channels.twilio import Twilio
from bot.paging.channels.voice import VoiceChannel
from bot.paging.channels.webhook import WebhookChannel
from bot.paging.checks import Checks
from bot.paging.climbing import Climbing
from bot.paging.deliveries import Deliveries
from bot.paging.holding import Holding
from bot.paging.mail import MailDoor
from bot.paging.mailing import Mailing
from bot.paging.mobile import MobilePage
from bot.paging.notice import PageChannel
from bot.paging.notices import Notices
from bot.paging.numbers import OurNumbers
from bot.paging.senders import Sender, Senders
from bot.paging.service import PageRequest, Paging
from bot.paging.texting import Texting
from bot.paging.web import TwilioRoutes
from bot.paging.work import PagingWork
from bot.sandbox.keys import MAIL_DOMAIN, MAIL_KEY
from bot.sandbox.testing import ACCOUNT, BOT_TOKEN, Sandbox
from bot.slack.gateway import SlackGateway, web_client
from bot.web import front
from bot.web.forms import SignedPages
from bot.web.signing import Links, Secrets
from bot.web.webhooks import TwilioWebhooks
from bot.work.worker import Worker

FACTS = (
    messages.PageStarted,
    messages.PersonPaged,
    messages.PagePosted,
    messages.AttemptFailed,
    messages.AttemptHeldBack,
    messages.StepSkipped,
    messages.PageAcknowledged,
    messages.PageEscalated,
    messages.PageDeclined,
    messages.PageExhausted,
    messages.PageStandDown,
    messages.PageSnoozed,
    messages.PageReturned,
    messages.PolicyChanged,
    messages.PolicyApplied,
)
SLACK_NAMES = {
    "U0ANA000000": "ana",
    "U0BO0000000": "bo",
    "U0KIM000000": "kim",
    "U0LEE000000": "lee",
    "U0BEA000000": "bea",
    "U0MAX000000": "max",
}


@dataclass
class Room:
    """What a test holds: the verbs, the outside, and everything that left the house or was said."""

    database: Database
    clock: FakeClock
    sandbox: Sandbox
    config: Config
    worker: Worker
    paging: Paging
    deliveries: Deliveries
    actions: PageActions
    links: Links
    url: str
    client: aiohttp.ClientSession
    mail: MailDoor
    limited: dict[str, Sender]
    """Senders with a limit, by method: tests put them here."""
    facts: list[object] = field(default_factory=list)
    before: list[str] = field(default_factory=list)

    def request(
        self, severity: int = 1, service: str | None = "checkout", title: str = "Checkout is down", incident: int = 42, **more: object
    ) -> PageRequest:
        known = self.config.service(service) if service else None
        team = known.owner if known else None
        return PageRequest(incident, severity, title, self.clock.now(), service, team, **more)  # type: ignore[arg-type]

    async def start(self, severity: int = 1, service: str | None = "checkout", drain: bool = True, **more: object) -> int:
        """Start paging for incident 42 (or another `incident`) and let what is due go out."""
        async with self.database.begin(actor=ActorId("lee")) as tx:
            page = await self.paging.start(tx, self.request(severity, service, **more))  # type: ignore[arg-type]
        assert page is not None
        if drain:
            await self.worker.drain()
        return page

    async def advance(self, minutes: float) -> None:
        """Move the clock, doing what falls due on the way in its order."""
        end = self.clock.now() + timedelta(minutes=minutes)
        await self.at_rest()
        while (due := await self.worker.next_due()) is not None and due <= end:
            self.clock.advance(max(timedelta(0), due - self.clock.now()))
            await self.at_rest()
        self.clock.advance(max(timedelta(0), end - self.clock.now()))
        await self.at_rest()

    async def at_rest(self) -> None:
        """What is due is done, and the receipts of it have come: they take no time on the clock that tests move."""
        await self.worker.drain()
        await self.sandbox.settled()
        await self.worker.drain()

    def said(self, kind: type) -> list[object]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    def all_sent(self) -> list[str]:
        """Everything that ever reached a person: "ana sms", "ana slack" …, the same road together."""
        phones = self.sandbox.outside.phones.phones
        sent = [f"{name} sms" for name, phone in phones.items() for sms in phone.sms if sms.direction == "in"]
        sent += [f"{name} voice" for name, phone in phones.items() for _ in phone.calls]
        sent += [f"{name} push" for name, phone in phones.items() for _ in phone.pushes]
        sent += [f"{hook.name} webhook" for hook in self.sandbox.outside.hooks.heard]
        sent += [f"{name} email" for name in phones for _ in self.sandbox.mailbox(name)]
        posted = self.sandbox.calls("chat.postMessage")
        where = [call["args"]["channel"] for call in posted if call["result"].get("ok")]
        sent += [f"{SLACK_NAMES.get(channel, channel)} slack" for channel in where]
        return sent

    def new(self) -> list[str]:
        """What has reached people since the last look, sorted."""
        sent, before, self.before = self.all_sent(), self.before, self.all_sent()
        for one in before:
            sent.remove(one)
        return sorted(sent)

    async def dm(self, user: str) -> str:
        """The newest direct message to a person as it looks now."""
        found = [one for one in await self.sandbox.channels() if one.get("is_im") and user in map(SLACK_NAMES.get, one["members"])]
        texts = await self.sandbox.channel(found[0]["id"]).texts() if found else []
        return texts[-1] if texts else ""

    def link(self, user: str) -> str:
        """The link in the newest SMS that has one."""
        texts = reversed(self.sandbox.phone(user).received)
        return next(line for text in texts for line in text.splitlines() if line.startswith("http") and "/p/" in line)


async def nothing_to_check() -> dict[str, front.Check]:
    return {}


@pytest.fixture(scope="session")
def config() -> Config:
    return load(Path(str(resources.files("bot"))) / "sandbox" / "config", {})


@pytest.fixture
async def room(database: Database, clock: FakeClock, listeners: Listeners, config: Config) -> AsyncIterator[Room]:
    async for made in furnished(database, clock, listeners, config):
        yield made


@pytest.fixture
async def sqlite_room(sqlite_database: Database, clock: FakeClock, listeners: Listeners, config: Config) -> AsyncIterator[Room]:
    """For what happens outside the database: a second kind would prove nothing new."""
    async for made in furnished(sqlite_database, clock, listeners, config):
        yield made


@pytest.fixture
async def room_without_twilio(sqlite_database: Database, clock: FakeClock, listeners: Listeners, config: Config) -> AsyncIterator[Room]:
    async for made in furnished(sqlite_database, clock, listeners, config, has_twilio=False):
        yield made


async def furnished(
    database: Database, clock: FakeClock, listeners: Listeners, config: Config, *, has_twilio: bool = True
) -> AsyncIterator[Room]:
    async with Sandbox(clock=clock) as sandbox, aiohttp.ClientSession() as client:
        worker = Worker(database, clock)
        slack = SlackGateway(web_client(BOT_TOKEN, f"{sandbox.url}/api/"))
        twilio = Twilio(f"{sandbox.url}/twilio", ACCOUNT.sid, ACCOUNT.token, ACCOUNT.numbers[0])
        email = EmailChannel(f"smtp://127.0.0.1:{sandbox.outside.mailbox.port}", "tocsin@example.com")
        app = front.build(nothing_to_check)
        links = Links(Secrets("a secret for tests only"), sandbox.url, clock)
        directory = Directory(config)
        channels: list[PageChannel] = [SlackChannel(slack), email, PushChannel(), WebhookChannel(directory.webhook_key, clock)]
        if has_twilio:
            channels += [SmsChannel(twilio), VoiceChannel(twilio)]
        climbing = Climbing(directory, OnCall(directory), [channel.method for channel in channels])
        paging, actions = Paging(directory, climbing), PageActions()
        holding = Holding(paging, climbing)
        listeners.on(messages.PageAcknowledged, holding.on_acknowledged)
        limited: dict[str, Sender] = {}
        deliveries = Deliveries(paging, climbing, Senders(limited))
        notices = Notices(directory, paging, links, sandbox.url, mail_domain=MAIL_DOMAIN)
        PagingWork(database, paging, deliveries, holding, notices, {channel.method: channel for channel in channels}).register(worker)
        MobilePage(database, paging, holding, notices, actions, directory).register(SignedPages(app, links))
        answering = Answering(paging, holding, actions, directory)
        checks, numbers = Checks(directory, [channel.method for channel in channels]), OurNumbers(links, ACCOUNT.numbers, "")
        texting = Texting(paging, holding, deliveries, actions, answering, checks, numbers)
        webhooks = TwilioWebhooks(ACCOUNT.token, sandbox.url)
        TwilioRoutes(database, paging, deliveries, notices, texting, answering, actions, webhooks, links).register(app)
        mail = MailDoor(database, notices, deliveries, Mailing(answering, holding, deliveries, directory), MAIL_KEY)
        mail.register(app)
        await mail.start("127.0.0.1", 0)
        sandbox.outside.mailbox.bot_port = mail.port
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        sandbox.serve(f"http://127.0.0.1:{runner.addresses[0][1]}")
        made = Room(database, clock, sandbox, config, worker, paging, deliveries, actions, links, sandbox.url, client, mail, limited)
        for fact in FACTS:
            listeners.on(fact, _keeping(made))
        yield made
        await worker.stop()
        await mail.close()
        await runner.cleanup()
        await twilio.close()
        await slack.close()


def _keeping(room: Room):  # type: ignore[no-untyped-def]
    async def keep(_: object, fact: object) -> None:
        room.facts.append(fact)

    return keep
