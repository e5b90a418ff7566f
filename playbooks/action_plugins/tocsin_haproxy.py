# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt): it imports ansible-core and runs in its process.
"""Weights and states of HAProxy's servers by its runtime API, from the controller's process. In check mode it says what it would set.

    - tocsin_haproxy: {socket: /run/haproxy.sock, backend: shop, servers: [web1], from: ready, state: drain, within: 10}
      register: rotation   # rotation.before.web1 is the state that it had
    - tocsin_haproxy: {socket: /run/haproxy.sock, backend: shop, servers: [web1, web2], weight: 0}
    - tocsin_haproxy: {socket: /run/haproxy.sock, backend: shop, servers: [canary1], state: ready, share: 10}
    - tocsin_haproxy: {socket: /run/haproxy.sock, backend: pay, servers: [green1, green2], state: ready, others: drain}

`socket` is a path, or `host:port` where HAProxy has `stats socket ipv4@…:port level admin`.
`state` is ready, drain or maint; with `from`, only servers in that state are given it. After drain it waits until the servers have no
request left, after ready until HAProxy's own checks find them up, `within` seconds at most. `share` is the percent of the backend's traffic
that the servers get together; `others` the state of every other server that is in rotation, set with the same command. What would leave
fewer than `keep` servers (1 unless told) to answer is refused, unless they were as few before. Without any of these it only looks.

`before`, `weightless`, `down_s` (for how long HAProxy has found each down), `serving` (those of the servers that get requests) and their
`share` in percent say how they stood. What is set here is lost when HAProxy is reloaded, unless it keeps a server-state-file.
"""

import csv
import socket
import time

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

STATES = ("ready", "drain", "maint")
HEAVIEST = 256
LONGEST_ANSWER_S = 5
FORCED_MAINT, FORCED_DRAIN = 0x01, 0x08
"""Bits of `srv_admin_state`: what somebody has set. The status in HAProxy's statistics hides it behind what its health checks found."""
PLANNED = "tocsin_planned"


class ActionModule(ActionBase):
    """The task."""

    _requires_connection = False
    _VALID_ARGS = frozenset({"socket", "backend", "servers", "from", "state", "weight", "share", "others", "keep", "within"})

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        asked, is_dry = self._task.args, self._task.check_mode
        path, backend, chosen = str(asked["socket"]), str(asked["backend"]), names(asked["servers"])
        for state in (asked.get("state", "ready"), asked.get("others", "ready")):
            if state not in STATES:
                raise AnsibleActionFail(f"state is {state!r}; it must be ready, drain or maint")
        was = servers(path, backend)
        if is_dry:
            was = as_planned(was, (task_vars or {}).get("ansible_facts", {}).get(PLANNED, {}).get(backend, {}))
        if unknown := sorted(set(chosen) - set(was)):
            raise AnsibleActionFail(f"backend {backend} has no server {unknown[0]}; it has {', '.join(sorted(was))}")
        then = wanted(was, chosen, asked)
        result.update(stood(was, chosen))
        if trouble := too_few(was, then, int(asked.get("keep", 1)), backend):
            return {**result, "failed": True, "msg": trouble}
        commands, plan = changes(was, then, backend)
        result.update(changed=bool(plan), plan=plan)
        if is_dry:  # later tasks of the same rehearsal find what this one would have set
            return {**result, "ansible_facts": {PLANNED: {backend: then}}}
        if commands and (said := ask(path, "; ".join(commands)).strip()):
            raise AnsibleActionFail(f"HAProxy: {said}")
        trouble = self.waited(path, backend, chosen)
        return {**result, "failed": True, "msg": trouble} if trouble else result

    def waited(self, path, backend, chosen):
        """Wait until the servers are as asked; what is wrong when they are not."""
        waits = {"drain": (is_empty, "still has requests"), "ready": (is_up, "is still down by HAProxy's checks")}
        state, within = self._task.args.get("state"), float(self._task.args.get("within", 10))
        return wait_until(path, backend, chosen, within, *waits[state]) if state in waits else ""


def wanted(was, chosen, asked):
    """Every server as it shall be."""
    then = {name: dict(server) for name, server in was.items()}
    for name, server in then.items():
        if name in chosen:
            if server["state"] == asked.get("from", server["state"]):
                server["state"] = asked.get("state", server["state"])
            server["weight"] = int(asked.get("weight", server["weight"]))
        elif "others" in asked and server["state"] == "ready":
            server["state"] = asked["others"]
    if "share" in asked:
        weigh(then, chosen, float(asked["share"]))
    return then


def stood(was, chosen):
    """How the chosen servers were."""
    serving = [name for name in chosen if serves(was[name])]
    everything = sum(server["weight"] for server in was.values() if serves(server))
    share = round(100 * sum(was[name]["weight"] for name in serving) / everything) if everything else 0
    weightless = [name for name in chosen if not was[name]["weight"]]
    before, down_s = ({name: was[name][what] for name in chosen} for what in ("state", "down_s"))
    return {"before": before, "down_s": down_s, "weightless": weightless, "serving": serving, "share": share}


def weigh(then, chosen, share):
    """Weights with which the chosen get this percent of all requests, beside the others as they are."""
    rest = sum(server["weight"] for name, server in then.items() if name not in chosen and serves(server))
    if not 0 <= share < 100 or not rest:
        raise AnsibleActionFail(f"{share:g} % beside servers that get the rest is not possible")
    each = round(share / (100 - share) * rest / len(chosen))
    if each > HEAVIEST:
        raise AnsibleActionFail(f"{share:g} % would take a weight of {each}, and HAProxy knows none above {HEAVIEST}")
    for name in chosen:
        then[name]["weight"] = max(each, 1) if share else 0


def changes(was, then, backend):
    """The commands that lead from one to the other, and what they do, for people."""
    commands, plan = [], []
    for name in was:
        for what in ("weight", "state"):  # the weight first: with its old one it might get far too much
            if was[name][what] != then[name][what]:
                commands.append(f"set server {backend}/{name} {what} {then[name][what]}")
                plan.append(f"{backend}/{name}: {'weight ' if what == 'weight' else ''}{was[name][what]} → {then[name][what]}")
    return commands, plan


def too_few(was, then, keep, backend):
    """What is wrong with taking so many away: people must get an answer from somebody."""
    now, left = (sum(serves(server) for server in them.values()) for them in (was, then))
    return f"that would leave {left} servers of {backend} to answer, and {keep} must remain" if left < min(now, keep) else ""


def serves(server):
    """Does it get requests?"""
    return server["state"] == "ready" and server["is_up"] and server["weight"] > 0


def as_planned(was, planned):
    """The servers as earlier tasks of this rehearsal would have left them."""
    found = {}
    for name, server in was.items():
        later = {what: planned.get(name, server)[what] for what in ("state", "weight")}
        found[name] = {**server, **later, "is_up": is_up(server)}
    return found


def names(value):
    """One name or several."""
    return [str(value)] if isinstance(value, str) else [str(one) for one in value]


def reached(address):
    """A connection to HAProxy's runtime API: by the path of its socket, or as `host:port`."""
    if not address.startswith("/"):
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal():
            raise AnsibleActionFail(f"{address!r} is no path of a socket and no host:port")
        return socket.create_connection((host.strip("[]"), int(port)), LONGEST_ANSWER_S)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(LONGEST_ANSWER_S)
    line.connect(address)
    return line


def ask(address, command):
    """One line of commands for the runtime API, and the answer."""
    with reached(address) as line:
        line.sendall(command.encode() + b"\n")
        return b"".join(iter(lambda: line.recv(65536), b"")).decode()


def table(text, delimiter):
    """The rows of what HAProxy tells, by the names in its line that begins with #."""
    before, mark, rows = text.partition("# ")
    if not mark:
        raise AnsibleActionFail(f"HAProxy: {before.strip()}")
    return csv.DictReader(rows.splitlines(), delimiter=delimiter)


def servers(path, backend):
    """Each server's state as it was set, its weight, whether HAProxy's checks find it up, and its current sessions."""
    sessions = {row["svname"]: int(row["scur"] or 0) for row in table(ask(path, f"show stat {backend} 4 -1"), ",")}
    found = {}
    for row in table(ask(path, f"show servers state {backend}"), " "):
        admin, name = int(row["srv_admin_state"]), row["srv_name"]
        state = "maint" if admin & FORCED_MAINT else "drain" if admin & FORCED_DRAIN else "ready"
        is_up, since = row["srv_op_state"] != "0", int(row["srv_time_since_last_change"])
        found[name] = {"state": state, "weight": int(row["srv_uweight"]), "is_up": is_up, "down_s": 0 if is_up else since}
        found[name]["sessions"] = sessions[name]
    return found


def is_empty(server):
    """Has it no request left that will be answered? One that is down answers none: nobody is to be waited for."""
    return not (server["is_up"] and server["sessions"])


def is_up(server):
    """Does HAProxy find it well? It does not look at who is in maintenance."""
    return server["is_up"] or server["state"] == "maint"


def wait_until(path, backend, chosen, within, is_good, trouble):
    """Until this is true of every chosen server; what is wrong when it does not become so."""
    deadline = time.monotonic() + within
    while bad := [name for name, server in servers(path, backend).items() if name in chosen and not is_good(server)]:
        if time.monotonic() > deadline:
            return f"{', '.join(bad)} {trouble} after {within:g} s"
        time.sleep(0.02)
    return ""
