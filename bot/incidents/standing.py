"""How an incident stands at one moment: everything that its card, its page and its answers show, read in one go."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import Block

from bot.config.models import Level, Service, Team
from bot.db import Tx
from bot.directory.service import Directory
from bot.incidents import roles
from bot.incidents.models import COMMANDER, Incident
from bot.incidents.roles import RESPONDER
from bot.paging import story
from bot.paging.service import Paging
from bot.paging.states import PageState

CardSection = Callable[[Tx, Incident], Awaitable[Sequence[Block]]]
"""What an upper room adds to the card of an incident."""


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
    paging: tuple[str, ...]
    """Everybody who was chosen to be paged and how far that is, a line each, plain."""
    page_id: int | None
    """The page that still waits for an answer."""
    page_url: str | None
    more: tuple[Block, ...]
    """What upper rooms add to the card."""


class Standings:
    """Reads standings."""

    def __init__(self, directory: Directory, paging: Paging, page_url: Callable[[Incident], str]) -> None:
        self._directory = directory
        self._paging = paging
        self._page_url = page_url
        self._sections: list[CardSection] = []

    def add(self, section: CardSection) -> None:
        """Let an upper room add to the card."""
        self._sections.append(section)

    async def of(self, tx: Tx, incident: Incident) -> Standing:
        """How `incident` stands in this transaction."""
        parts = await roles.holders(tx, incident.number)
        leader = next((part for part in parts if part.role == COMMANDER), None)
        page = await self._paging.newest_page(tx, incident.number)
        waiting = await self._paging.open_page(tx, incident.number)
        holder = page.acknowledged_by if page and page.state != PageState.SNOOZED else None
        told = story.by_person(await self._paging.story(tx, incident.number))
        return Standing(
            incident=incident,
            level=self._directory.config.severity.level(incident.severity),
            service=self._directory.service(incident.service) if incident.service else None,
            team=self._directory.team(incident.team) if incident.team else None,
            commander=await self._directory.mention(tx, leader.person) if leader else None,
            is_acting=bool(leader and leader.is_acting),
            responders=tuple([await self._directory.mention(tx, part.person) for part in parts if part.role == RESPONDER]),
            acknowledged_by=await self._directory.mention(tx, holder) if holder else None,
            declared_by=await self._directory.mention(tx, incident.declared_by),
            paging=tuple(f"{self._directory.name(person)} {words}" for person, words in told.items()),
            page_id=waiting.id if waiting else None,
            page_url=self._page_url(incident),
            more=tuple([block for section in self._sections for block in await section(tx, incident)]),
        )
