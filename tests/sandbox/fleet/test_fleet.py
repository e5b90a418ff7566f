"""The fleet's processes as a whole."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

START = """
import asyncio, sys
from pathlib import Path
from bot.sandbox.fleet.fleet import Fleet

async def main():
    await Fleet(Path(sys.argv[1])).start()
    print("ready", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def of(root: Path) -> list[psutil.Process]:
    """The processes that this fleet runs."""
    return [process for process in psutil.process_iter(["cmdline"]) if f"{root}/" in " ".join(process.info["cmdline"] or ())]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has died")
async def test_nothing_of_the_fleet_outlives_a_sandbox_that_was_killed(tmp_path: Path) -> None:
    root = tmp_path / "fleet"
    sandbox = await asyncio.create_subprocess_exec(sys.executable, "-c", START, str(root), stdout=asyncio.subprocess.PIPE)
    assert sandbox.stdout is not None
    assert await sandbox.stdout.readline() == b"ready\n"
    assert len(of(root)) > 5
    os.kill(sandbox.pid, signal.SIGKILL)
    await sandbox.wait()
    for _ in range(400):
        if not of(root):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"still there: {of(root)}")
