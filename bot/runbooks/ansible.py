"""The plain door to Ansible: `ansible-runner start`, which leaves a process behind that goes on alone and writes files that we read.

<root>/<run id>/env/extravars                       the parameters, sealed, only for our eyes, gone at the end
<root>/<run id>/artifacts/run/job_events/N-….json   one file an event, numbered from 1
<root>/<run id>/artifacts/run/stdout, rc            everything printed; the exit status, written last
"""

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from bot.runbooks.events import RunEvent, read_event
from bot.runbooks.runner import CannotStart, Life, Look, RunSpec
from bot.runbooks.sealing import sealed

IDENT = "run"
EVENT_FILE = re.compile(r"(\d+)-[0-9a-f_-]+\.json")
"""`_2` and so on where a play is repeated for the next hosts (`serial`); `…-partial.json` is not finished yet."""
EVENTS_AT_ONCE = 500
START_WITHIN_S = 20
BEGINS_WITHIN_S = 10
"""From `ansible-runner start` until its process can be seen."""
ENDS_WITHIN_S = 2.0
"""Ansible may end its modules itself; what is left after that is killed."""
MARK = "AWX_ISOLATED_DATA_DIR"
"""ansible-runner gives it to everything that it begins, so that nothing of a run can hide from us."""


class LocalRunner:
    """Runs on this machine. `root` holds one directory a run, for our user alone."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    async def start(self, spec: RunSpec) -> None:
        """Begin, with an environment of our own making: what the bot knows is no playbook's business."""
        home = self._home(spec.run_id)
        try:
            if not await asyncio.to_thread(self._prepare, home, spec):
                return
        except OSError as error:
            raise CannotStart(f"{self._root} cannot be written ({error.strerror or error}).") from None
        command = [
            *(sys.executable, "-m", "ansible_runner", "start", str(home)),
            *("--playbook", str(spec.playbook), "--inventory", str(spec.inventory), "--limit", ",".join(spec.hosts), "--ident", IDENT),
            *(("--cmdline", "--check --diff") if spec.is_dry else ()),
        ]
        starter = await asyncio.create_subprocess_exec(
            *command, cwd=home, env=environment(home), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            async with asyncio.timeout(START_WITHIN_S):
                said, _ = await starter.communicate()
        except TimeoutError:
            starter.kill()
            raise CannotStart(f"ansible-runner did not start within {START_WITHIN_S} s.") from None
        if starter.returncode:
            raise CannotStart(f"ansible-runner does not start: {said.decode(errors='replace').strip()[-300:] or starter.returncode}")

    async def look(self, run_id: str, after: int) -> Look:
        """What happened after event number `after`."""
        return await asyncio.to_thread(self._look, self._home(run_id), after)

    async def stop(self, run_id: str) -> None:
        """SIGTERM to Ansible, which passes it on to its workers; SIGKILL to what is left, wherever it has gone."""
        await asyncio.to_thread(_stop, self._home(run_id))

    def log(self, run_id: str) -> Path:
        """Everything that Ansible printed."""
        return self._home(run_id) / "artifacts" / IDENT / "stdout"

    def _home(self, run_id: str) -> Path:
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", run_id):
            raise ValueError(f"{run_id!r} is no run's id")
        return self._root / run_id

    def _prepare(self, home: Path, spec: RunSpec) -> bool:
        """Lay out the run's directory. False when it exists: then this run was begun before, by us or by another."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            home.mkdir(mode=0o700)
        except FileExistsError:
            return False
        (home / "env").mkdir(mode=0o700)
        (home / "ansible.cfg").touch()
        with open(home / "env" / "extravars", "x", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            json.dump(sealed(spec.parameters), file)
        return True

    def _look(self, home: Path, after: int) -> Look:
        if not home.is_dir():
            return Look((), Life.UNKNOWN)
        artifacts = home / "artifacts" / IDENT
        life = _life(home, artifacts)  # before the events: what ends after this was seen is told by the next look
        events = tuple(_events(artifacts / "job_events", after))
        if life == Life.FINISHED:
            (home / "env" / "extravars").unlink(missing_ok=True)
        written = self.log(home.name).stat().st_size if self.log(home.name).is_file() else 0
        return Look(events, Life.RUNNING if life != Life.RUNNING and len(events) == EVENTS_AT_ONCE else life, written)


def environment(home: Path) -> dict[str, str]:
    """All that Ansible is told of the world."""
    programs = f"{Path(sys.executable).parent}:{os.defpath}:/usr/local/bin:/usr/sbin"
    return {
        "PATH": programs,
        "HOME": str(Path.home()),
        "LANG": "C.UTF-8",
        "ANSIBLE_CONFIG": str(home / "ansible.cfg"),
        "ANSIBLE_LOCAL_TEMP": str(home / "tmp"),
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_NOCOLOR": "1",
        "PYTHONDONTWRITEBYTECODE": "1",  # nothing is written beside the playbooks
        "ANSIBLE_DEPRECATION_WARNINGS": "0",
    }


def _events(folder: Path, after: int) -> Iterator[RunEvent]:
    """The events after number `after`, in order, up to the first that is not there yet."""
    try:
        files = {int(found[1]): entry.path for entry in os.scandir(folder) if (found := EVENT_FILE.fullmatch(entry.name))}
    except OSError:
        return
    for number in range(after + 1, after + 1 + EVENTS_AT_ONCE):
        if number not in files:
            return
        try:
            raw = json.loads(Path(files[number]).read_bytes())
        except (OSError, ValueError):
            return  # it is told again by the next look
        yield read_event({**raw, "counter": number} if isinstance(raw, dict) else {"counter": number})


def _life(home: Path, artifacts: Path) -> Life:
    if _daemon(home) is not None:
        return Life.RUNNING
    try:
        has_ended = (artifacts / "rc").read_text().strip() != ""
    except OSError:
        has_ended = False
    if has_ended:
        return Life.FINISHED
    is_young = time.time() - home.stat().st_mtime < BEGINS_WITHIN_S and not artifacts.exists()
    return Life.RUNNING if is_young else Life.LOST


def _daemon(home: Path) -> psutil.Process | None:
    """The process that ansible-runner left behind, if it lives. A pid alone may be another's by now."""
    with contextlib.suppress(OSError, ValueError, psutil.Error):
        process = psutil.Process(int((home / "pid").read_text()))
        if process.status() != psutil.STATUS_ZOMBIE and str(home) in process.cmdline():
            return process
    return None


def _belonging(home: Path) -> list[psutil.Process]:
    """Every process of the run on this machine, whatever its parent or session is by now, without the one that writes down the end."""
    daemon = _daemon(home)
    found = {} if daemon is None else {child.pid: child for child in daemon.children(recursive=True)}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK, "").startswith(str(home)):
                found[process.pid] = process
    if daemon is not None:
        found.pop(daemon.pid, None)
    return list(found.values())


def _stop(home: Path) -> None:
    processes = _belonging(home)
    for process in processes:
        with contextlib.suppress(psutil.Error):
            if "ansible-playbook" in " ".join(process.cmdline()):
                process.send_signal(signal.SIGTERM)
    psutil.wait_procs(processes, timeout=ENDS_WITHIN_S)
    for _ in range(3):  # whoever was just being born is found in the next round
        left = _belonging(home)
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=ENDS_WITHIN_S)
        if not left:
            break
