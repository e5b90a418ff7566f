"""How an incident stands at one moment: everything that its card, its page and its answers show, read in one go."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import Block
from sqlalchemy import select
from sqlmodel import col

from bot.config.models import Level, Service, Team
from bot.db import Tx
from bot.directory.service import Directory
from bot.incidents import roles
from bot.incidents.models import COMMANDER, Incident, Invitation
from bot.incidents.width import SEV1
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
    duties: Mapping[str, str]
    """Mentions of who has one of `roles.DUTIES`."""
    responders: tuple[str, ...]
    """Mentions of everybody who has a part, who leads among them."""
    invited: int
    """How many were invited and are neither responders nor paged."""
    acknowledged_by: str | None
    declared_by: str
    paging: tuple[str, ...]
    """Everybody who was chosen to be paged and how far that is, a line each, plain."""
    page_id: int | None
    """The page that still waits for an answer."""
    page_url: str | None
    is_asked: bool
    """A person is to say whether the severity is right."""
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
        service = self._directory.service(incident.service) if incident.service else None
        parts = await roles.holders(tx, incident.number)
        leader = next((part for part in parts if part.role == COMMANDER), None)
        page = await self._paging.newest_page(tx, incident.number)
        waiting = await self._paging.open_page(tx, incident.number)
        holder = page.acknowledged_by if page and page.state != PageState.SNOOZED else None
        responders = list(dict.fromkeys(part.person for part in parts))
        told = story.by_person(await self._paging.story(tx, incident.number))
        waits_for_person = bool(service and service.pages_for_width) and incident.severity == SEV1
        return Standing(
            incident=incident,
            level=self._directory.config.severity.level(incident.severity),
            service=service,
            team=self._directory.team(incident.team) if incident.team else None,
            commander=await self._directory.mention(tx, leader.person) if leader else None,
            is_acting=bool(leader and leader.is_acting),
            duties={part.role: await self._directory.mention(tx, part.person) for part in parts if part.role in roles.DUTIES},
            responders=tuple([await self._directory.mention(tx, person) for person in responders]),
            invited=len(await self._invited(tx, incident) - {*responders, *told}),
            acknowledged_by=await self._directory.mention(tx, holder) if holder else None,
            declared_by=await self._directory.mention(tx, incident.declared_by),
            paging=tuple(f"{self._directory.name(person)} {words}" for person, words in told.items()),
            page_id=waiting.id if waiting else None,
            page_url=self._page_url(incident),
            is_asked=not incident.is_confirmed or (incident.confirmed_by is None and waits_for_person),
            more=tuple([block for section in self._sections for block in await section(tx, incident)]),
        )

    async def _invited(self, tx: Tx, incident: Incident) -> set[str]:
        rows = select(col(Invitation.actor)).where(col(Invitation.incident_id) == incident.number)
        return set((await tx.session.execute(rows)).scalars()) - {incident.declared_by}
