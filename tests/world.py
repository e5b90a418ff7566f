"""The whole bot in this process, with the sandbox around it and a clock that tests move."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from bot.app import Bot
from bot.clock import FakeClock
from bot.config.loader import load
from bot.config.settings import read
from bot.sandbox.testing import HeldPhone, Json, Person, Sandbox

CONFIG = Path(__file__).parents[1] / "bot" / "sandbox" / "config"


class World:
    """A running bot and everything outside it."""

    def __init__(self, bot: Bot, sandbox: Sandbox, clock: FakeClock) -> None:
        self.bot = bot
        self.sandbox = sandbox
        self.clock = clock

    def user(self, name: str) -> Person:
        """Somebody in the workspace."""
        return self.sandbox.user(name)

    def phone(self, name: str) -> HeldPhone:
        """Somebody's phone."""
        return self.sandbox.phone(name)

    async def advance(self, **step: float) -> None:
        """Move the clock (`minutes=5`), doing what falls due on the way, and let the rest settle."""
        await self.settled()
        await self.bot.advance(timedelta(**step))
        await self.settled()

    async def settled(self) -> None:
        """Wait until nothing is due and nobody is being answered any more."""
        quiet = 0
        for _ in range(2000):
            door = self.bot.rooms.door
            if await self.bot.worker.drain() and not door.is_busy:
                quiet += 1
                if quiet >= 3:
                    return
            else:
                quiet = 0
            await asyncio.sleep(0.005)
        raise TimeoutError("the bot does not come to rest")

    async def channel_name(self, number: int) -> str:
        """The name of an incident's channel."""
        for channel in await self.sandbox.channels():
            if str(channel.get("name", "")).startswith(f"inc-{number}-") or channel.get("name") == f"inc-{number}":
                return str(channel["name"])
        raise AssertionError(f"incident #{number} has no channel")

    async def card(self, number: int) -> str:
        """Everything that an incident's card says."""
        return next(text for text in await self.channel_texts(number) if text.lstrip("🔴🟠🟡⚪ ").startswith(f"#{number} SEV"))

    async def channel_texts(self, number: int) -> list[str]:
        """What stands in an incident's channel."""
        messages = await self.sandbox.channel(await self.channel_name(number)).messages()
        return [message.shown for message in messages if "subtype" not in message.raw]


@asynccontextmanager
async def running_world(database_url: str, folder: Path, clock: FakeClock, **environ: str) -> AsyncIterator[World]:
    """A bot on `database_url`, begun and ended."""
    bots: list[Bot] = []

    async def advance(seconds: float) -> None:
        await bots[0].advance(timedelta(seconds=seconds))

    async with Sandbox(clock=clock, advance=advance) as sandbox:
        variables = {
            **sandbox.environ(),
            "TOCSIN_CONFIG": str(CONFIG),
            "TOCSIN_SECRET": "a secret of these tests",
            "TOCSIN_HOST": "127.0.0.1",
            "TOCSIN_PORT": "0",
            "DATABASE_URL": plain_url(database_url),
            **environ,
        }
        settings = read(variables)
        bot = Bot(settings, load(settings.config, variables), clock)
        bots.append(bot)
        await bot.start()
        sandbox.serve(f"http://127.0.0.1:{bot.port}")
        try:
            await sandbox.until(lambda: bot.is_connected)
            world = World(bot, sandbox, clock)
            await world.settled()
            yield world
        finally:
            await bot.stop()


def plain_url(database_url: str) -> str:
    """The address as people write it, without its driver."""
    return database_url.replace("+aiosqlite", "").replace("+asyncpg", "")


__all__ = ["Json", "World", "running_world"]
