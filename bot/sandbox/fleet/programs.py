"""supervisord's programs, by its XML-RPC on a unix socket."""

import asyncio
import xmlrpc.client
from collections.abc import Collection
from pathlib import Path

import aiohttp

WITHIN_S = 15.0
STARTED, STOPPED = 60, 70
"""supervisord's faults ALREADY_STARTED and NOT_RUNNING: it is so already."""


class Programs:
    """Starts and stops programs of the supervisord that listens here; several at once."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def start(self, names: Collection[str]) -> None:
        """Those that run already are left alone."""
        await asyncio.gather(*(self._call("startProcess", name, spared=STARTED) for name in names))

    async def stop(self, names: Collection[str]) -> None:
        """Those that do not run are left alone."""
        await asyncio.gather(*(self._call("stopProcess", name, spared=STOPPED) for name in names))

    async def restart(self, names: Collection[str]) -> None:
        """All of them at the same time, as a careless deployment does it."""
        await self.stop(names)
        await self.start(names)

    async def signal(self, names: Collection[str], signal: str) -> None:
        """Send a signal, such as STOP, to those that run."""
        await asyncio.gather(*(self._call("signalProcess", name, signal, spared=STOPPED) for name in names))

    async def _call(self, method: str, *words: str, spared: int) -> None:
        body = xmlrpc.client.dumps(words, f"supervisor.{method}")
        timeout = aiohttp.ClientTimeout(total=WITHIN_S)
        async with (
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(self._socket)), timeout=timeout) as session,
            session.post("http://supervisor/RPC2", data=body, headers={"Content-Type": "text/xml"}) as answer,
        ):
            text = await answer.text()
        try:
            xmlrpc.client.loads(text)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != spared:
                raise RuntimeError(f"{method} {' '.join(words)}: {fault.faultString}") from None
