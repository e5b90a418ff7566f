"""A child process: started, stopped, killed, dying by itself, and never outliving its parent."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest
from aiohttp import ClientError, ClientSession

from bot.sandbox.process import BotStopped, Child, free_port

STANDIN = Path(__file__).parent / "standin.py"
Make = Callable[..., Child]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    """Makes stand-in children, and ends them after the test."""
    made: list[Child] = []
    deaths: list[str] = []

    def one(standin: str = "", on_death: Callable[[str], None] = deaths.append) -> Child:
        port = free_port()
        environ = dict(os.environ) | {"TOCSIN_HOST": "127.0.0.1", "TOCSIN_PORT": str(port), "STANDIN": standin}
        url = f"http://127.0.0.1:{port}"
        made.append(Child([sys.executable, str(STANDIN)], lambda: environ, url, tmp_path / "logs" / "bot.log", on_death))
        return made[-1]

    yield one
    for child in made:
        await child.kill()


async def test_it_is_ready_when_start_returns_and_gone_when_stop_returns(make: Make) -> None:
    child = make()
    await child.start()
    pid = child.status()["pid"]
    assert (child.state, psutil.pid_exists(int(str(pid)))) == ("running", True)
    await child.start()  # starting what runs is nothing new
    assert child.status()["pid"] == pid
    await child.stop()
    assert (child.state, psutil.pid_exists(int(str(pid)))) == ("stopped", False)
    assert "in order" in child.last_lines()


async def test_a_killed_child_ends_without_a_word_and_starts_again(make: Make) -> None:
    deaths: list[str] = []
    child = make(on_death=deaths.append)
    await child.start()
    await child.kill()
    assert child.state == "stopped"
    assert "in order" not in child.last_lines()
    assert deaths == []  # it was asked for
    await child.start()
    assert child.state == "running"


async def test_a_child_that_ends_before_it_is_ready_is_told_with_its_last_lines(make: Make) -> None:
    child = make("refuse")
    with pytest.raises(BotStopped, match="no team called 'paymnts'"):
        await child.start()
    assert child.state == "dead"


async def test_a_child_that_dies_by_itself_is_told_with_its_last_lines(make: Make) -> None:
    deaths: list[str] = []
    child = make(on_death=deaths.append)
    await child.start()
    with pytest.raises(ClientError):
        async with ClientSession() as client, client.post(f"{child.url}/hooks/crash"):
            pass
    await child.ended()
    [sentence] = deaths
    assert "exit code 3" in sentence
    assert "checkout is on fire" in sentence
    assert child.state == "dead"


async def test_a_child_does_not_outlive_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = tmp_path / "parent.py"
    parent.write_text(
        f"""
import asyncio, os, sys
from pathlib import Path
from bot.sandbox.process import Child, free_port

async def main():
    port = free_port()
    environ = dict(os.environ) | {{"TOCSIN_HOST": "127.0.0.1", "TOCSIN_PORT": str(port)}}
    child = Child([sys.executable, {str(STANDIN)!r}], lambda: environ, f"http://127.0.0.1:{{port}}", Path({str(tmp_path)!r}) / "log", print)
    await child.start()
    print(child.status()["pid"], flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""
    )
    running = await asyncio.create_subprocess_exec(sys.executable, str(parent), stdout=asyncio.subprocess.PIPE)
    assert running.stdout is not None
    child = psutil.Process(int(await running.stdout.readline()))
    running.kill()
    await running.wait()
    gone, _ = await asyncio.to_thread(psutil.wait_procs, [child], 5)
    assert gone == [child]
