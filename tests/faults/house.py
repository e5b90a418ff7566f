"""A bot that may die at any moment, in a world that lives on: its process, its database, and the sandbox around it."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from aiohttp import ClientError, ClientSession, ClientTimeout
from sqlalchemy import or_, select
from sqlmodel import col

from bot.clock import ShiftedClock
from bot.db import Database
from bot.events import Listeners
from bot.sandbox.process import free_port
from bot.sandbox.testing import Sandbox
from bot.work.models import WorkItem
from bot.work.orders import WorkState
from tests.world import CONFIG, plain_url

ROOT = Path(__file__).parents[2]
TOKEN = "opens the sandbox's own doors"
SOON = timedelta(seconds=4)
"""What is due within this time belongs to the story; the next step of a ladder, minutes away, does not."""
LEASES_END = timedelta(seconds=11)


class Life:
    """One bot process, from its birth; `died` becomes its exit code, -9 when it was killed."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.died: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def is_over(self) -> bool:
        return self.died.done()

    async def kill(self) -> int:
        """kill -9, and wait until it is gone; the exit code."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        return await self.died

    def pause(self) -> None:
        """Stop it in its tracks, as a machine does that is moved or out of memory."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on where it was, as if no time had passed."""
        os.kill(self.pid, signal.SIGCONT)


class Nursery:
    """Where bots are born: see `tests/faults/nursery.py`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._expected: deque[asyncio.Future[Life]] = deque()
        self._lives: dict[int, Life] = {}
        self._listening = asyncio.create_task(self._listen())

    async def bear(self, environ: Mapping[str, str], log: Path) -> Life:
        """A new process that runs the bot."""
        born: asyncio.Future[Life] = asyncio.get_running_loop().create_future()
        self._expected.append(born)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"environ": dict(environ), "log": str(log)}).encode() + b"\n")
        return await born

    async def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._listening

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            match json.loads(line):
                case {"born": pid}:
                    self._lives[pid] = Life(pid)
                    self._expected.popleft().set_result(self._lives[pid])
                case {"died": pid, "code": code}:
                    self._lives.pop(pid).died.set_result(code)


@asynccontextmanager
async def nursery() -> AsyncIterator[Nursery]:
    """A nursery, begun and ended with all that were born there."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.nursery", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    place = Nursery(process)
    try:
        yield place
    finally:
        await place.close()


class House:
    """One bot's database and world. `passes` time for the bot by shifting the clock that it and the phones read."""

    def __init__(self, nursery: Nursery, database_url: str, folder: Path) -> None:
        self._nursery = nursery
        self._url = plain_url(database_url)
        self._folder = folder
        self.config = shutil.copytree(CONFIG, folder / "config")
        self.clock = ShiftedClock(timedelta(0))
        self.sandbox = Sandbox(clock=self.clock)
        self.database = Database(database_url, self.clock, Listeners())
        self.offset = timedelta(0)
        self.port, self.mail_port = free_port(), free_port()
        self.life: Life | None = None
        self.died_at: datetime | None = None
        """When the latest bot died, by the clock."""
        self._replicas: list[Life] = []

    async def __aenter__(self) -> Self:
        await self.sandbox.__aenter__()
        self.sandbox.serve(f"http://127.0.0.1:{self.port}")
        self.sandbox.outside.mailbox.bot_port = self.mail_port
        return self

    async def __aexit__(self, *_: object) -> None:
        for life in (self.life, *self._replicas):
            if life is not None and not life.is_over:
                await life.kill()
        await self.sandbox.__aexit__(None, None, None)
        await self.database.close()

    @property
    def log(self) -> Path:
        return self._folder / "bot.log"

    async def start(self, die_at: str = "", *, is_waited_for: bool = True) -> Life:
        """Let a bot begin; with `die_at` it will die there."""
        self.life = await self._nursery.bear(self._environ(die_at), self.log)
        if is_waited_for:
            await self.until_ready(self.life)
        return self.life

    async def replica(self, die_at: str = "", *, ahead: timedelta = timedelta(0)) -> Life:
        """Let one more bot begin on the same database, whose clock is `ahead`. People and providers reach the first one."""
        port = free_port()
        more = {
            "TOCSIN_PORT": str(port),
            "TOCSIN_MAIL_LISTEN": f"127.0.0.1:{free_port()}",
            "TOCSIN_SANDBOX_OFFSET_S": repr((self.offset + ahead).total_seconds()),
        }
        life = await self._nursery.bear(self._environ(die_at) | more, self.log)
        self._replicas.append(life)
        await self.until_ready(life, port)
        assert not life.is_over, self.last_words()
        return life

    async def until_ready(self, life: Life, port: int | None = None) -> None:
        """Wait until the bot says that it is ready and has its connection to Slack, or is dead again."""
        async with ClientSession(timeout=ClientTimeout(total=2)) as client:
            while not life.is_over:
                with contextlib.suppress(ClientError, TimeoutError, OSError):
                    async with client.get(f"http://127.0.0.1:{port or self.port}/readyz") as answer:
                        if answer.status == 200 and (await answer.json())["checks"]["socket"]["ok"]:
                            return
                await asyncio.sleep(0.02)

    def passes(self, time: timedelta) -> None:
        """So much time passes; a bot that starts finds it gone."""
        self.offset += time
        self.clock.advance(time)

    async def moves_on(self, time: timedelta) -> None:
        """So much time passes for a bot that runs. It may die on the way."""
        self.passes(time)
        headers = {"X-Tocsin-Sandbox": TOKEN}
        with contextlib.suppress(ClientError, OSError):
            async with (
                ClientSession(timeout=ClientTimeout(total=30)) as client,
                client.post(
                    f"http://127.0.0.1:{self.port}/sandbox/clock", json={"advance_s": time.total_seconds()}, headers=headers
                ) as answer,
            ):
                assert answer.status == 200, await answer.text()

    async def settled(self, within_s: float = 40.0) -> bool:
        """Wait until nothing is under way and nothing is due soon. False when the bot died instead."""
        async with asyncio.timeout(within_s):
            quiet = 0
            while quiet < 3:
                if self.life is None or self.life.is_over:
                    return False
                quiet = 0 if await self.unfinished() else quiet + 1
                await asyncio.sleep(0.03)
        await self.sandbox.settled()
        return not self.life.is_over

    async def unfinished(self) -> list[str]:
        """The work that is under way, due soon or being tried again, by key."""
        async with self.database.read() as tx:
            is_soon = (col(WorkItem.due_at) <= tx.now + SOON) | (col(WorkItem.attempts) > 0)
            waiting = (col(WorkItem.state) == WorkState.WAITING) & is_soon
            items = select(col(WorkItem.key)).where(or_(waiting, col(WorkItem.state) == WorkState.LEASED))
            return list((await tx.session.execute(items)).scalars())

    @property
    def counted(self) -> Path:
        """What the runbook of these tests writes a line to each time that it runs."""
        return self._folder / "counted"

    def add_runbook(self) -> None:
        """Something to run, on two hosts that are this machine."""
        for name in ("runbooks", "playbooks"):
            (self.config / name).mkdir(exist_ok=True)
        (self.config / "runbooks" / "count.yaml").write_text("title: Count\nplaybook: count.yml\ngroup: counted\nenvironments: [here]\n")
        (self.config / "playbooks" / "count.yml").write_text(
            "- hosts: counted\n  gather_facts: false\n  tasks:\n"
            f"    - ansible.builtin.shell: echo {{{{ inventory_hostname }}}} >> {self.counted}\n"
        )
        (self.config / "here.yaml").write_text("environments:\n  here: {inventory: hosts.ini}\n")
        local = "ansible_connection=local ansible_python_interpreter='{{ ansible_playbook_python }}'"
        (self.config / "hosts.ini").write_text(f"[counted]\none {local}\ntwo {local}\n")

    def add_places(self) -> None:
        """Everywhere to publish: a canvas, a directory, a repository."""
        site, bare = self._folder / "site", self._folder / "bare.git"
        site.mkdir()
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(bare)], check=True)
        places = {"canvas": True, "folder": {"directory": str(site), "formats": ["markdown"]}, "git": {"repository": str(bare)}}
        (self.config / "publishing.yaml").write_text(json.dumps({"publishing": places}))

    def copies(self) -> list[str]:
        """The files in the directory, and the commits in the repository."""
        bare = self._folder / "bare.git"
        if not bare.exists():
            return []
        log = subprocess.run(["git", "-C", str(bare), "log", "--all", "--format=%s"], capture_output=True, text=True, check=True).stdout
        return [file.name for file in (self._folder / "site").rglob("*") if file.is_file()] + log.splitlines()

    def last_words(self) -> str:
        """The end of the bot's log, for a failure's message."""
        return self.log.read_text()[-4000:] if self.log.exists() else ""

    def _environ(self, die_at: str) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", ""),
            **self.sandbox.environ(),
            "DATABASE_URL": self._url,
            "TOCSIN_CONFIG": str(self.config),
            "TOCSIN_RUNS": str(self._folder / "runs"),
            "TOCSIN_SECRET": "a secret of these tests",
            "TOCSIN_HOST": "127.0.0.1",
            "TOCSIN_PORT": str(self.port),
            "TOCSIN_MAIL_LISTEN": f"127.0.0.1:{self.mail_port}",
            "TOCSIN_SANDBOX_TOKEN": TOKEN,
            "TOCSIN_SANDBOX_OFFSET_S": repr(self.offset.total_seconds()),
            "TOCSIN_DIE_AT": die_at,
        }
