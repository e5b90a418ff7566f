"""`kill -9` of what runs playbooks, at every step of it: a run never happens twice, what is said of it is right, and nothing is left."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot import faultpoints
from bot.runbooks import processes
from bot.runbooks.fast import FastRunner
from bot.runbooks.forkserver import SHARED, ForkServer
from bot.runbooks.homes import BEGINS_WITHIN_S, artifacts
from bot.runbooks.progress import Progress, fold, started
from bot.runbooks.runner import Life, RunSpec
from tests.runbooks.engine import Engine, fast_runner, no_trouble

ROOT = Path(__file__).parents[2]
COUNTS = """
from ansible.plugins.action import ActionBase
class ActionModule(ActionBase):
    _requires_connection = False
    def run(self, tmp=None, task_vars=None):
        with open(self._task.args["file"], "a") as file:
            file.write(task_vars["inventory_hostname"] + "\\n")
        return {**super().run(tmp, task_vars), "changed": True}
"""
NOTHING, ALL = Counter[str](), Counter({"web1": 1, "web2": 1})
SUPERVISOR = {
    "supervisor: alone, order not taken": (Life.FINISHED, ALL),  # nobody begins it there, so the plain door does
    "supervisor: order taken, not held": (Life.LOST, NOTHING),
    "supervisor: held, ansible not begun": (Life.LOST, NOTHING),
    "supervisor: ansible begun, not answered": (Life.LOST, None),
    "supervisor: told, not written down": (Life.LOST, None),
    "supervisor: told, not written down#5": (Life.LOST, None),
    "supervisor: ansible ended, nothing written": (Life.LOST, ALL),
    "supervisor: status written, no end": (Life.LOST, ALL),
    "supervisor: end written": (Life.FINISHED, ALL),
}
"""Where who watches over a run dies; what is said of the run after that, and what it did, where that is certain."""
ANSIBLE = {
    "ansible: forked, not begun": NOTHING,
    "ansible: told playbook_on_start": None,
    "ansible: told playbook_on_play_start": None,
    "ansible: told playbook_on_task_start": None,
    "ansible: told runner_on_start": None,
    "ansible: told runner_on_ok": None,
    "ansible: told runner_on_ok#2": ALL,
    "ansible: told playbook_on_stats": ALL,
    "ansible: played, not ended": ALL,
}
"""Where Ansible dies. Its supervisor lives, clears up and writes down that it ended."""
SERVER = ("server: warm, not asked", "server: asked, not forked", "server: forked")


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faultpoints.arm("")


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    """The fast door, which has passed its test and may fall back."""
    made = Engine(tmp_path, FastRunner(tmp_path / "runs", SHARED, nobody))
    await made.runner.inventory(tmp_path / "none")
    yield made
    await made.close()


async def nobody(why: str) -> None:
    """Hears that runs start slowly, which they may here."""


def counting(engine: Engine) -> RunSpec:
    """A run that leaves a line for each host on which it did something."""
    plugin = engine.folder / "action_plugins" / "count.py"
    plugin.parent.mkdir()
    plugin.write_text(COUNTS)
    return engine.spec(f"- count: {{file: {engine.folder / 'counted'}}}\n")


async def end_of(engine: Engine, spec: RunSpec) -> tuple[Life, Progress, Counter[str]]:
    """The bot begins anew, orders the run once more, as it would, and looks until it knows; what is left it ends."""
    faultpoints.arm("")
    home, runner = engine.home(spec.run_id), fast_runner(engine.folder / "runs")
    await runner.start(spec)
    progress = started(spec.hosts)
    for _ in range(600):
        if (home / "taken").exists():  # time passes; whoever took it will never come
            past = time.time() - BEGINS_WITHIN_S - 1
            os.utime(home, (past, past))
        look = await runner.look(spec.run_id, progress.seen)
        progress = fold(progress, look.events)
        if look.life != Life.RUNNING:
            break
        await asyncio.sleep(0.05)
    await runner.stop(spec.run_id)
    assert processes.supervisor(home) is None
    assert processes.belonging(home) == []
    counted = engine.folder / "counted"
    return look.life, progress, Counter(counted.read_text().split()) if counted.exists() else Counter()


@pytest.mark.parametrize("point", SUPERVISOR)
async def test_a_supervisor_that_is_killed_is_never_followed_by_a_second_run(engine: Engine, point: str) -> None:
    spec, (life, did) = counting(engine), SUPERVISOR[point]
    faultpoints.arm(point)
    await engine.start(spec)
    found, progress, counted = await end_of(engine, spec)
    assert found == life
    assert counted <= ALL
    assert did is None or counted == did
    assert not progress.ended or counted == ALL


@pytest.mark.parametrize("point", ANSIBLE)
async def test_an_ansible_that_is_killed_leaves_nothing_and_is_told_to_have_ended(engine: Engine, point: str) -> None:
    spec, did = counting(engine), ANSIBLE[point]
    faultpoints.arm(point)
    await engine.start(spec)
    found, progress, counted = await end_of(engine, spec)
    assert found == Life.FINISHED
    assert counted <= ALL
    assert did is None or counted == did
    assert not progress.ended or counted == ALL
    status = (artifacts(engine.home(spec.run_id)) / "rc").read_text()
    assert status == "-9" or progress.ended  # it may be through before anybody has heard what it told


@pytest.mark.parametrize("point", SERVER)
async def test_a_server_that_is_killed_is_followed_by_another(tmp_path: Path, point: str) -> None:
    server = ForkServer(ROOT / "playbooks" / "engine")
    engine = Engine(tmp_path, FastRunner(tmp_path / "runs", server, no_trouble))
    spec = counting(engine)
    faultpoints.arm(point)
    server.ready()
    faultpoints.arm("")
    await engine.start(spec)
    found, progress, counted = await end_of(engine, spec)
    assert (found, progress.succeeded, counted) == (Life.FINISHED, True, ALL)
    server.close()
