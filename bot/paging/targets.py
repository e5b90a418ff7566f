"""Whom a target of a step means right now: a role around the incident, or somebody named."""

from dataclasses import dataclass
from datetime import datetime

from bot.config.models import Team
from bot.directory.service import Directory
from bot.oncall.service import OnCall, Someone


@dataclass(frozen=True)
class Found:
    """A person to page, and for what they were chosen ("primary on call for Payments")."""

    person: str
    why: str


@dataclass(frozen=True)
class Around:
    """What a page is about, as far as it decides who is paged."""

    team: str | None
    service: str | None


class Targets:
    """Resolves targets when a step fires, never before: a hand-off between two steps reaches the new person."""

    def __init__(self, directory: Directory, oncall: OnCall) -> None:
        self._directory = directory
        self._oncall = oncall

    def people(self, targets: tuple[str, ...], around: Around, at: datetime) -> tuple[list[Found], list[str]]:
        """Everybody these targets mean, each person once, and a reason for each target that means nobody."""
        found: dict[str, Found] = {}
        missing: list[str] = []
        for target in targets:
            people, why_nobody = self._meant(target, around, at)
            known = [one for one in people if self._directory.person(one.person) is not None]
            for one in known:
                found.setdefault(one.person, one)
            if not known:
                missing.append(why_nobody)
        return list(found.values()), missing

    def _meant(self, target: str, around: Around, at: datetime) -> tuple[list[Found], str]:
        kind, _, name = target.partition(":")
        match kind:
            case "person":
                return [Found(name, "asked for by name")], f"{name} is not in the directory"
            case "team":
                return _one(self._oncall.who(name, "primary", at))
            case "rotation":
                return _one(self._oncall.turn(name, at))
            case "primary" | "secondary":
                if around.team is None:
                    return [], f"no team is known, so there is no {kind}"
                return _one(self._oncall.who(around.team, kind, at))
            case "executive":
                return [Found(one, "executive") for one in self._directory.config.executives], "no executives are configured"
            case "fallback":
                return self._fallback(around, at)
            case "expert":
                service = self._directory.service(around.service) if around.service else None
                names = service.experts if service else ()
                about = service.name if service else "an unknown service"
                return [Found(one, f"expert for {about}") for one in names], f"no expert is named for {about}"
            case _:
                return self._of_team(kind, around.team)

    def _of_team(self, role: str, team_id: str | None) -> tuple[list[Found], str]:
        team: Team | None = self._directory.team(team_id) if team_id else None
        if team is None:
            return [], f"no team is known, so there is no {role}"
        person = team.manager if role == "manager" else team.lead
        return ([Found(person, f"{role} of {team.name}")] if person else []), f"{team.name} has no {role}"

    def _fallback(self, around: Around, at: datetime) -> tuple[list[Found], str]:
        targets = tuple(str(target) for target in self._directory.config.fallback if str(target) != "fallback")
        people, missing = self.people(targets, around, at)
        return [Found(one.person, "fallback") for one in people], "; ".join(missing) or "no fallback is configured"


def _one(someone: Someone) -> tuple[list[Found], str]:
    return ([Found(someone.person, someone.why)] if someone.person else []), someone.why
