"""A run's directory on this machine: laid out before it starts, read while it is at work and after, whoever began it.

<root>/<run id>/env/extravars                       the parameters, sealed, only for our eyes, gone at the end
<root>/<run id>/env/environ                         variables that it is handed, likewise
<root>/<run id>/files/                              what the playbook leaves for people (`rb_files`)
<root>/<run id>/sockets                             where SSH connections are shared: elsewhere, for a socket's path must be short
<root>/<run id>/artifacts/run/job_events/N-….json   one file an event, numbered from 1
<root>/<run id>/artifacts/run/stdout, rc            everything printed; the exit status, written last
<root>/<run id>/order                               how to begin it, until somebody takes that: whoever does may begin it, nobody else ever
"""

import asyncio
import contextlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from bot.runbooks import processes
from bot.runbooks.account import OWN, Account
from bot.runbooks.events import RunEvent, read_event
from bot.runbooks.hiding import Hiding
from bot.runbooks.runner import CannotStart, Life, Look, RunSpec
from bot.runbooks.sealing import sealed

T = TypeVar("T")
IDENT = "run"
RUN_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
EVENT_FILE = re.compile(r"(\d+)-[0-9a-f_-]+\.json")
"""`_2` and so on where a play is repeated for the next hosts (`serial`); `…-partial.json` is not finished yet."""
EVENTS_AT_ONCE = 500
BEGINS_WITHIN_S = 30
"""From the order to start until the run's process can be seen."""


SSH_ARGS = "-C -o ControlMaster=auto -o ControlPersist=30s -o ServerAliveInterval=5 -o ServerAliveCountMax=3"
"""One connection a host for all its tasks; one whose other end is gone is noticed after 15 s, and not only by the run's time-out."""


class Homes:
    """The directories of runs below `root`, for our user alone: what is common to all who run playbooks on this machine."""

    def __init__(self, root: Path, hiding: Callable[[], Hiding] = Hiding, account: Account = OWN) -> None:
        self._root = root.absolute()
        self._hiding = hiding
        self._account = account

    async def lay_out(self, spec: RunSpec) -> Path | None:
        """The new directory of a run, or None when it was begun before. Raises `CannotStart`."""
        home = self._home(spec.run_id)
        if trouble := self._account.trouble or self._account.cannot_read(spec.playbook) or self._account.cannot_read(spec.inventory):
            raise CannotStart(trouble)
        try:
            return home if await asyncio.to_thread(self._lay_out, home, spec) else None
        except OSError as error:
            raise CannotStart(f"{self._root} cannot be written ({error.strerror or error}).") from None

    async def look(self, run_id: str, after: int) -> Look:
        """What happened after event number `after`."""
        return await self.reading(partial(self._look, self._home(run_id), after))

    async def reading(self, does: Callable[[], T]) -> T:
        """What something that blocks finds in runs' directories, with no more rights than the runs themselves had."""

        def limited() -> T:
            with self._account.rights():
                return does()

        return await asyncio.to_thread(limited)

    async def stop(self, run_id: str) -> None:
        """SIGTERM to Ansible, which passes it on to its workers; SIGKILL to what is left, wherever it has gone."""
        await asyncio.to_thread(self._end, self._home(run_id))

    def log(self, run_id: str) -> Path:
        """Everything that Ansible printed."""
        return artifacts(self._home(run_id)) / "stdout"

    def files(self, run_id: str) -> Path:
        """What the playbook left for people."""
        return self._home(run_id) / "files"

    async def scrub(self, run_id: str) -> None:
        """Replace what is secret in every file of a run."""
        await self.reading(partial(_scrub, self._home(run_id), self._hiding()))

    async def clear(self, run_id: str) -> None:
        """Remove what a run left; its empty directory stays, so that nobody who comes late begins it again."""
        await self.reading(partial(_empty, self._home(run_id)))

    async def forget(self, run_id: str) -> None:
        """Remove a run's directory."""
        home = self._home(run_id)
        await self.reading(partial(_empty, home))
        await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)

    async def kept(self) -> Mapping[str, float]:
        """The runs that have a directory, with its age since it was last changed."""
        return await asyncio.to_thread(self._kept)

    def _kept(self) -> dict[str, float]:
        try:
            found = [entry for entry in os.scandir(self._root) if entry.is_dir(follow_symlinks=False) and RUN_ID.fullmatch(entry.name)]
        except OSError:
            return {}
        return {entry.name: time.time() - entry.stat(follow_symlinks=False).st_mtime for entry in found}

    def _home(self, run_id: str) -> Path:
        if not RUN_ID.fullmatch(run_id):
            raise ValueError(f"{run_id!r} is no run's id")
        return self._root / run_id

    def _lay_out(self, home: Path, spec: RunSpec) -> bool:
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._account.name:
            self._root.chmod(0o711)
        try:
            home.mkdir(mode=0o700)
        except FileExistsError:
            return False
        self._account.given(home)
        with self._account.rights():
            self._furnish(home, spec)
        return True

    def _furnish(self, home: Path, spec: RunSpec) -> None:
        for name in ("env", "files"):
            (home / name).mkdir(mode=0o700)
        (home / "ansible.cfg").touch()
        (home / "sockets").symlink_to(tempfile.mkdtemp(prefix="rb-"))
        for name, content in (("environ", spec.environ), ("extravars", sealed(spec.parameters, str(home / "files")))):
            with open(home / "env" / name, "x", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                json.dump(dict(content), file)

    def _end(self, home: Path) -> None:
        with self._account.rights():
            taken_back(home)
        processes.end(home)

    def _look(self, home: Path, after: int) -> Look:
        if not home.is_dir():
            return Look((), Life.UNKNOWN)
        life = life_of(home)  # before the events: what ends after this was seen is told by the next look
        events = tuple(events_of(artifacts(home) / "job_events", after, self._hiding()))
        if life == Life.FINISHED:
            for name in ("environ", "extravars"):
                (home / "env" / name).unlink(missing_ok=True)
        written = self.log(home.name).stat().st_size if self.log(home.name).is_file() else 0
        return Look(events, Life.RUNNING if life != Life.RUNNING and len(events) == EVENTS_AT_ONCE else life, written)


def _empty(home: Path) -> None:
    with contextlib.suppress(OSError):
        shutil.rmtree((home / "sockets").readlink(), ignore_errors=True)
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(home)):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry, ignore_errors=True)
            else:
                Path(entry).unlink(missing_ok=True)


def _scrub(home: Path, hiding: Hiding) -> None:
    for path in home.rglob("*"):
        with contextlib.suppress(OSError):
            if path.is_file() and not path.is_symlink() and (hidden := hiding.content(content := path.read_bytes())) != content:
                path.write_bytes(hidden)


def artifacts(home: Path) -> Path:
    """Where a run's events, output and end are written."""
    return home / "artifacts" / IDENT


def ordered(home: Path, order: Mapping[str, object]) -> None:
    """Leave word how a run is to begin, for one who takes it."""
    (home / "order.tmp").write_text(json.dumps(order))
    (home / "order.tmp").rename(home / "order")


def taken_back(home: Path) -> bool:
    """Take the order to begin a run away. True: nobody had taken it, and nobody will."""
    try:
        (home / "order").unlink()
    except OSError:
        return False
    return True


def bare_environment(account: Account = OWN) -> dict[str, str]:
    """What any program of Ansible's is told of the world."""
    programs = f"{Path(sys.executable).parent}:{os.defpath}:/usr/local/bin:/usr/sbin"
    return {"PATH": programs, "HOME": account.home or str(Path.home()), "LANG": "C.UTF-8"}


def environment(home: Path, account: Account = OWN) -> dict[str, str]:
    """All that Ansible is told of the world in a run."""
    return {
        **json.loads((home / "env" / "environ").read_text()),
        **bare_environment(account),
        "ANSIBLE_CONFIG": str(home / "ansible.cfg"),
        "ANSIBLE_LOCAL_TEMP": str(home / "tmp"),
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_HOST_KEY_CHECKING": "1",  # a host that is not known is not trusted
        "ANSIBLE_SSH_CONTROL_PATH_DIR": os.path.realpath(home / "sockets"),
        "ANSIBLE_SSH_ARGS": SSH_ARGS,
        "ANSIBLE_NOCOLOR": "1",
        "PYTHONDONTWRITEBYTECODE": "1",  # nothing is written beside the playbooks
        "ANSIBLE_DEPRECATION_WARNINGS": "0",
    }


def events_of(folder: Path, after: int, hiding: Hiding) -> Iterator[RunEvent]:
    """The events after number `after`, in order, up to the first that is not there yet."""
    try:
        files = {int(found[1]): entry.path for entry in os.scandir(folder) if (found := EVENT_FILE.fullmatch(entry.name))}
    except OSError:
        return
    for number in range(after + 1, after + 1 + EVENTS_AT_ONCE):
        if number not in files:
            return
        try:
            raw = hiding.json(json.loads(Path(files[number]).read_bytes()))
        except (OSError, ValueError):
            return  # it is told again by the next look
        yield read_event({**raw, "counter": number} if isinstance(raw, dict) else {"counter": number})


def life_of(home: Path) -> Life:
    """How a run stands that was begun."""
    if processes.is_at_work(home):
        return Life.RUNNING
    try:
        has_ended = (artifacts(home) / "rc").read_text().strip() != ""
    except OSError:
        has_ended = False
    if has_ended:
        return Life.FINISHED
    is_young = time.time() - home.stat().st_mtime < BEGINS_WITHIN_S and not artifacts(home).exists()
    return Life.RUNNING if is_young else Life.LOST
