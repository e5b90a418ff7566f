"""P18: the timeline of 10,000 captured messages, from the database to the lines, against a plain pass over the same rows; and the whole
document of them, as Markdown and as a page."""

import gc
import re
import sqlite3
import time
from datetime import timedelta
from pathlib import Path
from statistics import median

from bench.backfill import AUTHORS
from bench.table import Row, ratios
from bot.clock import FakeClock
from bot.config.loader import load
from bot.db import BOT, Database
from bot.directory.service import Directory
from bot.events import Listeners
from bot.incidents.action_items import ActionItems
from bot.incidents.lifecycle import IncidentState
from bot.incidents.models import ChannelMessage, Incident, Reaction
from bot.incidents.service import Incidents
from bot.migrate import migrate
from bot.oncall.service import OnCall
from bot.paging.climbing import Climbing
from bot.paging.service import Paging
from bot.postmortems.material import Gatherer
from bot.postmortems.writing import Writer
from bot.slack.models import SlackIdentity

MESSAGES, REACTIONS = 10_000, 500
ROUNDS = 9
CHANNEL = "C0LONG00000"
TALK = (
    "errors are up to 12 % since the deploy of v42, see https://graphs.example/d/checkout",
    "hm",
    "who released something in the last hour, and what was in it?",
    "that was me, only a change of the cache's size",
    "rolling back to v41 now",
    "ok",
    "looks like the pool of connections is exhausted because the cache is cold",
    "p99 is 1200 ms in eu-west and normal everywhere else",
    "thanks, I'll tell support and look at the queue of the workers meanwhile",
)
MARK = re.compile(r"\b(rolled back|rolling back|rollback|deployed|fixed|resolved|down|because|caused)\b", re.IGNORECASE)


async def measure(folder: Path) -> list[Row]:
    """Both, in turn, on one file."""
    file = folder / "p18.db"
    database = Database(f"sqlite+inline:///{file}", FakeClock(), Listeners())
    await migrate(database)
    await fill(database)
    directory = Directory(load(Path("bot/sandbox/config"), {}))
    paging = Paging(directory, Climbing(directory, OnCall(directory), ("slack", "sms")))
    gatherer = Gatherer(directory, paging, ActionItems(Incidents(paging), directory))
    gc.collect()
    gc.freeze()  # what the benchmarks' own imports left behind is nobody's work here
    writer = Writer(directory, gatherer)
    await written(database, writer)  # once, so that what is loaded with the first document is loaded
    ours, plain, documents = [], [], []
    for _ in range(ROUNDS):
        plain.append(plain_pass(file))
        ours.append(await gathered(database, gatherer))
        documents.append(await written(database, writer))
    gc.unfreeze()
    await database.close()
    value, spread = ratios(ours, plain)
    took = f"{median(ours) * 1000:.0f} ms", f"{median(plain) * 1000:.0f} ms"
    document, most = median(documents), spread_of(documents)
    return [
        Row("P18", f"timeline of {MESSAGES:,} messages, CPU", *took, value, spread, 5, 2),
        Row("P18", f"document of {MESSAGES:,} messages, s of CPU", f"{document:.2f}", "", document, most, 1, 0.5),
        Row("P18", "Slack calls for it (nothing there can call Slack)", "0", "", 0.0, "", 0, 0),
    ]


async def gathered(database: Database, gatherer: Gatherer) -> float:
    """Everything a document needs, weighed, ordered and folded; in seconds of CPU."""
    began = time.process_time()
    async with database.read() as tx:
        incident = await tx.session.get(Incident, 1)
        assert incident is not None
        material = await gatherer.gather(tx, incident)
    took = time.process_time() - began
    assert sum(line.kind == "message" for line in material.document.timeline) >= 400
    return took


async def written(database: Database, writer: Writer) -> float:
    """The whole document, from the database to Markdown and HTML; in seconds of CPU."""
    began = time.process_time()
    async with database.read() as tx:
        incident = await tx.session.get(Incident, 1)
        assert incident is not None
        material = await writer.gather(tx, incident)
    markdown, html = await writer.write(material)
    assert "## Timeline" in markdown and "<h2" in html
    return time.process_time() - began


def spread_of(values: list[float]) -> str:
    """The least and the most."""
    return f"{min(values):.2f} to {max(values):.2f}"


def plain_pass(file: Path) -> float:
    """Read the rows, put them in order, look for a few words, and make a line of text of each; in seconds of CPU."""
    began = time.process_time()
    connection = sqlite3.connect(file)
    reactions: dict[str, list[str]] = {}
    for ts, name in connection.execute("SELECT ts, name FROM channel_reaction WHERE channel_id = ? AND NOT is_removed", (CHANNEL,)):
        reactions.setdefault(ts, []).append(name)
    rows = connection.execute(
        "SELECT ts, thread_ts, author, text, deleted_at, is_pinned FROM channel_message WHERE incident_id = 1"
    ).fetchall()
    rows.sort(key=lambda row: float(row[0]))
    lines = []
    for ts, thread, author, text, deleted, is_pinned in rows:
        clock = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(float(ts)))
        is_marked = is_pinned or ts in reactions or MARK.search(text) is not None
        lines.append((clock, f"{'* ' if is_marked else ''}{'> ' if thread else ''}{author}: {'' if deleted else text}"))
    connection.close()
    assert len(lines) == MESSAGES
    return time.process_time() - began


async def fill(database: Database) -> None:
    """The incident and its channel, as events would have written them."""
    async with database.begin(actor=BOT) as tx:
        tx.session.add(SlackIdentity(team="T1", url="https://acme.slack.com/", bot_user="U0TOCSIN", bot_id="B0TOCSIN", learned_at=tx.now))
        tx.session.add(
            Incident(
                title="long", state=IncidentState.RESOLVED, severity=1, rule="", is_confirmed=True, origin="slack", declared_by="ana",
                declared_at=tx.now, channel_id=CHANNEL,
            )
        )  # fmt: skip
        await tx.session.flush()
        for number in range(MESSAGES):
            at = tx.now + timedelta(seconds=number * 9)
            ts, text = f"{at.timestamp():.6f}", f"{TALK[number * 7 % len(TALK)]} ({number})"
            tx.session.add(
                ChannelMessage(
                    channel_id=CHANNEL, ts=ts, incident_id=1, author=AUTHORS[number // 3 % 3], text=text, first_text=text,
                    happened_at=at, recorded_at=at,
                )
            )  # fmt: skip
            if number % (MESSAGES // REACTIONS) == 0:
                tx.session.add(Reaction(channel_id=CHANNEL, ts=ts, person="ana", name="tada", event_ts=ts))
