"""An incident's page in a browser: what the card shows, the timeline so far, and where to meet when Slack is away."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web

from bot.config.models import Bridge
from bot.db import BOT, ActorId, Database, Tx
from bot.directory.service import Directory
from bot.errors import NotAllowed, NotFound
from bot.incidents import roles, timeline, transcript
from bot.incidents.action_items import ActionItems
from bot.incidents.lifecycle import is_open
from bot.incidents.models import COMMANDER, ChannelMessage, Incident, TimelineEntry
from bot.incidents.service import Incidents
from bot.paging import story
from bot.paging.service import Paging
from bot.web import pages
from bot.web.forms import NEVER, SignedPages
from bot.web.links import PageLink
from bot.web.signing import Grant

PURPOSE = "i"
WAY_OUT = "Open the newest link to the incident, or type /inc in Slack."
LINK_LASTS = timedelta(days=90)
"""The card and the postmortem link to it, and both are read for weeks."""
SHOWN = 100
"""Lines of the timeline on the page, newest first; the postmortem has them all."""
LONGEST = 500
"""Characters of one line, for a phone."""

LinksOf = Callable[[Tx, Incident, ActorId | None], Awaitable[Sequence[PageLink]]]
"""(tx, incident, who the page's link names) → ways to pages of the room's own."""


@dataclass(frozen=True)
class Line:
    """An entry of the timeline, or a message that somebody marked for it."""

    happened_at: datetime
    who: str
    what: str


class IncidentPage:
    """Shows an incident to whoever holds its link."""

    def __init__(self, database: Database, directory: Directory, incidents: Incidents, paging: Paging, items: ActionItems) -> None:
        self._items = items
        self._links: list[LinksOf] = []
        self._db = database
        self._directory = directory
        self._incidents = incidents
        self._paging = paging

    def add(self, links: LinksOf) -> None:
        """Let an upper room show what it has for the reader."""
        self._links.append(links)

    def register(self, signed: SignedPages) -> None:
        """Serve `/i/<number>?k=…`."""
        signed.add(PURPOSE, "number", show=self.show, way_out=WAY_OUT)

    async def show(self, grant: Grant) -> web.Response:
        """The incident as it stands now."""
        async with self._db.read() as tx:
            incident = await self._find(tx, grant)
            parts = await roles.holders(tx, incident.number)
            paged = story.by_person(await self._paging.story(tx, incident.number))
            links = [link for found in self._links for link in await found(tx, incident, grant.person)]
            lines = [self._entry(entry) for entry in await timeline.entries(tx, incident.number)]
            lines += [self._message(message) for message in await transcript.marked(tx, incident.number)]
            with tx.acting(grant.person or BOT):  # an item's day is said as it is where this is read
                listed = await self._items.of(tx, incident.number)
                elsewhere = await self._items.links(tx, listed)
                items = [(item, self._items.state_of(tx, item), elsewhere.get(item.number)) for item in listed]
        lines.sort(key=lambda line: line.happened_at)
        leader = next((part for part in parts if part.role == COMMANDER), None)
        service = self._directory.service(incident.service) if incident.service else None
        name = self._directory.name
        return pages.page(
            "incidents/page.html",
            incident=incident,
            impact=self._incidents.level(incident).impact,
            service=service.name if service else incident.service,
            commander=f"{name(leader.person)}{' (acting)' if leader.is_acting else ''}" if leader else "nobody yet",
            responders=[name(part.person) for part in parts if part.role != COMMANDER],
            declared_by=name(incident.declared_by),
            where=self._where(incident),
            bridge=self._bridge(incident),
            is_open=is_open(incident.state),
            links=links,
            paged=[(name(person), standing) for person, standing in paged.items()],
            items=items,
            timeline=lines[: -SHOWN - 1 : -1],
            left_out=max(0, len(lines) - SHOWN),
        )

    async def _find(self, tx: Tx, grant: Grant) -> Incident:
        number = grant.ids[0]
        if not number.isascii() or not number.isdecimal() or len(number) > 12:
            raise NotFound("There is no such incident.")
        incident = await self._incidents.get(tx, int(number))
        if incident.is_private and grant.expires_at == NEVER:  # the sandbox opens pages unsigned, but not this one
            raise NotAllowed(f"This incident is private: its page opens only by the link that was sent. {WAY_OUT}")
        await self._incidents.check_reader(tx, incident, grant.person, grant.expires_at - LINK_LASTS)
        return incident

    def _where(self, incident: Incident) -> str:
        """Why there is no channel to go to, as a sentence; "" when there is one."""
        if incident.channel_id or not is_open(incident.state):
            return ""
        if incident.channel_trouble:
            meet = "Meet on the bridge below." if self._bridge(incident) else "Whoever was paged has this page, too."
            return f"There is no channel yet: {incident.channel_trouble.rstrip('.')}. It is tried again by itself. {meet}"
        return "The channel is being opened." if self._incidents.level(incident).opens_channel else ""

    def _bridge(self, incident: Incident) -> Bridge | None:
        team = self._directory.team(incident.team) if incident.team else None
        return team.bridge if team else None

    def _entry(self, entry: TimelineEntry) -> Line:
        return Line(entry.happened_at, self._directory.name(entry.actor), shortened(entry.text))

    def _message(self, message: ChannelMessage) -> Line:
        return Line(
            message.happened_at, self._directory.name(message.author.removeprefix(transcript.OTHER_APP)), f"“{shortened(message.text)}”"
        )


def shortened(text: str) -> str:
    """The beginning of a long text."""
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
