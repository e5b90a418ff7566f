"""Runs over real SSH, to a real sshd on this machine."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest

from bot.runbooks.progress import fold, started
from bot.runbooks.runner import Life, RunSpec
from tests.runbooks import sshd
from tests.runbooks.engine import Engine, fast_runner
from tests.runbooks.sshd import Sshd


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd.running(tmp_path_factory.mktemp("sshd"), hosts=2) as server:
        yield server


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    """Its directory is deeper than a socket's path may be long."""
    made = Engine(tmp_path / ("deep" * 25), fast_runner(tmp_path / ("deep" * 25) / "runs"))
    made.folder.mkdir()
    yield made
    await made.close()


def spec(engine: Engine, lines: list[str], tasks: str, run_id: str) -> RunSpec:
    """A run of these tasks on the hosts of these lines."""
    found = engine.spec(tasks, run_id=run_id)
    inventory = engine.folder / f"{run_id}.ini"
    inventory.write_text("\n".join(["[web]", *lines]) + "\n")
    return RunSpec(run_id, found.playbook, inventory, tuple(line.split()[0] for line in lines), {"to": "v41"})


def sleepers(seconds: int) -> list[psutil.Process]:
    return [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == ["sleep", str(seconds)]]


async def until(holds: object) -> None:
    """Wait until `holds()` is true."""
    assert callable(holds)
    for _ in range(1200):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never comes to that")


async def test_a_host_is_worked_on_over_ssh_and_what_is_unknown_or_gone_is_told_apart(server: Sshd, engine: Engine, tmp_path: Path) -> None:
    known, unknown = server.ports
    gone = server.host("gone", 1)
    lines = [server.host("known", known), server.host("unknown", unknown, "nobody_known"), gone]
    tasks = (
        f"- name: Write it\n  ansible.builtin.copy: {{content: '{{{{ rb.to }}}}', dest: '{tmp_path}/at-{{{{ inventory_hostname }}}}'}}\n"
    )
    tasks += "- ansible.builtin.command: 'printenv SSH_CONNECTION'\n"
    progress = await engine.ran(spec(engine, lines, tasks, "r1"))
    assert {name: (host.unreachable, host.tasks) for name, host in progress.hosts.items()} == {
        "known": (False, 2), "unknown": (True, 1), "gone": (True, 1),
    }  # fmt: skip
    assert (tmp_path / "at-known").read_text() == "v41"
    assert not (tmp_path / "at-unknown").exists()
    said = "\n".join(progress.failures)
    assert "Host key verification failed" in said
    assert "Connection refused" in said
    sockets = (engine.home("r1") / "sockets").readlink()
    await engine.runner.clear("r1")
    assert not sockets.exists()


async def test_a_connection_that_is_lost_in_the_middle_and_a_stop_while_a_remote_command_runs(server: Sshd, engine: Engine) -> None:
    one, other = server.ports
    lines = [server.host("kept", one), server.host("lost", other)]
    tasks = "- name: Wait\n  ansible.builtin.command: timeout 300 sleep 7393\n"
    run = spec(engine, lines, tasks, "r2")
    await engine.start(run)
    await until(lambda: len(sleepers(7393)) == 2)
    assert server.cut(other)
    progress = started(run.hosts)
    for _ in range(600):
        progress = fold(progress, (await engine.runner.look("r2", progress.seen)).events)
        if progress.hosts["lost"].unreachable:
            break
        await asyncio.sleep(0.05)
    assert progress.hosts["lost"].unreachable
    assert not progress.hosts["kept"].unreachable
    await engine.runner.stop("r2")
    await engine.until("r2", Life.FINISHED)
    assert not [one for one in psutil.process_iter(["cmdline"]) if str(server.folder / "key") in " ".join(one.info["cmdline"] or ())]
    left = [one.parent() or one for one in sleepers(7393)]
    assert [one.name() for one in left] == ["timeout", "timeout"], "what another machine was told goes on there, within its own bound"
    for one in left:
        one.terminate()
