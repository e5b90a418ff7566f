"""P9 to P11: how late pages leave when many are due at once, when one step is due, and when one channel hangs. Two replicas on PostgreSQL.

Lateness is counted from the moment a page is due to the moment its request reaches the provider.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from bench.crowd import CALLS, MESSAGES, Crowd, References, crowd, percentile, references
from bench.table import Row, ratios
from tests import postgres

REPLICAS = 2
ROUNDS = 3
STORM, FLOOD = 1_000, 10_000
STEPS = 60
OTHERS, HANGING = 300, 300
PROVIDER_S, HANGS_S = 0.1, 10.0
"""The reference is one process as wide as one lane of ours: a thousand texts at 48 a 0.1 s, which is the plan's 2.2 s."""


async def measure(folder: Path) -> list[Row]:
    """All, on one stage."""
    with postgres.running() as server:
        ours, theirs = await asyncio.to_thread(server.create), await asyncio.to_thread(server.create)
        address = server.url(theirs).replace("+asyncpg", "")
        async with crowd(folder, server.url(ours), REPLICAS) as stage, references(address, stage.provider, 1) as reference:
            await stage.delays(Messages=PROVIDER_S, Calls=PROVIDER_S)
            await storm(stage, 200, 9_000)  # connections are open, statements are compiled
            return [await one_step(stage), await beside_a_hanging_channel(stage), *await storms(stage, reference)]


async def storm(stage: Crowd, count: int, first: int = 0) -> list[float]:
    """So many texts due at once: how late each was."""
    since = len(await stage.arrivals())
    at = await stage.pages_due(count, first=first)
    late = [when - at for _, _, when in await stage.until(count, since, within_s=120 + count / 10)]
    await stage.forget_receipts()
    return late


async def storms(stage: Crowd, reference: References) -> list[Row]:
    """A thousand in rounds that take turns with the reference, and ten thousand once."""
    ours, theirs = [], []
    for turn in range(ROUNDS):
        late = await storm(stage, STORM, first=turn * STORM)
        assert len(late) == STORM, "nobody is paged twice"
        ours.append(percentile(late, 0.99))
        since = len(await stage.arrivals())
        at = await reference.texts_due(STORM)
        theirs.append(percentile([when - at for _, _, when in await stage.until(STORM, since, within_s=120)], 0.99))
    value, spread = ratios(ours, theirs)
    flood = percentile(await storm(stage, FLOOD), 0.99)
    growth, shown = flood / median(ours), [f"{median(found):.2f} s" for found in (ours, theirs)]
    return [
        Row("P9", f"{STORM:,} pages due at once, lateness p99", shown[0], shown[1], value, spread, 3, 1.5),
        Row("P9", f"{FLOOD:,} due, to {STORM:,}", f"{flood:.2f} s", shown[0], growth, "one round", 12, 10),
    ]


async def one_step(stage: Crowd) -> Row:
    """Steps of a ladder, one after the other: from the step's time to the provider."""
    since = len(await stage.arrivals())
    begin = datetime.now(UTC) + timedelta(seconds=3)
    moments = [begin + timedelta(seconds=0.25 * number) for number in range(STEPS)]
    await stage.steps_due(moments)
    arrived = await stage.until(STEPS, since, within_s=60)
    late = [when - at.timestamp() for at, (_, _, when) in zip(moments, sorted(arrived, key=lambda one: one[1]), strict=True)]
    worst = percentile(late, 0.99)
    return Row("P10", "one step due, lateness p99 in s", f"{worst:.3f} s", "", worst, f"p50 {median(late):.3f} s", 1, 0.2)


async def beside_a_hanging_channel(stage: Crowd) -> Row:
    """Texts, without and with as many calls whose provider hangs."""
    alone, beside = [], []
    for turn in range(ROUNDS):
        alone.append(percentile(await storm(stage, OTHERS, first=turn * OTHERS), 0.99))
        await stage.delays(Messages=PROVIDER_S, Calls=HANGS_S)
        since = len(await stage.arrivals())
        await stage.pages_due(HANGING, "voice", first=5_000)
        at = await stage.pages_due(OTHERS, first=(turn + ROUNDS) * OTHERS)
        found = await stage.until(OTHERS, since, within_s=60, kind=MESSAGES)
        beside.append(percentile([when - at for _, _, when in found], 0.99))
        await stage.delays(Messages=PROVIDER_S, Calls=PROVIDER_S)
        await stage.until(HANGING, since, within_s=120, kind=CALLS)
        await asyncio.sleep(HANGS_S)  # the last of the hanging calls end
    value, spread = ratios(beside, alone)
    shown = [f"{median(found):.2f} s" for found in (beside, alone)]
    return Row("P11", "texts while calls hang for 10 s, lateness p99", shown[0], shown[1], value, spread, 1.5, 1.1)
