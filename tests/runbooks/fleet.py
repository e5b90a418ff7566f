"""The sandbox's fleet for tests, and customers who keep asking it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bot import resources
from bot.runbooks.progress import Progress, fold, started
from bot.runbooks.runner import Life, PlaybookRunner, RunSpec
from bot.sandbox.fleet.fleet import Fleet
from tests.runbooks.engine import fast_runner

BETWEEN_S = 0.01
BACKEND = "shop"
STATES = {"0": "ready", "1": "maint", "8": "drain"}
"""HAProxy's `srv_admin_state`."""


@dataclass
class Customers:
    """What those who ask at an entrance got: answers by status, host and release, and requests that were cut."""

    answers: Counter[int] = field(default_factory=Counter)
    hosts: Counter[str] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    cut: int = 0

    @property
    def failed(self) -> int:
        """Requests that a customer would complain about."""
        return self.cut + sum(count for status, count in self.answers.items() if status != 200)


@dataclass
class Drill:
    """A fleet and the engine that mends it."""

    fleet: Fleet
    runner: PlaybookRunner
    runs: int = 0

    @property
    def web(self) -> tuple[str, ...]:
        return tuple(self.fleet.layout.ports)

    async def run(
        self, playbook: str, hosts: tuple[str, ...], *, is_dry: bool = False, inventory: Path | None = None, **parameters: str | int
    ) -> Progress:
        """A shipped playbook, to its end; by another inventory than the fleet's own if one is named."""
        self.runs += 1
        run_id = f"run{self.runs}"
        path = resources.path("playbooks") / playbook
        await self.runner.start(RunSpec(run_id, path, inventory or self.fleet.layout.inventory, hosts, parameters, is_dry))
        progress = started(hosts)
        for _ in range(1200):
            look = await self.runner.look(run_id, progress.seen)
            progress = fold(progress, look.events)
            if look.life != Life.RUNNING:
                return progress
            await asyncio.sleep(0.05)
        raise AssertionError(f"{playbook} does not come to its end: {self.runner.log(run_id).read_text()[-2000:]}")

    def files(self) -> Path:
        """Where the last run left what it collected."""
        return self.runner.log(f"run{self.runs}").parents[2] / "files"

    @asynccontextmanager
    async def asked(self, port: int | None = None) -> AsyncIterator[Customers]:
        """Customers ask all the while, each on a connection of their own; the shop's unless told."""
        seen = Customers()
        done = asyncio.Event()
        asking = asyncio.create_task(self._ask(port or self.fleet.layout.entrance, seen, done))
        try:
            yield seen
        finally:
            done.set()
            await asking

    async def _ask(self, port: int, seen: Customers, done: asyncio.Event) -> None:
        connector = aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=15)) as session:
            while not done.is_set():
                try:
                    async with session.get(f"http://127.0.0.1:{port}/") as answer:
                        seen.answers[answer.status] += 1
                        body = await answer.json(content_type=None)
                        seen.hosts[body["host"]] += 1
                        seen.versions[body["version"]] += 1
                except (aiohttp.ClientError, TimeoutError, OSError):
                    seen.cut += 1
                await asyncio.sleep(BETWEEN_S)

    async def until_served_by(self, hosts: Collection[str]) -> None:
        """Wait until customers are served by exactly these: HAProxy checks each before it sends anybody there."""
        for _ in range(20):
            seen = await self.sample()
            if set(seen.hosts) == set(hosts):
                return
        raise AssertionError(f"customers are served by {seen.hosts}")

    async def until_says(self, state: str, host: str) -> None:
        """Wait until this is how HAProxy was told to treat the host."""
        for _ in range(600):
            told = await self.fleet.haproxy(f"show servers state {BACKEND}")
            if STATES[next(row for line in told.splitlines() if (row := line.split())[3:4] == [host])[6]] == state:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"{host} is never {state}: {told}")

    async def until_busy(self, host: str) -> None:
        """Wait until somebody waits for an answer of this host."""
        for _ in range(600):
            rows = [line.split(",") for line in (await self.fleet.haproxy(f"show stat {BACKEND} 4 -1")).splitlines()]
            if any(row[1:2] == [host] and int(row[4]) for row in rows):
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"nobody waits for {host}")

    async def sample(self, count: int = 60, port: int | None = None) -> Customers:
        """What so many customers get now."""
        async with self.asked(port) as seen:
            for _ in range(2000):
                if seen.answers.total() + seen.cut >= count:
                    break
                await asyncio.sleep(0.02)
        return seen


@asynccontextmanager
async def standing(folder: Path) -> AsyncIterator[Drill]:
    """A fleet that runs, in this folder."""
    fleet = Fleet(folder / "fleet")
    try:
        await fleet.start()
        yield Drill(fleet, fast_runner(folder / "runs"))
    finally:
        await fleet.stop()
