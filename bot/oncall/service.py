"""Who is on call now and next, and why: the questions that other rooms ask, answered by the pure rules."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.config.models import Config
from bot.config.oncall import ROLES
from bot.db import Tx
from bot.directory.service import Directory
from bot.errors import NotFound
from bot.oncall import configured, store
from bot.oncall.definition import Shift
from bot.oncall.messages import ScheduleChanged
from bot.oncall.roster import Board, Roster, Someone, schedules_of

__all__ = ["ROLES", "Board", "OnCall", "Roster", "Someone", "TheirShift"]

LONGEST_SHIFT = timedelta(days=35)
"""How far back the begin of a shift in progress is looked for: a month of turns."""


@dataclass(frozen=True)
class TheirShift:
    """A person's shift, in which schedule, and the (team id, role) pairs that schedule answers for."""

    schedule: str
    shift: Shift
    roles: tuple[tuple[str, str], ...]


class OnCall:
    """Answers for the configuration that holds and what people changed since. Times are aware UTC."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    @property
    def config(self) -> Config:
        """The configuration that holds now."""
        return self._directory.config

    async def open_epochs(self, tx: Tx) -> None:
        """Write down what configuration wants, at start: edits take effect at the next hand-off, the past stays."""
        for name, since in await store.keep_epochs(tx, self.config):
            await tx.announce(ScheduleChanged(name, since))

    async def board(self, tx: Tx, schedule_id: str, since: datetime, until: datetime | None = None) -> Board:
        """A schedule (or rotation) with the changes that hold after `since` (and before `until`). `NotFound` when there is none."""
        found = await store.boards(tx, self.config, (schedule_id,), since, until)
        if schedule_id not in found:
            raise NotFound(f"There is no schedule or rotation {schedule_id!r}. There are: {', '.join(self.schedules()) or 'none'}.")
        return found[schedule_id]

    async def roster(self, tx: Tx, since: datetime, ids: Collection[str] | None = None) -> Roster:
        """Every schedule (or those with `ids`) with the changes that hold after `since`: for questions about many moments."""
        wanted = configured.ids(self.config) if ids is None else tuple(ids)
        return Roster(self.config, await store.boards(tx, self.config, wanted, since))

    async def changed_now(self, tx: Tx) -> frozenset[str]:
        """The schedules that are other than configured at this moment, because people changed something about them."""
        return await store.changed_at(tx, tx.now)

    async def on_schedule(self, tx: Tx, schedule_id: str, at: datetime) -> Someone:
        """Who is on call by a schedule or rotation at a moment."""
        return (await self.roster(tx, at, (schedule_id,))).on_schedule(schedule_id, at)

    async def who(self, tx: Tx, team_id: str, role: str, at: datetime) -> Someone:
        """Who holds a role (`ROLES`) of a team at a moment. Where there is no secondary, the backup team's people stand in."""
        return (await self.roster(tx, at, schedules_of(self.config, team_id))).who(team_id, role, at)

    async def after(self, tx: Tx, team_id: str, role: str, at: datetime) -> Someone:
        """Who takes over the role at its next hand-off."""
        return (await self.roster(tx, at, schedules_of(self.config, team_id))).after(team_id, role, at)

    async def next_shifts(self, tx: Tx, person: str, at: datetime, within: timedelta = timedelta(weeks=8)) -> list[TheirShift]:
        """A person's shifts from now on, in the order of their starts; one in progress with its begin, as far as that was a month ago."""
        begin = at - LONGEST_SHIFT
        found = []
        for name, board in (await store.boards(tx, self.config, self.schedules(), begin)).items():
            mine = (shift for shift in board.shifts(begin, at + within) if shift.person == person and shift.end > at)
            found += [TheirShift(name, shift, self.roles_of(name)) for shift in mine]
        return sorted(found, key=lambda one: (one.shift.start, one.schedule))

    def schedules(self) -> tuple[str, ...]:
        """Every schedule that answers for something: those configured, and rotations that are not only a layer of one."""
        return configured.answering(self.config)

    def roles_of(self, schedule_id: str) -> tuple[tuple[str, str], ...]:
        """The (team id, role) pairs that a schedule answers for."""
        held = [(team, team.oncall.schedules()) for team in self.config.teams.values() if team.oncall]
        return tuple((team.id, role) for team, roles in held for role, name in roles.items() if name == schedule_id)

    def zone_of(self, schedule_id: str) -> str:
        """The zone a schedule is shown in."""
        return configured.zone_of(self.config, schedule_id)
