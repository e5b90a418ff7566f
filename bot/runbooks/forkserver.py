"""The process that has Ansible imported, as our child: begun when it is first wanted, spoken to in JSON, and gone soon after we are.

Its program, `playbooks/engine`, imports ansible-core and stands under its licence: nothing of it is imported here.
"""

import atexit
import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import IO

from bot import faultpoints, resources
from bot.runbooks.account import OWN, Account
from bot.runbooks.homes import bare_environment

ANSWERS_WITHIN_S = 20.0
ENDS_WITHIN_S = 2.0
DIES_WITHIN_S = 0.2
"""From the end of its lines until a process that died is seen to be dead."""
Answer = Mapping[str, object]


class NoAnswer(Exception):
    """It could not be asked, or died over it. `str` is a sentence."""


class ForkServer:
    """One server and its next ones, under one account. Whatever is asked of it is asked in a thread: it blocks."""

    def __init__(self, program: Path, account: Account = OWN) -> None:
        self._program = program
        self.account = account
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None
        self._said: IO[bytes] | None = None
        """What it printed."""
        self._made_of: object = None
        self._generation = 0
        self.proved = 0
        """The number of the server that passed its test."""
        atexit.register(self.close)

    @property
    def pid(self) -> int | None:
        """The server's process, while there is one."""
        return None if self._process is None or self._process.poll() is not None else self._process.pid

    def ask(self, order: Mapping[str, object], within_s: float = ANSWERS_WITHIN_S) -> Answer:
        """Its answer to an order. A server that died is followed by another, which is asked once more. Raises `NoAnswer`."""
        for pause in (0.0, DIES_WITHIN_S):
            time.sleep(pause)
            with contextlib.closing(self._sent(order)) as line:
                line.settimeout(within_s)
                try:
                    said = line.makefile("rb").readline()
                except TimeoutError:
                    raise NoAnswer(f"it does not answer within {within_s:g} s.") from None
                except OSError:
                    said = b""  # it died before it had read the order
            if said:
                answer: Answer = json.loads(said)
                return answer
        words = self._last_words()
        raise NoAnswer(f"it dies over what it is asked{': ' + words if words else '.'}")

    def close(self) -> None:
        """End it; the runs that it began go on."""
        with self._lock:
            self._end()

    def ready(self) -> int:
        """The number of the server that is there now, of what is installed now; another one has to be tried anew."""
        with self._lock:
            self._ensure()
            return self._generation

    def _sent(self, order: Mapping[str, object]) -> socket.socket:
        """A line of our own to the server, on which the order is."""
        with self._lock:
            self._ensure()
            ours, theirs = socket.socketpair()
            try:
                assert self._orders is not None
                ours.sendall(json.dumps({**order, "die_at": faultpoints.FATE.spec}).encode() + b"\n")
                socket.send_fds(self._orders, [b"."], [theirs.fileno()])
            except OSError:
                pass  # it has just died; what we read from our line is its silence
            finally:
                theirs.close()
            return ours

    def _ensure(self) -> None:
        """Let there be a server, of what is installed now."""
        made_of = self._ingredients()
        if self.pid is not None and made_of == self._made_of:
            return
        self._end()
        ours, theirs = socket.socketpair()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 – closed with the server
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, str(self._program)],
                env=bare_environment(self.account) | {"PYTHONDONTWRITEBYTECODE": "1", "TOCSIN_DIE_AT": faultpoints.FATE.spec},
                cwd="/",
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                start_new_session=True,
                **self.account.starts,
            )
        self._orders, self._made_of = ours, made_of
        self._generation += 1

    def _ingredients(self) -> object:
        """What a server is made of; one that was made of something else is of no use any more."""
        files = [(path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(self._program.iterdir()) if path.is_file()]
        return version("ansible-core"), version("ansible-runner"), files

    def _end(self) -> None:
        if self._orders is not None:
            self._orders.close()  # the end of its input: it goes
        if self._process is not None:
            try:
                self._process.wait(ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._said is not None:
            self._said.close()
        self._orders = self._process = self._said = None

    def _last_words(self) -> str:
        with self._lock:
            if self._said is None:
                return ""
            self._said.seek(0)
            return self._said.read().decode(errors="replace").strip()[-500:]


SHARED = ForkServer(resources.path("playbooks") / "engine")
"""The server of this process. It costs nothing until it is asked."""


def server_under(account: Account) -> ForkServer:
    """The server whose runs work under this account."""
    return ForkServer(resources.path("playbooks") / "engine", account) if account.name else SHARED
