"""The fleet's processes: started, broken on purpose, and never outliving the sandbox."""

import asyncio
import contextlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

import aiohttp

from bot.sandbox.fleet import capacity, state
from bot.sandbox.fleet.layout import FLAGS, GOOD, REGIONS, Layout, laid_out
from bot.sandbox.fleet.programs import Programs
from bot.sandbox.fleet.rush import Rush
from bot.sandbox.process import end_with_parent

READY_WITHIN_S = 20.0
LOOK_EVERY_S = 0.05
STOPS_WITHIN_S = 10.0


class Fleet:
    """HAProxy and five instances, under supervisord."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._sockets = Path(tempfile.gettempdir())
        self._process: asyncio.subprocess.Process | None = None
        self.layout: Layout
        self.programs: Programs
        self.rush: Rush
        self.regions = REGIONS

    async def start(self) -> None:
        """Lay it out, start it, and wait until every instance answers through the entrance."""
        self._sockets = Path(tempfile.mkdtemp(prefix="fleet"))
        self.layout = laid_out(self._root, self._sockets)
        self.programs = Programs(self.layout.supervisor_socket)
        self.rush = Rush(f"http://127.0.0.1:{self.layout.entrance}/large")
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "ignore", "-m", "supervisor.supervisord", "-c", str(self._root / "supervisord.conf")),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
        await self._until_ready()
        await state.until_ready(self.layout)

    async def stop(self) -> None:
        """End everything."""
        if self._process is not None:
            await self.rush.stop()
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            try:
                async with asyncio.timeout(STOPS_WITHIN_S):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
            self._process = None
        shutil.rmtree(self._sockets, ignore_errors=True)

    async def is_ready(self) -> bool:
        """Does every instance answer that does not stand by?"""
        instances = [port for host, port in self.layout.instances.items() if host not in capacity.STAND_BY]
        addresses = [f"http://127.0.0.1:{port}/healthz" for port in (*instances, self.layout.entrance, self.layout.pay)]
        timeout = aiohttp.ClientTimeout(total=2)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            try:
                for address in addresses:
                    async with session.get(address) as answer:
                        if answer.status != 200:
                            return False
            except (aiohttp.ClientError, TimeoutError, OSError):
                return False
        return True

    async def _until_ready(self) -> None:
        async with asyncio.timeout(READY_WITHIN_S):
            for _ in range(int(READY_WITHIN_S / LOOK_EVERY_S)):
                if await self.is_ready():
                    return
                await asyncio.sleep(LOOK_EVERY_S)

    def releases(self) -> dict[str, str]:
        """The release that each host points at."""
        return {host: (self.layout.home(host) / "current").readlink().name for host in self.layout.ports}

    async def break_by(self, fault: str) -> None:
        """Make something go wrong: one of `doors.FAULTS`."""
        match fault:
            case "bad_release":  # it starts, says that it is healthy, and answers 500
                await self.release("v42")
            case "dead_region":  # whatever goes there gets an error
                for host in REGIONS["us"]:
                    (self.layout.home(host) / "broken").touch()
            case "bad_flag":  # a release and a flag that do not go together
                await self.release("v44")
                self.set_flag("on")
            case _ if fault in capacity.FAULTS:
                await capacity.break_by(self, fault)
            case _:
                await state.break_by(self, fault)

    async def mend(self) -> None:
        """All as it was at the beginning."""
        self.set_flag("off")
        await self.programs.signal(["web1"], "CONT")
        for host in self.layout.instances:
            (self.layout.home(host) / "broken").unlink(missing_ok=True)
            self.point(host, GOOD)
        await capacity.mend(self)
        await state.mend(self)
        await self.programs.restart([host for host in self.layout.instances if host not in capacity.STAND_BY])
        await self._until_ready()

    async def release(self, version: str) -> None:
        """Every host gets this release, as a careless deployment would do it: all at once."""
        for host in self.layout.ports:
            self.point(host, version)
        await self.programs.restart(list(self.layout.ports))
        await self._until_ready()

    def point(self, host: str, version: str) -> None:
        """Let a host's link lead to this release; it runs with it from its next start on."""
        draft = self.layout.home(host) / ".current.new"
        draft.symlink_to(f"releases/{version}")
        draft.replace(self.layout.home(host) / "current")

    def set_flag(self, variant: str) -> None:
        """Switch the one feature flag."""
        flags = json.loads(json.dumps(FLAGS))
        flags["flags"]["new-checkout"]["defaultVariant"] = variant
        self.layout.flags.write_text(json.dumps(flags, indent=2))

    async def haproxy(self, commands: str) -> str:
        """What HAProxy's runtime API answers to these commands, which `;` separates."""
        reader, writer = await asyncio.open_unix_connection(self.layout.haproxy_socket)
        try:
            writer.write(f"{commands}\n".encode())
            return (await reader.read()).decode()
        finally:
            writer.close()
