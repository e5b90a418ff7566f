"""`tocsin sandbox`: the workspace, the phones and the mailbox here, the bot as a child that may die while they live.

The bot is launched before anything large is imported here, so that both get ready side by side.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import secrets
import shutil
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot.clock import ShiftedClock
from bot.errors import Refusal, Unavailable
from bot.sandbox import keys
from bot.sandbox.process import Child, free_port

if TYPE_CHECKING:
    from bot.sandbox.outside import Outside
    from bot.sandbox.workspace.wire import Json

SEED_CONFIG = Path(__file__).parent / "config"
THE_BOT = (sys.executable, "-m", "bot", "run")
REAL = ("SLACK_", "TWILIO_", "SMTP_", "DATABASE_", "GITHUB_")  # the real world's: the sandbox's bot must never see them
CLOCK_WITHIN_S = 120.0  # what falls due while the clock moves is done before the bot answers
CONNECTED_WITHIN_S = 30.0

ON_THE_PAGE = """
  Open {url} and type:      /inc sev1 checkout is down"""
IN_A_SHELL = """
  Or in another shell:
    curl {url}/control/command --json '{{"user": "kim", "channel": "general", "text": "/inc sev1 checkout is down"}}'
  and look at the phone of whoever is on call:
    curl {url}/control/phones/ana

  Data and configuration:   {data}
  The bot's log:            {data}/bot.log
  Ctrl-C ends the workspace and the bot.
"""


@dataclass
class Notes:
    """What must be the same when the sandbox comes back to the same data. `offset_s`: how far its bot's clock is ahead, in seconds."""

    secret: str
    sandbox_token: str
    offset_s: float = 0.0


class NoteBook:
    """The notes, in a file that only its owner reads."""

    def __init__(self, data: Path) -> None:
        self.path = data / "sandbox.json"
        if self.path.exists():
            self.notes = Notes(**json.loads(self.path.read_text()))
        else:
            self.notes = Notes(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
            self.save()

    def save(self) -> None:
        draft = self.path.with_suffix(".tmp")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(self.notes), indent=2))
        draft.replace(self.path)


class Launcher:
    """The two processes. `command` is the bot's; tests put a stand-in there. Port 0 takes any free one."""

    outside: Outside

    def __init__(
        self,
        port: int,
        data: Path,
        environ: Mapping[str, str],
        command: Sequence[str] = THE_BOT,
        manifest: Json | None = None,
        *,
        with_page: bool = True,
    ) -> None:
        self.port, self.data, self.environ = port or free_port(), data.resolve(), environ
        self.manifest, self.with_page = manifest, with_page
        self.data.mkdir(parents=True, exist_ok=True)
        self.config = self.data / "config"
        if not self.config.exists():
            shutil.copytree(SEED_CONFIG, self.config)
        self.book = NoteBook(self.data)
        self.clock = ShiftedClock(timedelta(seconds=self.book.notes.offset_s))
        self.bot_port, self.smtp_port, self.mail_port = free_port(), free_port(), free_port()
        self.bot = Child(command, self.bot_environ, f"http://127.0.0.1:{self.bot_port}", self.data / "bot.log", on_death=say)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Bring up everything and return when the bot is ready and has its Socket Mode connection.

        Raises OSError when the port is taken, `BotStopped` or `Unavailable` when the bot does not come up.
        """
        refuse_if_taken(self.port)
        await self.bot.launch()
        from bot.sandbox.outside import Outside

        outside = Outside(
            self.clock,
            self.data / "slack",
            self.advance_bot,
            manifest=self.manifest,
            with_page=self.with_page,
            fleet=self.data / "fleet",
        )
        outside.server.bot, outside.server.proxy.target = self.bot, self.bot.url
        outside.mailbox.bot_port = self.mail_port
        self.outside = outside
        await outside.start(self.port, self.smtp_port)
        await self.bot.ready()
        async with asyncio.timeout(CONNECTED_WITHIN_S):
            await self.outside.until_connected()

    async def close(self) -> None:
        await self.bot.stop()
        if hasattr(self, "outside"):
            await self.outside.close()

    def bot_environ(self) -> dict[str, str]:
        """The bot's environment: the outer one, with every address pointing here."""
        notes = self.book.notes
        outer = {name: value for name, value in self.environ.items() if not name.startswith(REAL)}
        return outer | {
            **keys.environ(self.url, self.smtp_port, self.mail_port),
            "SANDBOX_PUSH_ANA": f"ntfy://127.0.0.1:{self.port}/ana",
            "DATABASE_URL": f"sqlite:///{self.data / 'tocsin.db'}",
            "TOCSIN_CONFIG": str(self.config),
            "TOCSIN_RUNS": str(self.data / "runs"),
            "TOCSIN_SECRET": notes.secret,
            "TOCSIN_HOST": "127.0.0.1",
            "TOCSIN_PORT": str(self.bot_port),
            "TOCSIN_SANDBOX_TOKEN": notes.sandbox_token,
            "TOCSIN_SANDBOX_OFFSET_S": repr(notes.offset_s),
        }

    async def advance_bot(self, seconds: float) -> None:
        """Move the phones' clock and the bot's. A bot that is not running finds the new time when it starts."""
        from aiohttp import ClientError, ClientSession, ClientTimeout

        self.clock.advance(timedelta(seconds=seconds))
        await self.outside.phones.voice.tick()  # what has rung for too long ends before the bot goes on
        await self.outside.phones.settled()
        self.book.notes.offset_s += seconds
        self.book.save()
        if self.bot.state != "running":
            return
        headers = {"X-Tocsin-Sandbox": self.book.notes.sandbox_token}
        order = {"advance_s": seconds}
        try:
            async with (
                ClientSession(self.bot.url, timeout=ClientTimeout(total=CLOCK_WITHIN_S)) as client,
                client.post("/sandbox/clock", json=order, headers=headers) as answer,
            ):
                if answer.status >= 300:
                    self.book.notes.offset_s -= seconds
                    self.book.save()
                    raise Refusal(f"Tocsin did not move its clock: {answer.status} {await answer.text()}")
        except (ClientError, TimeoutError) as lost:
            raise Refusal(
                f"Tocsin gave no answer while its clock moved ({type(lost).__name__}); it has the new time when it starts."
            ) from lost


def refuse_if_taken(port: int) -> None:
    """Raise the OSError of a port that somebody listens on, before anything is started for nothing."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def first_screen(url: str, data: Path, headless: bool) -> str:
    """What to type, for somebody who has just arrived."""
    return ("" if headless else ON_THE_PAGE.format(url=url)) + IN_A_SHELL.format(url=url, data=data)


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


async def run_sandbox(
    port: int,
    data: Path,
    headless: bool,
    environ: Mapping[str, str],
    command: Sequence[str] = THE_BOT,
    manifest: Json | None = None,
) -> int:
    """Run until Ctrl-C or SIGTERM; the exit code. Prints one `ready` line, then what to type."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, ended.set)
    launcher = Launcher(port, data, environ, command, manifest, with_page=not headless)
    starting, ending = asyncio.ensure_future(launcher.start()), asyncio.ensure_future(ended.wait())
    try:
        await asyncio.wait([starting, ending], return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            return 0
        await starting
        print(f"ready {launcher.url}", flush=True)
        print(first_screen(launcher.url, launcher.data, headless), flush=True)
        await ending
        return 0
    except OSError as failed:
        if failed.errno != errno.EADDRINUSE:
            raise
        say(f"Port {port} is in use. Stop what listens there, or choose another: tocsin sandbox --port {port + 1}")
    except (Refusal, Unavailable) as failed:
        say(str(failed))
    except TimeoutError:
        say(f"Tocsin runs but has not connected to Slack's Socket Mode within {CONNECTED_WITHIN_S:.0f} s. Its last lines:")
        say(launcher.bot.last_lines())
    finally:
        starting.cancel()
        ending.cancel()
        await asyncio.gather(starting, ending, return_exceptions=True)
        await launcher.close()
    return 1


def main(port: int, data: Path, headless: bool) -> int:
    """What `tocsin sandbox` does; the process's exit code."""
    return asyncio.run(run_sandbox(port, data, headless, os.environ))
