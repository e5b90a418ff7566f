"""The composition root: the one place that knows every room, who hears whose facts, and who does which work."""

import asyncio
import contextlib
import hmac
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from aiohttp import web

from bot import faultpoints, log, outside, wiring
from bot.clock import Clock, FakeClock, ShiftedClock, WallClock
from bot.config.check import CheckReport, check
from bot.config.keeping import unpacked
from bot.config.loader import load
from bot.config.models import Config
from bot.config.settings import Settings, read, with_driver
from bot.config.startup import configured
from bot.config.watch import Watch
from bot.db import BOT, Database
from bot.directory.service import Directory
from bot.errors import ConfigInvalid, InvalidInput, NotAllowed
from bot.events import Listeners
from bot.migrate import migrate as migrate_database
from bot.migrate import revision
from bot.oncall.checking import Standing, as_written, stored
from bot.oncall.checking import checked as checked_directory
from bot.oncall.roster import as_configured
from bot.oncall.service import OnCall
from bot.paging import doctor as examination
from bot.paging import watchdog
from bot.paging.contacts import Contacts
from bot.paging.rehearsal import Question, Rehearsal
from bot.postmortems.templates import doubts as template_doubts
from bot.press.press import Press
from bot.reloads.service import in_force_last
from bot.runbooks.catalogue import missing_files
from bot.runbooks.doubts import doubts
from bot.slack.gateway import Degraded
from bot.slack.sockets import SocketMode
from bot.web.front import Check
from bot.wiring import Rooms, build_rooms
from bot.work.notify import Bell
from bot.work.setback import Setback
from bot.work.sole import sole_process
from bot.work.worker import Worker

GRACE_S = 8.0
"""How long what runs may take to finish at shutdown; orchestrators kill after ten seconds by default."""
SILENT_AFTER = timedelta(seconds=30)
"""A worker that has not looked for work for so long hangs."""
logger = log.get(__name__)


async def at_once() -> datetime | None:
    """Nothing is waited for, and nothing is to be expected."""
    return None


class Bot:
    """The whole bot in one process: front door, Slack door, worker. `start` returns once requests are taken."""

    def __init__(self, settings: Settings, config: Config, clock: Clock, environ: Mapping[str, str]) -> None:
        self.settings = settings
        self.directory = Directory(config)
        self._environ = environ
        self._watch = Watch(settings.config, environ, config.digest)
        self.clock = clock
        listeners = Listeners()
        self.database = Database(settings.database_driver_url, clock, listeners)
        self.worker = Worker(self.database, clock)
        self.setback = Setback(self.database)
        self.rooms: Rooms
        self._listeners = listeners
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self._socket: SocketMode | None = None
        self.port = 0

    async def start(self) -> None:
        """Bring the database up to date, open the doors and begin to work. Slack may be down."""
        await self._stack.enter_async_context(closing(self.database))
        await migrate_database(self.database)
        await self._stack.enter_async_context(sole_process(self.database))
        self.rooms = await build_rooms(
            self.settings,
            self.directory,
            self._watch,
            self.clock,
            self.database,
            self.worker,
            self._listeners,
            self.checks,
            self._environ,
        )
        bell = Bell(self.database, self.worker.wake)
        self.database.wake = bell.ring
        await self.rooms.door.start()
        await self._begin_work()
        await self._open_front_door()
        if self.settings.slack_app_token is not None:
            token = self.settings.slack_app_token.get_secret_value()
            self._socket = SocketMode(self.rooms.door, token, self.settings.slack_api_url)
            await self._socket.start()
        rooms = self.rooms
        for forever in (
            self.worker.run(), bell.run(), rooms.auditor.run(), rooms.watchdog.run(), rooms.following.run(), self._watch_connection(),
            self.setback.run(), rooms.leftovers.run(),
        ):  # fmt: skip
            self._tasks.append(asyncio.create_task(forever))
        logger.info("tocsin runs", port=self.port, socket_mode=self._socket is not None)

    async def stop(self) -> None:
        """Take nothing more, finish what runs, close everything."""
        if self._socket is not None:
            await self._socket.close(GRACE_S / 2)
        else:
            await self.rooms.door.close(GRACE_S / 2)
        await self.worker.stop(GRACE_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks, timeout=GRACE_S / 4)
        await self.rooms.close()
        await self._stack.aclose()

    @property
    def is_connected(self) -> bool:
        """Would Slack reach us now? By HTTP it always would, as far as we know."""
        return self._socket is None or self._socket.connected

    async def advance(self, step: timedelta, told: Callable[[], Awaitable[datetime | None]] = at_once) -> None:
        """Move a clock that can be moved, doing what falls due on the way in its order. For tests and the sandbox.

        `told` waits for what the outside has to say to that (receipts take no time on such a clock) and returns when it will next speak
        by itself: a phone that has rung for long enough.
        """
        if not isinstance(self.clock, FakeClock | ShiftedClock):
            raise TypeError("the wall clock cannot be moved")
        end = self.clock.now() + step
        await self.worker.drain()
        while (due := await self._next_moment(told)) is not None and due <= end:
            self.clock.advance(max(timedelta(0), due - self.clock.now()))
            await self.worker.drain()
        self.clock.advance(max(timedelta(0), end - self.clock.now()))
        await self.worker.drain()

    async def _next_moment(self, told: Callable[[], Awaitable[datetime | None]]) -> datetime | None:
        """When the next thing happens, here or outside, once all that was told meanwhile is dealt with."""
        outside, begun = await told(), -1
        while begun != self.worker.begun:
            begun = self.worker.begun
            await self.worker.drain()
            outside = await told()
        return min((moment for moment in (outside, await self.worker.next_due()) if moment is not None), default=None)

    async def checks(self) -> Mapping[str, Check]:
        """What `/readyz` shows. Slack is not needed to be ready: pages leave without it."""
        health = self.rooms.gateway.health
        looked = self.worker.last_round
        is_working = looked is not None and self.clock.now() - looked < SILENT_AFTER
        checks = {
            "database": await self._database_check(),
            "watchdog": await self._watchdog_check(),
            "worker": Check(is_working, "looks for due work" if is_working else "has not looked for due work for 30 s"),
            "slack": Check(False, f"degraded: {health.why}", False) if isinstance(health, Degraded) else Check(True, "answers", False),
        }
        if self._socket is not None:
            connected = self._socket.connected
            checks["socket"] = Check(connected, "connected" if connected else "not connected; trying again", False)
        problems = self.rooms.following.problems
        checks["configuration"] = Check(
            not problems, f"degraded: the changed files are not in force: {'; '.join(problems[:5])}" if problems else "is in force", False
        )
        runner = self.rooms.runner.standing
        checks["runbooks"] = Check(runner.ok, runner.says, False)
        findings = self.rooms.auditor.findings
        checks["audit"] = Check(not findings, "; ".join(finding.sentence for finding in findings[:5]) or "nothing is wrong", False)
        return checks

    async def _database_check(self) -> Check:
        try:
            async with asyncio.timeout(3), self.database.read() as tx:
                await tx.session.connection()
        except Exception as error:
            return Check(False, f"cannot be used: {type(error).__name__}")
        return Check(True, "answers")

    async def _watchdog_check(self) -> Check:
        try:
            async with asyncio.timeout(3), self.database.read() as tx:
                is_well, says = await watchdog.standing(tx)
        except Exception as error:
            return Check(False, f"cannot be asked: {type(error).__name__}", False)
        return Check(is_well, says, False)

    async def _begin_work(self) -> None:
        await self.rooms.following.begin()
        async with self.database.begin(actor=BOT) as tx:
            await wiring.at_start(self.rooms, tx)

    async def _open_front_door(self) -> None:
        if self.settings.sandbox_token is not None:
            self.rooms.front.router.add_post("/sandbox/clock", self._move_clock)
        runner = web.AppRunner(self.rooms.front, access_log=None, shutdown_timeout=2.0)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, self.settings.host, self.settings.port)
        await site.start()
        self.port = runner.addresses[0][1]
        if self.settings.mail_receiver is not None:
            await self.rooms.mail.start(*self.settings.mail_receiver)

    async def _move_clock(self, request: web.Request) -> web.Response:
        """The sandbox's clock control: `{"advance_s": 300}`, answered once what fell due on the way is done."""
        token = self.settings.sandbox_token
        if token is None or not hmac.compare_digest(request.headers.get("X-Tocsin-Sandbox", ""), token.get_secret_value()):
            raise NotAllowed("Only the sandbox moves this clock.")
        try:
            step = timedelta(seconds=float((await request.json())["advance_s"]))
        except (ValueError, KeyError, TypeError, OverflowError):
            raise InvalidInput('The body must be JSON like {"advance_s": 300}.') from None
        if step < timedelta(0):
            raise InvalidInput("A clock never goes back: advance_s must be 0 or more.")
        await self.advance(step)
        return web.json_response({"now": self.clock.now().isoformat()})

    async def _watch_connection(self) -> None:
        """After a gap in the connection, channels' histories are read again."""
        was_connected = True
        while self._socket is not None:
            await asyncio.sleep(1.0)
            is_connected = self._socket.connected
            if is_connected and not was_connected:
                with contextlib.suppress(Exception):
                    async with self.database.begin(actor=BOT) as tx:
                        await self.rooms.repair.repair_open(tx)
            was_connected = is_connected


@asynccontextmanager
async def closing(database: Database) -> AsyncIterator[None]:
    """The database, closed at the end."""
    try:
        yield
    finally:
        await database.close()


async def run(environ: Mapping[str, str]) -> None:
    """Run until SIGTERM or SIGINT. Raises `ConfigInvalid` with everything that is missing or wrong, before anything is started."""
    settings, config = await configuration(environ)
    faultpoints.arm(environ.get("TOCSIN_DIE_AT", ""))
    log.configure(settings.log)
    clock = ShiftedClock(settings.sandbox_offset) if settings.sandbox_token else WallClock()
    bot = Bot(settings, config, clock, environ)
    asked_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked_to_stop.set)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # what changes during the start is found right after it
    await bot.start()
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, bot.rooms.following.look_now)
    try:
        await asked_to_stop.wait()
        logger.info("tocsin stops")
    finally:
        await bot.stop()


async def configuration(environ: Mapping[str, str]) -> tuple[Settings, Config]:
    """Settings and configuration. Beside unsound files it is the one that was in force last: a machine that restarts at night must go
    on paging, and what is wrong is told as soon as the bot looks at the files again. Raises `ConfigInvalid` when that does not help.
    """
    try:
        return configured(environ)
    except ConfigInvalid as unsound:
        try:
            settings = read(environ)
            files = await files_in_force(settings)
            if files is not None:
                return settings, await asyncio.to_thread(unpacked, files, environ)
        except ConfigInvalid:
            pass  # the settings themselves, or a newer version thinks otherwise: to mend what is there is all that helps
        raise unsound from None


async def files_in_force(settings: Settings) -> bytes | None:
    """The files of the configuration that took effect last, in one piece; None on a new database."""
    async with closing(database := Database(settings.database_driver_url, WallClock(), Listeners())):
        if await revision(database) is None:
            return None
        await migrate_database(database)
        async with database.read() as tx:
            return await in_force_last(tx)


async def doctor(environ: Mapping[str, str]) -> tuple[str, bool]:
    """Whether paging works right now, in one screen, and whether all is well."""
    settings = read(environ)
    lines = [await examination.bot(f"http://127.0.0.1:{settings.port}")]
    config = None
    try:
        config = load(settings.config, environ)
    except ConfigInvalid as invalid:  # a bot that runs goes on with the one before, and can be looked at
        lines.append(examination.unsound(invalid.problems))
    try:
        async with closing(database := Database(settings.database_driver_url, WallClock(), Listeners())), database.read() as tx:
            lines += await examination.stored(tx, config)
    except Exception as error:
        lines.append(examination.Line(False, "database", f"cannot be used ({type(error).__name__}); see DATABASE_URL"))
    for name, probe in outside.probes(settings).items():
        lines.append(await examination.outside(name, probe))
    lacking = await Press().trouble()  # costs nobody a page, so it is no reason to call anything wrong
    lines.append(examination.Line(True, "PDF", lacking or "can be made"))
    return examination.report(lines), all(line.ok for line in lines)


async def page_story(environ: Mapping[str, str], incident: int) -> str:
    """How paging for an incident went, attempt by attempt."""
    settings, config = await configuration(environ)
    async with closing(database := Database(settings.database_driver_url, WallClock(), Listeners())), database.read() as tx:
        return await examination.told(tx, Directory(config), incident)


async def migrate(environ: Mapping[str, str]) -> None:
    """Only bring the database up to date."""
    settings = read(environ)
    async with closing(database := Database(settings.database_driver_url, WallClock(), Listeners())):
        await migrate_database(database)


async def standing(environ: Mapping[str, str], directory: Path) -> Standing:
    """What holds by the database that DATABASE_URL names, if it names one."""
    address = environ.get("DATABASE_URL", "").strip()
    if not address:
        return {}
    config = check(directory, environ).config
    async with closing(database := Database(with_driver(address), WallClock(), Listeners())), database.read() as tx:
        return await stored(tx, config)


def checked(environ: Mapping[str, str], directory: Path, against: Path | None) -> CheckReport:
    """The report on a directory, and what differs from another one, or from the database that DATABASE_URL names."""
    before = as_written(load(against, environ)) if against else asyncio.run(standing(environ, directory))
    report = checked_directory(
        directory,
        environ,
        before,
        WallClock().now(),
        lambda config: [*missing_files(config, directory), *doubts(config), *template_doubts(config)],
    )
    address = environ.get("DATABASE_URL", "").strip()
    if report.config is None or not address or report.config.verify_contacts == "off":
        return report
    return replace(report, warnings=(*report.warnings, f"{directory}: {asyncio.run(contacts(address, report.config)).says}."))


async def contacts(address: str, config: Config) -> examination.Line:
    """What the database at this address knows of people's addresses: who has sent STOP, and what is not verified."""
    async with closing(database := Database(with_driver(address), WallClock(), Listeners())), database.read() as tx:
        return await examination.contacts(tx, config)


async def simulate(environ: Mapping[str, str], directory: Path, question: Question) -> str:
    """What would happen, by the overrides and swaps of the database that DATABASE_URL names; without one, by the configuration alone."""
    config = load(directory, environ)
    if not environ.get("DATABASE_URL", "").strip():
        return Rehearsal(config, as_configured(config)).text(question)
    async with closing(database := Database(with_driver(environ["DATABASE_URL"].strip()), WallClock(), Listeners())), database.read() as tx:
        people = Directory(config)
        groups = await people.people_of_groups(tx, people.groups())
        roster, contacts = await OnCall(people).roster(tx, min(question.when.at, tx.now)), Contacts(people)
        stopped, unverified = await contacts.stopped(tx), await contacts.unverified(tx)
        return Rehearsal(config, roster, stopped=stopped, unverified=unverified, groups=groups).text(question)
