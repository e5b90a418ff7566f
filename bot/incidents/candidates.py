"""Who could help with an incident, as configuration and the on-call schedules have it at this moment."""

from collections.abc import Mapping

from bot.config.models import Config, Service, Team
from bot.db import Tx
from bot.directory.service import Directory
from bot.incidents.models import Incident
from bot.incidents.width import Candidate, Part, in_order
from bot.oncall.leave import Leave
from bot.oncall.roster import PRIMARY, SECONDARY, Board, Roster, schedules_of
from bot.oncall.service import OnCall


class Candidates:
    """Finds them, and who of them is away."""

    def __init__(self, directory: Directory, oncall: OnCall) -> None:
        self._directory = directory
        self._oncall = oncall

    async def of(self, tx: Tx, incident: Incident) -> tuple[Candidate, ...]:
        """Everybody, those nearest to what is broken first."""
        config = self._directory.config
        service = config.service(incident.service) if incident.service else None
        owner = config.team(incident.team) if incident.team else None
        needed = [one for name in service.dependencies if (one := config.service(name))] if service else []
        teams = {team.id for team in (owner, *(config.owner(one) for one in needed)) if team}
        ids = {name for team in teams for name in schedules_of(config, team)}
        roster = await self._oncall.roster(tx, tx.now, ids)
        own = Part(service.name if service else "it", self._on_call(tx, roster, owner), service.experts if service else ())
        known = in_order(own, [self._part(tx, roster, one, config) for one in needed])
        return tuple(candidate for candidate in known if config.person(candidate.person))

    async def away(self, tx: Tx) -> Mapping[str, str]:
        """Who is not to be asked now, and why: they are out of office, or others stand in for them."""
        boards = (await self._oncall.roster(tx, tx.now, await self._oncall.changed_now(tx))).boards.values()
        planned = {person for board in boards for person in Board(board.definition).who(tx.now).people}
        now = {person for board in boards for person in board.who(tx.now).people}
        found = dict.fromkeys(planned - now, "others stand in for them on call")
        for person, until in (await Leave.away(tx)).items():
            found[person] = f"is away until {self._directory.wall_time(tx.actor, until, tx.now)}"
        return found

    def teams(self) -> Mapping[str, frozenset[str]]:
        """The people of each team, by its name: its members, and whoever takes turns on call for it."""
        config = self._directory.config
        return {team.name: frozenset(team.members) | self._taking_turns(team, config) for team in config.teams.values()}

    def _part(self, tx: Tx, roster: Roster, service: Service, config: Config) -> Part:
        return Part(service.name, self._on_call(tx, roster, config.owner(service)), service.experts)

    @staticmethod
    def _on_call(tx: Tx, roster: Roster, team: Team | None) -> tuple[Candidate, ...]:
        if team is None:
            return ()
        found = [roster.who(team.id, role, tx.now) for role in (PRIMARY, SECONDARY)]
        return tuple(Candidate(person, one.why) for one in found for person in one.people)

    @staticmethod
    def _taking_turns(team: Team, config: Config) -> frozenset[str]:
        named = team.oncall.schedules().values() if team.oncall else ()
        layers = {layer.rotation for name in named if name in config.schedules for layer in config.schedules[name].layers}
        rotations = [config.rotations[name] for name in {*named, *layers} if name in config.rotations]
        return frozenset(person for rotation in rotations for group in rotation.participants for person in group if person)
