"""P8: from nothing to the first durable 2xx, and the memory it takes."""

import asyncio
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

import aiohttp
import psutil

from bench.contestants import bot_environ
from bench.load import PATH, webhook
from bench.table import Row, ratios
from bot.sandbox.process import free_port
from bot.sandbox.testing import Sandbox

ROUNDS = 7


async def cold(arguments: list[str], port: int, environ: Mapping[str, str] | None) -> tuple[float, float]:
    """Seconds from spawning a process to its first 202, and its resident memory in MB then."""
    body, began = webhook(1, 1), time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env=dict(environ) if environ is not None else None, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.post(f"http://127.0.0.1:{port}{PATH}", data=body) as answer:
                        if answer.status == 202:
                            took = time.perf_counter() - began
                            break
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.005)
        await asyncio.sleep(1.0)
        return took, psutil.Process(process.pid).memory_info().rss / 1e6
    finally:
        process.kill()
        await process.wait()


async def measure(folder: Path) -> list[Row]:
    """Starts on a database that is up to date, as after a deployment that changed nothing."""
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    async with Sandbox() as sandbox:
        database = f"sqlite:///{folder}/p8.db"
        for turn in range(ROUNDS + 1):
            port = free_port()
            found = await cold(["-m", "bot", "run"], port, bot_environ(sandbox, database, port))
            port = free_port()
            other = await cold(["-m", "bench.reference", str(port), f"sqlite:{folder}/p8-reference.db"], port, None)
            if turn:  # the first start migrates and fills the file cache
                ours.append(found)
                theirs.append(other)
    time_ratio, time_spread = ratios([one[0] for one in ours], [one[0] for one in theirs])
    memory_ratio, memory_spread = ratios([one[1] for one in ours], [one[1] for one in theirs])
    seconds = [f"{median(one[0] for one in found):.2f} s" for found in (ours, theirs)]
    megabytes = [f"{median(one[1] for one in found):.0f} MB" for found in (ours, theirs)]
    return [
        Row("P8", "cold start to the first durable 2xx", seconds[0], seconds[1], time_ratio, time_spread, 5, 3),
        Row("P8", "resident memory", megabytes[0], megabytes[1], memory_ratio, memory_spread, 4, 2.5),
    ]
