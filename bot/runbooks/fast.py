"""The fast door to Ansible: a fork of a process that has it imported begins at once. Where that cannot be, the plain door does it."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import cast

from bot import log
from bot.runbooks.account import Account
from bot.runbooks.ansible import LOOKS_WITHIN_S, LocalRunner
from bot.runbooks.forkserver import Answer, ForkServer, NoAnswer
from bot.runbooks.hiding import Hiding
from bot.runbooks.homes import Homes, bare_environment, environment, ordered, taken_back
from bot.runbooks.progress import fold, started
from bot.runbooks.runner import NOTHING, CannotRead, Inventory, Life, RunSpec, Standing

TESTED = "2.19."
"""The ansible-core whose insides `playbooks/engine` knows."""
PLAYED_WITHIN_S = 20.0
AGAIN_AFTER_S = 600.0
"""A server that failed is tried again after so long."""
logger = log.get(__name__)


class FastRunner(LocalRunner):
    """Runs on this machine in forks of `server`, which is tried before it is trusted; `told` hears why it is not, once."""

    def __init__(
        self, root: Path, server: ForkServer, told: Callable[[str], Awaitable[None]], hiding: Callable[[], Hiding] = Hiding
    ) -> None:
        super().__init__(root, hiding, server.account)
        self._server = server
        self._told = told
        self._trying = asyncio.Lock()
        self._trouble = ""
        self._failed_at = 0.0

    @property
    def standing(self) -> Standing:
        """Whether the server may be trusted, as far as it was tried."""
        if not is_possible():
            return self._stands(True, "each run starts an Ansible of its own: the fast way is for Linux")
        if self._trouble:
            return self._stands(False, f"each run starts an Ansible of its own, which takes a second: {self._trouble}")
        return self._stands(True, "runs are forks of a process that has Ansible loaded")

    async def start(self, spec: RunSpec) -> None:
        """Begin in a fork. What was ordered by one who died before anybody took the order begins now."""
        home = await self.lay_out(spec)
        if home is not None:
            self._order(home, spec)
        elif not ((home := self._home(spec.run_id)) / "order").exists():
            return
        if await self._is_fit() and await self._forked(home):
            return
        if taken_back(home):  # else it was begun, and whoever looks will see how it fares
            await self._begin(home, spec)

    async def inventory(self, path: Path, handed: Mapping[str, str] = NOTHING) -> Inventory:
        """An inventory by Ansible's own reading."""
        if self._account.trouble or not await self._is_fit():
            return await super().inventory(path, handed)
        order = {"do": "list", "inventory": str(path), "cwd": str(path.parent), "env": {**handed, **bare_environment(self._account)}}
        try:
            answer = await self._ask(order, LOOKS_WITHIN_S)
        except NoAnswer:
            return await super().inventory(path, handed)
        if "inventory" not in answer:
            raise CannotRead(str(answer.get("error")))
        return cast(Inventory, answer["inventory"])

    def _order(self, home: Path, spec: RunSpec) -> None:
        with self._account.rights():
            ordered(home, order_of(home, spec, self._account))

    async def _forked(self, home: Path) -> bool:
        try:
            answer = await self._ask({"do": "start", "home": str(home)})
        except NoAnswer as no:
            await self._distrust(str(no))
            return False
        if "error" in answer:
            await self._distrust(str(answer["error"]))
        return "ok" in answer

    async def _is_fit(self) -> bool:
        """Has the server that is there now passed its test?"""
        if not is_possible() or (self._trouble and time.monotonic() - self._failed_at < AGAIN_AFTER_S):
            return False
        async with self._trying:
            try:
                if (generation := await asyncio.to_thread(self._server.ready)) != self._server.proved:
                    await self._try()
                    self._server.proved, self._trouble = generation, ""
            except (NoAnswer, OSError) as no:
                await self._distrust(str(no))
                return False
        return True

    async def _try(self) -> None:
        """Really run something and see that it was run as it should. Raises `NoAnswer` with what is wrong."""
        if not version("ansible-core").startswith(TESTED):
            raise NoAnswer(f"it was made for ansible-core {TESTED}x, and {version('ansible-core')} is installed.")
        with tempfile.TemporaryDirectory(prefix="tocsin") as folder:
            homes, spec = Homes(Path(folder), account=self._account), trial(Path(folder))
            try:
                await self._play(homes, spec)
            finally:
                await homes.forget(spec.run_id)

    async def _play(self, homes: Homes, spec: RunSpec) -> None:
        home = await homes.lay_out(spec)
        assert home is not None
        self._order(home, spec)
        answer = await self._ask({"do": "start", "home": str(home)})
        progress, until = started(spec.hosts), time.monotonic() + PLAYED_WITHIN_S
        while (look := await homes.look(spec.run_id, progress.seen)).life == Life.RUNNING and time.monotonic() < until:
            progress = fold(progress, look.events)
            await asyncio.sleep(0.01)
        progress = fold(progress, look.events)
        if not progress.succeeded:
            await homes.stop(spec.run_id)
            printed = homes.log(spec.run_id).read_text() if homes.log(spec.run_id).exists() else ""
            raise NoAnswer(f"its test fails: {answer.get('error') or '; '.join(progress.failures) or printed[-300:] or look.life.value}")

    async def _ask(self, order: Answer, within_s: float = PLAYED_WITHIN_S) -> Answer:
        return await asyncio.to_thread(self._server.ask, order, within_s)

    async def _distrust(self, why: str) -> None:
        is_new = not self._trouble
        self._trouble, self._failed_at, self._server.proved = why, time.monotonic(), 0
        if is_new:
            logger.warning("runs start the slow way", why=why)
            await self._told(why)


def trial(folder: Path) -> RunSpec:
    """A run that tries the server, in a folder where another account finds it."""
    folder.chmod(0o711)
    playbook, inventory = folder / "try.yaml", folder / "hosts.ini"
    playbook.write_text(TRIAL)
    inventory.write_text("here ansible_connection=local\n")
    return RunSpec("trial", playbook, inventory, ("here",), {"word": "{{ 1 }}"})


TRIAL = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.assert: {that: rb.word | length == 7, quiet: true}
"""


def is_possible() -> bool:
    """Forks as we need them, with sub-reapers and signals at a parent's death, are Linux's."""
    return sys.platform == "linux"


def order_of(home: Path, spec: RunSpec, account: Account) -> Answer:
    """A run as the engine is told of it."""
    return {
        "playbook": str(spec.playbook),
        "inventory": str(spec.inventory),
        "hosts": spec.hosts,
        "check": spec.is_dry,
        "env": environment(home, account),
    }
