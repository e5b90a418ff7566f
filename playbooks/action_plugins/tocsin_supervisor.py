# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt): it imports ansible-core and runs in its process.
"""Programs of supervisord by its XML-RPC, in the controller's own process.

    - tocsin_supervisor: {socket: /run/supervisor.sock, program: web1, state: restarted}

`socket` is a path, or the address of supervisord's `inet_http_server`, such as `http://user:password@web1:9001`.
`state` is restarted, started or stopped. It waits until the program is in that state, `within` seconds at most. `reloaded` sends SIGHUP,
at which many programs read their configuration again; one that does not run is left alone, and so it is by the others with `only_running`.
Without `state` it only looks. `was_running` says whether the program runs when the task begins.
"""

import http.client
import socket
import time
import xmlrpc.client

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

STATES = ("restarted", "started", "stopped", "reloaded")


class ActionModule(ActionBase):
    """The task."""

    _requires_connection = False
    _VALID_ARGS = frozenset({"socket", "program", "state", "within", "only_running"})

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        program, state = str(self._task.args["program"]), self._task.args.get("state")
        if state is not None and state not in STATES:
            raise AnsibleActionFail(f"state is {state!r}; it must be one of {', '.join(STATES)}")
        supervisor = reached(str(self._task.args["socket"]))
        is_up = supervisor.getProcessInfo(program)["statename"] in ("RUNNING", "STARTING")
        is_left_alone = bool(self._task.args.get("only_running")) and not is_up
        is_wanted = {None: False, "restarted": True, "started": not is_up, "stopped": is_up, "reloaded": is_up}[state] and not is_left_alone
        plan = [f"{program}: {'running' if is_up else 'stopped'} → {state}"] if is_wanted else []
        if plan and state == "reloaded" and not self._task.check_mode:
            supervisor.signalProcess(program, "HUP")
        elif plan and not self._task.check_mode:
            if is_up:
                supervisor.stopProcess(program)
            if state != "stopped":
                supervisor.startProcess(program, False)
                wait_until_running(supervisor, program, float(self._task.args.get("within", 10)))
        return {**result, "changed": bool(plan), "plan": plan, "was_running": is_up}


def reached(address):
    """supervisord's own verbs."""
    if address.startswith("/"):
        return xmlrpc.client.ServerProxy("http://supervisor", transport=Unix(address)).supervisor
    return xmlrpc.client.ServerProxy(f"{address.rstrip('/')}/RPC2").supervisor


def wait_until_running(supervisor, program, within):
    """Until supervisord says that it stays up."""
    deadline = time.monotonic() + within
    while (name := supervisor.getProcessInfo(program)["statename"]) != "RUNNING":
        if time.monotonic() > deadline or name in ("FATAL", "BACKOFF", "EXITED"):
            raise AnsibleActionFail(f"{program} does not come up: {name}")
        time.sleep(0.02)


class Unix(xmlrpc.client.Transport):
    """XML-RPC over a unix socket."""

    def __init__(self, path):
        super().__init__()
        self._path = path

    def make_connection(self, host):
        return UnixConnection(self._path)


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path):
        super().__init__("supervisor", timeout=15)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(15)
        self.sock.connect(self._path)
