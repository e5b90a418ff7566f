"""P16 and P17: how fast a declaration reaches people while Slack is slow, and how fast it is acknowledged."""

import asyncio
import time
from pathlib import Path
from statistics import median

from bench.contestants import running_bot
from bench.table import Row, ratios
from bot.sandbox.testing import Json, Sandbox

ROUNDS = 7
SLACK_S = 0.1
SETTLED_S = 3.5
SLOW_S = 2.0
COUNTED = ("conversations.", "pins.", "bookmarks.", "chat.")


async def measure(folder: Path) -> list[Row]:
    """Both, on a running bot."""
    async with Sandbox() as sandbox, running_bot(sandbox, f"sqlite:///{folder}/p16.db"):
        await sandbox.until(lambda: sandbox.calls("auth.test"))
        await asyncio.sleep(2)
        return [*await declarations(sandbox), *await acknowledgements(sandbox)]


async def declarations(sandbox: Sandbox) -> list[Row]:
    """Every Slack call takes 100 ms; the floor is two of them in a row, made here by hand."""
    ours, floors, counts = [], [], []
    for turn in range(ROUNDS):
        floors.append(await floor())
        sandbox.fault(service="slack", delay_s=SLACK_S, count=0)
        already = len(sandbox.calls())
        began = time.time()
        await sandbox.user("kim").command(f"/inc new sev1 thing {turn} broke")
        await asyncio.sleep(SETTLED_S)  # the workspace notes when each call ended: whoever kept asking it would slow it down
        ours.append(invited_and_confirmed(sandbox.calls()[already:]) - began)
        counts.append(sum(is_counted(call) for call in sandbox.calls()[already:]))
        sandbox.clear_faults()
    value, spread = ratios(ours, floors)
    return [
        Row(
            "P16",
            "declared to invited and confirmed",
            f"{median(ours) * 1000:.0f} ms",
            f"{median(floors) * 1000:.0f} ms",
            value,
            spread,
            1.5,
            1.15,
        ),
        Row("P16", "Slack calls in all", f"{median(counts):.0f}", "", float(max(counts)), f"{min(counts)} to {max(counts)}", 8, 6),
    ]


async def floor() -> float:
    """Creating, and then inviting and confirming side by side, with nothing else to do."""
    began = time.perf_counter()
    await asyncio.sleep(SLACK_S)
    await asyncio.gather(asyncio.sleep(SLACK_S), asyncio.sleep(SLACK_S))
    return time.perf_counter() - began


def invited_and_confirmed(calls: list[Json]) -> float:
    """The moment at which the responders were invited and the confirmation was shown."""
    ended = {call["method"]: call["end"] for call in reversed(calls)}  # the first of each method
    return float(max(ended["conversations.invite"], ended["response_url"]))


def is_counted(call: Json) -> bool:
    """Whether a call is part of the declaration; pages by direct message are not."""
    is_page = str(call["args"].get("channel", "")).startswith(("U", "D"))
    return call["method"].startswith(COUNTED) and not is_page


async def acknowledgements(sandbox: Sandbox) -> list[Row]:
    """Commands and submissions while Slack's API takes 2 s."""
    sandbox.fault(service="slack", delay_s=SLOW_S, count=0)
    took, before = [], 0
    for turn in range(40):
        already = len(sandbox.calls())
        began = time.perf_counter()
        await sandbox.user("lee").command("/inc list" if turn % 2 else "/inc help")
        took.append(time.perf_counter() - began)
        before += sum(is_counted(call) for call in sandbox.calls()[already:] if call["start"] < time.time() - 10)
    sandbox.clear_faults()
    p99 = sorted(took)[int(0.99 * len(took))]
    return [
        Row(
            "P17",
            "ack while Slack takes 2 s, p99 in ms",
            f"{p99 * 1000:.0f} ms",
            "",
            p99 * 1000,
            f"p50 {median(took) * 1000:.0f} ms",
            200,
            50,
        ),
        Row("P17", "Slack calls before the ack", str(before), "", float(before), "", 0, 0),
    ]
