"""E1 to E9: how soon a run begins, how many begin at once, how soon people see how far it is, what it weighs, and how long it takes to mend
the fleet while customers ask.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import copytree
from statistics import median

import psutil

from bench.contestants import CONFIG, bot_environ, running
from bench.crowd import percentile
from bench.sandbox import pss_mb
from bench.table import Row, ratios
from bot.runbooks import processes
from bot.runbooks.fast import FastRunner
from bot.runbooks.forkserver import SHARED
from bot.runbooks.homes import artifacts, bare_environment
from bot.runbooks.runner import Life, RunSpec
from bot.sandbox.fleet.capacity import CANARY, balance
from bot.sandbox.process import free_port
from bot.sandbox.testing import Sandbox, words
from tests.runbooks.engine import fast_runner
from tests.runbooks.fleet import Drill, standing

ROUNDS = 7
AT_ONCE = 10
STEPS = 12
SAYS = "- hosts: all\n  gather_facts: false\n  tasks:\n    - ansible.builtin.debug: {msg: hello}\n"
RESTS = "- hosts: all\n  gather_facts: false\n  tasks:\n    - rest: {for: 20}\n"
REST = """
import time
from ansible.plugins.action import ActionBase
class ActionModule(ActionBase):
    _requires_connection = False
    def run(self, tmp=None, task_vars=None):
        time.sleep(float(self._task.args["for"]))
        return super().run(tmp, task_vars)
"""
TEN_BY_RUNNER = """
import os, sys, ansible_runner
folder, playbook, inventory, count = sys.argv[1:]
homes = [os.path.join(folder, str(number)) for number in range(int(count))]
for home in homes:
    os.makedirs(home)
threads = [ansible_runner.run_async(private_data_dir=home, playbook=playbook, inventory=inventory, quiet=True)[0] for home in homes]
for thread in threads:
    thread.join()
"""


async def measure(folder: Path) -> list[Row]:
    """All of them."""
    (folder / "hosts.ini").write_text("here ansible_connection=local\n")
    (folder / "says.yml").write_text(SAYS)
    (folder / "rests.yml").write_text(RESTS)
    (folder / "action_plugins").mkdir()
    (folder / "action_plugins" / "rest.py").write_text(REST)
    runner = fast_runner(folder / "runs")
    await finished(runner, spec(folder, "warm"))
    return [
        await first_task(folder, runner),
        await ten_at_once(folder, runner),
        await lag(folder / "lag"),
        await clicked(folder / "clicked"),
        *await weight(folder, runner),
        *await mending(folder),
    ]


def spec(folder: Path, run_id: str, playbook: str = "says.yml") -> RunSpec:
    return RunSpec(run_id, folder / playbook, folder / "hosts.ini", ("here",), {})


async def finished(runner: FastRunner, wanted: RunSpec) -> None:
    """A run, to its end."""
    await runner.start(wanted)
    while (await runner.look(wanted.run_id, 0)).life == Life.RUNNING:  # noqa: ASYNC110 – other processes
        await asyncio.sleep(0.002)


async def first_task(folder: Path, runner: FastRunner) -> Row:
    """From the order until Ansible tells that it begins with the first task; the reference prints it."""
    ours, theirs = [], []
    for turn in range(ROUNDS):
        began = time.perf_counter()
        await runner.start(spec(folder, f"first{turn}"))
        events = artifacts(folder / "runs" / f"first{turn}") / "job_events"
        while not list(events.glob("3-*.json")):  # noqa: ASYNC110 – another process; start, play, task
            await asyncio.sleep(0.001)
        ours.append(time.perf_counter() - began)
        theirs.append(await by_ansible(folder / "hosts.ini", folder / "says.yml"))
    value, spread = ratios(ours, theirs)
    return Row(
        "E1", "run ordered to first task ÷ ansible-playbook", f"{median(ours):.3f} s", f"{median(theirs):.3f} s", value, spread, 0.4, 0.2
    )


async def by_ansible(inventory: Path, playbook: Path) -> float:
    """Seconds until `ansible-playbook` prints its first task."""
    began = time.perf_counter()
    command = (str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(inventory), str(playbook))
    program = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=bare_environment())
    assert program.stdout is not None
    await program.stdout.readuntil(b"TASK [")
    took = time.perf_counter() - began
    await program.communicate()
    return took


async def ten_at_once(folder: Path, runner: FastRunner) -> Row:
    """So many runs, ordered together, until the last has ended."""
    ours, theirs = [], []
    for turn in range(ROUNDS):
        began = time.perf_counter()
        await asyncio.gather(*(finished(runner, spec(folder, f"ten{turn}-{number}")) for number in range(AT_ONCE)))
        ours.append(time.perf_counter() - began)
        command = ("-c", TEN_BY_RUNNER, str(folder / f"by-runner{turn}"), str(folder / "says.yml"), str(folder / "hosts.ini"), str(AT_ONCE))
        began = time.perf_counter()
        program = await asyncio.create_subprocess_exec(sys.executable, *command, env=bare_environment())
        assert await program.wait() == 0
        theirs.append(time.perf_counter() - began)
    value, spread = ratios(theirs, ours)
    return Row(
        "E2", f"ansible_runner.run ÷ ours, {AT_ONCE} runs at once", f"{median(ours):.2f} s", f"{median(theirs):.2f} s", value, spread, 3, 5,
        higher_is_better=True,
    )  # fmt: skip


async def weight(folder: Path, runner: FastRunner) -> list[Row]:
    """What a run weighs while its task is at work, its share of what all runs share included; beside it `ansible-playbook`."""
    command = (str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(folder / "hosts.ini"), str(folder / "rests.yml"))
    program = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=bare_environment())
    assert program.stdout is not None
    await program.stdout.readuntil(b"TASK [")
    await asyncio.sleep(1)
    reference = psutil.Process(program.pid)
    theirs = sum(pss_mb(process) for process in (reference, *reference.children(recursive=True)))
    program.kill()
    await program.communicate()
    rows = []
    for count in (1, AT_ONCE):
        names = [f"weighs{count}-{number}" for number in range(count)]
        await asyncio.gather(*(runner.start(spec(folder, name, "rests.yml")) for name in names))
        await asyncio.gather(*(at_its_task(runner, name) for name in names))
        ours = sum(tree_mb(folder / "runs" / name) for name in names) / count
        server = pss_mb(psutil.Process(SHARED.pid))
        await asyncio.gather(*(runner.stop(name) for name in names))
        what = f"a run's PSS ÷ ansible-playbook's, {'alone' if count == 1 else f'of {count} at once'}"
        spread = f"the server besides: {server:.0f} MB"
        rows.append(Row("E4", what, f"{ours:.0f} MB", f"{theirs:.0f} MB", ours / theirs, spread, 1.2, 1.0))
    return rows


async def at_its_task(runner: FastRunner, name: str) -> None:
    while len((await runner.look(name, 0)).events) < 4:  # noqa: ASYNC110 – other processes
        await asyncio.sleep(0.05)
    await asyncio.sleep(1)


def tree_mb(home: Path) -> float:
    """What everybody of a run weighs."""
    above = processes.supervisor(home)
    assert above is not None
    return sum(pss_mb(process) for process in (above, *above.children(recursive=True)))


async def mending(folder: Path) -> list[Row]:
    """On the fleet, with customers who ask all the while."""
    async with standing(folder) as drill:
        eu, lb = ("web1", "web2", "web3"), ("lb1",)
        turn = [0]

        def other(*values: str) -> str:
            turn[0] += 1
            return values[turn[0] % len(values)]

        return [
            await mended(drill, "E5", "rolling restart of three drained hosts, s", 1.5, lambda: ("rolling-restart.yml", eu, {})),
            await mended(
                drill, "E6", "rollback of three hosts with smoke test, s", 2.0, lambda: ("rollback.yml", eu, {"to": other("v40", "v41")})
            ),
            await mended(drill, "E7", "reroute, s", 0.3, lambda: ("reroute.yml", lb, {"region": "us", "weight": int(other("0", "100"))})),
            await mended(drill, "E8", "canary abort, s", 0.3, lambda: ("canary-abort.yml", (CANARY,), {}), lambda: with_canary(drill)),
        ]


async def unchanged() -> None:
    """The fleet as it is."""


async def with_canary(drill: Drill) -> None:
    """A canary that gets a tenth of the traffic, and answers as it should."""
    await drill.fleet.programs.start([CANARY])
    as_it_was = "; ".join(balance(drill.fleet.layout))
    await drill.fleet.haproxy(f"{as_it_was}; set server shop/{CANARY} weight 56; set server shop/{CANARY} state ready")
    await drill.until_served_by((*drill.web, CANARY))


async def mended(
    drill: Drill,
    name: str,
    what: str,
    goal: float,
    asked: Callable[[], tuple[str, tuple[str, ...], dict[str, str | int]]],
    before: Callable[[], Awaitable[None]] = unchanged,
) -> Row:
    """So many times, each after what comes `before`; a request that failed is a figure beyond any goal."""
    took, failed, served = [], 0, 0
    for _ in range(ROUNDS):
        await before()
        playbook, hosts, parameters = asked()
        async with drill.asked() as customers:
            began = time.perf_counter()
            progress = await drill.run(playbook, hosts, **parameters)
            took.append(time.perf_counter() - began)
        assert progress.succeeded, progress.failures
        failed, served = failed + customers.failed, served + customers.answers.total()
        await asyncio.sleep(1)
    spread = f"{min(took):.2f} to {max(took):.2f}; {failed} of {served} requests failed"
    return Row(name, what, f"{median(took):.2f} s", "", median(took) if not failed else float("inf"), spread, 2 * goal, goal)


async def lag(folder: Path) -> Row:
    """From an event on disk until the card in the channel shows it, or what came after it."""
    async with Sandbox() as sandbox, stage(folder, sandbox) as home:
        await ordered(sandbox, "steps")
        while not any(step_of(json.dumps(call["args"])) == STEPS for call in sandbox.calls("chat.update")):  # noqa: ASYNC110
            await asyncio.sleep(0.5)
        [run] = [path for path in home.iterdir() if "dry" not in path.name]
        shown = [(call["end"], step_of(json.dumps(call["args"]))) for call in sandbox.calls("chat.update")]
        lags = []
        for path in (artifacts(run) / "job_events").glob("*.json"):
            event = json.loads(path.read_text())
            if event["event"] == "playbook_on_task_start":
                told, step = path.stat().st_mtime, int(event["event_data"]["name"].removeprefix("Step "))
                lags.append(min(end for end, reached in shown if end and end > told and reached >= step) - told)
    worst = percentile(lags, 0.95)
    return Row("E3", "event on disk to card edited, p95 in s", f"{worst:.2f} s", "", worst, f"p50 {median(lags):.2f} s", 3.5, 2.5)


async def clicked(folder: Path) -> Row:
    """From the click that approves a run until Ansible tells that it begins with the first task; the reference prints it."""
    ours, theirs = [], []
    async with Sandbox() as sandbox, stage(folder, sandbox) as home:
        for turn in range(ROUNDS):
            while len(ended(sandbox)) < turn:  # noqa: ASYNC110 – the one before holds the hosts
                await asyncio.sleep(0.2)
            before = set(home.glob("*"))
            at = await ordered(sandbox, "says")
            while not (begun := [path for path in set(home.glob("*")) - before if first_task_at(path)]):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            ours.append(first_task_at(begun[0]) - at)
            theirs.append(await by_ansible(folder / "config" / "hosts.ini", folder / "config" / "playbooks" / "says.yml"))
    value, spread = ratios(ours, theirs)
    return Row("E9", "click to first task ÷ ansible-playbook", f"{median(ours):.3f} s", f"{median(theirs):.3f} s", value, spread, 0.4, 0.2)


def ended(sandbox: Sandbox) -> set[str]:
    """The cards that say that their run succeeded."""
    return {str(call["args"]["ts"]) for call in sandbox.calls("chat.update") if "succeeded" in json.dumps(call["args"])}


def first_task_at(home: Path) -> float:
    """When a run told of its first task; 0 while it has not."""
    told = [path for path in (artifacts(home) / "job_events").glob("3-*.json") if "dry" not in home.name]
    return told[0].stat().st_mtime if told else 0.0


async def ordered(sandbox: Sandbox, runbook: str) -> float:
    """Ask for a run in the incident's channel, declaring it first, and approve it; when that was clicked."""
    kim, ana, channel = sandbox.user("kim"), sandbox.user("ana"), "inc-1-checkout-is-down"
    if not any(one.get("name") == channel for one in await sandbox.channels()):
        await sandbox.until(lambda: sandbox.calls("auth.test"))
        await kim.command("/inc sev1 checkout is down")
        await asyncio.sleep(5)
    await kim.command(f"/inc run {runbook}", channel)
    for _ in range(200):
        await asyncio.sleep(0.2)
        try:
            card = next(one for one in reversed(await sandbox.channel(channel).messages("ana")) if "Approve" in words(one.blocks))
        except StopIteration:
            continue
        at = time.time()
        await ana.click(card.button("Approve"), channel, card.ts)
        return at
    raise TimeoutError(f"nobody is asked to approve {runbook}")


def step_of(text: str) -> int:
    """How far a card says that the run is."""
    if "succeeded" in text:
        return STEPS
    found = text.partition("Now: Step ")[2]
    return int(found[:2]) if found else -1


@asynccontextmanager
async def stage(folder: Path, sandbox: Sandbox) -> AsyncIterator[Path]:
    """A bot with a runbook of many steps and one of a single one; where its runs are."""
    config = copytree(CONFIG, folder / "config")
    for name in ("runbooks", "playbooks/action_plugins"):
        (config / name).mkdir(parents=True, exist_ok=True)
    (config / "runbooks" / "steps.yaml").write_text(
        "title: Steps\nplaybook: steps.yml\ngroup: all\nenvironments: [here]\ncheck_mode: false\n"
    )
    (config / "playbooks" / "action_plugins" / "rest.py").write_text(REST)
    tasks = "".join(f"    - name: Step {number:02}\n      rest: {{for: {1.0 + number % 5 / 4}}}\n" for number in range(STEPS))
    (config / "playbooks" / "steps.yml").write_text(f"- hosts: all\n  gather_facts: false\n  tasks:\n{tasks}")
    (config / "runbooks" / "says.yaml").write_text("title: Says\nplaybook: says.yml\ngroup: all\nenvironments: [here]\ncheck_mode: false\n")
    (config / "playbooks" / "says.yml").write_text(SAYS)
    (config / "here.yaml").write_text("environments:\n  here: {inventory: hosts.ini}\n")
    (config / "hosts.ini").write_text("here ansible_connection=local\n")
    port = free_port()
    environ = bot_environ(sandbox, f"sqlite:///{folder}/lag.db", port)
    environ |= {"TOCSIN_CONFIG": str(config), "TOCSIN_RUNS": str(folder / "bot-runs"), "TOCSIN_RUNS_KEPT": "1h"}
    async with running("bot", ["-m", "bot", "run"], f"http://127.0.0.1:{port}", environ) as bot:
        sandbox.serve(bot.url)
        yield folder / "bot-runs"
