"""What is recorded of a channel depends on what happened there alone, not on how its events reach us."""

import asyncio
import itertools
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import col

from bot.clock import FakeClock
from bot.config.loader import load
from bot.config.models import Config
from bot.db import BOT, Database, Tx
from bot.directory.service import Directory
from bot.events import Listeners
from bot.incidents import transcript
from bot.incidents.lifecycle import IncidentState
from bot.incidents.models import ChannelMessage, Incident, Reaction
from bot.incidents.recorder import Recorder
from bot.slack.events import parse_event
from bot.slack.models import SlackIdentity
from bot.slack.requests import Event

US = SlackIdentity(
    team="T1", url="https://acme.slack.com/", bot_user="U0TOCSIN", bot_id="B0TOCSIN", learned_at=datetime(2026, 3, 1, tzinfo=UTC)
)
Raw = dict[str, object]


@pytest.fixture(scope="module")
def config() -> Config:
    return load(Path("bot/sandbox/config"), {})


@pytest.fixture
def recorder(config: Config) -> Recorder:
    return Recorder(Directory(config))


async def open_incident(tx: Tx, channel: str) -> int:
    incident = Incident(
        title="checkout is down", state=IncidentState.INVESTIGATING, severity=1, rule="said so", is_confirmed=True, origin="slack",
        declared_by="ana", declared_at=tx.now, channel_id=channel, channel_name="inc-1",
    )  # fmt: skip
    tx.session.add(incident)
    await tx.session.flush()
    return incident.number


async def hear(recorder: Recorder, tx: Tx, raw: Raw) -> None:
    event = Event(str(raw["type"]), parse_event(raw), key="")
    kind = str(raw["type"])
    if kind == "message":
        await recorder.on_message(tx, event)
    elif kind.startswith("reaction"):
        await recorder.on_reaction(tx, event)
    else:
        await recorder.on_pin(tx, event)


def posted(ts: str, text: str = "looking", user: str = "U0KIM000000", channel: str = "C1", **more: object) -> Raw:
    return {"type": "message", "channel": channel, "channel_type": "channel", "ts": ts, "event_ts": ts, "user": user, "text": text, **more}


def edited(before: Raw, text: str, at: str) -> Raw:
    after = {**before, "text": text, "edited": {"user": before["user"], "ts": at}}
    return {
        "type": "message",
        "subtype": "message_changed",
        "channel": before["channel"],
        "message": after,
        "previous_message": before,
        "event_ts": at,
    }


def removed(before: Raw, at: str) -> Raw:
    nested = {"deleted_ts": before["ts"], "previous_message": before}
    return {"type": "message", "subtype": "message_deleted", "channel": before["channel"], "event_ts": at, "ts": at, **nested}


def reaction(message: Raw, name: str, user: str, at: str, added: bool = True) -> Raw:
    item = {"type": "message", "channel": message["channel"], "ts": message["ts"]}
    return {"type": "reaction_added" if added else "reaction_removed", "user": user, "reaction": name, "item": item, "event_ts": at}


def pin(message: Raw, at: str, added: bool = True) -> Raw:
    item = {"type": "message", "message": message}
    return {
        "type": "pin_added" if added else "pin_removed",
        "user": "U0ANA000000",
        "channel_id": message["channel"],
        "item": item,
        "event_ts": at,
    }


# One by one


@pytest.fixture
async def channel(database: Database) -> str:
    async with database.begin(actor=BOT) as tx:
        tx.session.add(SlackIdentity(**US.model_dump()))
        await open_incident(tx, "C1")
    return "C1"


async def recorded(database: Database, recorder: Recorder, *events: Raw) -> list[ChannelMessage]:
    for raw in events:
        async with database.begin(actor=BOT) as tx:
            await hear(recorder, tx, raw)
    async with database.read() as tx:
        return await transcript.messages(tx, 1)


async def test_a_message_is_kept_as_plain_text_with_people_by_name(database: Database, channel: str, recorder: Recorder) -> None:
    raw = posted(
        "1767348000.000100", "<@U0ANA000000> and <@U9|zoe>: p99 &gt; 2 s, see <https://x.example/d|the graph> in <#C7|db> &lt;!channel&gt;"
    )
    (message,) = await recorded(database, recorder, raw)
    assert message.text == "@Ana Silva and @zoe: p99 > 2 s, see https://x.example/d in #db <!channel>"
    assert (message.author, message.happened_at) == ("kim", datetime(2026, 1, 2, 10, 0, 0, 100, UTC))


async def test_an_edit_keeps_the_first_words_and_a_thread_reply_its_thread(database: Database, channel: str, recorder: Recorder) -> None:
    reply = posted("1767348001.000100", "it is the databse", thread_ts="1767348000.000100")
    (message,) = await recorded(database, recorder, reply, edited(reply, "it is the database", "1767348009.000000"))
    assert (message.text, message.first_text, message.thread_ts) == ("it is the database", "it is the databse", "1767348000.000100")


async def test_a_file_is_kept_by_its_name(database: Database, channel: str, recorder: Recorder) -> None:
    (message,) = await recorded(
        database, recorder, posted("1767348001.000100", "", subtype="file_share", files=[{"id": "F1", "name": "p99.png"}])
    )
    assert message.text == "[file: p99.png]"


async def test_a_deletion_that_comes_before_its_message_is_remembered(database: Database, channel: str, recorder: Recorder) -> None:
    message = posted("1767348001.000100", "password: hunter2")
    (row,) = await recorded(database, recorder, removed(message, "1767348030.000000"), message)
    assert row.deleted_at == datetime(2026, 1, 2, 10, 0, 30, tzinfo=UTC)


async def test_other_apps_are_recorded_and_we_are_not(database: Database, channel: str, recorder: Recorder) -> None:
    ours = posted("1767348001.000100", "Resolved", user="U0TOCSIN", bot_id="B0TOCSIN")
    theirs = posted("1767348002.000100", "deployed v42", user="U0DEPLOY", bot_id="B0DEPLOY")
    rows = await recorded(database, recorder, ours, theirs)
    assert [(row.author, row.text) for row in rows] == [("bot:B0DEPLOY", "deployed v42")]


async def test_slacks_own_notes_and_other_channels_are_not_recorded(database: Database, channel: str, recorder: Recorder) -> None:
    joined = posted("1767348001.000100", "<@U1> has joined", subtype="channel_join")
    assert await recorded(database, recorder, joined, posted("1767348001.000200", channel="C9")) == []


async def test_events_of_one_message_that_arrive_at_once_do_not_trip_over_each_other(
    database: Database, channel: str, recorder: Recorder
) -> None:
    message = posted("1767348001.000100", "looking")
    later = edited(message, "looked", "1767348002.000000")
    eyes = reaction(message, "eyes", "U0ANA000000", "1767348003.000000")

    async def one(raw: Raw) -> None:
        async with database.begin(actor=BOT) as tx:
            await hear(recorder, tx, raw)

    await asyncio.gather(*(one(raw) for raw in (message, later, eyes, pin(message, "1767348004.000000")) * 4))
    async with database.read() as tx:
        ((row,), (mark,)) = await transcript.messages(tx, 1), await transcript.reactions(tx, [channel])
    assert (row.text, row.first_text, row.is_pinned, mark.person) == ("looked", "looking", True, "ana")


# In any order


@dataclass(frozen=True)
class Told:
    """A channel's events as they truly happened, and how they reached us: late, twice, in another order."""

    truly: list[Raw]
    reached_us: list[Raw]


def history(draw: st.DrawFn) -> list[Raw]:
    clock = (f"1767348{n:03}.000000" for n in itertools.count(100))
    events: list[Raw] = []
    for number in range(draw(st.integers(1, 3))):
        message = posted(next(clock), f"first {number}", thread_ts="1767348000.000000" if draw(st.booleans()) else None)
        events.append(message)
        given: set[tuple[str, str]] = set()
        is_pinned = False
        for kind in draw(st.lists(st.sampled_from(["edit", "react", "pin"]), max_size=5)):
            at = next(clock)
            if kind == "edit":
                events.append(edited(message, draw(st.sampled_from(["a", "b", "c"])), at))
                message = {**message, "text": events[-1]["message"]["text"]}  # type: ignore[index]
            elif kind == "react":
                which = (draw(st.sampled_from(["eyes", "memo"])), draw(st.sampled_from(["U0ANA000000", "U0STRANGER"])))
                events.append(reaction(message, *which, at, added=which not in given))
                given ^= {which}
            else:
                is_pinned = not is_pinned
                events.append(pin(message, at, added=is_pinned))
        if draw(st.booleans()):
            events.append(removed(message, next(clock)))
    return events


@st.composite
def told(draw: st.DrawFn) -> Told:
    truly = history(draw)
    again = draw(st.lists(st.sampled_from(truly), max_size=4))
    return Told(truly, draw(st.permutations(truly + again)))


@pytest.fixture(scope="module")
def one_database(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[tuple[asyncio.Runner, Database]]:
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("recorder") / "tocsin.db")
    database = Database(f"sqlite+inline:///{path}", FakeClock(), Listeners())
    with asyncio.Runner() as runner:
        yield runner, database
        runner.run(database.close())


Rows = tuple[list[tuple[object, ...]], list[tuple[object, ...]]]


async def rows_after(database: Database, recorder: Recorder, channel: str, events: list[Raw]) -> Rows:
    def here(value: object) -> object:
        return {name: here(inner) for name, inner in value.items()} if isinstance(value, dict) else channel if value == "C1" else value

    async with database.begin(actor=BOT) as tx:
        incident = await open_incident(tx, channel)
        for raw in events:
            await hear(recorder, tx, {name: here(value) for name, value in raw.items()})
        await tx.session.flush()
        messages = (await tx.session.execute(select(ChannelMessage).where(col(ChannelMessage.incident_id) == incident))).scalars()
        reactions = (await tx.session.execute(select(Reaction).where(col(Reaction.channel_id) == channel))).scalars()
        skipped = {"channel_id", "incident_id"}
        return (
            sorted(tuple(str(value) for name, value in sorted(row.model_dump().items()) if name not in skipped) for row in messages),
            sorted(tuple(str(value) for name, value in sorted(row.model_dump().items()) if name not in skipped) for row in reactions),
        )


channels = (f"C{n}" for n in itertools.count(1000))


@settings(max_examples=60, deadline=None)
@given(story=told())
def test_any_order_and_any_repetition_of_events_gives_the_same_rows(
    one_database: tuple[asyncio.Runner, Database], config: Config, story: Told
) -> None:
    runner, database = one_database
    recorder = Recorder(Directory(config))
    expected = runner.run(rows_after(database, recorder, next(channels), story.truly))
    assert runner.run(rows_after(database, recorder, next(channels), story.reached_us)) == expected


@settings(max_examples=40, deadline=None)
@given(story=told())
def test_the_rows_say_how_things_stood_in_the_end(one_database: tuple[asyncio.Runner, Database], config: Config, story: Told) -> None:
    runner, database = one_database
    channel = next(channels)
    runner.run(rows_after(database, Recorder(Directory(config)), channel, story.reached_us))
    texts, gone, pins, given = {}, set(), set(), set()
    for raw in story.truly:
        match raw:
            case {"subtype": "message_changed", "message": {"ts": ts, "text": text}}:
                texts[ts] = text
            case {"subtype": "message_deleted", "deleted_ts": ts}:
                gone.add(ts)
            case {"type": "message", "ts": ts, "text": text}:
                texts[ts] = text
            case {"reaction": name, "user": user, "item": {"ts": ts}}:
                given ^= {(ts, user, name)}
            case {"item": {"message": {"ts": ts}}}:
                pins ^= {ts}

    async def kept() -> tuple[object, ...]:
        async with database.read() as tx:
            rows = await transcript.messages(tx, await transcript.incident_of(tx, channel) or 0)
            standing = await transcript.reactions(tx, [channel])
        return (
            {row.ts: row.text for row in rows},
            {row.ts for row in rows if row.deleted_at},
            {row.ts for row in rows if row.is_pinned},
            {(row.ts, slack_user(row.person), row.name) for row in standing},
        )

    assert runner.run(kept()) == (texts, gone, pins, given)


def slack_user(actor: str) -> str:
    return "U0ANA000000" if actor == "ana" else actor.removeprefix("slack:")
