"""Customers of the fleet: a few requests a second, all the while, so that what goes wrong and what mends it can be seen."""

import asyncio
import contextlib
import time
from collections import deque
from dataclasses import dataclass

import aiohttp

A_SECOND = 10
KEPT_S = 180
PATIENCE_S = 2.0


@dataclass
class Second:
    """What they got within one second of the wall clock."""

    at: int
    answered: int = 0
    failed: int = 0


class Customers:
    """Ask `entrance` ten times a second, each time on a connection of its own."""

    def __init__(self, entrance: str) -> None:
        self._entrance = entrance
        self._seconds: deque[Second] = deque(maxlen=KEPT_S)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to ask."""
        self._task = asyncio.create_task(self._ask())

    async def stop(self) -> None:
        """Go away."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def seconds(self) -> list[dict[str, int]]:
        """The last three minutes, second by second."""
        return [{"at": one.at, "answered": one.answered, "failed": one.failed} for one in self._seconds]

    async def _ask(self) -> None:
        timeout, connector = aiohttp.ClientTimeout(total=PATIENCE_S), aiohttp.TCPConnector(force_close=True)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session, asyncio.TaskGroup() as asking:
            while True:
                asking.create_task(self._one(session))
                await asyncio.sleep(1 / A_SECOND)

    async def _one(self, session: aiohttp.ClientSession) -> None:
        try:
            async with session.get(self._entrance) as answer:
                is_good = answer.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            is_good = False
        now = int(time.time())
        if not self._seconds or self._seconds[-1].at != now:
            self._seconds.append(Second(now))
        self._seconds[-1].answered += is_good
        self._seconds[-1].failed += not is_good
