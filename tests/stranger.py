"""The program as a stranger runs it: a process of its own, its printed words, its address."""

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from bot.sandbox.process import free_port

ROOT = Path(__file__).parents[1]
IN_CI = os.environ.get("TOCSIN_CI") == "1"
TOCSIN = (sys.executable, "-m", "bot")
OURS = ("SLACK_", "TWILIO_", "SMTP_", "DATABASE_", "TOCSIN_")
STARTS_WITHIN_S = 60.0


def needs(program: str, package: str) -> str:
    """The program's path. Without it the test is skipped with a word, and in CI it fails."""
    path = shutil.which(program)
    if path is None and IN_CI:
        pytest.fail(f"{program} is not installed, and CI needs it: apt-get install {package}")
    if path is None:
        pytest.skip(f"{program} is not installed: apt-get install {package}")
    return path


def bare_environ(**more: str) -> dict[str, str]:
    """This environment without anything that configures Tocsin or Python's path."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith((*OURS, "PYTHON"))}
    return ours | more


class Running:
    """A sandbox that has said that it is ready. `printed` is all it has said so far."""

    def __init__(self, url: str, printed: list[str], took_s: float) -> None:
        self.url = url
        self.printed = printed
        self.took_s = took_s

    def get(self, path: str) -> Any:
        """A JSON answer."""
        with urlopen(f"{self.url}{path}", timeout=20) as answer:
            return json.load(answer)

    def post(self, path: str, **body: object) -> Any:
        """A JSON answer to a JSON body."""
        request = Request(f"{self.url}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def texts(self, channel: str) -> list[str]:
        """What stands in a channel, with everything that blocks say, oldest first; nothing while there is no such channel."""
        if channel not in [place.get("name") for place in self.get("/control/channels")]:
            return []
        return [json.dumps(message, ensure_ascii=False) for message in self.get(f"/control/messages/{channel}")]

    def channel_of(self, number: int) -> str:
        """The name of an incident's channel; "" while there is none."""
        names = [str(channel.get("name", "")) for channel in self.get("/control/channels")]
        return next((name for name in names if name.startswith(f"inc-{number}-")), "")

    def texted(self, user: str) -> list[str]:
        """The texts that a phone has received."""
        return [str(sms["body"]) for sms in self.get(f"/control/phones/{user}")["sms"] if sms["direction"] == "in"]


@contextmanager
def sandbox(data: Path, command: Sequence[str] = TOCSIN, cwd: Path = ROOT, *, with_page: bool = False) -> Iterator[Running]:
    """`tocsin sandbox` on a free port, ended with Ctrl-C; its exit code must be 0."""
    port = free_port()
    began = time.monotonic()
    process = subprocess.Popen(
        [*command, "sandbox", "--port", str(port), "--data", str(data), *([] if with_page else ["--headless"])],
        cwd=cwd, env=bare_environ(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    lines: queue.Queue[str | None] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
    reader.start()
    printed: list[str] = []
    try:
        while True:
            line = lines.get(timeout=STARTS_WITHIN_S)
            assert line is not None, "the sandbox ended before it was ready:\n" + "".join(printed)
            printed.append(line)
            if line.startswith("ready "):
                break
        yield Running(line.split()[1], printed, time.monotonic() - began)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            code = process.wait(30)
        finally:
            process.kill()
        reader.join(5)
        if process.stdout is not None:
            process.stdout.close()
    assert code == 0, f"Ctrl-C ended it with code {code}:\n" + "".join(printed)


def _read(process: "subprocess.Popen[str]", lines: "queue.Queue[str | None]") -> None:
    for line in process.stdout or ():
        lines.put(line)
    lines.put(None)


def until(holds: Callable[[], object], what: str, within_s: float = 20.0) -> None:
    """Look every 50 ms until something holds."""
    last = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < last, f"within {within_s:.0f} s it did not happen: {what}"
        time.sleep(0.05)


def said(command: Sequence[str], cwd: Path = ROOT, environ: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, and what it said."""
    return subprocess.run(
        list(command), cwd=cwd, env=dict(environ or bare_environ()), capture_output=True, text=True, timeout=600, check=False
    )
