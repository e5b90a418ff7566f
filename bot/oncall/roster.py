"""Schedules with what people changed about them, and the roles of teams: whom to ask for, told the time. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.config.models import Config, Team
from bot.oncall import configured, schedule
from bot.oncall.definition import NONE, Duty, Overrides, Schedule, Shift
from bot.oncall.definition import OnCall as Found

PRIMARY, SECONDARY = "primary", "secondary"


@dataclass(frozen=True)
class Someone:
    """Who was found, and for what ("primary on call for Payments"); or nobody, and why not. It holds at least `until`."""

    duties: tuple[Duty, ...]
    why: str
    until: datetime | None = None
    schedule: str | None = None

    @property
    def person(self) -> str | None:
        """The first of them."""
        return self.duties[0].person if self.duties else None

    @property
    def people(self) -> tuple[str, ...]:
        """All of them, by id."""
        return tuple(duty.person for duty in self.duties)


@dataclass(frozen=True)
class Board:
    """A schedule with what people changed about it: what the pure questions take."""

    definition: Schedule
    overrides: Overrides = NONE

    def who(self, at: datetime) -> Found:
        """Who is on call at a moment."""
        return schedule.who(self.definition, self.overrides, at)

    def shifts(self, start: datetime, end: datetime) -> tuple[Shift, ...]:
        """Everybody's time between two moments, cut to them."""
        return schedule.shifts(self.definition, self.overrides, start, end)

    def gaps(self, start: datetime, end: datetime) -> tuple[tuple[datetime, datetime], ...]:
        """When nobody is on call between two moments."""
        return schedule.gaps(self.definition, self.overrides, start, end)

    def next_change(self, at: datetime, within: timedelta = timedelta(days=366)) -> datetime | None:
        """When other people come on call, within that time."""
        return schedule.next_change(self.definition, self.overrides, at, within)


@dataclass(frozen=True)
class Roster:
    """Boards by schedule id, and who holds which role by them. Ids without a board count as unknown."""

    config: Config
    boards: Mapping[str, Board]

    def on_schedule(self, schedule_id: str, at: datetime) -> Someone:
        """Who is on call by a schedule or rotation at a moment."""
        board = self.boards.get(schedule_id)
        if board is None:
            return Someone((), f"there is no rotation or schedule {schedule_id}")
        found = board.who(at)
        return Someone(found.duties, found.nobody or f"on call in {schedule_id}", found.until, schedule_id)

    def everybody(self, schedule_id: str, at: datetime) -> tuple[str, ...]:
        """All who take turns in a schedule or rotation at a moment, in any layer, and whoever is on call in it then."""
        board = self.boards.get(schedule_id)
        epoch = board.definition.epoch(at) if board else None
        if board is None or epoch is None:
            return ()
        planned = (person for layer in epoch.layers for group in layer.rotation.participants for person in group)
        return tuple(dict.fromkeys([*(duty.person for duty in board.who(at).duties), *planned]))

    def who(self, team_id: str, role: str, at: datetime) -> Someone:
        """Who holds a role of a team at a moment. Where there is no secondary, the backup team's people stand in."""
        team = self.config.team(team_id)
        if team is None:
            return Someone((), f"there is no team {team_id}")
        if team.oncall is None:
            return Someone((), f"{team.name} has no on-call rotation")
        found = self._own(team, role, at)
        if found.duties or role != SECONDARY or team.oncall.backup is None:
            return found
        return self._backup(team, team.oncall.backup, found, at)

    def after(self, team_id: str, role: str, at: datetime) -> Someone:
        """Who takes over the role at its next hand-off."""
        team = self.config.team(team_id)
        schedule_id = team.oncall.of(role) if team and team.oncall else None
        board = self.boards.get(schedule_id) if schedule_id else None
        change = board.next_change(at) if board else None
        if schedule_id is None or change is None:
            return Someone((), "no hand-off is planned")
        return self.on_schedule(schedule_id, change)

    def _own(self, team: Team, role: str, at: datetime) -> Someone:
        schedule_id = team.oncall.of(role) if team.oncall else None
        if schedule_id is None:
            return Someone((), f"{team.name} has no {role} rotation")
        found = self.on_schedule(schedule_id, at)
        if not found.duties:
            return Someone((), f"nobody is {role} on call for {team.name}: {found.why}", found.until, schedule_id)
        return Someone(found.duties, f"{role} on call for {team.name}", found.until, schedule_id)

    def _backup(self, team: Team, backup_id: str, nobody: Someone, at: datetime) -> Someone:
        """The backup team's primary, or its secondary if the primary is ours already."""
        backup = self.config.team(backup_id)
        if backup is None:
            return nobody
        ours = set(self._own(team, PRIMARY, at).people)
        for role in (PRIMARY, SECONDARY):
            found = self._own(backup, role, at)
            if found.duties and not set(found.people) & ours:
                ends = [moment for moment in (found.until, nobody.until) if moment is not None]
                why = f"{role} on call for {backup.name}, backup of {team.name}"
                return Someone(found.duties, why, min(ends) if ends else None, found.schedule)
        return Someone((), f"{nobody.why}, and {backup.name}, its backup, has nobody either", nobody.until)


def as_configured(config: Config) -> Roster:
    """The roster of a configuration that was never edited and about which nobody changed anything."""
    return Roster(config, {name: Board(definition) for name, definition in configured.schedules(config).items()})


def schedules_of(config: Config, team_id: str | None) -> set[str]:
    """The schedules that may decide who holds a role of a team, its backup's included."""
    team = config.team(team_id) if team_id else None
    if team is None or team.oncall is None:
        return set()
    found = set(team.oncall.schedules().values())
    backup = config.team(team.oncall.backup) if team.oncall.backup else None
    return found | (set(backup.oncall.schedules().values()) if backup and backup.oncall else set())
