"""P19: reading 10,000 messages of a channel back from Slack, each call taking 100 ms: how many calls, how long, nothing lost or doubled.

The floor is Slack's own client that reads the same pages and threads one after another and writes each into a bare table.
"""

import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import func, select

from bench.table import Row, ratios
from bot.clock import FakeClock
from bot.config.loader import load
from bot.db import BOT, Database
from bot.directory.service import Directory
from bot.events import Listeners
from bot.incidents.lifecycle import IncidentState
from bot.incidents.messages import RepairHistory
from bot.incidents.models import ChannelMessage, Incident
from bot.incidents.recorder import Recorder
from bot.incidents.repair import PAGE, HistoryRepair
from bot.migrate import migrate
from bot.sandbox.testing import BOT_TOKEN, Sandbox
from bot.sandbox.workspace.model import Message
from bot.slack.gateway import Ok, SlackGateway, web_client
from bot.work.worker import Worker

MESSAGES, THREADS, REPLIES = 10_000, 20, 5
ROUNDS = 3
SLACK_S = 0.1
AUTHORS = ("U0ANA000000", "U0BO0000000", "U0KIM000000")
HISTORY, THREAD = "conversations.history", "conversations.replies"


@dataclass
class Place:
    """A workspace with one long channel, and the way there."""

    sandbox: Sandbox
    gateway: SlackGateway
    channel: str

    def calls(self) -> dict[str, int]:
        """How often Slack was asked for history, and answered."""
        return {name: sum(bool(call["result"].get("ok")) for call in self.sandbox.calls(name)) for name in (HISTORY, THREAD)}


@asynccontextmanager
async def place() -> AsyncIterator[Place]:
    """The channel, full."""
    async with Sandbox() as sandbox:
        gateway = SlackGateway(web_client(BOT_TOKEN, sandbox.environ()["SLACK_API_URL"]))
        made = await gateway.call("conversations.create", name="inc-1-long")
        assert isinstance(made, Ok), made
        channel = made.text("channel", "id")
        fill(sandbox, channel)
        yield Place(sandbox, gateway, channel)
        await gateway.close()


def fill(sandbox: Sandbox, name: str) -> None:
    """Put the messages there; some have threads."""
    world = sandbox.outside.workspace.team.world
    channel = world.channels[name]
    start = time.time() - MESSAGES * 10
    for number in range(MESSAGES):
        message = Message(world.new_ts(start + number * 10), AUTHORS[number // 3 % 3], f"message {number}: `checkout` is *slow* again")
        channel.messages[message.ts] = message
        if number % (MESSAGES // THREADS) == 0:
            message.thread_ts = message.ts
            for reply in range(REPLIES):
                ts = world.new_ts(start + number * 10)
                channel.messages[ts] = Message(ts, AUTHORS[reply % 3], f"answer {reply}", thread_ts=message.ts)
                channel.replies.setdefault(message.ts, []).append(ts)


async def measure(folder: Path) -> list[Row]:
    """Rounds of both, then one with a 429 and another process in the middle."""
    ours, floors = [], []
    async with place() as there:
        there.sandbox.fault(service="slack", delay_s=SLACK_S, count=0)
        before = there.calls()
        for turn in range(ROUNDS):
            floors.append(await floor(there, folder / f"floor-{turn}.db"))
            ours.append(await back_fill(there, folder / f"ours-{turn}.db"))
        after = there.calls()
        there.sandbox.clear_faults()
        astray = await interrupted(there, folder / "interrupted.db")
    pages = (after[HISTORY] - before[HISTORY]) / ROUNDS / 2
    value, spread = ratios(ours, floors)
    took = f"{median(ours):.2f} s", f"{median(floors):.2f} s"
    return [
        Row("P19", f"calls for {MESSAGES:,} messages, threads aside", f"{pages:.0f}", f"pages of {PAGE}", pages, "", 11, 11),
        Row("P19", "back-fill, 100 ms a call", *took, value, spread, 1.5, 1.15),
        Row("P19", "lost or doubled after a 429 and a restart", str(astray), "", float(astray), "", 0, 0),
    ]


async def floor(there: Place, file: Path) -> float:
    """The same calls, one after another, and a row a message."""
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE message (ts TEXT PRIMARY KEY, thread_ts TEXT, author TEXT, text TEXT)")
    began = time.perf_counter()
    client = web_client(BOT_TOKEN, there.sandbox.environ()["SLACK_API_URL"])
    roots: list[str] = []
    latest, has_more = None, True
    while has_more:
        page = (await client.conversations_history(channel=there.channel, limit=PAGE, latest=latest)).data
        assert isinstance(page, dict)
        keep(connection, page["messages"])
        roots += [message["ts"] for message in page["messages"] if message.get("reply_count")]
        latest, has_more = page["messages"][-1]["ts"], page["has_more"]
    for root in roots:
        replies = (await client.conversations_replies(channel=there.channel, ts=root, limit=PAGE)).data
        assert isinstance(replies, dict)
        keep(connection, replies["messages"])
    return time.perf_counter() - began


def keep(connection: sqlite3.Connection, messages: list[dict[str, str]]) -> None:
    """A row a message, in one transaction."""
    rows = [(one["ts"], one.get("thread_ts"), one["user"], one["text"]) for one in messages]
    with connection:
        connection.executemany("INSERT OR REPLACE INTO message VALUES (?, ?, ?, ?)", rows)


async def back_fill(there: Place, file: Path) -> float:
    """Our own repair, from the order to its end."""
    async with database(there, file) as (db, clock):
        worker = worker_of(there, db, clock)
        began = time.perf_counter()
        await worker.drain(600)
        took = time.perf_counter() - began
        assert await rows(db) == MESSAGES + THREADS * REPLIES
    return took


async def interrupted(there: Place, file: Path) -> int:
    """Slack asks for patience, and another process goes on. Returns by how many rows the transcript is wrong."""
    async with database(there, file) as (db, clock):
        for method in (HISTORY, THREAD):
            there.sandbox.fault(service="slack", method=method, delay_s=0.001, count=4)
            there.sandbox.fault(service="slack", method=method, status=429, retry_after_s=30, count=1)
        for _ in range(4):
            await worker_of(there, db, clock).drain(600)
            clock.advance(timedelta(seconds=31))
        return abs(await rows(db) - MESSAGES - THREADS * REPLIES)


def worker_of(there: Place, db: Database, clock: FakeClock) -> Worker:
    """A process that remembers nothing."""
    worker = Worker(db, clock)
    recorder = Recorder(Directory(load(Path("bot/sandbox/config"), {})))
    worker.handles(RepairHistory, HistoryRepair(db, there.gateway, recorder).repair_history)
    return worker


@asynccontextmanager
async def database(there: Place, file: Path) -> AsyncIterator[tuple[Database, FakeClock]]:
    """An empty database with the incident, its repair ordered."""
    clock = FakeClock()
    db = Database(f"sqlite+inline:///{file}", clock, Listeners())
    await migrate(db)
    async with db.begin(actor=BOT) as tx:
        tx.session.add(
            Incident(
                title="long", state=IncidentState.INVESTIGATING, severity=1, rule="", is_confirmed=True, origin="slack", declared_by="ana",
                declared_at=tx.now, channel_id=there.channel,
            )
        )  # fmt: skip
        await tx.session.flush()
        recorder = Recorder(Directory(load(Path("bot/sandbox/config"), {})))
        await HistoryRepair(db, there.gateway, recorder).repair_open(tx)
    yield db, clock
    await db.close()


async def rows(db: Database) -> int:
    """How many messages were recorded."""
    async with db.read() as tx:
        return int((await tx.session.execute(select(func.count()).select_from(ChannelMessage))).scalar() or 0)
