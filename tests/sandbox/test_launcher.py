"""`tocsin sandbox` as a program, with a stand-in for the bot's process."""

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from aiohttp import ClientSession

import bot
from bot.sandbox.process import free_port
from tests.sandbox.demo import MANIFEST

STANDIN = Path(__file__).parent / "standin.py"
PROGRAM = f"""
import asyncio, json, os, sys
from pathlib import Path
from bot.sandbox.launcher import run_sandbox
port, data, headless, manifest = sys.argv[1:]
command = [sys.executable, {str(STANDIN)!r}]
sys.exit(asyncio.run(run_sandbox(int(port), Path(data), headless == "headless", os.environ, command, json.loads(manifest))))
"""
OUTER = {"SLACK_BOT_TOKEN": "xoxb-of-the-real-world", "TWILIO_AUTH_TOKEN": "real", "TOCSIN_LOG": "text"}


@dataclass
class Running:
    """The launcher as a child of this test."""

    data: Path
    port: int = field(default_factory=free_port)
    program: asyncio.subprocess.Process | None = None
    client: ClientSession = field(default_factory=ClientSession)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, headless: str = "headless", **environ: str) -> None:
        self.program = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            PROGRAM,
            str(self.port),
            str(self.data),
            headless,
            json.dumps(MANIFEST),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(os.environ) | OUTER | environ,
        )

    async def line(self) -> str:
        assert self.program is not None
        assert self.program.stdout is not None
        return (await asyncio.wait_for(self.program.stdout.readline(), 20)).decode().rstrip("\n")

    async def complaint(self) -> str:
        """The next line of standard error."""
        assert self.program is not None
        assert self.program.stderr is not None
        return (await asyncio.wait_for(self.program.stderr.readline(), 20)).decode().rstrip("\n")

    async def end(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Send a signal; the exit code and what was still written."""
        assert self.program is not None
        if self.program.returncode is None:
            self.program.send_signal(how)
        out, err = await asyncio.wait_for(self.program.communicate(), 20)
        assert self.program.returncode is not None
        return self.program.returncode, out.decode(), err.decode()

    async def get(self, path: str) -> dict[str, str]:
        async with self.client.get(self.url + path) as answer:
            assert answer.status == 200, await answer.text()
            found: dict[str, str] = await answer.json(content_type=None)
            return found

    async def control(self, path: str, **body: object) -> dict[str, object]:
        async with self.client.post(f"{self.url}/control{path}", json=body) as answer:
            assert answer.status == 200, await answer.text()
            done: dict[str, object] = await answer.json()
            return done

    async def bot(self) -> dict[str, object]:
        async with self.client.get(f"{self.url}/control/bot") as answer:
            status: dict[str, object] = await answer.json()
            return status


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Running]:
    running = Running(tmp_path / "sandbox")
    yield running
    if running.program is not None and running.program.returncode is None:
        await running.end()
    await running.client.close()


async def test_it_says_ready_once_everything_is_and_then_what_to_type(sandbox: Running) -> None:
    await sandbox.start("with a page")
    assert await sandbox.line() == f"ready {sandbox.url}"
    apps = await sandbox.get("/control/apps")
    assert apps[0]["sockets"] == 1  # type: ignore[index]
    environment = await sandbox.get("/environment")  # not the sandbox's own path: handed on to the bot
    assert environment["SLACK_BOT_TOKEN"] == "xoxb-tocsin"
    assert environment["SLACK_API_URL"] == f"{sandbox.url}/api/"
    assert environment["TOCSIN_URL"] == sandbox.url
    assert environment["TOCSIN_LOG"] == "text"
    assert environment["TOCSIN_CONFIG"] == str(sandbox.data / "config")
    assert environment["DATABASE_URL"] == f"sqlite:///{sandbox.data}/tocsin.db"
    code, out, err = await sandbox.end(signal.SIGINT)
    assert (code, err) == (0, "")
    assert f"Open {sandbox.url} and type:      /inc sev1 checkout is down" in out
    assert "curl" in out
    assert f"ready {sandbox.url}" not in out  # exactly one such line


async def test_headless_it_needs_nothing_of_the_page(sandbox: Running, tmp_path: Path) -> None:
    """Everything but the page's files, as a package of its own: it starts and works, and there is no page."""
    root = Path(bot.__file__).parents[1]
    ignored = shutil.ignore_patterns("page", "__pycache__")
    shutil.copytree(root / "bot", tmp_path / "without" / "bot", ignore=ignored)
    await sandbox.start(PYTHONPATH=str(tmp_path / "without"), PYTHONSAFEPATH="1")
    assert await sandbox.line() == f"ready {sandbox.url}"
    assert (await sandbox.control("/message", user="ana", channel="general", text="hello"))["ok"] is True
    for path in ("/sandbox/static/app.js", "/sandbox/static/base.css"):
        async with sandbox.client.get(sandbox.url + path) as answer:
            assert answer.status == 404
    async with sandbox.client.get(sandbox.url) as answer:
        assert "html" not in answer.content_type or "Tocsin sandbox" not in await answer.text()


async def test_the_bot_dies_and_starts_alone_while_slack_and_phones_live(sandbox: Running) -> None:
    await sandbox.start()
    await sandbox.line()
    first = await sandbox.bot()
    await sandbox.control("/bot", action="kill")
    async with sandbox.client.get(f"{sandbox.url}/environment") as answer:
        assert (answer.status, "not running" in await answer.text()) == (503, True)
    assert (await sandbox.control("/message", user="ana", channel="general", text="still here"))["ok"] is True
    assert (await sandbox.bot())["state"] == "stopped"
    started = await sandbox.control("/bot", action="start")
    assert started["running"] is True
    assert started["pid"] != first["pid"]
    assert (await sandbox.get("/environment"))["TOCSIN_URL"] == sandbox.url


async def test_the_clock_reaches_the_bot_and_is_told_to_the_next_one(sandbox: Running) -> None:
    await sandbox.start()
    await sandbox.line()
    await sandbox.control("/clock", advance_s=300)
    await sandbox.control("/clock", advance_s=0.5)
    assert sum(map(float, await sandbox.get("/moved"))) == 300.5
    await sandbox.control("/bot", action="kill")
    await sandbox.control("/clock", advance_s=60)  # nobody to tell
    await sandbox.control("/bot", action="start")
    assert float((await sandbox.get("/environment"))["TOCSIN_SANDBOX_OFFSET_S"]) == 360.5


async def test_a_clock_that_the_bot_did_not_move_has_not_moved(sandbox: Running) -> None:
    await sandbox.start(STANDIN="clockless")
    await sandbox.line()
    async with sandbox.client.post(f"{sandbox.url}/control/clock", json={"advance_s": 300}) as answer:
        assert answer.status == 400
        assert "did not move its clock: 501" in await answer.text()
    await sandbox.control("/bot", action="stop")
    await sandbox.control("/bot", action="start")
    assert float((await sandbox.get("/environment"))["TOCSIN_SANDBOX_OFFSET_S"]) == 0


async def test_a_bot_that_dies_by_itself_is_told_with_its_last_lines(sandbox: Running) -> None:
    await sandbox.start()
    await sandbox.line()
    async with sandbox.client.post(f"{sandbox.url}/hooks/crash") as answer:
        assert answer.status == 503
    assert "ended by itself (exit code 3)" in await sandbox.complaint()
    assert "checkout is on fire" in await sandbox.complaint()
    assert (await sandbox.bot())["state"] == "dead"
    assert (await sandbox.control("/bot", action="start"))["running"] is True


async def test_a_bot_that_does_not_come_up_ends_the_sandbox_with_the_reason(sandbox: Running) -> None:
    await sandbox.start(STANDIN="refuse")
    code, out, err = await finish(sandbox)
    assert (code, out) == (1, "")
    assert "no team called 'paymnts'" in err


async def finish(sandbox: Running) -> tuple[int, str, str]:
    """Wait until the program ends by itself."""
    assert sandbox.program is not None
    out, err = await asyncio.wait_for(sandbox.program.communicate(), 20)
    assert sandbox.program.returncode is not None
    return sandbox.program.returncode, out.decode(), err.decode()


async def test_a_port_in_use_is_one_clear_sentence(sandbox: Running) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", sandbox.port))
        taken.listen()
        await sandbox.start()
        code, out, err = await finish(sandbox)
    assert (code, out) == (1, "")
    assert err == f"Port {sandbox.port} is in use. Stop what listens there, or choose another: tocsin sandbox --port {sandbox.port + 1}\n"


async def test_what_was_there_is_there_again_after_a_restart(sandbox: Running) -> None:
    await sandbox.start()
    await sandbox.line()
    secret = (await sandbox.get("/environment"))["TOCSIN_SECRET"]
    (sandbox.data / "config" / "people.yaml").write_text("people: {}\n")
    await sandbox.control("/message", user="ana", channel="general", text="remember me")
    await sandbox.control("/phones/ana/reply", text="text me tomorrow")
    await sandbox.control("/clock", advance_s=90)
    await sandbox.end()
    await sandbox.start()
    await sandbox.line()
    environment = await sandbox.get("/environment")
    assert (environment["TOCSIN_SECRET"], float(environment["TOCSIN_SANDBOX_OFFSET_S"])) == (secret, 90)
    assert (sandbox.data / "config" / "people.yaml").read_text() == "people: {}\n"
    assert "remember me" in json.dumps(await sandbox.get("/control/messages/general"))
    assert "text me tomorrow" in json.dumps(await sandbox.get("/control/phones/ana"))
    assert (sandbox.data / "sandbox.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_the_bot_never_outlives_the_sandbox(sandbox: Running, how: signal.Signals) -> None:
    await sandbox.start()
    await sandbox.line()
    child = psutil.Process(int(str((await sandbox.bot())["pid"])))
    await sandbox.end(how)
    gone, _ = await asyncio.to_thread(psutil.wait_procs, [child], 5)
    assert gone == [child]
