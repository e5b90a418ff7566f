# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt): it is part of what imports ansible-core.
"""One run, watched over by a process that depends on nobody: it begins Ansible, writes down what it tells, and at the end how it ended.

In the run's `home` stand `env/extravars` and `order`, which one alone can take, and who takes it begins the run:

    {"playbook": "/p/x.yml", "inventory": "/i/hosts.yaml", "hosts": ["web1"], "check": false, "env": {…}}

It leaves what ansible-runner would:

    artifacts/run/job_events/N-<uuid>.json   one file an event, numbered from 1, each there as a whole or not at all
    artifacts/run/stdout, status, rc         everything printed; how it ended; the exit status, which comes last

and `supervisor`, a file with its process id on which it and Ansible hold a lock for as long as any of them lives.
"""

import codecs
import contextlib
import ctypes
import fcntl
import json
import os
import select
import shutil
import signal
import time
import traceback
from pathlib import Path

import inside
import psutil
from fate import reached

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LIBC = ctypes.CDLL(None)
DRAINED_WITHIN_S = 0.5
"""After Ansible has ended: somebody whom it left behind may hold its output open for ever."""


def start(asked, answer):
    """Begin a run, say so, and stay with it to its end."""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)  # who loses a parent in here comes back to us
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    home = Path(asked["home"])
    artifacts = home / "artifacts" / "run"
    reached("supervisor: alone, order not taken")
    try:
        taken = (home / "order").rename(home / "taken")
    except FileNotFoundError:
        answer({"ok": True})  # it was begun before, and is never begun twice
        return
    reached("supervisor: order taken, not held")
    order = json.loads(taken.read_text(encoding="utf-8"))
    hold(home)
    taken.unlink()
    (artifacts / "job_events").mkdir(mode=0o700, parents=True)
    reached("supervisor: held, ansible not begun")
    ours, (source, sink) = os.getpid(), os.pipe()
    ansible = os.fork()
    if ansible == 0:
        os.close(source)
        become_ansible(ours, order, home, sink)
    os.close(sink)
    reached("supervisor: ansible begun, not answered")
    answer({"ok": True})
    try:
        code = follow(ansible, source, artifacts)
    except BaseException:
        with (artifacts / "stdout").open("a", encoding="utf-8") as log:
            log.write(traceback.format_exc())
        raise  # whoever watches sees that nobody is left, and Ansible is told to end
    reached("supervisor: ansible ended, nothing written")
    shutil.rmtree(home / "tmp", ignore_errors=True)
    for name in ("environ", "extravars"):
        (home / "env" / name).unlink(missing_ok=True)
    write(artifacts / "status", "successful" if code == 0 else "failed")
    reached("supervisor: status written, no end")
    write(artifacts / "rc", str(code))
    reached("supervisor: end written")


def hold(home):
    """Whoever sees the file sees it locked, or its holders dead."""
    held = os.open(home / "supervisor.tmp", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(held, fcntl.LOCK_EX)
    os.write(held, str(os.getpid()).encode())
    (home / "supervisor.tmp").rename(home / "supervisor")


def become_ansible(supervisor, order, home, sink):
    """In the fork: play. It ends with its supervisor, and never returns."""
    code = 1
    try:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != supervisor:
            os._exit(1)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        # A worker whose Ansible was killed would go on to the end of its module, and look like a run that is at work.
        os.register_at_fork(after_in_child=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
        for number in (1, 2):
            os.dup2(sink, number)
        os.close(sink)
        arguments = [
            *("--inventory", order["inventory"], f"--limit={','.join(order['hosts'])}"),
            *("--extra-vars", f"@{home / 'env' / 'extravars'}"),
            *(("--check", "--diff") if order["check"] else ()),
            order["playbook"],
        ]
        reached("ansible: forked, not begun")
        code = inside.play(home, arguments, order["env"] | {"AWX_ISOLATED_DATA_DIR": str(home / "artifacts" / "run")})
        reached("ansible: played, not ended")
    finally:
        os._exit(code)


def follow(ansible, source, artifacts):
    """Write down what Ansible tells until it has ended; returns its exit status. Killed, it leaves nobody behind."""
    from ansible_runner.utils import OutputEventFilter

    def told(event):
        if "uuid" in event:
            keep(artifacts / "job_events", event)
            reached(f"ansible: told {event['event']}", ansible)

    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    log = (artifacts / "stdout").open("x", encoding="utf-8", errors="replace")
    events = OutputEventFilter(log, told, suppress_ansible_output=True)
    ended, code, until = os.pidfd_open(ansible), None, float("inf")
    waiting = {source, ended}
    while waiting and time.monotonic() < until:
        ready = select.select(waiting, [], [], None if code is None else DRAINED_WITHIN_S)[0]
        if source in ready:
            data = os.read(source, 1 << 16)
            events.write(decoder.decode(data))
            if not data:
                waiting.discard(source)
        elif ended in ready:
            code, until = os.waitstatus_to_exitcode(os.waitpid(ansible, 0)[1]), time.monotonic() + DRAINED_WITHIN_S
            waiting.discard(ended)
            if code < 0:
                end_all()
    events.close()
    return code


def keep(folder, event):
    """One event as a file of its own, with what the callback wrote beside its output."""
    partial = folder / f"{event['uuid']}-partial.json"
    try:
        event |= json.loads(partial.read_text(encoding="utf-8"))
    except FileNotFoundError:
        event.setdefault("created", time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()))
    reached("supervisor: told, not written down")
    write(folder / f"{event['counter']}-{event['uuid']}.json", json.dumps(event))
    partial.unlink(missing_ok=True)


def end_all():
    """Kill whom Ansible has left behind."""
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            child.kill()


def write(path, text):
    """A file that is there as a whole or not at all."""
    draft = path.with_name(f"{path.name}.tmp")
    draft.write_text(text, encoding="utf-8")
    draft.rename(path)
