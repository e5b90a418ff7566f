"""P6 and P7: a slow or dead page channel does not slow the intake, and nothing acknowledged is lost or doubled."""

import asyncio
import contextlib
import random
import sqlite3
from pathlib import Path

import aiohttp

from bench.contestants import Contestant, running_bot
from bench.load import PATH, burst, fingerprints, webhook
from bench.table import Row, ratios
from bot.sandbox.testing import Sandbox

ROUNDS = 7
BURST_S = 1.5
KILLS = 5


async def measure(folder: Path) -> list[Row]:
    """P6 for a channel that takes a second and for one that never answers; P7 as exact counts."""
    return [*await slow_channel(folder), await exact_rows(folder)]


async def slow_channel(folder: Path) -> list[Row]:
    """Every webhook opens an incident that pages; the SMS provider answers at once, after 1 s, or never."""
    cases = {"0 ms": 0.0, "1 s": 1.0, "never": 60.0}
    p99: dict[str, list[float]] = {case: [] for case in cases}
    group = 0
    for case, delay in cases.items():
        async with Sandbox() as sandbox, running_bot(sandbox, f"sqlite:///{folder}/p6-{delay}.db") as bot:
            if delay:
                for service in ("sms", "slack"):
                    sandbox.fault(service=service, delay_s=delay, count=0)
            for _ in range(ROUNDS):
                bodies = []
                for _ in range(300):
                    group += 1
                    bodies.append(webhook(1, group, service=f"unknown-{group}", severity="critical"))
                p99[case].append((await burst(bot, bodies, BURST_S)).percentile(0.99))
    rows = []
    for case in ("1 s", "never"):
        value, spread = ratios(sorted(p99[case]), sorted(p99["0 ms"]))
        shown = [f"{sorted(p99[name])[ROUNDS // 2] * 1000:.0f} ms" for name in (case, "0 ms")]
        rows.append(Row("P6", f"ingest p99, page channel takes {case}", shown[0], shown[1], value, spread, 1.3, 1.1))
    return rows


async def exact_rows(folder: Path) -> Row:
    """Eight senders, every webhook twice, the bot killed at random moments: rows lost plus rows doubled of what was answered 202."""
    database = folder / "p7.db"
    answered: set[str] = set()
    chance = random.Random(7)
    async with Sandbox() as sandbox:
        for _ in range(KILLS):
            async with running_bot(sandbox, f"sqlite:///{database}") as bot:
                bodies = [webhook(5, number % 20) for number in range(400)]
                sending = [asyncio.create_task(resend(bot, bodies[sender::8], answered)) for sender in range(8)]
                await asyncio.sleep(0.3 + chance.random())
                bot.process.kill()
                for task in sending:
                    task.cancel()
                await asyncio.gather(*sending, return_exceptions=True)
    with contextlib.closing(sqlite3.connect(database)) as connection:
        stored = [row[0] for row in connection.execute("SELECT fingerprint FROM alert")]
        events = [row[0] for row in connection.execute("SELECT fingerprint FROM alert_event")]
    wrong = len(answered - set(stored)) + (len(stored) - len(set(stored))) + (len(events) - len(set(events)))
    return Row("P7", f"lost or doubled of {len(answered):,}, {KILLS} kills", str(wrong), "0", float(wrong), "exact", 0, 0)


async def resend(bot: Contestant, bodies: list[bytes], answered: set[str]) -> None:
    """Send each webhook twice, remembering what was answered."""
    async with aiohttp.ClientSession() as session:
        for body in bodies:
            for _ in range(2):
                async with session.post(bot.url + PATH, data=body) as answer:
                    if answer.status == 202:
                        answered.update(fingerprints(body))
