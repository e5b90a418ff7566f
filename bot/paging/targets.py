"""Whom a target of a step means right now: a role around the incident, or somebody named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.config.models import Team
from bot.directory.service import Directory
from bot.oncall.roster import Roster, Someone, schedules_of
from bot.paging.policy import is_place

NAMED = "named by the policy"
Groups = Mapping[str, Sequence[str]]
"""The people in Slack user groups, by handle; a group that Slack did not tell of is missing."""


@dataclass(frozen=True)
class Found:
    """A person to page, or a place to post to, and for what they were chosen ("primary on call for Payments")."""

    person: str
    why: str


@dataclass(frozen=True)
class Around:
    """What a page is about, as far as it decides who is paged."""

    team: str | None
    service: str | None
    private: bool = False
    without: frozenset[str] = frozenset()
    """Whom it never means."""


class Targets:
    """Resolves targets when a step fires, never before: a hand-off between two steps reaches the new person."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def schedules(self, targets: tuple[str, ...], around: Around) -> set[str]:
        """The schedules that may decide whom these targets mean."""
        config, found = self._directory.config, schedules_of(self._directory.config, around.team)
        for target in (*targets, *map(str, config.fallback)):
            kind, _, name = target.partition(":")
            found |= {name} if kind in ("rotation", "schedule", "everybody") else schedules_of(config, name) if kind == "team" else set()
        return found

    def groups(self, targets: tuple[str, ...]) -> set[str]:
        """The Slack user groups that these targets name."""
        named = [target.partition(":") for target in (*targets, *map(str, self._directory.config.fallback))]
        return {name for kind, _, name in named if kind == "usergroup"}

    def people(
        self, roster: Roster, groups: Groups, targets: tuple[str, ...], around: Around, at: datetime
    ) -> tuple[list[Found], list[str]]:
        """Everybody these targets mean, each once, places too, and a reason for each target that means nobody."""
        found: dict[str, Found] = {}
        missing: list[str] = []
        for target in targets:
            people, why_nobody = self._meant(roster, groups, target, around, at)
            known = [one for one in people if is_place(one.person) or self._directory.person(one.person) is not None]
            wanted = [one for one in known if one.person not in around.without]
            for one in wanted:
                found.setdefault(one.person, one)
            if not wanted:
                left_out = ", ".join(self._directory.name(one.person) for one in known)
                missing.append(f"{left_out} cannot answer this one" if left_out else why_nobody)
        return list(found.values()), missing

    def _meant(self, roster: Roster, groups: Groups, target: str, around: Around, at: datetime) -> tuple[list[Found], str]:
        kind, _, name = target.partition(":")
        match kind:
            case "person":
                return [Found(name, "asked for by name")], f"{name} is not in the directory"
            case "team":
                return _all(roster.who(name, "primary", at))
            case "members":
                team = self._directory.team(name)
                members = team.members if team else ()
                return [Found(one, f"member of {team.name}") for one in members if team], f"{team.name if team else name} has no members"
            case "everybody":
                return [Found(one, f"in {name}") for one in roster.everybody(name, at)], f"nobody takes turns in {name}"
            case "usergroup":
                return self._of_group(groups, name)
            case "channel" if around.private:
                return [], f"a private incident is not posted in #{name}"
            case "channel":
                return [Found(target, NAMED)], ""
            case "webhook":
                return [Found(target, NAMED)] if name in self._directory.config.webhooks else [], f"there is no webhook {name}"
            case "rotation" | "schedule":
                return _all(roster.on_schedule(name, at))
            case "primary" | "secondary":
                if around.team is None:
                    return [], f"no team is known, so there is no {kind}"
                return _all(roster.who(around.team, kind, at))
            case "executive":
                return [Found(one, "executive") for one in self._directory.config.executives], "no executives are configured"
            case "fallback":
                return self._fallback(roster, groups, around, at)
            case "expert":
                return self._experts(roster, around, at)
            case _:
                return self._of_team(roster, kind, around.team, at)

    def _experts(self, roster: Roster, around: Around, at: datetime) -> tuple[list[Found], str]:
        """Those named for the service, else whoever of the team's experts is on call."""
        service = self._directory.service(around.service) if around.service else None
        names = service.experts if service else ()
        about = service.name if service else "an unknown service"
        on_call = roster.who(around.team, "expert", at).people if around.team and not names else ()
        return [Found(one, f"expert for {about}") for one in names or on_call], f"no expert is named for {about}"

    def _of_team(self, roster: Roster, role: str, team_id: str | None, at: datetime) -> tuple[list[Found], str]:
        """The manager on call (at the weekend, say), else the team's own."""
        team: Team | None = self._directory.team(team_id) if team_id else None
        if team is None:
            return [], f"no team is known, so there is no {role}"
        if role == "manager" and (on_call := roster.who(team.id, role, at)).people:
            return _all(on_call)
        person = team.manager if role == "manager" else team.lead
        return ([Found(person, f"{role} of {team.name}")] if person else []), f"{team.name} has no {role}"

    def _of_group(self, groups: Groups, handle: str) -> tuple[list[Found], str]:
        """Who was in a Slack user group when Slack was asked last."""
        if handle not in groups:
            return [], f"Slack has told of no user group @{handle}"
        return [Found(one, f"in @{handle}") for one in groups[handle]], f"nobody in @{handle} is in the directory"

    def _fallback(self, roster: Roster, groups: Groups, around: Around, at: datetime) -> tuple[list[Found], str]:
        targets = tuple(str(target) for target in self._directory.config.fallback if str(target) != "fallback")
        people, missing = self.people(roster, groups, targets, around, at)
        return [Found(one.person, "fallback") for one in people if not is_place(one.person)], "; ".join(
            missing
        ) or "no fallback is configured"


def _all(someone: Someone) -> tuple[list[Found], str]:
    return [Found(person, someone.why) for person in someone.people], someone.why
