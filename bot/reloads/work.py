"""A process follows its configuration directory: it looks every few seconds, and at once when it is asked to."""

import asyncio
from collections.abc import Sequence

from bot import faultpoints, log
from bot.config.models import Config
from bot.config.watch import Found, Watch
from bot.db import BOT, Database
from bot.directory.service import Directory
from bot.oncall import checking
from bot.reloads.messages import ConfigurationInForce
from bot.reloads.service import Reloads

EVERY_S = 5.0
"""Whoever merged a change sees it in force within ten seconds, while they still look; two looks so far apart outlast a checkout."""
logger = log.get(__name__)


class Following:
    """Keeps what the directory room holds the same as what the files say, as far as that is sound."""

    def __init__(self, database: Database, directory: Directory, reloads: Reloads, watch: Watch) -> None:
        self._db = database
        self._directory = directory
        self._reloads = reloads
        self._watch = watch
        self._last = 0
        """The newest reading that this process has dealt with."""
        self._one_at_a_time = asyncio.Lock()
        self._asked = asyncio.Event()
        self._refused: tuple[str, ...] = ()
        self._trouble: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """Why the directory's content is not in force, if it is not."""
        return self._refused + self._trouble

    async def begin(self) -> None:
        """The process starts: what it was started with is in force."""
        config = self._directory.config
        differences = await self._differences(config, None)
        files = await asyncio.to_thread(self._watch.kept, config.digest)
        async with self._db.begin(actor=BOT) as tx:
            self._last = await self._reloads.begin(tx, config, files, differences)
            await tx.announce(ConfigurationInForce(()))

    async def run(self) -> None:
        """Look for ever. What fails is tried again at the next look."""
        while True:
            try:
                async with asyncio.timeout(EVERY_S):
                    await self._asked.wait()
            except TimeoutError:
                pass
            at_once = self._asked.is_set()
            self._asked.clear()
            try:
                await self.look(at_once=at_once)
                self._trouble = ()
            except Exception as error:
                logger.exception("the configuration could not be followed")
                self._trouble = (f"the changed configuration could not be loaded ({type(error).__name__}); it is tried again.",)

    def look_now(self) -> None:
        """Let `run` look at once, and take what it finds without a second look."""
        self._asked.set()

    async def look(self, *, at_once: bool = False) -> None:
        """Look once; take or refuse what is new."""
        async with self._one_at_a_time:
            found = await asyncio.to_thread(self._watch.look, at_once=at_once)
            if found is None:
                return
            if found.config is None:
                await self._refuse(found)
            else:
                await self._take(found.config)
            self._watch.settle(found)
            self._refused = found.problems

    async def _refuse(self, found: Found) -> None:
        async with self._db.begin(actor=BOT) as tx:
            self._last = await self._reloads.refuse(tx, found.digest, found.problems, self._last)
        logger.error("configuration refused", problems=len(found.problems))

    async def _take(self, read: Config) -> None:
        before = self._directory.config
        config = read.model_copy(update={"commands": before.commands})  # the doors were opened under these names
        differences = await self._differences(config, self._last)
        files = await asyncio.to_thread(self._watch.kept, config.digest)
        self._directory.config = config
        try:
            async with self._db.begin(actor=BOT) as tx:
                wants_restart = read.commands != before.commands
                self._last = await self._reloads.take(tx, config, files, self._last, differences, wants_restart=wants_restart)
                await tx.announce(ConfigurationInForce(teams_that_differ(before, config)))
                faultpoints.reached("configuration: before commit")
        except BaseException:
            self._directory.config = before
            raise
        faultpoints.reached("configuration: in force, not told")

    async def _differences(self, config: Config, after: int | None) -> Sequence[str]:
        """Who is on call differs, in lines: computed aside, before anything is held. Nothing, where another replica has told it."""
        async with self._db.read() as tx:
            if await self._reloads.is_written_down(tx, config.digest, after):
                return ()
            standing = await checking.stored(tx, config)
        if after is None and not standing:  # nothing was ever in force
            return ()
        return await asyncio.to_thread(lambda: tuple(checking.told(config, standing, tx.now)))


def teams_that_differ(before: Config, after: Config) -> tuple[str, ...]:
    """Teams whose entry is another; all of them, when anything about people is: their Slack ids stand in user groups."""
    return tuple(team.id for team in after.teams.values() if team != before.team(team.id) or after.people != before.people)
