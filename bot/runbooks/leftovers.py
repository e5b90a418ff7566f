"""What runs leave on this machine: removed once it is stored how they ended, at once or after a while."""

import asyncio
import re
from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from bot import log
from bot.db import Database
from bot.runbooks.models import Run
from bot.runbooks.records import run_id
from bot.runbooks.runner import PlaybookRunner
from bot.runbooks.states import IS_OVER, RunState

NAME = re.compile(r"(run-(\d{1,12})-\d+)(?:-(dry|check)-\w+)?")
"""A run's own directory, or that of a dry run or a look for it, which may both be had again."""
EVERY_S = 600.0
MARKED_FOR_S = 24 * 3600.0
"""How long a directory that was emptied goes on saying that its run was begun: far longer than anybody who was to begin it can be late."""
STRANGE_FOR_S = 7 * 24 * 3600.0
"""How long what no database knows is left alone: another bot's, or one's whose database is being restored."""
logger = log.get(__name__)


class Leftovers:
    """Looks through this machine's run directories. `kept_for` is how long those of ended runs may be looked at."""

    def __init__(self, database: Database, runner: PlaybookRunner, kept_for: timedelta) -> None:
        self._db = database
        self._runner = runner
        self._kept_for = kept_for

    async def run(self) -> None:
        """Sweep at the start, for whoever died before it had cleared up, and every ten minutes."""
        while True:
            try:
                await self.sweep()
            except Exception:
                logger.exception("run directories could not be cleared; trying again", pause_s=EVERY_S)
            await asyncio.sleep(EVERY_S)

    async def ended(self, name: str) -> None:
        """A run is over and all of it is stored. What stays of it here for a while tells no secret."""
        await (self._runner.scrub(name) if self._kept_for else self._runner.clear(name))

    async def rehearsed(self, name: str) -> None:
        """What a dry run said is stored. It may be done again, under the same name."""
        await self._runner.forget(name)

    async def sweep(self) -> None:
        """Remove what is not needed any more."""
        found = {name: (parts, age) for name, age in (await self._runner.kept()).items() if (parts := NAME.fullmatch(name))}
        numbers = {int(parts[2]) for parts, _ in found.values()}
        async with self._db.read() as tx:
            rows = (await tx.session.execute(select(Run).where(col(Run.id).in_(numbers)))).scalars()
            runs = {run_id(run): run for run in rows}
            now = tx.now
        for name, (parts, age) in found.items():
            run = runs.get(parts[1])
            if run is None:
                if age > STRANGE_FOR_S:
                    await self._runner.forget(name)
            elif parts[3] is not None:
                if run.state in IS_OVER or (parts[3] == "dry" and run.state != RunState.PREPARING):
                    await self._runner.forget(name)
            elif run.state in IS_OVER and run.ended_at is not None and now - run.ended_at >= self._kept_for:
                await (self._runner.forget(name) if age > self._kept_for.total_seconds() + MARKED_FOR_S else self._runner.clear(name))
