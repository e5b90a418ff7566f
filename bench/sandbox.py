"""S1 and S2: how long a newcomer waits for `ready`, and what bot and sandbox weigh when nothing happens."""

import asyncio
import re
import time
from pathlib import Path
from statistics import median

import psutil

from bench.table import Row
from tests.stranger import Running, sandbox

ROUNDS = 7
IDLE_S = 3.0


async def measure(folder: Path) -> list[Row]:
    """Starts on data of an earlier start, page and all; absolute figures, because nothing stands beside it."""
    return await asyncio.to_thread(_measure, folder)


def _measure(folder: Path) -> list[Row]:
    starts: list[float] = []
    weights: list[float] = []
    for turn in range(ROUNDS + 1):
        with sandbox(folder / "sandbox", with_page=True) as running:
            if turn:  # the first start makes database and configuration
                starts.append(running.took_s)
            if turn == ROUNDS:
                time.sleep(IDLE_S)
                weights = [pss_mb(process) for process in processes(running)]
    spread = f"{min(starts):.2f} to {max(starts):.2f}"
    each = " + ".join(f"{weight:.0f}" for weight in weights)
    return [
        Row("S1", "`tocsin sandbox` to `ready`, warm", f"{median(starts):.2f} s", "-", median(starts), spread, 2, 1.5),
        Row("S2", "sandbox and bot, idle, PSS", f"{sum(weights):.0f} MB", "-", sum(weights), each, 200, 150),
    ]


def processes(running: Running) -> list[psutil.Process]:
    """The sandbox, found by the port that it listens on, and its bot."""
    port = re.search(r":(\d+)$", running.url)
    assert port is not None
    mine = psutil.Process().children(recursive=False)
    [ours] = [process for process in mine if "sandbox" in process.cmdline() and port[1] in process.cmdline()]
    return [ours, *ours.children(recursive=True)]


def pss_mb(process: psutil.Process) -> float:
    """Proportional set size: what is shared is shared out."""
    return float(process.memory_full_info().pss) / 1e6
