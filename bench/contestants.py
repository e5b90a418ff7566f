"""Bot and reference as processes of their own, each with its address and its cost."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import psutil

from bot.sandbox.process import free_port
from bot.sandbox.testing import Sandbox

CONFIG = Path(__file__).parents[1] / "bot" / "sandbox" / "config"


@dataclass
class Contestant:
    """A running server."""

    name: str
    url: str
    process: psutil.Process

    def cpu_s(self) -> float:
        """CPU seconds of the whole process tree so far."""
        total = 0.0
        for one in (self.process, *self.process.children(recursive=True)):
            times = one.cpu_times()
            total += times.user + times.system
        return total

    def rss_mb(self) -> float:
        """Resident memory of the process tree."""
        return sum(one.memory_info().rss for one in (self.process, *self.process.children(recursive=True))) / 1e6


@asynccontextmanager
async def running(name: str, arguments: list[str], url: str, environ: Mapping[str, str] | None = None) -> AsyncIterator[Contestant]:
    """Start a process, wait until it takes connections, end it afterwards."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env=dict(environ) if environ is not None else None, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await answers(url)
        yield Contestant(name, url, psutil.Process(process.pid))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def answers(url: str, within_s: float = 90) -> None:
    """Wait until something answers HTTP there."""
    deadline = time.monotonic() + within_s
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < deadline:
            try:
                async with session.get(url):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.01)
    raise TimeoutError(f"nothing answers at {url}")


def bot_environ(sandbox: Sandbox, database: str, port: int) -> dict[str, str]:
    """The environment of a bot in this sandbox."""
    return {
        "PATH": "/usr/bin:/bin",
        **sandbox.environ(),
        "DATABASE_URL": database,
        "TOCSIN_CONFIG": str(CONFIG),
        "TOCSIN_SECRET": "a secret of these benchmarks",
        "TOCSIN_HOST": "127.0.0.1",
        "TOCSIN_PORT": str(port),
    }


@asynccontextmanager
async def running_bot(sandbox: Sandbox, database: str) -> AsyncIterator[Contestant]:
    """Our bot, as it runs in production."""
    port = free_port()
    async with running("bot", ["-m", "bot", "run"], f"http://127.0.0.1:{port}", bot_environ(sandbox, database, port)) as bot:
        sandbox.serve(bot.url)
        yield bot


@asynccontextmanager
async def running_reference(database: str) -> AsyncIterator[Contestant]:
    """The bare minimum."""
    port = free_port()
    async with running("reference", ["-m", "bench.reference", str(port), database], f"http://127.0.0.1:{port}") as reference:
        yield reference
