"""The whole bot in this process, with the sandbox around it and a clock that tests move."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from bot.app import Bot, configuration
from bot.clock import FakeClock
from bot.postmortems.models import Postmortem
from bot.sandbox.keys import SIGNING_SECRET
from bot.sandbox.outside import own_manifest
from bot.sandbox.testing import HeldPhone, Json, Message, Person, Sandbox

CONFIG = Path(__file__).parents[1] / "bot" / "sandbox" / "config"


class World:
    """A running bot and everything outside it. The bot can be stopped, and begun again on the same database, while the rest goes on."""

    def __init__(self, sandbox: Sandbox, clock: FakeClock, environ: Mapping[str, str]) -> None:
        self.bot: Bot
        self.sandbox = sandbox
        self.clock = clock
        self.clock_start = clock.now()
        self.environ = dict(environ)
        self.is_running = False

    async def start(self, **environ: str) -> None:
        """Begin a bot; `environ` changes its variables from now on."""
        self.environ |= {"TOCSIN_PORT": "0", **environ}
        settings, config = await configuration(self.environ)
        self.bot = Bot(settings, config, self.clock, self.environ)
        await self.bot.start()
        self.is_running = True
        self.environ["TOCSIN_PORT"] = str(self.bot.port)
        self.sandbox.serve(f"http://127.0.0.1:{self.bot.port}")
        self.sandbox.outside.mailbox.bot_port = self.bot.rooms.mail.port
        await self.sandbox.until(lambda: self.bot.is_connected)
        await self.settled()

    async def stop(self) -> None:
        """End the bot as an orchestrator does."""
        if self.is_running:
            self.is_running = False
            await self.bot.stop()
            self.sandbox.serve(None)

    def user(self, name: str) -> Person:
        """Somebody in the workspace."""
        return self.sandbox.user(name)

    def phone(self, name: str) -> HeldPhone:
        """Somebody's phone."""
        return self.sandbox.phone(name)

    async def advance(self, **step: float) -> None:
        """Move the clock (`minutes=5`), doing what falls due on the way, and let the rest settle."""
        await self.settled()
        await self.bot.advance(timedelta(**step), told=self.sandbox.settled)
        await self.settled()

    async def settled(self) -> None:
        """Wait until Slack and the phones have told everything, nothing is due and nobody is being answered any more."""
        quiet = 0
        for _ in range(2000):
            await self.sandbox.settled()
            if await self.bot.worker.drain() and not self.bot.rooms.door.is_busy and not self._is_telling:
                quiet += 1
                if quiet >= 3:
                    return
            else:
                quiet = 0
            await asyncio.sleep(0.005)
        raise TimeoutError("the bot does not come to rest")

    @property
    def _is_telling(self) -> bool:
        """Is anything on its way from Slack to the bot?"""
        attempts = self.sandbox.outside.workspace.team.delivery.attempts
        return any(attempt.end is None for attempt in list(attempts)[-50:])

    async def channel_name(self, number: int) -> str:
        """The name of an incident's channel."""
        for channel in await self.sandbox.channels():
            if str(channel.get("name", "")).startswith(f"inc-{number}-") or channel.get("name") == f"inc-{number}":
                return str(channel["name"])
        raise AssertionError(f"incident #{number} has no channel")

    async def bot_channels(self) -> list[str]:
        """The names of all incidents' channels."""
        return [str(channel["name"]) for channel in await self.sandbox.channels() if str(channel.get("name", "")).startswith("inc-")]

    async def card(self, number: int) -> str:
        """Everything that an incident's card says."""
        return next(
            text
            for text in await self.channel_texts(number)
            if text.lstrip("🔴🟠🟡⚪🧪 ").removeprefix("DRILL ").startswith(f"#{number} SEV")
        )

    async def heard(self, number: int, words: str) -> Message:
        """Wait for the message in an incident's channel that says these words. Slack takes one a second: of several at once, some wait."""
        return await self.heard_in(await self.channel_name(number), words)

    async def heard_in(self, channel: str, words: str) -> Message:
        """The same for any channel."""
        for _ in range(100):
            messages = await self.sandbox.channel(channel).messages()
            if found := next((message for message in reversed(messages) if words in message.shown), None):
                return found
            await self.advance(seconds=1)
            await asyncio.sleep(0.05)
        raise AssertionError(f"nobody says {words!r} in {channel}")

    async def postmortem(self, number: int) -> str:
        """The Markdown of an incident's postmortem."""
        async with self.bot.database.read() as tx:
            found = await tx.session.get(Postmortem, number)
        assert found is not None, f"incident #{number} has no postmortem"
        return found.markdown

    async def channel_texts(self, number: int) -> list[str]:
        """What stands in an incident's channel."""
        messages = await self.sandbox.channel(await self.channel_name(number)).messages()
        return [message.shown for message in messages if "subtype" not in message.raw]


@asynccontextmanager
async def running_world(
    database_url: str, folder: Path, clock: FakeClock, *, is_http_mode: bool = False, config: Path = CONFIG, **environ: str
) -> AsyncIterator[World]:
    """A bot on `database_url`, begun and ended. In HTTP mode it has no socket: Slack posts signed requests to it."""
    worlds: list[World] = []

    async def advance(seconds: float) -> None:
        await worlds[0].bot.advance(timedelta(seconds=seconds))

    async with Sandbox(clock=clock, advance=advance, fleet=folder / "fleet") as sandbox:
        variables = {
            **sandbox.environ(),
            "TOCSIN_CONFIG": str(config),
            "TOCSIN_SECRET": "a secret of these tests",
            "TOCSIN_HOST": "127.0.0.1",
            "DATABASE_URL": plain_url(database_url),
            **environ,
        }
        if is_http_mode:
            del variables["SLACK_APP_TOKEN"]
            variables["SLACK_SIGNING_SECRET"] = SIGNING_SECRET
            sandbox.outside.workspace.install(own_manifest(), f"{sandbox.url}/slack/events")
        world = World(sandbox, clock, variables)
        worlds.append(world)
        try:
            await world.start()
            yield world
        finally:
            await world.stop()


def plain_url(database_url: str) -> str:
    """The address as people write it, without its driver."""
    return database_url.replace("+inline", "").replace("+asyncpg", "")


__all__ = ["Json", "World", "running_world"]
