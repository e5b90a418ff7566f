"""The bot as a child process: started, waited for, stopped, killed, and never outliving the sandbox."""

import asyncio
import contextlib
import ctypes
import os
import random
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bot.errors import Refusal, Unavailable

if TYPE_CHECKING:
    from aiohttp import ClientSession

State = Literal["stopped", "starting", "running", "stopping", "dead"]

READY_WITHIN_S = 60.0
STOP_WITHIN_S = 20.0
LOOK_EVERY_S = 0.03
LAST_LINES = 15
PR_SET_PDEATHSIG = 1
PORTS = (20_000, 32_000)
"""Below the ports of outgoing connections; so many that two who choose at once hardly choose the same."""


class BotStopped(Refusal):
    """The bot's process ended before it was ready. The sentence carries its last words."""


def libc() -> "ctypes.CDLL | None":
    return ctypes.CDLL(None) if sys.platform == "linux" else None


LIBC = libc()  # loaded here, because between fork and exec nothing may be loaded


def die_with_parent() -> None:
    """Run in the child before it becomes the bot: the kernel kills it when the sandbox goes, however it goes."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def end_with_parent() -> None:
    """The same for a child with children of its own, which it ends when it is told to end."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One program that serves `url`. `environ` is asked for at each start; `on_death` hears the sentence when it ends by itself."""

    def __init__(
        self,
        command: Sequence[str],
        environ: Callable[[], Mapping[str, str]],
        url: str,
        log: Path,
        on_death: Callable[[str], None],
    ) -> None:
        self.command, self.environ, self.url, self.log, self.on_death = tuple(command), environ, url, log, on_death
        self.state: State = "stopped"
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._one_at_a_time = asyncio.Lock()

    def status(self) -> dict[str, object]:
        return {"running": self.state == "running", "state": self.state, "pid": self._process.pid if self._process else None}

    async def start(self) -> None:
        """Start it unless it runs, and wait until /readyz says 200.

        Raises `BotStopped` when it ends before that, `Unavailable` when a minute was not enough.
        """
        await self.launch()
        await self.ready()

    async def launch(self) -> None:
        """Start it unless it runs, and do not wait."""
        async with self._one_at_a_time:
            if self._process is None:
                await self._spawn()

    async def ready(self) -> None:
        """Wait until what was launched says that it is ready. Raises as `start` does."""
        async with self._one_at_a_time:
            await self._until_ready()

    async def stop(self) -> None:
        """Ask it to end (SIGTERM) and wait; after 20 s it is killed."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        await self._end(signal.SIGKILL)

    async def ended(self) -> None:
        """Wait until the process is gone, however it goes."""
        if self._watch is not None:
            await asyncio.wait([self._watch])

    async def _spawn(self) -> None:
        self.state = "starting"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self.environ()),
                start_new_session=True,  # Ctrl-C is the sandbox's to handle: it stops the bot in order
                preexec_fn=die_with_parent,
            )
        self._watch = asyncio.get_running_loop().create_task(self._wait_for_end(self._process))

    async def _wait_for_end(self, process: asyncio.subprocess.Process) -> None:
        code = await process.wait()
        was, self._process = self.state, None
        self.state = "stopped" if was == "stopping" else "dead"
        if was == "running":
            self.on_death(f"Tocsin ended by itself ({ending(code)}). Its last lines:\n{self.last_lines()}")

    async def _until_ready(self) -> None:
        from aiohttp import ClientSession, ClientTimeout  # not before the bot is on its way: it takes a fifth of a second

        try:
            async with asyncio.timeout(READY_WITHIN_S), ClientSession(timeout=ClientTimeout(total=2)) as client:
                while not await self._says_ready(client):
                    if self._process is None:
                        raise BotStopped(f"Tocsin ended before it was ready. Its last lines:\n{self.last_lines()}")
                    await asyncio.sleep(LOOK_EVERY_S)
        except TimeoutError:
            raise Unavailable(f"Tocsin was not ready after {READY_WITHIN_S:.0f} s. Its last lines:\n{self.last_lines()}") from None
        self.state = "running"

    async def _says_ready(self, client: "ClientSession") -> bool:
        from aiohttp import ClientError

        try:
            async with client.get(f"{self.url}/readyz") as answer:
                return answer.status == 200
        except (ClientError, TimeoutError, OSError):
            return False

    async def _end(self, how: signal.Signals) -> None:
        process, watch = self._process, self._watch
        if process is None or watch is None:
            self.state = "stopped"
            return
        self.state = "stopping"
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(how)
        done, _ = await asyncio.wait([watch], timeout=STOP_WITHIN_S)
        if not done:
            process.kill()
            await watch

    def last_lines(self) -> str:
        """The end of the bot's log."""
        if not self.log.exists():
            return "  (nothing was written)"
        with self.log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 16_384))
            lines = log.read().decode(errors="replace").splitlines()[-LAST_LINES:]
        return "\n".join(f"  {line}" for line in lines) or "  (nothing was written)"


def ending(code: int) -> str:
    """An exit code in words."""
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"


def free_port() -> int:
    """A port that nobody listens on, and that the system gives to no outgoing connection: it stays the bot's over its restarts."""
    while True:
        port = random.randrange(*PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
