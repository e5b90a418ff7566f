"""The plain door to Ansible: `ansible-runner start`, which leaves a process behind that goes on alone and writes files that we read."""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from bot.runbooks.homes import IDENT, Homes, bare_environment, environment
from bot.runbooks.runner import NOTHING, CannotRead, CannotStart, Inventory, RunSpec, Standing

START_WITHIN_S = 20
LOOKS_WITHIN_S = 30


class LocalRunner(Homes):
    """Runs on this machine, each in an Ansible of its own."""

    @property
    def standing(self) -> Standing:
        """It works wherever Ansible does, unless it is to work under an account that cannot be had."""
        return self._stands(True, "each run starts an Ansible of its own")

    def _stands(self, ok: bool, says: str) -> Standing:
        if self._account.trouble:
            return Standing(False, self._account.trouble)
        return Standing(ok, f"{says}, under the account {self._account.name}" if self._account.name else says)

    async def start(self, spec: RunSpec) -> None:
        """Begin, with an environment of our own making: what the bot knows is no playbook's business."""
        if (home := await self.lay_out(spec)) is not None:
            await self._begin(home, spec)

    async def _begin(self, home: Path, spec: RunSpec) -> None:
        command = [
            *(sys.executable, "-m", "ansible_runner", "start", str(home)),
            *("--playbook", str(spec.playbook), "--inventory", str(spec.inventory), "--limit", ",".join(spec.hosts), "--ident", IDENT),
            *(("--cmdline", "--check --diff") if spec.is_dry else ()),
        ]
        try:
            starter = await asyncio.create_subprocess_exec(
                *command, cwd=home, env=environment(home, self._account), stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, start_new_session=True, **self._account.starts,
            )  # fmt: skip
        except OSError as error:
            raise CannotStart(f"{sys.executable} cannot be started ({error.strerror or error}).") from None
        try:
            async with asyncio.timeout(START_WITHIN_S):
                said, _ = await starter.communicate()
        except TimeoutError:
            starter.kill()
            raise CannotStart(f"ansible-runner did not start within {START_WITHIN_S} s.") from None
        if starter.returncode:
            why = self._hiding().text(said.decode(errors="replace").strip())[-300:]
            raise CannotStart(f"ansible-runner does not start: {why or starter.returncode}")

    async def inventory(self, path: Path, handed: Mapping[str, str] = NOTHING) -> Inventory:
        """An inventory by Ansible's own reading."""
        if self._account.trouble:
            raise CannotRead(self._account.trouble)
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ansible", "inventory", "--inventory", str(path), "--list"),
            env={**handed, **bare_environment(self._account)},
            **self._account.starts,
            cwd=path.parent,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(LOOKS_WITHIN_S):
                said, trouble = await program.communicate()
        except TimeoutError:
            program.kill()
            raise CannotRead(f"it was not read within {LOOKS_WITHIN_S} s") from None
        try:
            found: Inventory = json.loads(said)
        except ValueError:
            raise CannotRead(trouble.decode(errors="replace")) from None
        return found
