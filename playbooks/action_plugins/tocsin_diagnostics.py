# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt): it imports ansible-core and runs in its process.
"""Collect what tells why a host is unwell, as a text file for people. Nothing changes on the host; in check mode nothing happens at all.

    - tocsin_diagnostics: {folder: "{{ rb_files }}", logs: [/var/log/shop.log], haproxy_socket: /run/haproxy.sock}

Into `folder` on the controller it writes one file for each host, `<host>.txt`: its processes, its sockets, the ends of its `logs`, and with
`haproxy_socket` HAProxy's statistics, each of at most 200 kB. What cannot be had is said in its place. The environment of processes is
never read. Values in command lines and logs that are named like secrets, and passwords in addresses, are masked.

On this machine processes and sockets come from psutil, elsewhere from `ps` and `ss` by Ansible's connection.
"""

import os
import re
import shlex
import socket
import time

import psutil
from ansible.plugins.action import ActionBase

LARGEST = 200_000
MOST_PROCESSES, MOST_SOCKETS, LONGEST_LINE = 500, 1_000, 300
MEASURED_S = 0.2
ANSWERS_WITHIN_S = 5
NAMED = r"(?:password|passwd|passphrase|secret|token|api[_-]?key|credential|authorization)"
SECRET = re.compile(
    rf"""(?ix) ( {NAMED} [\w.-]{{0,40}} ["']? \s{{0,3}} [=:] \s{{0,3}} | \s-{{1,2}} [\w-]{{0,40}} {NAMED} \s{{1,3}} )
    (?: (?:bearer|basic) \s{{1,3}} )? (?: "[^"]*" | '[^']*' | [^\s,;&]+ )"""
)
IN_ADDRESS = re.compile(r"(://[^\s:/@]{0,200}):[^\s@/]{1,200}@")
"""Every repetition before what is looked for is bounded: a line of a log may be very long."""


class ActionModule(ActionBase):
    """The task."""

    _VALID_ARGS = frozenset({"folder", "logs", "haproxy_socket"})

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        host, asked = task_vars["inventory_hostname"], self._task.args
        if self._task.check_mode:
            return {**result, "changed": False, "msg": "would collect processes, sockets and logs"}
        found = {"processes": self.processes(), "sockets": self.sockets()}
        found |= {str(log): self.end_of(str(log)) for log in asked.get("logs") or ()}
        if asked.get("haproxy_socket"):
            found["HAProxy"] = balancer(str(asked["haproxy_socket"]))
        path = os.path.join(str(asked["folder"]), re.sub(r"[^A-Za-z0-9._-]", "_", host) + ".txt")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"===== {name} of {host} =====\n\n{bounded(masked(text)).rstrip()}\n\n" for name, text in found.items())
        return {**result, "changed": False, "collected": list(found)}

    def processes(self):
        """Who uses the processor and the memory, the busiest first."""
        if self._connection.transport == "local":
            return top()
        return self.said(
            f"uptime; ps -eo pid,ppid,user,stat,etimes,pcpu,rss,nlwp,args --sort=-pcpu | head -n {MOST_PROCESSES} | cut -c 1-{LONGEST_LINE}"
        )

    def sockets(self):
        """Who listens and who talks to whom."""
        if self._connection.transport == "local":
            return lines_of_sockets()
        return self.said(f"ss -tuanp | head -n {MOST_SOCKETS}")

    def end_of(self, log):
        """The last lines of a log. The first is left out where it may be the end of one: what names a secret could stand before it."""
        text = self.said(f"tail -c {LARGEST} {shlex.quote(log)}")
        return text if len(text.encode()) < LARGEST else text.partition("\n")[2]

    def said(self, command):
        """What a command on the host printed, or why it could not."""
        done = self._low_level_execute_command(command, sudoable=True)
        return done["stdout"] if not done["rc"] else f"{done['stdout']}\n{done['stderr'].strip() or done['rc']}\n"


def top():
    """This machine's load and its processes; what they use is measured for a moment."""
    seen = []
    for process in psutil.process_iter(
        ["pid", "ppid", "username", "status", "create_time", "memory_info", "num_threads", "cmdline", "name"]
    ):
        try:
            process.cpu_percent()
        except psutil.Error:
            continue
        seen.append(process)
    time.sleep(MEASURED_S)
    rows = []
    for process in seen:
        try:
            used = process.cpu_percent()
        except psutil.Error:
            continue
        about = process.info
        memory = about["memory_info"].rss // 1024 if about["memory_info"] else 0
        command = " ".join(about["cmdline"] or ()) or f"[{about['name']}]"
        who = f"{about['pid']:>8} {about['ppid'] or 0:>8} {about['username'] or '?':<12} {about['status']:<10}"
        what = f"{time.time() - about['create_time']:>9.0f} {used:>6.1f} {memory:>9} {about['num_threads'] or 0:>5}"
        rows.append((-used, -memory, f"{who} {what} {command}"[:LONGEST_LINE]))
    memory = psutil.virtual_memory()
    head = f"load {' '.join(f'{load:.2f}' for load in os.getloadavg())}; memory {memory.percent:g} % of {memory.total // 2**20} MiB used\n"
    names = f"{'PID':>8} {'PARENT':>8} {'USER':<12} {'STATE':<10} {'SECONDS':>9} {'CPU %':>6} {'RSS kB':>9} {'THR':>5} COMMAND"
    return "\n".join([head, names, *(row for *_, row in sorted(rows)[:MOST_PROCESSES])]) + "\n"


def lines_of_sockets():
    """This machine's TCP and UDP sockets."""
    try:
        found = psutil.net_connections("inet")
    except psutil.Error as error:
        return f"the sockets cannot be read: {error}\n"
    rows = sorted(f"{one.status:<12} {spelled(one.laddr):<30} {spelled(one.raddr):<30} {one.pid or '-'}" for one in found)
    more = [f"… and {len(rows) - MOST_SOCKETS} more"] if len(rows) > MOST_SOCKETS else []
    return "\n".join([f"{'STATE':<12} {'HERE':<30} {'THERE':<30} PID", *rows[:MOST_SOCKETS], *more]) + "\n"


def spelled(address):
    """An address as people write it."""
    return f"{address.ip}:{address.port}" if address else "-"


def balancer(path):
    """HAProxy's statistics."""
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(ANSWERS_WITHIN_S)
            line.connect(path)
            line.sendall(b"show stat\n")
            return b"".join(iter(lambda: line.recv(65536), b"")).decode(errors="replace")
    except OSError as error:
        return f"HAProxy does not answer at {path}: {error}\n"


def masked(text):
    """The text without what is named like a secret."""
    return IN_ADDRESS.sub(r"\1:[secret]@", SECRET.sub(r"\1[secret]", text))


def bounded(text):
    """The end of the text, as much as is kept of it."""
    return text if len(text.encode()) <= LARGEST else "…" + text.encode()[-LARGEST + 10 :].decode(errors="ignore")
