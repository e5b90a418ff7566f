"""The fast door: what a process that has Ansible loaded must not remember, and what happens when there is none."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from bot.runbooks.fast import FastRunner
from bot.runbooks.forkserver import ForkServer
from bot.runbooks.runner import Life
from tests.runbooks.engine import Engine, fast_runner

ROOT = Path(__file__).parents[2]
SAYS = "- name: Say it\n  ansible.builtin.debug: {msg: hello}\n"
PLUGIN = """
from ansible.plugins.action import ActionBase
class ActionModule(ActionBase):
    _requires_connection = False
    def run(self, tmp=None, task_vars=None):
        return {**super().run(tmp, task_vars), "changed": True, "plan": ["the first"]}
"""


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    made = Engine(tmp_path, fast_runner(tmp_path / "runs"))
    yield made
    await made.close()


async def test_a_plugin_that_was_edited_is_the_one_that_runs(engine: Engine) -> None:
    plugin = engine.folder / "action_plugins" / "say_which.py"
    plugin.parent.mkdir()
    plugin.write_text(PLUGIN)
    assert (await engine.ran(engine.spec("- say_which: {}\n", hosts=("web1",)))).plan == ("web1: the first",)
    plugin.write_text(PLUGIN.replace("first", "other"))
    assert (await engine.ran(engine.spec("- say_which: {}\n", hosts=("web1",), run_id="r2"))).plan == ("web1: the other",)


async def test_two_runs_of_one_server_have_no_id_in_common(engine: Engine) -> None:
    found = []
    for run_id in ("r1", "r2"):
        await engine.ran(engine.spec(SAYS, hosts=("web1",), run_id=run_id))
        events = engine.home(run_id) / "artifacts" / "run" / "job_events"
        found.append({json.loads(path.read_text())["uuid"] for path in events.iterdir()})
    assert found[0]
    assert not found[0] & found[1]


async def test_a_run_goes_on_when_the_server_is_killed_and_the_next_one_has_another(tmp_path: Path) -> None:
    server = ForkServer(ROOT / "playbooks" / "engine")
    engine = Engine(tmp_path, FastRunner(tmp_path / "runs", server, trouble := Heard()))
    await engine.start(engine.spec("- ansible.builtin.wait_for: {path: '" + str(tmp_path / "go") + "'}\n" + SAYS, hosts=("web1",)))
    assert server.pid is not None
    os.kill(server.pid, 9)
    assert (await engine.ran(engine.spec(SAYS, run_id="r2"))).succeeded
    (tmp_path / "go").touch()
    await engine.until("r1", Life.FINISHED)
    assert (engine.home("r1") / "artifacts" / "run" / "rc").read_text() == "0"
    assert trouble.sentences == []
    server.close()
    assert server.pid is None


async def test_a_bot_that_is_killed_takes_its_server_with_it_and_not_its_run(engine: Engine) -> None:
    spec = engine.spec("- ansible.builtin.wait_for: {path: '" + str(engine.folder / "go") + "'}\n" + SAYS, hosts=("web1",))
    words = (sys.executable, "-c", BOT, str(engine.folder), str(spec.playbook), str(spec.inventory))
    bot = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE, cwd=ROOT)
    assert bot.stdout is not None
    server = psutil.Process(int(await bot.stdout.readline()))
    engine.begun.append("r1")
    bot.kill()
    await bot.wait()
    assert psutil.wait_procs([server], timeout=20)[1] == []
    assert (await engine.runner.look("r1", 0)).life == Life.RUNNING
    (engine.folder / "go").touch()
    await engine.until("r1", Life.FINISHED)


BOT = """
import asyncio, sys
from pathlib import Path
from bot.runbooks.forkserver import SHARED
from bot.runbooks.runner import RunSpec
from tests.runbooks.engine import fast_runner
folder, playbook, inventory = map(Path, sys.argv[1:])
async def main():
    await fast_runner(folder / "runs").start(RunSpec("r1", playbook, inventory, ("web1",), {}))
    print(SHARED.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


class Heard:
    """Who is told that runs start slowly."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    async def __call__(self, why: str) -> None:
        self.sentences.append(why)


async def test_a_server_that_does_not_do_its_work_is_not_used_and_people_are_told_once(tmp_path: Path) -> None:
    program = tmp_path / "engine"
    program.mkdir()
    (program / "__main__.py").write_text("raise SystemExit('ansible has changed')\n")
    runner = FastRunner(tmp_path / "runs", ForkServer(program), trouble := Heard())
    engine = Engine(tmp_path, runner)
    assert runner.standing.ok
    spec = engine.spec(SAYS, hosts=("web1",))
    assert "web" in await runner.inventory(spec.inventory)
    assert (await engine.ran(spec)).succeeded
    assert trouble.sentences == ["it dies over what it is asked: ansible has changed"]
    assert not runner.standing.ok
    assert "ansible has changed" in runner.standing.says
    await engine.close()


async def test_what_nobody_took_begins_with_whoever_comes_next_and_only_once(engine: Engine) -> None:
    """Killed between the order and its taking, as often as it may happen."""
    counted = engine.folder / "counted"
    spec = engine.spec(f"- ansible.builtin.shell: echo once >> {counted}\n", hosts=("web1",))
    await asyncio.gather(*(fast_runner(engine.folder / "runs").start(spec) for _ in range(5)))
    await engine.until("r1", Life.FINISHED)
    assert counted.read_text() == "once\n"
