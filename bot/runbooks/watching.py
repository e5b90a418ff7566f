"""Waiting for a short run of the engine's, a dry run or a look, until it is through."""

import asyncio
from collections.abc import Collection

from bot.runbooks.progress import Progress, fold, started
from bot.runbooks.runner import Life, PlaybookRunner

LOOK_EVERY_S = 0.05


async def watched(runner: PlaybookRunner, name: str, hosts: Collection[str], within_s: int) -> tuple[Progress, bool]:
    """How far it came, and whether it was through `within_s` seconds; one that was not is stopped."""
    progress = started(hosts)
    for _ in range(int(within_s / LOOK_EVERY_S)):
        look = await runner.look(name, progress.seen)
        progress = fold(progress, look.events)
        if look.life != Life.RUNNING:
            return progress, True
        await asyncio.sleep(LOOK_EVERY_S)
    await runner.stop(name)
    return progress, False
