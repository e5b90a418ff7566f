# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt): it imports ansible-core.
"""The fork server: one process that has Ansible imported and forks itself for each order, so that a run begins in milliseconds.

    python playbooks/engine        its standard input is a unix socket

Whoever started it sends one end of a new socket pair through that socket for each order, and on it a line of JSON; the fork answers with
one line and is done, or detached. When the sender is gone, or has wanted nothing for long, the server ends; the runs that it began go on.

    {"do": "start", "home": path}                                   → {"ok": true}: see supervision.py
    {"do": "list", "inventory": path, "cwd": path, "env": {…}}      → {"inventory": {…}}: see inside.py

What it cannot do it answers with {"error": "…"}.
"""

import gc
import json
import os
import select
import signal
import socket
import sys

import inside
import supervision
from fate import arm, reached

IDLE_S = 900
ORDER_WITHIN_S = 10
DOES = {"list": inside.listed, "start": supervision.start}


def main():
    """Serve until nobody is there any more who could want something."""
    arm(os.environ.pop("TOCSIN_DIE_AT", ""))
    orders = socket.socket(fileno=0)
    inside.warm()
    gc.collect()
    gc.freeze()  # what is shared stays shared
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for forks: each is on its own
    reached("server: warm, not asked")
    while select.select([orders], [], [], IDLE_S)[0]:
        said, lines, _, _ = socket.recv_fds(orders, 1, 1)
        if not said:
            return
        reached("server: asked, not forked")
        for line in lines:
            if os.fork() == 0:
                attend(line)
            os.close(line)
        reached("server: forked")


def attend(line):
    """In the fork: do one order. It never returns."""
    answered = socket.socket(fileno=line)
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        detach()
        answered.settimeout(ORDER_WITHIN_S)
        order = json.loads(answered.makefile("r", encoding="utf-8").readline())
        arm(order.get("die_at", ""))
        DOES[order["do"]](order, lambda answer: tell(answered, answer))
    except BaseException as error:
        tell(answered, {"error": f"{type(error).__name__}: {error}"})
    finally:
        os._exit(0)  # not an exit like others: what the server cleans up at its end is not ours


def detach():
    """A session of its own, and nothing of the server's lines: its sender must be seen to be gone however many forks there are."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)


def tell(line, answer):
    """Answer, and hang up. Whoever asked may be gone; what was begun goes on."""
    try:
        line.sendall(json.dumps(answer).encode() + b"\n")
    except OSError:
        pass
    line.close()


if __name__ == "__main__":
    main()
    sys.exit(0)
