# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt): it imports ansible-core and runs in its process.
"""Look for a while at what people really get, and fail as soon as it is not right: the wrong version, or too many errors.

    - tocsin_look: {url: 'http://127.0.0.1:8101/', contains: v42, for: 30, most: 2, slowest: 3,
                    socket: /run/haproxy.sock, backend: shop, servers: [canary1]}

It asks `url` itself up to twenty times a second, since few people may come by, and looks at what HAProxy counted meanwhile of everybody's
requests to the servers; `servers: [BACKEND]` counts those that found no server free, too. Bad is what fails, takes longer than `slowest`
seconds, is answered with 500 or more, or by another version. It fails when more than `most` percent of its own or of everybody's answers
were bad: in the end, or before as soon as three were. In check mode it does not look: there is nothing to see yet.
"""

import csv
import http.client
import socket
import time
import urllib.error
import urllib.request

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

BETWEEN_S = 0.05
CERTAIN = 3
"""So many bad answers are no accident."""
LONGEST_ANSWER_S = 5


class ActionModule(ActionBase):
    """The task."""

    _requires_connection = False
    _VALID_ARGS = frozenset({"url", "contains", "for", "most", "slowest", "socket", "backend", "servers"})

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        asked = self._task.args
        lasts, most, slowest = (float(asked.get(name, usual)) for name, usual in (("for", 30), ("most", 2), ("slowest", 3)))
        if self._task.check_mode:
            return {**result, "changed": False, "msg": f"would look at {asked['url']} for {lasts:g} s"}
        before, deadline, own, bad, says = self.counted(), time.monotonic() + lasts, 0, 0, ""
        while True:
            trouble, is_over = wrong(asked["url"], str(asked.get("contains", "")), slowest), time.monotonic() >= deadline
            own, bad, says = own + 1, bad + bool(trouble), trouble or says
            everybody = [now - then for now, then in zip(self.counted(), before, strict=True)]
            for who, answers, failed in ((f"{asked['url']} {says}", own, bad), ("HAProxy counted", *everybody)):
                if 100 * failed > most * answers and (is_over or failed >= CERTAIN):
                    return {**result, "failed": True, "msg": f"{who}: {failed} of {answers} answers were bad, and at most {most:g} % may"}
            if is_over:
                return {**result, "changed": False, "msg": f"{bad} of {own} answers were bad"}
            time.sleep(BETWEEN_S)

    def counted(self):
        """HAProxy's count of all answers of the servers, and of the bad ones among them."""
        asked = self._task.args
        if "socket" not in asked:
            return 0, 0
        with reached(str(asked["socket"])) as line:
            line.sendall(f"show stat {asked['backend']} 6 -1\n".encode())
            text = b"".join(iter(lambda: line.recv(65536), b"")).decode()
        rows = [row for row in csv.DictReader(text.lstrip("# ").splitlines()) if row["svname"] in asked["servers"]]
        if len(rows) != len(asked["servers"]):
            raise AnsibleActionFail(f"HAProxy knows {len(rows)} of the {len(asked['servers'])} servers {', '.join(asked['servers'])}")
        answers = sum(int(row[f"hrsp_{kind}xx"] or 0) for row in rows for kind in range(1, 6))
        return answers, sum(int(row["hrsp_5xx"] or 0) for row in rows)


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


def wrong(url, contains, slowest):
    """What is wrong with the answer; "" when nothing is."""
    try:
        with urllib.request.urlopen(url, timeout=slowest) as answer:
            text = answer.read(100_000).decode(errors="replace")
    except urllib.error.HTTPError as refused:
        return f"answers {refused.code}"
    except (OSError, http.client.HTTPException) as error:
        return f"does not answer ({error})"
    return "" if contains in text else f"answers without {contains!r}"
