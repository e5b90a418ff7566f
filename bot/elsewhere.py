"""`tocsin worker`: the process that runs runbooks on a machine of its own, for one queue, over the bot's PostgreSQL."""

import asyncio
import contextlib
import secrets
import signal
from collections.abc import Mapping
from socket import gethostname

from bot import log
from bot.app import closing
from bot.clock import ShiftedClock, WallClock
from bot.config.settings import Settings
from bot.config.startup import configured
from bot.config.watch import Watch
from bot.db import BOT, Database
from bot.directory.service import Directory
from bot.errors import ConfigInvalid
from bot.events import Listeners
from bot.incidents.service import Incidents
from bot.migrate import migrate
from bot.oncall.service import OnCall
from bot.paging.climbing import Climbing
from bot.paging.service import Paging
from bot.runbooks.account import account
from bot.runbooks.approvers import Approvers
from bot.runbooks.catalogue import Catalogue
from bot.runbooks.checks import Checks
from bot.runbooks.far import SEEN_EVERY_S, FarEffects, FarRuns, is_at_work, sign_of_life
from bot.runbooks.fast import FastRunner
from bot.runbooks.forkserver import server_under
from bot.runbooks.leftovers import Leftovers
from bot.runbooks.remedies import Remedies
from bot.runbooks.secrets import Secrets
from bot.runbooks.work import RunWork
from bot.work.notify import Bell
from bot.work.worker import Worker

UNUSED = {"SLACK_BOT_TOKEN": "xoxb-not-used", "SLACK_APP_TOKEN": "xapp-not-used", "TOCSIN_URL": "http://not-used.invalid"}
"""What a bot must have and a worker must not."""
GRACE_S = 8.0
logger = log.get(__name__)


class FarWorker:
    """One worker of a queue: claims its runs, and does with them what the bot would do on its own machine."""

    def __init__(self, settings: Settings, directory: Directory, watch: Watch, environ: Mapping[str, str], queue: str) -> None:
        clock = ShiftedClock(settings.sandbox_offset) if settings.sandbox_token else WallClock()
        self.machine = f"{gethostname()}:{settings.runs.absolute()}"
        self.database = Database(settings.database_driver_url, clock, Listeners())
        self.worker = Worker(self.database, clock, queue=queue)
        self._queue = queue
        self._directory = directory
        self._watch = watch
        self._asked_to_look = asyncio.Event()
        run_secrets = Secrets(directory, settings.config, environ, settings.secrets)
        runner = FastRunner(settings.runs, server_under(account(settings.runs_user)), slow, run_secrets.hiding)
        catalogue = Catalogue(directory, settings.config, runner, run_secrets)
        oncall = OnCall(directory)
        paging = Paging(directory, Climbing(directory, oncall, ()))
        incidents = Incidents(paging)
        runs = FarRuns(directory, incidents, catalogue, Approvers(directory, incidents, oncall, paging))
        effects, remedies = FarEffects(directory, incidents, catalogue, runs), Remedies(directory, incidents, runs, no_alerts)
        self._leftovers = Leftovers(self.database, runner, settings.runs_kept)
        checks = Checks(catalogue, runner)
        RunWork(
            self.database, catalogue, runs, effects, remedies, runner, checks, self._leftovers, run_secrets, self.machine, queue
        ).register(self.worker)  # fmt: skip

    async def run(self, asked_to_stop: asyncio.Event) -> None:
        """Work until asked to stop; what runs goes on, and is found again by the next worker on this machine."""
        async with closing(self.database):
            await migrate(self.database)
            bell = Bell(self.database, self.worker.wake)
            self.database.wake = bell.ring
            forever = (self.worker.run(), bell.run(), self._leftovers.run(), self._live())
            tasks = [asyncio.create_task(one) for one in forever]
            logger.info("tocsin worker runs", queue=self._queue, machine=self.machine)
            await asked_to_stop.wait()
            await self.worker.stop(GRACE_S)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=GRACE_S / 4)

    def look_now(self) -> None:
        """Look at the files of the configuration at once."""
        self._asked_to_look.set()

    async def _live(self) -> None:
        """Give signs of life, and follow the files of the configuration."""
        while True:
            try:
                async with self.database.begin(actor=BOT) as tx:
                    await sign_of_life(tx, self._queue, self.machine)
                is_asked = self._asked_to_look.is_set()
                self._asked_to_look.clear()
                if (found := await asyncio.to_thread(self._watch.look, at_once=is_asked)) is not None:
                    self._watch.settle(found)
                    if found.config is not None:
                        self._directory.config = found.config
                        logger.info("another configuration is in force", digest=found.digest[:12])
                    else:
                        logger.error("the configuration is not sound; the one before stays", problems=list(found.problems[:5]))
            except Exception:
                logger.exception("no sign of life could be given; trying again", pause_s=SEEN_EVERY_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SEEN_EVERY_S):
                    await self._asked_to_look.wait()


async def slow(why: str) -> None:
    """Runs start slowly here: the log has why."""


async def no_alerts(*_: object) -> list[Mapping[str, str]]:
    """A worker considers no rules."""
    return []


async def has_runs(settings: Settings, queue: str) -> bool:
    """Whether somebody must follow runs that were begun when the configuration still named this queue."""
    async with closing(database := Database(settings.database_driver_url, WallClock(), Listeners())):
        await migrate(database)
        async with database.read() as tx:
            return await is_at_work(tx, queue)


async def run(environ: Mapping[str, str], queue: str) -> None:
    """Work for this queue until SIGTERM or SIGINT. Raises `ConfigInvalid`."""
    given = {**UNUSED, "TOCSIN_SECRET": secrets.token_hex(16), **environ}
    settings, config = configured(given)
    if not settings.database_driver_url.startswith("postgresql"):
        raise ConfigInvalid(["environment: DATABASE_URL must be the bot's PostgreSQL: a SQLite file belongs to one process."])
    known = sorted({one.queue for one in config.environments.values() if one.queue})
    if queue not in known and not await has_runs(settings, queue):
        raise ConfigInvalid([f"--queue {queue}: no environment names this queue; there is {', '.join(known) or 'none'}."])
    log.configure(settings.log)
    worker = FarWorker(settings, Directory(config), Watch(settings.config, given, config.digest), environ, queue)
    asked_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked_to_stop.set)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, worker.look_now)
    await worker.run(asked_to_stop)
