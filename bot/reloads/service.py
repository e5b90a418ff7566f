"""The verbs of reloads: what a process found in its configuration directory takes effect, or is refused, and is told once."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlmodel import col

from bot.config.check import summary
from bot.config.models import Config
from bot.db import Tx
from bot.incidents.messages import SayInOps
from bot.oncall.service import OnCall
from bot.reloads import wording
from bot.reloads.models import Reading
from bot.work import queue


@dataclass(frozen=True)
class Noted:
    """A reading as it is written down; `is_first` for whoever found it first, with the reading before it."""

    number: int
    is_first: bool
    before: Reading | None


class Reloads:
    """Writes readings down, and does once for all replicas what follows from one."""

    def __init__(self, oncall: OnCall) -> None:
        self._oncall = oncall

    async def begin(self, tx: Tx, config: Config, files: bytes | None, differences: Sequence[str]) -> int:
        """A process starts with a configuration. The number of its reading."""
        noted = await self._noted(tx, config.digest, (), None, files)
        await self._oncall.open_epochs(tx)  # also of what was read before: a newer version may make more of it
        if noted.is_first and noted.before is not None:
            await self._tell_taken(tx, config, noted, differences, wants_restart=False)
        return noted.number

    async def take(
        self, tx: Tx, config: Config, files: bytes | None, after: int, differences: Sequence[str], *, wants_restart: bool
    ) -> int:
        """The configuration, which the directory holds already, takes effect. `after` is the last reading this process knew.

        Whoever comes late finds it written down, and does not open its epochs again: a newer configuration may have changed them since.
        """
        noted = await self._noted(tx, config.digest, (), after, files)
        if noted.is_first:
            await self._oncall.open_epochs(tx)
            await self._tell_taken(tx, config, noted, differences, wants_restart=wants_restart)
        return noted.number

    async def refuse(self, tx: Tx, digest: str, problems: Sequence[str], after: int) -> int:
        """It is not sound: what was in force stays, and people hear why."""
        noted = await self._noted(tx, digest, problems, after)
        if noted.is_first:
            await self._tell(tx, noted, wording.refused(problems))
        return noted.number

    async def is_written_down(self, tx: Tx, digest: str, after: int | None) -> bool:
        """Whether another replica has dealt with a sound reading since `after`; None: whether it is the newest."""
        return await self._find(tx, digest, (), after) is not None

    async def _noted(self, tx: Tx, digest: str, problems: Sequence[str], after: int | None, files: bytes | None = None) -> Noted:
        await tx.lock("configuration")
        newest = await self._newest(tx)
        known = await self._find(tx, digest, problems, after)
        row = known or Reading(digest=digest, problems="\n".join(problems), read_at=tx.now)
        tx.session.add(row)
        await tx.session.flush()
        if files is not None and row.files is None:
            await tx.session.execute(update(Reading).where(col(Reading.files).is_not(None)).values(files=None))
            row.files = files
        return Noted(row.number, known is None, newest)

    async def _find(self, tx: Tx, digest: str, problems: Sequence[str], after: int | None) -> Reading | None:
        if after is None:
            newest = await self._newest(tx)
            return newest if newest and (newest.digest, newest.problems) == (digest, "\n".join(problems)) else None
        same = (col(Reading.id) > after, col(Reading.digest) == digest, col(Reading.problems) == "\n".join(problems))
        found: Reading | None = (await tx.session.execute(select(Reading).where(*same).order_by(col(Reading.id).desc()).limit(1))).scalar()
        return found

    async def _newest(self, tx: Tx) -> Reading | None:
        found: Reading | None = (await tx.session.execute(select(Reading).order_by(col(Reading.id).desc()).limit(1))).scalar()
        return found

    async def _tell_taken(self, tx: Tx, config: Config, noted: Noted, differences: Sequence[str], *, wants_restart: bool) -> None:
        was_refused = noted.before is not None and bool(noted.before.problems)
        text = wording.taken(summary(config), differences, was_refused=was_refused, wants_restart=wants_restart)
        await self._tell(tx, noted, text)

    async def _tell(self, tx: Tx, noted: Noted, text: str) -> None:
        await queue.schedule(tx, SayInOps(text=text), key=f"configuration:{noted.number}", about="configuration")


async def in_force_last(tx: Tx) -> bytes | None:
    """The files of the configuration that took effect last, as `keeping.packed`."""
    found: bytes | None = (await tx.session.execute(select(col(Reading.files)).where(col(Reading.files).is_not(None)))).scalar()
    return found
