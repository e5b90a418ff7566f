# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt): it imports ansible-core and runs in its process.
"""Weights and states of HAProxy's servers by its runtime API, from the controller's process. In check mode it says what it would set.

    - tocsin_haproxy: {socket: /run/haproxy.sock, backend: shop, servers: [web1], state: drain, within: 10}
    - tocsin_haproxy: {socket: /run/haproxy.sock, backend: shop, servers: [web1, web2], weight: 0}

`state` is ready, drain or maint. After drain it waits until the servers have no request left, after ready until HAProxy's own checks find
them up, `within` seconds at most. What is set here is lost when HAProxy is reloaded, unless it keeps its state in a server-state-file.
Without state and weight it only looks; `down_s` says how long it has found each server down.
"""

import csv
import socket
import time

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

STATES = ("ready", "drain", "maint")
FORCED_MAINT, FORCED_DRAIN = 0x01, 0x08
"""Bits of `srv_admin_state`: what somebody has set. The status in HAProxy's statistics hides it behind what its health checks found."""
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
            within = float(asked.get("within", 10))
            if state == "drain":
                wait(within, "still has requests", lambda: busy(asked["socket"], asked["backend"], names(asked["servers"])))
            if state == "ready":
                wait(within, "is still down by HAProxy's checks", lambda: down(asked["socket"], asked["backend"], names(asked["servers"])))
        return {**result, "changed": bool(plan), "plan": plan, "down_s": {name: server["down_s"] for name, server in before.items()}}


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


def table(text, delimiter):
    """The rows of what HAProxy tells, by the names in its line that begins with #."""
    before, mark, rows = text.partition("# ")
    if not mark:
        raise AnsibleActionFail(f"HAProxy: {before.strip()}")
    return csv.DictReader(rows.splitlines(), delimiter=delimiter)


def servers(path, backend):
    """Each server's state as it was set, its weight, and whether HAProxy's checks find it up."""
    found = {}
    for row in table(ask(path, f"show servers state {backend}"), " "):
        admin = int(row["srv_admin_state"])
        state = "maint" if admin & FORCED_MAINT else "drain" if admin & FORCED_DRAIN else "ready"
        found[row["srv_name"]] = {"state": state, "weight": int(row["srv_uweight"]), "is_up": row["srv_op_state"] != "0"}
        found[row["srv_name"]]["down_s"] = 0 if found[row["srv_name"]]["is_up"] else int(row["srv_time_since_last_change"])
    return found


def busy(path, backend, wanted):
    """Those of these servers that have requests which will be answered. One that is down answers none: nobody is to be waited for."""
    now = servers(path, backend)
    sessions = {row["svname"]: int(row["scur"] or 0) for row in table(ask(path, f"show stat {backend} 4 -1"), ",")}
    return [name for name in wanted if now[name]["is_up"] and sessions[name]]


def down(path, backend, wanted):
    """Those of these servers that get no requests because of HAProxy's own checks."""
    now = servers(path, backend)
    return [name for name in wanted if not now[name]["is_up"]]


def wait(within, trouble, left):
    """Until `left()` names none."""
    deadline = time.monotonic() + within
    while names := left():
        if time.monotonic() > deadline:
            raise AnsibleActionFail(f"{', '.join(names)} {trouble} after {within:g} s")
        time.sleep(0.02)
