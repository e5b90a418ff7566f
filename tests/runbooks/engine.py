"""Real Ansible on this machine: a runner with a directory of its own, playbooks written by the test, hosts reached without SSH."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bot.runbooks import processes
from bot.runbooks.events import RunEvent
from bot.runbooks.fast import FastRunner
from bot.runbooks.forkserver import SHARED
from bot.runbooks.progress import Progress, fold, started
from bot.runbooks.runner import Life, Look, PlaybookRunner, RunSpec

HOST = "{ansible_connection: local, ansible_python_interpreter: '{{ ansible_playbook_python }}'}"


async def no_trouble(why: str) -> None:
    """Where the fast door must be the one that is used."""
    raise AssertionError(f"runs start the slow way: {why}")


def fast_runner(root: Path) -> FastRunner:
    """The runner as it is in production, with the one fork server of this process."""
    return FastRunner(root, SHARED, no_trouble)


@dataclass
class Engine:
    """A runner whose runs stand in `folder/runs`, and what a test needs around it."""

    folder: Path
    runner: PlaybookRunner
    begun: list[str] = field(default_factory=list)

    def spec(
        self, tasks: str, *, hosts: tuple[str, ...] = ("web1", "web2"), run_id: str = "r1", is_dry: bool = False, **parameters: str | int
    ) -> RunSpec:
        """A run of these tasks."""
        inventory, playbook = self.folder / "hosts.yaml", self.folder / f"{run_id}.yaml"
        inventory.write_text(f"web: {{hosts: {{{', '.join(f'{host}: {HOST}' for host in (*hosts, 'bystander'))}}}}}\n")
        indented = "\n".join(f"    {line}" for line in tasks.strip("\n").splitlines())
        playbook.write_text(f"- hosts: web\n  gather_facts: false\n  tasks:\n{indented}\n")
        return RunSpec(run_id, playbook, inventory, hosts, parameters, is_dry)

    def home(self, run_id: str) -> Path:
        """Where a run's files stand."""
        return self.folder / "runs" / run_id

    def supervisor(self, run_id: str) -> psutil.Process:
        """The process that watches over a run."""
        found = processes.supervisor(self.home(run_id))
        assert found is not None, f"nobody watches over {run_id}"
        return found

    async def start(self, spec: RunSpec) -> None:
        self.begun.append(spec.run_id)
        await self.runner.start(spec)

    async def until(self, run_id: str, life: Life | None = None, seen: int = 0) -> tuple[list[RunEvent], Look]:
        """All events until the run is at this point of its life, or has told more than `seen` of them."""
        events: list[RunEvent] = []
        for _ in range(600):
            look = await self.runner.look(run_id, len(events))
            events += look.events
            if (life is not None and look.life == life) or (life is None and len(events) > seen):
                return events, look
            await asyncio.sleep(0.05)
        raise AssertionError(f"{run_id} is {look.life} after {len(events)} events")

    async def ran(self, spec: RunSpec) -> Progress:
        """The picture of a whole run."""
        await self.start(spec)
        events, _ = await self.until(spec.run_id, Life.FINISHED)
        return fold(started(spec.hosts), events)

    async def close(self) -> None:
        """End whatever it began."""
        for run_id in self.begun:
            await self.runner.stop(run_id)
            await self.runner.clear(run_id)
