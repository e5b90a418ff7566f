"""R2 and R3: what 10,000 open incidents and 500 schedules cost while nothing happens, and how long the question takes who is on call.

On PostgreSQL. At rest are incidents of an hour ago, each with an alert that fires, a page that somebody got, and a step of its ladder
that is due in an hour. The reference is the same bot without all that. A minute holds one round of everything that a bot does by itself.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from bench.contestants import Contestant
from bench.crowd import PEOPLE, Crowd, crowd, percentile
from bench.table import Row
from bot.clock import WallClock
from bot.config.loader import load
from bot.db import Database
from bot.directory.service import Directory
from bot.events import Listeners
from bot.oncall.roster import PRIMARY
from bot.oncall.service import OnCall
from tests import postgres

OPEN = 10_000
SCHEDULES = 500
SETTLING_S, RESTING_S = 30.0, 61.0
ASKED = 2_000


async def measure(folder: Path) -> list[Row]:
    """Both bots rest side by side; then the question is asked of the full database."""
    with postgres.running() as server:
        full, empty = [server.url(await asyncio.to_thread(server.create)) for _ in range(2)]
        for name in ("full", "empty"):
            (folder / name).mkdir()
        async with crowd(folder / "full", full, replicas=0) as stage, crowd(folder / "empty", empty, replicas=0) as other:
            (stage.config / "many.yaml").write_text(schedules())
            await stage.at_rest(OPEN)
            async with stage.bot() as bot, other.bot() as reference:
                rows = [await resting(stage, bot, reference)]
            return [*rows, await asking(stage.config, full)]


def schedules() -> str:
    """As many teams, each with a schedule of its own whose people take turns by the day or by the week."""
    teams, rotations = ["teams:"], ["rotations:"]
    for number in range(SCHEDULES):
        people = ", ".join(f"p{(7 * number + place) % PEOPLE}" for place in range(5))
        teams.append(f"  t{number}: {{name: T{number}, members: [{people}], oncall: {{primary: r{number}}}}}")
        length = "1w" if number % 2 else "1d"
        rotations.append(f"  r{number}: {{zone: Europe/Berlin, start: 2026-01-05 09:00, length: {length}, participants: [{people}]}}")
    return "\n".join([*teams, *rotations, ""])


async def resting(stage: Crowd, bot: Contestant, reference: Contestant) -> Row:
    """The share of a core that each takes."""
    await asyncio.sleep(SETTLING_S)
    before, sent = (bot.cpu_s(), reference.cpu_s()), len(await stage.arrivals())
    began = time.monotonic()
    await asyncio.sleep(RESTING_S)
    wall = time.monotonic() - began
    share, empty = (100 * (one.cpu_s() - was) / wall for one, was in zip((bot, reference), before, strict=True))
    assert len(await stage.arrivals()) == sent, "nobody is paged"
    async with stage.client.get(bot.url) as answer:
        audit = (await answer.json())["checks"]["audit"]
        assert audit["ok"], audit["says"]  # nothing is wrong with what was stored
    what = f"at rest with {OPEN:,} open incidents and {SCHEDULES} schedules, % of a core"
    return Row("R2", what, f"{share:.2f} %", f"{empty:.2f} %", share, f"{wall:.0f} s", 5, 2)


async def asking(config: Path, url: str) -> Row:
    """By the service, which reads what people changed; the reference is the rule alone. In ms."""
    directory = Directory(load(config, {}))
    oncall, database = OnCall(directory), Database(url, WallClock(), Listeners())
    asked: list[float] = []
    ruled: list[float] = []
    try:
        for number in range(ASKED):
            name, at = f"r{number * 7 % SCHEDULES}", datetime.now(UTC) + timedelta(minutes=37 * number)
            began = time.perf_counter()
            async with database.read() as tx:
                someone = await oncall.who(tx, f"t{name[1:]}", PRIMARY, at)
            asked.append(time.perf_counter() - began)
            async with database.read() as tx:
                board = await oncall.board(tx, name, at)
            began = time.perf_counter()
            found = board.who(at)
            ruled.append(time.perf_counter() - began)
            assert someone.duties == found.duties != (), name
    finally:
        await database.close()
    worst, rule = percentile(asked, 0.99) * 1e3, percentile(ruled, 0.99) * 1e3
    shown = f"p50 {median(asked) * 1e3:.2f} ms"
    return Row("R3", f"who is on call, of {SCHEDULES} schedules, p99 in ms", f"{worst:.2f} ms", f"{rule:.2f} ms", worst, shown, 5, 2)
