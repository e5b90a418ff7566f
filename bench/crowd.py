"""What the paging benchmarks are played on: PostgreSQL, a provider, replicas of the bot, and rows that are all due at once."""

import asyncio
import itertools
import shutil
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from sqlalchemy import delete, insert, text
from sqlmodel import col

from bench.contestants import CONFIG, Contestant, running
from bot.alerts.models import Alert
from bot.alerts.sources import AlertStatus
from bot.clock import WallClock
from bot.db import BOT, Database
from bot.events import Listeners
from bot.incidents.lifecycle import IncidentState
from bot.incidents.models import Incident
from bot.migrate import migrate
from bot.paging.ladders import freeze, only
from bot.paging.messages import DeliverPage, ExpectReceipt, TakeStep
from bot.paging.models import Page, PageAttempt, PageCode
from bot.paging.states import AttemptState, PageState
from bot.sandbox.process import free_port
from bot.work.models import WorkItem
from bot.work.orders import Priority, WorkState
from bot.work.queue import to_payload

PEOPLE = 10_000
ACCOUNT = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "token", "TWILIO_FROM": "+15550100000"}
UNLIMITED = {"TWILIO_SMS_PER_SECOND": "0", "TWILIO_CALLS_PER_SECOND": "0"}
MESSAGES, CALLS = "Messages", "Calls"
AHEAD_S = 1.0
"""The rows are stored, and everybody knows of them, before they are due."""
numbers = itertools.count(1_000_000)  # beyond what the bots themselves number


@dataclass
class Crowd:
    """The stage. `bots` are replicas on one database."""

    database: Database
    address: str
    provider: str
    config: Path
    client: aiohttp.ClientSession
    bots: list[Contestant]

    async def delays(self, **seconds: float) -> None:
        """How long the provider takes for a text (`Messages`) or a call (`Calls`)."""
        async with self.client.post(f"{self.provider}/delays", json=seconds):
            return

    async def arrivals(self, since: int = 0) -> list[tuple[str, str, float]]:
        """What has come to the provider from number `since` on: kind, to whom, and when."""
        async with self.client.get(f"{self.provider}/log", params={"since": since}) as answer:
            return [(kind, to, at) for kind, to, at in await answer.json()]

    async def until(self, count: int, since: int, within_s: float, kind: str = "") -> list[tuple[str, str, float]]:
        """The arrivals (of a kind) from `since` on, once there are so many. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while True:
                found = [one for one in await self.arrivals(since) if kind in ("", one[0])]
                if len(found) >= count:
                    return found
                await asyncio.sleep(0.1)

    def environ(self, port: int) -> dict[str, str]:
        """A replica's environment: the provider without a limit, Slack by HTTP."""
        return {
            "PATH": "/usr/bin:/bin",
            **ACCOUNT,
            **UNLIMITED,
            "TWILIO_API_URL": f"{self.provider}/twilio",
            "SLACK_API_URL": f"{self.provider}/api/",
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_SIGNING_SECRET": "a signing secret",
            "DATABASE_URL": self.address,
            "TOCSIN_CONFIG": str(self.config),
            "TOCSIN_SECRET": "a secret of these benchmarks",
            "TOCSIN_HOST": "127.0.0.1",
            "TOCSIN_PORT": str(port),
            "TOCSIN_URL": f"http://127.0.0.1:{port}",
        }

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[Contestant]:
        """One more replica."""
        port = free_port()
        async with running("bot", ["-m", "bot", "run"], f"http://127.0.0.1:{port}/readyz", self.environ(port)) as bot:
            yield bot

    async def pages_due(self, count: int, method: str = "sms", first: int = 0) -> float:
        """Pages of as many incidents for as many people, their attempts by `method` due at once; the moment, by the wall clock."""
        at = datetime.now(UTC) + timedelta(seconds=AHEAD_S + count / 1500)
        people = [f"p{(first + number) % PEOPLE}" for number in range(count)]
        incidents, pages = self._rows(people, at, taken=1, next_at=at + timedelta(hours=1))
        attempts = [
            {"id": page["id"], "page_id": page["id"], "step": 0, "loop": 0, "person": person, "method": method, "why": "on call",
             "state": AttemptState.PLANNED, "possible_duplicate": False, "due_at": at}
            for page, person in zip(pages, people, strict=True)
        ]  # fmt: skip
        codes = [{"id": one["id"], "person": one["person"], "code": one["id"], "page_id": one["id"], "given_at": at} for one in attempts]
        items = [
            _item(DeliverPage(one["id"]), f"attempt:{one['id']}", one["id"], method, at) for one in attempts
        ]  # fmt: skip
        await self._store(((Incident, incidents), (Page, pages), (PageAttempt, attempts), (PageCode, codes), (WorkItem, items)))
        return at.timestamp()

    async def steps_due(self, moments: Sequence[datetime]) -> None:
        """A page for each of these moments, whose first step is due then."""
        for place, at in enumerate(moments):
            person = f"p{place % PEOPLE}"
            incidents, pages = self._rows([person], at, taken=0, next_at=at)
            item = _item(TakeStep(pages[0]["id"], 0), f"page:{pages[0]['id']}:step:0", pages[0]["id"], "inside", at)
            await self._store(((Incident, incidents), (Page, pages), (WorkItem, [item])), ring=place == len(moments) - 1)

    async def at_rest(self, count: int) -> None:
        """As many incidents of an hour ago, each with an alert that fires, a page that somebody got, and a next step in an hour."""
        now = datetime.now(UTC)
        then, later = now - timedelta(hours=1), now + timedelta(hours=1)
        people = [f"p{number % PEOPLE}" for number in range(count)]
        incidents, pages = self._rows(people, then, taken=1, next_at=later)
        attempts, items = [], []
        alerts = [
            {"source": "sandbox", "fingerprint": f"{page['id']:x}", "status": AlertStatus.FIRING, "group_key": "", "name": "Down",
             "summary": page["title"], "labels": "{}", "generator_url": "", "starts_at": then, "received_at": then,
             "incident_id": page["id"]}
            for page in pages
        ]  # fmt: skip
        for page, person in zip(pages, people, strict=True):
            attempts.append(
                {"id": page["id"], "page_id": page["id"], "step": 0, "loop": 0, "person": person, "method": "sms", "why": "on call",
                 "state": AttemptState.DELIVERED, "possible_duplicate": False, "due_at": then, "calling_at": then, "accepted_at": then,
                 "delivered_at": then}
            )  # fmt: skip
            told = _item(DeliverPage(page["id"]), f"attempt:{page['id']}", page["id"], "sms", then)
            items.append(told | {"state": WorkState.DONE, "finished_at": then})
            step = _item(TakeStep(page["id"], 1), f"page:{page['id']}:step:1", page["id"], "inside", later)
            items.append(step | {"finished_at": None})
        await self._store(((Incident, incidents), (Alert, alerts), (Page, pages), (PageAttempt, attempts), (WorkItem, items)))

    async def forget_receipts(self) -> None:
        """This provider tells of no arrival, and what a minute later follows from that belongs to no round."""
        async with self.database.begin(actor=BOT) as tx:
            waiting = col(WorkItem.kind) == ExpectReceipt.kind()
            await tx.changed(delete(WorkItem).where(waiting))

    def _rows(self, people: Sequence[str], at: datetime, *, taken: int, next_at: datetime) -> tuple[list[Any], list[Any]]:
        incidents, pages = [], []
        for person in people:
            number = next(numbers)
            incidents.append(
                {"id": number, "title": f"Checkout is down {number}", "state": IncidentState.INVESTIGATING, "severity": 1, "rule": "set",
                 "is_confirmed": True, "is_private": False, "origin": "web", "declared_by": "kim", "declared_at": at, "is_touched": False,
                 "version": 0}
            )  # fmt: skip
            pages.append(
                {"id": number, "incident_id": number, "severity": 1, "title": f"Checkout is down {number}", "private": False, "since": at,
                 "words": "", "place": "{}", "policy": freeze(only(f"person:{person}")), "state": PageState.OPEN, "taken": taken, "loop": 0,
                 "started_at": at, "next_at": next_at, "version": 0}
            )  # fmt: skip
        return incidents, pages

    async def _store(self, tables: Sequence[tuple[Any, list[Any]]], *, ring: bool = True) -> None:
        async with self.database.begin(actor=BOT) as tx:
            for table, rows in tables:
                await tx.session.execute(insert(table.__table__), rows)
            if ring:
                await tx.session.execute(text("NOTIFY tocsin_work"))


def _item(order: DeliverPage | TakeStep, key: str, page: int, destination: str, at: datetime) -> dict[str, object]:
    return {
        "kind": order.kind(), "key": key, "about": f"page:{page}", "destination": destination, "payload": to_payload(order),
        "priority": int(Priority.PAGE), "due_at": at, "wanted_at": at, "ordered_at": datetime.now(UTC), "state": WorkState.WAITING,
        "attempts": 0, "failures": 0, "revision": 0,
    }  # fmt: skip


def configuration(folder: Path) -> Path:
    """The sandbox's company, and a crowd of people with a phone each."""
    target = shutil.copytree(CONFIG, folder / "config")
    lines = [f"  p{number}: {{name: P{number}, phone: '{phone(number)}'}}" for number in range(PEOPLE)]
    (target / "crowd.yaml").write_text("\n".join(["people:", *lines]) + "\n")
    return target


def phone(number: int) -> str:
    """The number of person `p<number>`."""
    return f"+1555{number:07d}"


@asynccontextmanager
async def crowd(folder: Path, url: str, replicas: int) -> AsyncIterator[Crowd]:
    """The stage with so many replicas on the empty PostgreSQL database at `url`."""
    async with AsyncExitStack() as stack:
        database = Database(url, WallClock(), Listeners())
        stack.push_async_callback(database.close)
        await migrate(database)
        port = free_port()
        provider = f"http://127.0.0.1:{port}"
        await stack.enter_async_context(running("provider", ["-m", "bench.provider", str(port)], provider))
        client = await stack.enter_async_context(aiohttp.ClientSession())
        made = Crowd(database, url.replace("+asyncpg", ""), provider, configuration(folder), client, [])
        for _ in range(replicas):
            made.bots.append(await stack.enter_async_context(made.bot()))
        yield made


@dataclass
class References:
    """The reference's processes and their table."""

    connection: "asyncpg.Connection[asyncpg.Record]"

    async def texts_due(self, count: int) -> float:
        """As many texts, due at once; the moment."""
        at = time.time() + AHEAD_S + count / 1500
        rows = [(phone(number), "SEV1 Checkout is down. Reply 1a to take it.", at, "waiting") for number in range(count)]
        await self.connection.copy_records_to_table("text", records=rows, columns=["to", "body", "due", "state"])
        return at


@asynccontextmanager
async def references(address: str, provider: str, count: int) -> AsyncIterator[References]:
    """So many processes of the reference."""
    from bench.paging_reference import TABLE

    connection = await asyncpg.connect(address)
    await connection.execute(TABLE)
    arguments = ["-m", "bench.paging_reference", address, provider]
    processes = [await asyncio.create_subprocess_exec(sys.executable, *arguments) for _ in range(count)]
    try:
        yield References(connection)
    finally:
        for process in processes:
            process.kill()
            await process.wait()
        await connection.close()


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which so large a share lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
