# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt): it imports ansible-core and runs in its process.
"""Weights and states of HAProxy's servers by its runtime API, from the controller's process. In check mode it says what it would set.

    - tocsin_haproxy: {socket: /run/haproxy.sock, backend: shop, servers: [web1], state: drain, within: 10}
    - tocsin_haproxy: {socket: /run/haproxy.sock, backend: shop, servers: [web1, web2], weight: 0}

`state` is ready, drain or maint; after drain it waits until the servers have no request left, `within` seconds at most. What is set here
is lost when HAProxy is reloaded, unless it keeps its state in a server-state-file.
"""

import csv
import io
import socket
import time

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

STATES = {"ready": "ready", "drain": "drain", "maint": "maint"}
LONGEST_ANSWER_S = 5


class ActionModule(ActionBase):
    """The task."""

    _requires_connection = False
    _VALID_ARGS = frozenset({"socket", "backend", "servers", "state", "weight", "within"})

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        asked = self._task.args
        state, weight = asked.get("state"), asked.get("weight")
        if state is not None and state not in STATES:
            raise AnsibleActionFail(f"state is {state!r}; it must be ready, drain or maint")
        commands, plan = [], []
        before = servers(asked["socket"], asked["backend"])
        for name in names(asked["servers"]):
            if name not in before:
                raise AnsibleActionFail(f"backend {asked['backend']} has no server {name}; it has {', '.join(sorted(before))}")
            target, was = f"{asked['backend']}/{name}", before[name]
            if state is not None and was["state"] != state:
                commands.append(f"set server {target} state {state}")
                plan.append(f"{target}: {was['state']} → {state}")
            if weight is not None and was["weight"] != int(weight):
                commands.append(f"set server {target} weight {int(weight)}")
                plan.append(f"{target}: weight {was['weight']} → {int(weight)}")
        if not self._task.check_mode:
            for command in commands:
                said = ask(asked["socket"], command).strip()
                if said:
                    raise AnsibleActionFail(f"HAProxy: {said}")
            if state == "drain":
                wait_until_empty(asked["socket"], asked["backend"], names(asked["servers"]), float(asked.get("within", 10)))
        return {**result, "changed": bool(plan), "plan": plan}


def names(value):
    """One name or several."""
    return [str(value)] if isinstance(value, str) else [str(one) for one in value]


def ask(path, command):
    """One command of the runtime API, and its answer."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(LONGEST_ANSWER_S)
        line.connect(path)
        line.sendall(command.encode() + b"\n")
        return b"".join(iter(lambda: line.recv(65536), b"")).decode()


def servers(path, backend):
    """Each server's state, weight and current sessions."""
    rows = csv.DictReader(io.StringIO(ask(path, f"show stat {backend} 4 -1").lstrip("# ")))
    found = {}
    for row in rows:
        status = row["status"].split()[0]
        state = {"MAINT": "maint", "DRAIN": "drain", "NOLB": "drain"}.get(status, "ready")
        found[row["svname"]] = {"state": state, "weight": int(row["uweight"] or row["weight"] or 0), "sessions": int(row["scur"] or 0)}
    return found


def wait_until_empty(path, backend, wanted, within):
    """Until no request is left that a restart would cut."""
    deadline = time.monotonic() + within
    while True:
        now = servers(path, backend)
        busy = [name for name in wanted if now[name]["sessions"]]
        if not busy:
            return
        if time.monotonic() > deadline:
            raise AnsibleActionFail(f"{', '.join(busy)} still has requests after {within:g} s of draining")
        time.sleep(0.02)
