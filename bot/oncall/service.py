"""Who is on call now and next, and why: the questions that other rooms ask, answered by the pure rules."""

from dataclasses import dataclass
from datetime import datetime

from bot.config.models import Config, Team


@dataclass(frozen=True)
class Someone:
    """Who was found, by id, and for what ("primary on call for Payments"); or nobody, and why not."""

    person: str | None
    why: str


class OnCall:
    """Answers for one configuration. Times are aware UTC."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def who(self, team_id: str, role: str, at: datetime) -> Someone:
        """The team's `primary` or `secondary` at a moment."""
        team = self.config.team(team_id)
        if team is None:
            return Someone(None, f"there is no team {team_id}")
        rotation_id = rotation_of(team, role)
        if rotation_id is None:
            return Someone(None, f"{team.name} has no {role} rotation")
        found = self.turn(rotation_id, at)
        return Someone(found.person, f"{role} on call for {team.name}") if found.person else found

    def turn(self, rotation_id: str, at: datetime) -> Someone:
        """Whose turn it is in a rotation at a moment."""
        rotation = self.config.rotations.get(rotation_id)
        if rotation is None:
            return Someone(None, f"there is no rotation {rotation_id}")
        return Someone(rotation.participants[0], f"on call in rotation {rotation_id}")


def rotation_of(team: Team, role: str) -> str | None:
    """The id of the rotation that a team names for a role."""
    if team.oncall is None:
        return None
    return team.oncall.primary if role == "primary" else team.oncall.secondary
