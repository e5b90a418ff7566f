"""Everything outside Tocsin as one thing: workspace, phones, mailbox and the port they share. Launcher and tests start the same."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.clock import Clock
from bot.sandbox.calls import CallLog, Traffic
from bot.sandbox.console import Console
from bot.sandbox.drawer import Keeper
from bot.sandbox.faults import FaultBoard
from bot.sandbox.fleet.doors import FleetDoors
from bot.sandbox.github import GitHub, Repository
from bot.sandbox.github_page import GitHubPage
from bot.sandbox.hooks import Hooks
from bot.sandbox.keys import ACCOUNT, environ
from bot.sandbox.mailbox import Mailbox
from bot.sandbox.ntfy import Ntfy
from bot.sandbox.phones import Phones
from bot.sandbox.server import Server
from bot.sandbox.stage import Stage
from bot.sandbox.twilio import TwilioApi
from bot.sandbox.workspace.ratelimits import RateLimits
from bot.sandbox.workspace.seed import SEED
from bot.sandbox.workspace.wire import Json
from bot.sandbox.workspace.workspace import Workspace

PACKAGE = Path(__file__).resolve().parents[1]


def number_of(position: int) -> str:
    """The phone number of the seed's n-th person, from 1: +15550100001 and on. The example configuration uses the same."""
    return f"+1555010{position:04d}"


NUMBERS = {user.name: number_of(position) for position, user in enumerate(SEED.users, start=1)}
ADDRESSES = {user.name: f"{user.name}@example.com" for user in SEED.users}


def repositories() -> list[Repository]:
    """Two repositories, in which everybody but Max works."""
    pushers = [name for name in NUMBERS if name != "max"]
    return [Repository(name, number, pushers) for number, name in enumerate(("example/checkout", "example/platform"), start=1)]


def own_manifest() -> Json:
    """What Slack is told about Tocsin: manifest.json, inside the package when installed from a wheel, beside it in a checkout."""
    for path in (PACKAGE / "share" / "manifest.json", PACKAGE.parent / "manifest.json"):
        if path.is_file():
            found: Json = json.loads(path.read_text())
            return found
    raise FileNotFoundError("manifest.json is neither in the package nor beside it; the installation is incomplete")


class Outside:
    """Starts and ends it all.

    `advance_bot` moves the bot's clock by seconds; `data` is where workspace, phones and mailbox are kept, None for nowhere;
    `manifest` is Tocsin's own unless another is given; `fleet` is where the fleet is laid out when it is first wanted, None for none.
    """

    def __init__(
        self,
        clock: Clock,
        data: Path | None,
        advance_bot: Callable[[float], Awaitable[None]],
        *,
        manifest: Json | None = None,
        with_page: bool = True,
        fleet: Path | None = None,
    ) -> None:
        self.faults, self.calls = FaultBoard(), CallLog(clock)
        self.workspace = Workspace(SEED, self.faults, self.calls, data)
        self.workspace.team.limits = RateLimits(lambda: clock.now().timestamp())  # whoever moves the clock need not wait a minute
        self.app = self.workspace.install(manifest or own_manifest())
        traffic = Traffic()
        self.phones = Phones(NUMBERS, ACCOUNT, clock, traffic)
        self.mailbox = Mailbox(ADDRESSES, self.faults, clock, traffic)
        self.fleet = FleetDoors(fleet)
        self.stage = Stage(clock, self.faults, self.phones, self.fleet)
        console = Console(self.calls, self.workspace.team, traffic)
        twilio = TwilioApi(self.phones, self.faults)
        self.hooks = Hooks(self.faults, clock)
        push = Ntfy(self.phones, self.faults)
        self.github = GitHub(repositories(), sorted(NUMBERS), self.faults, clock, traffic)
        routes = [
            *self.workspace.routes(),
            *console.routes(),
            *self.stage.routes(),
            *push.routes(),
            *self.hooks.routes(),
            *self.github.routes(),
            *GitHubPage(self.github).routes(),
            *self.fleet.routes(),
        ]
        self.server = Server(routes, self.phones, self.mailbox, twilio, advance_bot, traffic=traffic, with_page=with_page)
        self.keeper = Keeper(data, self.phones, self.mailbox, self.github)
        self.phones.on_change = lambda: self.tell("phone")
        self.mailbox.on_change = lambda: self.tell("mail")
        self.github.on_change = self.keeper.changed

    def tell(self, what: str) -> None:
        """Something is different on a phone or in the mailbox: whoever watches is told, and it will be written."""
        self.workspace.team.changes.tell({"type": what})
        self.keeper.changed()

    @property
    def url(self) -> str:
        return self.server.url

    async def start(self, port: int = 0, smtp_port: int = 0) -> None:
        """Listen on 127.0.0.1; 0 takes any free port. Raises OSError when the port is taken."""
        await self.server.start(port, smtp_port)
        self.stage.address = self.github.address = self.url
        self.phones.sms_webhook = f"{self.url}/hooks/twilio/sms"
        await self.workspace.start(self.url)

    async def close(self) -> None:
        await self.github.settled()
        await self.fleet.close()
        await self.workspace.close()
        await self.server.close()
        self.keeper.close()

    async def until_connected(self) -> None:
        """Wait until Tocsin's app has a Socket Mode connection."""
        changes = self.workspace.team.changes.watch()
        try:
            while not self.workspace.team.delivery.sockets.of(self.app.id):
                await changes.get()
        finally:
            self.workspace.team.changes.leave(changes)

    def environ(self) -> dict[str, str]:
        """The variables that point a bot here."""
        return environ(self.url, self.mailbox.port)
