"""What events missed is read from Slack's own history, over HTTP, from a workspace that behaves like Slack."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from bot.clock import FakeClock
from bot.config.loader import load
from bot.db import BOT, Database
from bot.directory.service import Directory
from bot.events import Listeners
from bot.incidents import transcript
from bot.incidents.lifecycle import IncidentState
from bot.incidents.messages import HistoryRepaired, RepairHistory
from bot.incidents.models import ChannelMessage, Incident
from bot.incidents.recorder import Recorder
from bot.incidents.repair import HistoryRepair
from bot.sandbox.testing import BOT_TOKEN, Sandbox
from bot.slack.events import parse_event
from bot.slack.gateway import Ok, SlackGateway, web_client
from bot.slack.models import SlackIdentity
from bot.slack.requests import Event
from bot.work.models import WorkItem
from bot.work.orders import WorkState
from bot.work.worker import Worker

MANIFEST = {
    "display_information": {"name": "Tocsin"},
    "features": {"bot_user": {"display_name": "tocsin"}},
    "oauth_config": {"scopes": {"bot": ["channels:manage", "channels:history", "channels:read", "chat:write", "pins:write"]}},
    "settings": {"socket_mode_enabled": True, "event_subscriptions": {"bot_events": ["message.channels"]}},
}


@dataclass
class Deaf:
    """An incident's channel in which people talk while no event reaches the bot, and the bot's own repair."""

    sandbox: Sandbox
    gateway: SlackGateway
    database: Database
    worker: Worker
    clock: FakeClock
    recorder: Recorder
    repair: HistoryRepair
    channel: str

    async def say(self, user: str, text: str, thread: str | None = None) -> str:
        return str((await self.sandbox.user(user).message(text, self.channel, thread))["ts"])

    async def order_repair(self) -> None:
        async with self.database.begin(actor=BOT) as tx:
            await self.repair.repair_open(tx)
        assert await self.worker.drain()

    async def transcript(self) -> list[ChannelMessage]:
        async with self.database.read() as tx:
            return await transcript.messages(tx, 1)

    async def texts(self) -> list[str]:
        return [row.text for row in await self.transcript() if row.deleted_at is None]

    async def reactions(self) -> set[tuple[str, str]]:
        async with self.database.read() as tx:
            return {(row.person, row.name) for row in await transcript.reactions(tx, [self.channel])}

    def another_process(self) -> Worker:
        """A worker that remembers nothing of what the one before did."""
        worker = Worker(self.database, self.clock)
        worker.handles(RepairHistory, HistoryRepair(self.database, self.gateway, self.recorder).repair_history)
        return worker

    async def unfinished(self) -> bool:
        """Is there work left?"""
        async with self.database.read() as tx:
            states = (await tx.session.execute(select(col(WorkItem.state)))).scalars()
            return any(state is not WorkState.DONE for state in states)

    def asked(self, method: str) -> list[str | None]:
        """The threads that Slack was asked for and answered about (None: the channel)."""
        return [call["args"].get("ts") for call in self.sandbox.calls(method) if call["result"]["ok"]]

    async def hear(self, raw: dict[str, object]) -> None:
        """One event that does reach the bot."""
        async with self.database.begin(actor=BOT) as tx:
            event = Event(str(raw["type"]), parse_event({**raw, "channel": self.channel}), key="")
            listener = self.recorder.on_message if raw["type"] == "message" else self.recorder.on_reaction
            await listener(tx, event)


@asynccontextmanager
async def deaf(database: Database, clock: FakeClock) -> AsyncIterator[Deaf]:
    directory = Directory(load(Path("bot/sandbox/config"), {}))
    async with Sandbox(clock, manifest=MANIFEST) as sandbox:
        gateway = SlackGateway(web_client(BOT_TOKEN, sandbox.environ()["SLACK_API_URL"]))
        made = await gateway.call("conversations.create", name="inc-1-checkout")
        us = await gateway.call("auth.test")
        assert isinstance(made, Ok) and isinstance(us, Ok)
        channel = made.text("channel", "id")
        for user in ("ana", "kim"):
            await sandbox.user(user).post("join", channel=channel)
        async with database.begin(actor=BOT) as tx:
            tx.session.add(
                SlackIdentity(
                    team=us.text("team_id"), url=us.text("url"), bot_user=us.text("user_id"), bot_id=us.text("bot_id"), learned_at=tx.now
                )
            )
            tx.session.add(
                Incident(
                    title="checkout is down", state=IncidentState.INVESTIGATING, severity=1, rule="said so", is_confirmed=True,
                    origin="slack", declared_by="ana", declared_at=tx.now, channel_id=channel,
                )
            )  # fmt: skip
        worker, recorder = Worker(database, clock), Recorder(directory)
        repair = HistoryRepair(database, gateway, recorder)
        worker.handles(RepairHistory, repair.repair_history)
        yield Deaf(sandbox, gateway, database, worker, clock, recorder, repair, channel)
        await gateway.close()


@pytest.fixture
async def place(database: Database, clock: FakeClock) -> AsyncIterator[Deaf]:
    async with deaf(database, clock) as place:
        yield place


@pytest.fixture
async def sqlite_place(sqlite_database: Database, clock: FakeClock) -> AsyncIterator[Deaf]:
    async with deaf(sqlite_database, clock) as place:
        yield place


async def test_posts_threads_edits_reactions_and_pins_that_were_missed_are_found(place: Deaf, listeners: Listeners) -> None:
    repaired: list[int] = []

    async def on_repaired(_: object, fact: HistoryRepaired) -> None:
        repaired.append(fact.incident_id)

    listeners.on(HistoryRepaired, on_repaired)
    root = await place.say("kim", "errors since 09:01")
    reply = await place.say("ana", "it is the databse", thread=root)
    await place.sandbox.user("ana").edit("it is the database", place.channel, reply)
    await place.sandbox.user("ana").react("memo", place.channel, root)
    await place.sandbox.user("kim").post("pin", channel=place.channel, ts=reply)
    await place.gateway.call(
        "chat.postMessage", channel=place.channel, text="*Update*", metadata={"event_type": "tocsin", "event_payload": {}}
    )
    await place.order_repair()
    rows = [(row.author, row.text, row.thread_ts, row.is_pinned) for row in await place.transcript()]
    assert rows == [("kim", "errors since 09:01", None, False), ("ana", "it is the database", root, True)]
    assert await place.reactions() == {("ana", "memo")}
    assert repaired == [1]


async def test_what_vanished_is_marked_deleted_and_its_thread_stays(place: Deaf) -> None:
    await place.say("kim", "the first")
    secret, root = await place.say("kim", "password: hunter2"), await place.say("kim", "who deployed?")
    slip, answer = await place.say("ana", "me", thread=root), await place.say("ana", "v42, at 08:55", thread=root)
    await place.order_repair()
    for user, ts in (("kim", secret), ("kim", root), ("ana", slip)):
        await place.sandbox.user(user).delete(place.channel, ts)
    await place.order_repair()
    gone = {row.ts for row in await place.transcript() if row.deleted_at}
    assert gone == {secret, root, slip}
    assert await place.texts() == ["the first", "v42, at 08:55"]
    assert answer not in gone


async def test_a_reaction_taken_back_unheard_is_taken_back_and_its_late_event_changes_nothing(place: Deaf) -> None:
    ts = await place.say("kim", "rollback done")
    added = {
        "type": "reaction_added",
        "user": "U0ANA000000",
        "reaction": "eyes",
        "item": {"channel": place.channel, "ts": ts},
        "event_ts": ts,
    }
    await place.sandbox.user("ana").react("eyes", place.channel, ts)
    await place.order_repair()
    await place.sandbox.user("ana").unreact("eyes", place.channel, ts)
    await place.order_repair()
    await place.hear(added)
    assert await place.reactions() == set()


async def test_repairing_again_and_events_heard_before_change_nothing(sqlite_place: Deaf) -> None:
    place = sqlite_place
    ts = await place.say("kim", "looking")
    await place.hear({"type": "message", "ts": ts, "event_ts": ts, "user": "U0KIM000000", "text": "looking"})
    await place.sandbox.user("kim").edit("looked", place.channel, ts)
    await place.order_repair()
    before = [row.model_dump() for row in await place.transcript()]
    await place.hear({"type": "message", "ts": ts, "event_ts": ts, "user": "U0KIM000000", "text": "looking"})
    place.clock.advance(timedelta(minutes=5))
    await place.order_repair()
    assert [row.model_dump() for row in await place.transcript()] == before
    assert (before[0]["text"], before[0]["first_text"]) == ("looked", "looking")


async def test_after_a_429_it_goes_on_where_it_stopped(sqlite_place: Deaf) -> None:
    place = sqlite_place
    roots = [await place.say("kim", f"question {n}") for n in range(4)]
    for n, root in enumerate(roots):
        await place.say("ana", f"answer {n}", thread=root)
    place.sandbox.fault(service="slack", method="conversations.replies", delay_s=0.001, count=2)
    place.sandbox.fault(service="slack", method="conversations.replies", status=429, retry_after_s=30, count=2)
    await place.order_repair()
    assert len(await place.texts()) == 6, "two threads of four were read"
    place.clock.advance(timedelta(seconds=31))
    assert await place.worker.drain()
    assert sorted(await place.texts()) == sorted([f"question {n}" for n in range(4)] + [f"answer {n}" for n in range(4)])
    assert sorted(map(str, place.asked("conversations.replies"))) == sorted(roots), "each thread was read once"


async def test_an_app_that_gets_fifteen_messages_a_minute_reads_everything_once_in_whatever_process(sqlite_place: Deaf) -> None:
    place = sqlite_place
    roots = [await place.say("kim", f"line {n}") for n in range(40)]
    for n in range(20):
        await place.say("ana", f"answer {n}", thread=roots[7])
    await place.say("ana", "another answer", thread=roots[30])
    await place.sandbox.post("/ratelimits", mode="commercial")
    async with place.database.begin(actor=BOT) as tx:
        await place.repair.repair_open(tx)
    minutes = 0
    while await place.unfinished():
        assert await place.another_process().drain()
        place.clock.advance(timedelta(seconds=61))
        minutes += 1
    assert sorted(await place.texts()) == sorted([f"line {n}" for n in range(40)] + [f"answer {n}" for n in range(20)] + ["another answer"])
    assert (len(place.asked("conversations.history")), place.asked("conversations.replies")) == (3, [roots[30], roots[7], roots[7]])
    assert minutes <= 5, "pages and threads wait for themselves, not for each other"


async def test_an_order_on_the_way_goes_on_to_the_bottom_and_then_from_the_top_again(sqlite_place: Deaf) -> None:
    place = sqlite_place
    roots = [await place.say("kim", f"line {n}") for n in range(40)]
    await place.sandbox.post("/ratelimits", mode="commercial")
    await place.order_repair()
    await place.sandbox.user("kim").edit("edited above", place.channel, roots[39])
    await place.sandbox.user("kim").delete(place.channel, roots[38])
    await place.sandbox.user("kim").edit("edited below", place.channel, roots[3])
    await place.say("kim", "said meanwhile")
    await place.order_repair()
    assert "edited below" not in await place.texts(), "that would have needed three calls at once"
    while await place.unfinished():
        place.clock.advance(timedelta(seconds=61))
        assert await place.another_process().drain()
    texts = await place.texts()
    assert {"edited above", "edited below", "said meanwhile"} <= set(texts)
    assert len(texts) == 40
    assert len(place.asked("conversations.history")) == 1 + 2 + 1, "down to the bottom, and from the top to where it had been"


async def test_a_thread_whose_place_slack_forgot_is_read_from_its_beginning(sqlite_place: Deaf) -> None:
    place = sqlite_place
    root = await place.say("kim", "question")
    for n in range(20):
        await place.say("ana", f"answer {n}", thread=root)
    await place.sandbox.post("/ratelimits", mode="commercial")
    await place.order_repair()
    place.sandbox.fault(service="slack", method="conversations.replies", error="invalid_cursor", count=1)
    while await place.unfinished():
        place.clock.advance(timedelta(seconds=61))
        assert await place.worker.drain()
    assert await place.texts() == ["question", *(f"answer {n}" for n in range(20))]


async def test_replies_of_which_none_is_left_were_deleted(sqlite_place: Deaf) -> None:
    place = sqlite_place
    root = await place.say("kim", "who deployed?")
    replies = [await place.say("ana", text, thread=root) for text in ("me", "no, bo")]
    await place.order_repair()
    for ts in replies:
        await place.sandbox.user("ana").delete(place.channel, ts)
    await place.order_repair()
    assert await place.texts() == ["who deployed?"]


async def test_what_retention_hides_is_not_taken_for_deleted(sqlite_place: Deaf) -> None:
    place = sqlite_place
    await place.hear(
        {"type": "message", "ts": "1000000000.000100", "event_ts": "1000000000.000100", "user": "U0KIM000000", "text": "long ago"}
    )
    await place.say("kim", "today")
    await place.order_repair()
    assert await place.texts() == ["long ago", "today"]
