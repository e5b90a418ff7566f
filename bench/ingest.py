"""P1 to P5: taking alerts durably, against the reference, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median

from bench.contestants import Contestant, running_bot, running_reference
from bench.load import Burst, burst, webhook
from bench.table import Row, ratios
from bot.sandbox.testing import Sandbox

ROUNDS = 7
BURST_S = 1.5
ALERTS = 10
GROUPS = 50
ENOUGH = 4000


@asynccontextmanager
async def contest(ours: str, theirs: str) -> AsyncIterator[tuple[Contestant, Contestant]]:
    """Bot and reference side by side, each on a database of its own."""
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(Sandbox())
        bot = await stack.enter_async_context(running_bot(sandbox, ours))
        yield bot, await stack.enter_async_context(running_reference(theirs))


async def throughput(ours: str, theirs: str, names: tuple[str, str], where: str) -> list[Row]:
    """Alerts a second and CPU per alert, in bursts that take turns."""
    bursts: dict[str, list[Burst]] = {"bot": [], "reference": []}
    async with contest(ours, theirs) as (bot, reference):
        await burst(bot, [webhook(ALERTS, group) for group in range(GROUPS)], 60)  # every group has its incident
        for turn in range(ROUNDS):
            for contestant in (bot, reference) if turn % 2 else (reference, bot):
                bodies = [webhook(ALERTS, number % GROUPS) for number in range(ENOUGH)]
                bursts[contestant.name].append(await burst(contestant, bodies, BURST_S))
    rate = {name: [one.webhooks * ALERTS / one.seconds for one in found] for name, found in bursts.items()}
    cost = {name: [one.cpu_s / one.webhooks / ALERTS for one in found] for name, found in bursts.items()}
    rows = []
    value, spread = ratios(rate["bot"], rate["reference"])
    shown = [f"{median(rate[name]):,.0f} alerts/s" for name in ("bot", "reference")]
    rows.append(Row(names[0], f"durable ingest, {where}", shown[0], shown[1], value, spread, 1 / 8, 1 / 3, higher_is_better=True))
    if names[1]:
        value, spread = ratios(cost["bot"], cost["reference"])
        shown = [f"{median(cost[name]) * 1e6:,.0f} µs" for name in ("bot", "reference")]
        rows.append(Row(names[1], f"CPU per alert, {where}", shown[0], shown[1], value, spread, 8, 3))
    return rows


async def latency(ours: str, theirs: str) -> list[Row]:
    """One alert at a time, and five hundred in one webhook."""
    one: dict[str, list[float]] = {"bot": [], "reference": []}
    many: dict[str, list[float]] = {"bot": [], "reference": []}
    async with contest(ours, theirs) as (bot, reference):
        await burst(bot, [webhook(1, group) for group in range(GROUPS)], 60)
        for turn in range(ROUNDS):
            for contestant in (bot, reference) if turn % 2 else (reference, bot):
                singles = [webhook(1, number % GROUPS) for number in range(200)]
                one[contestant.name].append((await burst(contestant, singles, BURST_S, connections=1)).percentile(0.5))
                big = [webhook(500, turn % GROUPS)]
                many[contestant.name].append((await burst(contestant, big, 60, connections=1)).percentile(0.5))
    rows = []
    for name, what, found, must, goal in (
        ("P4", "one alert, p50", one, 8.0, 4.0),
        ("P5", "500 new alerts in one webhook", many, 10.0, 4.0),
    ):
        value, spread = ratios(found["bot"], found["reference"])
        shown = [f"{median(found[name]) * 1000:,.1f} ms" for name in ("bot", "reference")]
        rows.append(Row(name, what, shown[0], shown[1], value, spread, must, goal))
    return rows


async def on_sqlite(folder: Path) -> list[Row]:
    """P1, P2, P4, P5."""
    rows = await throughput(f"sqlite:///{folder}/p1.db", f"sqlite:{folder}/p1-reference.db", ("P1", "P2"), "SQLite")
    return rows + await latency(f"sqlite:///{folder}/p4.db", f"sqlite:{folder}/p4-reference.db")


async def on_postgresql(ours: str, theirs: str) -> list[Row]:
    """P3."""
    return await throughput(ours, theirs, ("P3", ""), "PostgreSQL")
