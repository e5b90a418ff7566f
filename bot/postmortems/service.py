"""The verbs of postmortems."""

from datetime import timedelta

from bot.db import ActorId, Tx
from bot.incidents.lifecycle import IncidentState
from bot.incidents.messages import ActionItemsChanged, HistoryRepaired, IncidentReopened, IncidentResolved
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.postmortems.messages import DraftPostmortem, PostmortemDrafted
from bot.postmortems.models import Postmortem
from bot.postmortems.states import follows_the_incident
from bot.slack.text import link
from bot.web.signing import Links
from bot.work import queue

PURPOSE = "postmortems"
"""What its signed links are for, and where their path begins."""
LINK_LASTS = timedelta(days=365)
"""Postmortems are read again when something like it happens; `/inc postmortem` gives a new link at any time."""
OVER = frozenset({IncidentState.RESOLVED, IncidentState.CLOSED})


class Postmortems:
    """Orders drafts, keeps them, and says where they are."""

    def __init__(self, incidents: Incidents, links: Links) -> None:
        self._incidents = incidents
        self._links = links

    async def on_resolved(self, tx: Tx, fact: IncidentResolved) -> None:
        """Resolving orders the draft, or draws up anew what was drafted before."""
        await self.order(tx, fact.incident_id)

    async def on_reopened(self, tx: Tx, fact: IncidentReopened) -> None:
        """Reopened or undone: a draft that waits is not wanted now. What was drafted stays, and is amended by the next resolve."""
        await queue.cancel(tx, key=key_of(fact.incident_id))

    async def on_items_changed(self, tx: Tx, fact: ActionItemsChanged) -> None:
        """What is to be done stands in the document, too."""
        await self.amend(tx, fact.incident_id)

    async def on_repaired(self, tx: Tx, fact: HistoryRepaired) -> None:
        """The history may hold what events had missed."""
        await self.amend(tx, fact.incident_id)

    async def amend(self, tx: Tx, incident_id: int) -> None:
        """There is more to say: draw the draft up again, if there is one or should be."""
        incident = await self._incidents.get(tx, incident_id)
        if incident.state in OVER:
            await self.order(tx, incident_id)

    async def order(self, tx: Tx, incident_id: int) -> None:
        """Let the draft be assembled from how things stand."""
        await queue.refresh(tx, DraftPostmortem(incident_id=incident_id), key=key_of(incident_id), about=f"incident:{incident_id}")

    async def find(self, tx: Tx, incident_id: int) -> Postmortem | None:
        """The incident's postmortem, if it was drafted."""
        return await tx.session.get(Postmortem, incident_id, populate_existing=True)

    async def keep(self, tx: Tx, incident: Incident, markdown: str, html: str) -> Postmortem | None:
        """Keep a draft; None when the incident was reopened meanwhile, or people have taken the document over.

        The first one is announced in the channel and on the card; the same text again changes nothing.
        """
        await tx.lock(f"postmortem:{incident.number}")
        current = await self._incidents.get(tx, incident.number)
        known = await self.find(tx, incident.number)
        if current.state not in OVER or (known is not None and not follows_the_incident(known.state)):
            return None
        if known is None:
            known = Postmortem(incident_id=incident.number, markdown=markdown, html=html, drafted_at=tx.now, changed_at=tx.now)
            tx.session.add(known)
            await tx.session.flush()
            address = link(self.url(incident.number), f"postmortem of #{incident.number}")
            await self._incidents.say(tx, current, f"Postmortem draft ready: {address}")
            await self._incidents.refresh(tx, current)
        elif known.markdown == markdown and known.html == html:
            return known
        else:
            known.markdown, known.html, known.changed_at, known.version = markdown, html, tx.now, known.version + 1
        await tx.session.flush()
        await tx.announce(PostmortemDrafted(incident.number, known.version))
        return known

    def url(self, incident_id: int, suffix: str = "", *, reader: ActorId | None = None) -> str:
        """A signed link to the document's page; with the suffix ".md", to its Markdown. A `reader` reads a draft in their own zone."""
        return self._links.link(PURPOSE, f"{incident_id}{suffix}", person=reader, lasts=LINK_LASTS)


def key_of(incident_id: int) -> str:
    """The key of the order to draft."""
    return f"draft_postmortem:{incident_id}"
