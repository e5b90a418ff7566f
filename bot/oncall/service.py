"""Who is on call now and next, and why: the questions that other rooms ask, answered by the pure rules."""

from dataclasses import dataclass
from datetime import datetime

from bot.config.models import Config, Team
from bot.config.models import Rotation as ConfiguredRotation
from bot.oncall.rotation import Rotation, Unit
from bot.oncall.schedule import Role, Schedule, holder

ROLES = tuple(role.value for role in Role)


@dataclass(frozen=True)
class Someone:
    """Who was found, by id, and for what ("primary on call for Payments"); or nobody, and why not. `until`: as long as that stays so."""

    person: str | None
    why: str
    until: datetime | None = None


class OnCall:
    """Answers for one configuration. Times are aware UTC."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def who(self, team_id: str, role: str, at: datetime) -> Someone:
        """The team's `primary` or `secondary` at a moment. A team without a secondary rotation has no secondary."""
        team = self.config.team(team_id)
        if team is None:
            return Someone(None, f"there is no team {team_id}")
        if team.oncall is None:
            return Someone(None, f"{team.name} has no on-call rotation")
        schedule = self._schedule(team)
        if schedule is None or (role == Role.SECONDARY and schedule.secondary is None):
            return Someone(None, f"{team.name} has no {role} rotation")
        found = holder(schedule, Role(role), at)
        if found.person is None:
            return Someone(None, f"nobody is {role} on call for {team.name}: {found.why}", found.until)
        return Someone(found.person, f"{role} on call for {team.name}", found.until)

    def turn(self, rotation_id: str, at: datetime) -> Someone:
        """Whose turn it is in a rotation at a moment."""
        rotation = self._rotation(rotation_id)
        if rotation is None:
            return Someone(None, f"there is no rotation {rotation_id}")
        found = holder(Schedule(rotation), Role.PRIMARY, at)
        return Someone(found.person, f"on call in {rotation_id}" if found.person else found.why, found.until)

    def after(self, team_id: str, role: str, at: datetime) -> Someone:
        """Who takes over the role at its next hand-off."""
        now = self.who(team_id, role, at)
        return self.who(team_id, role, now.until) if now.until else Someone(None, "no hand-off is planned")

    def _schedule(self, team: Team) -> Schedule | None:
        if team.oncall is None:
            return None
        primary = self._rotation(team.oncall.primary)
        secondary = self._rotation(team.oncall.secondary) if team.oncall.secondary else None
        return Schedule(primary, secondary) if primary else None

    def _rotation(self, rotation_id: str) -> Rotation | None:
        configured = self.config.rotations.get(rotation_id)
        return as_rule(configured) if configured else None


def as_rule(configured: ConfiguredRotation) -> Rotation:
    """A configured rotation as the rules take it."""
    length = configured.length
    return Rotation(configured.id, configured.zone, configured.start, configured.participants, length.count, Unit(length.unit))
