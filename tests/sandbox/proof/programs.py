"""The small apps as programs of their own, and where Node keeps its packages."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NODE = HERE / "node"
OLDEST_NODE = 20
INSTALL_S = 300


@dataclass(frozen=True)
class Program:
    """How an app is started: its command, and what else it needs in its environment."""

    command: list[str]
    environ: dict[str, str]


def python_program(name: str) -> Program:
    return Program([sys.executable, str(HERE / name)], {"PYTHONUNBUFFERED": "1"})


def node_program() -> Program:
    """The app on @slack/bolt. Skips where Node is not at hand; fails there when TOCSIN_CI=1."""
    node = shutil.which("node")
    if node is None or node_version(node) < OLDEST_NODE or shutil.which("npm") is None:
        give_up(f"Node {OLDEST_NODE} or newer with npm is not installed, so @slack/bolt cannot be tried")
    return Program([str(node), str(NODE / "app.cjs")], {"NODE_PATH": str(packages() / "node_modules")})


def node_version(node: str) -> int:
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return int(version.removeprefix("v").partition(".")[0])


def give_up(why: str) -> None:
    if os.environ.get("TOCSIN_CI") == "1":
        pytest.fail(f"{why}, and in CI it must be.")
    pytest.skip(f"{why}.")


def packages() -> Path:
    """A directory with what the lock file names, installed by `npm ci` once for each lock file."""
    lock = (NODE / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tocsin-tests"
    there = cache / f"node-{hashlib.sha256(lock).hexdigest()[:16]}"
    if there.exists():
        return there
    cache.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=cache))
    for name in ("package.json", "package-lock.json"):
        shutil.copy(NODE / name, draft / name)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=draft, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    if done.returncode:
        shutil.rmtree(draft)
        give_up(f"npm ci did not work ({done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode})")
    try:
        draft.rename(there)
    except OSError:  # another process was quicker
        shutil.rmtree(draft)
    return there


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def running(program: Program, environ: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """The program with just these variables, ended afterwards; what it printed is shown when the test fails."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV") if name in os.environ}
    with tempfile.TemporaryFile() as output:
        process = await asyncio.create_subprocess_exec(
            *program.command, stdout=output, stderr=output, env=inherited | program.environ | environ
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            output.seek(0)
            print(output.read().decode(errors="replace"))
