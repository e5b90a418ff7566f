"""A rush on the fleet: so many large orders each second, whether those before were answered or not."""

import asyncio
import contextlib

import aiohttp

A_SECOND = 32
PATIENCE_S = 5.0


class Rush:
    """Asks `address`, each time on a connection of its own."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; it goes on until stopped."""
        if self._task is None:
            self._task = asyncio.create_task(self._ask())

    async def stop(self) -> None:
        """End at once."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _ask(self) -> None:
        timeout, connector = aiohttp.ClientTimeout(total=PATIENCE_S), aiohttp.TCPConnector(force_close=True, limit=0)
        loop = asyncio.get_running_loop()
        due = loop.time()
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session, asyncio.TaskGroup() as asking:
            while True:
                asking.create_task(self._one(session))
                due += 1 / A_SECOND
                await asyncio.sleep(due - loop.time())

    async def _one(self, session: aiohttp.ClientSession) -> None:
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with session.get(self._address):
                pass
