"""P12: a thousand alerts of one service while Slack takes a message a second in a channel: what is posted there, and when first."""

import asyncio
import time
from pathlib import Path
from statistics import median

from bench.contestants import running_bot
from bench.load import burst, webhook
from bench.table import Row
from bot.sandbox.testing import Json, Sandbox

ROUNDS = 3
ALERTS, IN_ONE_WEBHOOK = 1000, 10
SETTLED_S = 20
"""Longer than a bot that posts slowly could keep quiet between two posts."""
SERVICES = ("api-gateway", "auth", "storage")


async def measure(folder: Path) -> list[Row]:
    """Each round is a storm on another service, on a bot of its own."""
    posts, edits, firsts = [], [], []
    for turn in range(ROUNDS):
        async with Sandbox() as sandbox, running_bot(sandbox, f"sqlite:///{folder}/p12-{turn}.db") as bot:
            await sandbox.until(lambda sandbox=sandbox: sandbox.calls("auth.test"))  # type: ignore[misc]
            sandbox.outside.workspace.team.limits.switch("harsh")
            storm = [
                webhook(IN_ONE_WEBHOOK, number % 40, service=SERVICES[turn], severity="critical")
                for number in range(ALERTS // IN_ONE_WEBHOOK)
            ]
            began = time.time()
            await burst(bot, storm, 60)
            await asyncio.sleep(SETTLED_S)
            made = [call for call in sandbox.calls() if call["result"].get("ok")]
            channels = {call["result"]["channel"]["id"] for call in made if call["method"] == "conversations.create"}
            if len(channels) != 1:
                raise RuntimeError(f"the storm made {len(channels)} channels, not one")
            posted = [call for call in made if call["method"] == "chat.postMessage" and call["args"].get("channel") in channels]
            posts.append(float(len(posted)))
            edits.append(sum(call["method"] == "chat.update" and call["args"].get("channel") in channels for call in made))
            firsts.append(min(ended(call) for call in posted) - began)
    return [
        Row(
            "P12",
            f"posts for {ALERTS} alerts",
            f"{median(posts):.0f} posts, {median(edits):.0f} edits",
            "",
            max(posts),
            spread(posts),
            10,
            2,
        ),
        Row("P12", "until the first post", f"{median(firsts):.2f} s", "", max(firsts), spread(firsts), 2, 1),
    ]


def ended(call: Json) -> float:
    """When a call was answered, in seconds since the epoch."""
    return float(call["end"])


def spread(values: list[float]) -> str:
    """The least and the most."""
    return f"{min(values):.2g} to {max(values):.2g}"
