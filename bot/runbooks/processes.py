"""The processes of a run, wherever they have gone: Ansible's workers leave their process group and may outlive their parent."""

import contextlib
import signal
from pathlib import Path

import psutil

ENDS_WITHIN_S = 2.0
"""Ansible may end its modules itself; what is left after that is killed."""
MARK = "AWX_ISOLATED_DATA_DIR"
"""It names the run's directory in the environment of everything that a run begins, so that nothing of it can hide from us."""


def supervisor(home: Path) -> psutil.Process | None:
    """The process that watches over a run and writes down its end, if it lives. A pid alone may be another's by now."""
    with contextlib.suppress(OSError, ValueError, psutil.Error):
        process = psutil.Process(int((home / "pid").read_text()))
        if process.status() != psutil.STATUS_ZOMBIE and str(home) in process.cmdline():
            return process
    return None


def end(home: Path) -> None:
    """SIGTERM to Ansible, SIGKILL to what is left of the run after that."""
    found = belonging(home)
    for process in found:
        with contextlib.suppress(psutil.Error):
            if "ansible-playbook" in " ".join(process.cmdline()):
                process.send_signal(signal.SIGTERM)
    psutil.wait_procs(found, timeout=ENDS_WITHIN_S)
    for _ in range(3):  # whoever was just being born is found in the next round
        left = belonging(home)
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=ENDS_WITHIN_S)
        if not left:
            break


def belonging(home: Path) -> list[psutil.Process]:
    """Every process of the run, whatever its parent or session is by now, without its supervisor."""
    above = supervisor(home)
    found = {} if above is None else {child.pid: child for child in above.children(recursive=True)}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK, "").startswith(f"{home}/"):
                found[process.pid] = process
    if above is not None:
        found.pop(above.pid, None)
    return list(found.values())
