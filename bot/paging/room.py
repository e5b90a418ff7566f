"""The paging room put together: what `app.py` and the tests need of it, in one place."""

from dataclasses import dataclass

from aiohttp import web

from bot.db import Database
from bot.directory.service import Directory
from bot.oncall.service import OnCall
from bot.paging.actions import PageActions
from bot.paging.channels.email import EmailChannel
from bot.paging.channels.slack import SlackChannel
from bot.paging.channels.sms import SmsChannel
from bot.paging.channels.twilio import Twilio
from bot.paging.channels.voice import VoiceChannel
from bot.paging.climbing import Climbing
from bot.paging.deliveries import Deliveries
from bot.paging.mobile import MobilePage
from bot.paging.notice import PageChannel
from bot.paging.notices import Notices
from bot.paging.service import Paging
from bot.paging.slack import ClickDoor, PageButtons
from bot.paging.texting import Texting
from bot.paging.web import TwilioRoutes
from bot.paging.work import PagingWork
from bot.slack.gateway import SlackGateway
from bot.web.forms import SignedPages
from bot.web.signing import Links
from bot.web.webhooks import TwilioWebhooks
from bot.work.worker import Worker


@dataclass(frozen=True)
class Outside:
    """The roads to people that this installation has. None: not configured, and its methods count as absent."""

    slack: SlackGateway | None = None
    twilio: Twilio | None = None
    email: EmailChannel | None = None

    def channels(self) -> dict[str, PageChannel]:
        """One channel for each method that there is."""
        found: list[PageChannel] = []
        if self.slack is not None:
            found.append(SlackChannel(self.slack))
        if self.twilio is not None:
            found += [SmsChannel(self.twilio), VoiceChannel(self.twilio)]
        if self.email is not None:
            found.append(self.email)
        return {channel.method: channel for channel in found}


class PagingRoom:
    """`paging` has the verbs, `actions` is filled by the rooms above; the rest is put on the worker, the doors and the front."""

    def __init__(self, database: Database, directory: Directory, oncall: OnCall, outside: Outside) -> None:
        self._db = database
        self._directory = directory
        self._outside = outside
        self._channels = outside.channels()
        climbing = Climbing(directory, oncall, self._channels)
        self.paging = Paging(directory, climbing)
        self.deliveries = Deliveries(self.paging, climbing)
        self.actions = PageActions()

    def open(self, worker: Worker, app: web.Application, signed: SignedPages, links: Links, webhooks: TwilioWebhooks, url: str) -> None:
        """Do due work, serve pages and Twilio's webhooks. `url` is TOCSIN_URL."""
        notices = Notices(self._directory, self.paging, links, url)
        PagingWork(self._db, self.paging, self.deliveries, notices, self._channels).register(worker)
        MobilePage(self._db, self.paging, notices, self.actions, self._directory).register(signed)
        texting = Texting(self.paging, self.deliveries, self.actions, self._directory)
        TwilioRoutes(self._db, self.paging, self.deliveries, notices, texting, self.actions, webhooks, links).register(app)

    def listen(self, door: ClickDoor) -> None:
        """Hear the buttons in Slack."""
        PageButtons(self.paging).register(door)

    async def close(self) -> None:
        """Close the connections to the outside."""
        if self._outside.twilio is not None:
            await self._outside.twilio.close()
