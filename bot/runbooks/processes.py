"""The processes of a run, wherever they have gone: Ansible's workers leave their process group and may outlive their parent."""

import contextlib
import fcntl
import os
import signal
from collections.abc import Iterable
from pathlib import Path

import psutil

ENDS_WITHIN_S = 2.0
"""Ansible may end its modules itself; what is left after that is killed."""
WRITTEN_WITHIN_S = 6.0
"""From the end of Ansible until its supervisor has written that down; ansible-runner looks every five seconds."""
MARK = "AWX_ISOLATED_DATA_DIR"
"""It names the run's directory in the environment of every program that a run begins, so that nothing of it can hide from us."""
HELD = "supervisor"
"""The file in a run's directory that holds its supervisor's pid; a fork keeps a lock on it, and Ansible with it."""


def is_at_work(home: Path) -> bool:
    """Is anybody still at this run, who may change something on its hosts?"""
    return _is_locked(home / HELD) or supervisor(home) is not None


def supervisor(home: Path) -> psutil.Process | None:
    """The process that watches over a run and writes down its end, if it lives. A pid alone may be another's by now."""
    with contextlib.suppress(OSError, ValueError, psutil.Error):
        process = psutil.Process(int((home / "pid").read_text()))
        if process.status() != psutil.STATUS_ZOMBIE and str(home) in process.cmdline():
            return process
    with contextlib.suppress(OSError, ValueError, psutil.Error):
        process = psutil.Process(int((home / HELD).read_text()))
        if _holds(process.pid, (home / HELD).stat()):
            return process
    return None


def end(home: Path) -> None:
    """SIGTERM to Ansible, SIGKILL to what is left of the run after that. Who supervises it may write down that it ended."""
    above, found = supervisor(home), belonging(home)
    _signal(found if above is None else _children(above), signal.SIGTERM)
    psutil.wait_procs(found, timeout=ENDS_WITHIN_S)
    for _ in range(3):  # whoever was just being born is found in the next round
        left = belonging(home)
        _signal(left, signal.SIGKILL)
        psutil.wait_procs(left, timeout=ENDS_WITHIN_S)
        if not left:
            break
    if above is not None:
        _, silent = psutil.wait_procs([above], timeout=WRITTEN_WITHIN_S)
        _signal(silent, signal.SIGKILL)


def belonging(home: Path) -> list[psutil.Process]:
    """Every process of the run, whatever its parent or session is by now, without its supervisor."""
    above = supervisor(home)
    found = {} if above is None else {child.pid: child for child in _children(above, recursive=True)}
    held = (home / HELD).stat() if (home / HELD).exists() else None
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK, "").startswith(f"{home}/") or (held is not None and _holds(process.pid, held)):
                found[process.pid] = process
    if above is not None:
        found.pop(above.pid, None)
    return list(found.values())


def _children(process: psutil.Process, *, recursive: bool = False) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        return process.children(recursive=recursive)
    return []  # it has just ended


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


def _is_locked(path: Path) -> bool:
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _holds(pid: int, file: os.stat_result) -> bool:
    """Has this process that file open? What Ansible forks has no environment of its own that could be read, but its open files."""
    with contextlib.suppress(OSError), os.scandir(f"/proc/{pid}/fd") as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if os.path.samestat(entry.stat(), file):
                    return True
    return False
