"""The plain door to Ansible: `ansible-runner start`, which leaves a process behind that goes on alone and writes files that we read."""

import asyncio
import sys

from bot.runbooks.homes import IDENT, Homes, environment
from bot.runbooks.runner import CannotStart, RunSpec

START_WITHIN_S = 20


class LocalRunner(Homes):
    """Runs on this machine, each in an Ansible of its own."""

    async def start(self, spec: RunSpec) -> None:
        """Begin, with an environment of our own making: what the bot knows is no playbook's business."""
        home = await self.lay_out(spec)
        if home is None:
            return
        command = [
            *(sys.executable, "-m", "ansible_runner", "start", str(home)),
            *("--playbook", str(spec.playbook), "--inventory", str(spec.inventory), "--limit", ",".join(spec.hosts), "--ident", IDENT),
            *(("--cmdline", "--check --diff") if spec.is_dry else ()),
        ]
        starter = await asyncio.create_subprocess_exec(
            *command, cwd=home, env=environment(home), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            async with asyncio.timeout(START_WITHIN_S):
                said, _ = await starter.communicate()
        except TimeoutError:
            starter.kill()
            raise CannotStart(f"ansible-runner did not start within {START_WITHIN_S} s.") from None
        if starter.returncode:
            raise CannotStart(f"ansible-runner does not start: {said.decode(errors='replace').strip()[-300:] or starter.returncode}")
