"""A real sshd on this machine, with keys of its own, for one account: that of whoever runs the tests."""

import getpass
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from bot.sandbox.process import free_port


@dataclass(frozen=True)
class Sshd:
    """The server, on a port for each host that it plays."""

    process: psutil.Process
    folder: Path
    ports: tuple[int, ...]

    def variables(self, port: int, known_hosts: str = "known_hosts") -> dict[str, str | int]:
        """What an inventory says of a host that is reached by `port`."""
        options = f"-o UserKnownHostsFile={self.folder / known_hosts} -o GlobalKnownHostsFile=/dev/null -o ConnectTimeout=5"
        return {
            "ansible_host": "127.0.0.1",
            "ansible_port": port,
            "ansible_user": getpass.getuser(),
            "ansible_ssh_private_key_file": str(self.folder / "key"),
            "ansible_ssh_common_args": options,
            "ansible_python_interpreter": sys.executable,
        }

    def host(self, name: str, port: int, known_hosts: str = "known_hosts") -> str:
        """A line of an inventory that reaches it by `port`."""
        return " ".join([name, *(f"{key}='{value}'" for key, value in self.variables(port, known_hosts).items())])

    def cut(self, port: int) -> int:
        """Kill what serves the connections to this port; how many processes that were."""
        found = [
            one
            for one in self.process.children(recursive=True)
            if any(link.status == psutil.CONN_ESTABLISHED and link.laddr.port == port for link in one.net_connections())
        ]
        for one in found:
            one.kill()
        return len(found)


@contextmanager
def running(folder: Path, hosts: int) -> Iterator[Sshd]:
    """An sshd with a port for each of so many hosts; all of them are in `known_hosts`, none in `nobody_known`."""
    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        if "TOCSIN_CI" in os.environ:
            raise AssertionError("sshd is missing; install openssh-server")
        pytest.skip("sshd is not installed here (Debian: openssh-server)")
    folder.chmod(0o700)
    if os.geteuid() == 0:
        os.makedirs("/run/sshd", exist_ok=True)  # noqa: PTH103 – for its unprivileged half; as another user there is none
    for name in ("host_key", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    shutil.copy(folder / "key.pub", folder / "authorized_keys")
    ports = tuple(free_port() for _ in range(hosts))
    kind, key, *_ = (folder / "host_key.pub").read_text().split()
    (folder / "known_hosts").write_text("".join(f"[127.0.0.1]:{port} {kind} {key}\n" for port in ports))
    (folder / "nobody_known").touch()
    (folder / "sshd_config").write_text(
        "".join(f"Port {port}\n" for port in ports)
        + f"ListenAddress 127.0.0.1\nHostKey {folder}/host_key\nAuthorizedKeysFile {folder}/authorized_keys\nPidFile none\n"
        "UsePAM no\nStrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n"
    )
    log = folder / "log"
    server = subprocess.Popen([program, "-D", "-f", folder / "sshd_config", "-E", log])
    try:
        for _ in range(500):
            if log.exists() and log.read_text().count("Server listening") == hosts:
                break
            assert server.poll() is None, log.read_text()
            time.sleep(0.02)
        yield Sshd(psutil.Process(server.pid), folder, ports)
    finally:
        for one in psutil.Process(server.pid).children(recursive=True):
            one.kill()
        server.kill()
        server.wait()
