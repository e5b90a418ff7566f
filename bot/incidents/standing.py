"""How an incident stands at one moment: everything that its card, its page and its answers show, read in one go."""

from dataclasses import dataclass

from bot.config.models import Config, Level, Service, Team
from bot.db import Tx
from bot.directory.service import Directory
from bot.incidents import roles
from bot.incidents.models import COMMANDER, Incident
from bot.incidents.roles import RESPONDER
from bot.paging.service import Paging, StoryLine


@dataclass(frozen=True)
class Standing:
    """An incident with who leads, who responds, who was paged, and how people are named in Slack."""

    incident: Incident
    level: Level
    service: Service | None
    team: Team | None
    commander: str | None
    """Mention of who leads."""
    is_acting: bool
    responders: tuple[str, ...]
    """Mentions."""
    acknowledged_by: str | None
    declared_by: str
    paging: tuple[StoryLine, ...]
    page_id: int | None
    """The page that still waits for an answer."""
    page_url: str | None = None


class Standings:
    """Reads standings."""

    def __init__(self, config: Config, directory: Directory, paging: Paging) -> None:
        self._config = config
        self._directory = directory
        self._paging = paging

    async def of(self, tx: Tx, incident: Incident) -> Standing:
        """How `incident` stands in this transaction."""
        parts = await roles.holders(tx, incident.number)
        leader = next((part for part in parts if part.role == COMMANDER), None)
        page = await self._paging.newest_page(tx, incident.number)
        waiting = await self._paging.open_page(tx, incident.number)
        holder = page.acknowledged_by if page else None
        return Standing(
            incident=incident,
            level=self._config.severity.level(incident.severity),
            service=self._config.service(incident.service) if incident.service else None,
            team=self._config.team(incident.team) if incident.team else None,
            commander=await self._directory.mention(tx, leader.person) if leader else None,
            is_acting=bool(leader and leader.is_acting),
            responders=tuple([await self._directory.mention(tx, part.person) for part in parts if part.role == RESPONDER]),
            acknowledged_by=await self._directory.mention(tx, holder) if holder else None,
            declared_by=await self._directory.mention(tx, incident.declared_by),
            paging=tuple(await self._paging.story(tx, incident.number)),
            page_id=waiting.id if waiting else None,
        )
