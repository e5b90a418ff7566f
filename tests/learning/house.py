"""The rooms that learning needs, put together as the application does, on one database."""

from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from bot.accounts.pages import ReaderPages, Sessions
from bot.accounts.service import Accounts
from bot.clock import FakeClock
from bot.config.loader import load
from bot.db import ActorId, Database
from bot.directory.service import Directory
from bot.incidents.service import Incidents
from bot.learning.addresses import Addresses
from bot.learning.gathering import Reports
from bot.learning.web import LearningPages
from bot.oncall.service import OnCall
from bot.paging.climbing import Climbing
from bot.paging.service import Paging
from bot.postmortems.service import Postmortems
from bot.press.press import Press
from bot.web import front
from bot.web.signing import Links, Secrets

KIM = ActorId("kim")
URL = "https://tocsin.example"


@dataclass
class House:
    """An archive, and reports of it."""

    database: Database
    clock: FakeClock

    def __post_init__(self) -> None:
        self.directory = Directory(load(Path("bot/sandbox/config"), {}))
        paging = Paging(self.directory, Climbing(self.directory, OnCall(self.directory), ("slack",)))
        self.incidents = Incidents(paging)
        self.links = Links(Secrets("a secret for these tests"), URL, self.clock)
        self.postmortems = Postmortems(self.directory, self.incidents, self.links)
        self.reports, self.addresses = Reports(self.directory), Addresses(self.links)

    def web(self) -> web.Application:
        """The front door with the pages of learning."""

        async def no_checks() -> dict[str, front.Check]:
            return {}

        app = front.build(no_checks)
        accounts = Accounts(self.directory, can_sign_in=False)
        readers = ReaderPages(app, accounts, Sessions(self.database, accounts, URL), self.links)
        pages = LearningPages(self.database, self.directory, self.reports, self.addresses, self.postmortems, self.links, Press())
        pages.register(app, readers)
        return app
