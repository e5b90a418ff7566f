"""Finding the document that a page is about, for whoever may see it, and showing its text so that its blocks can be pointed at."""

from functools import lru_cache

from bot.accounts.access import Access
from bot.accounts.pages import Visit
from bot.db import Tx
from bot.errors import InvalidInput, NotAllowed, NotFound
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.postmortems.merging import blocks, follow
from bot.postmortems.models import Postmortem
from bot.postmortems.service import LINK_LASTS, Postmortems
from bot.web.markdown import to_html

MARKDOWN, PDF, SVG, PNG = ".md", ".pdf", ".svg", ".png"
WAYS = (MARKDOWN, PDF, SVG, PNG)
"""As what a document is taken along."""
WAY_OUT = "Type /inc postmortem in the incident's channel for a new link."


class Reading:
    """What every page of a document begins with."""

    def __init__(self, incidents: Incidents, postmortems: Postmortems) -> None:
        self._incidents = incidents
        self._postmortems = postmortems

    async def find(self, tx: Tx, visit: Visit) -> tuple[Incident, Postmortem]:
        """The document that the address names; raises `NotFound`, also for whoever must not know that it is there."""
        number = next((visit.ids[0].removesuffix(way) for way in WAYS if visit.ids[0].endswith(way)), visit.ids[0])
        if not number.isascii() or not number.isdecimal() or len(number) > 12:
            raise NotFound("There is no such postmortem.")
        incident = await self._incidents.get(tx, int(number))
        if incident.is_private:
            await self._check_insider(tx, visit, incident)
        postmortem = await self._postmortems.find(tx, incident.number)
        if postmortem is None:
            raise NotFound(f"The postmortem of #{incident.number} is not there yet: it is drafted when the incident is resolved.")
        return incident, postmortem

    async def text(self, tx: Tx, visit: Visit, known: Postmortem) -> str:
        """What of it is for this reader: once a version is published, who does not write reads that one, and not the next one's drafts."""
        if known.published_version is None or visit.reader.may(Access.RESPONDER):
            return known.markdown
        return (await self._postmortems.version(tx, known.incident_id, known.published_version)).markdown

    async def _check_insider(self, tx: Tx, visit: Visit, incident: Incident) -> None:
        """A private incident is for those whom it concerns, and for whoever was sent its link."""
        if visit.is_unsigned:  # the sandbox opens pages unsigned, but not this one
            raise NotAllowed(f"This incident is private: its postmortem opens only by the link that was sent. {WAY_OUT}")
        if visit.reader.holds_link and visit.link_ends is not None:
            await self._incidents.check_reader(tx, incident, visit.reader.person, visit.link_ends - LINK_LASTS)
        if not visit.reader.holds_link:
            with tx.acting(visit.reader.actor):
                if not await self._incidents.is_insider(tx, incident):
                    raise NotFound(f"There is no incident #{incident.number}.")


@lru_cache(maxsize=8)
def marked(stored: str, shown: str) -> str:
    """A text as HTML in which each block carries its number in the stored document. `shown` may be the same in another zone's times."""
    now = blocks(shown)
    places = range(len(now)) if shown == stored else follow(blocks(stored), now)
    return to_html(shown, {now[place].line: number for number, place in enumerate(places) if place is not None})


def page_of(visit: Visit, tail: str = "") -> str:
    """The address of the document's page, or of another of its pages."""
    return visit.beside(tail) if tail else visit.address


def number_of(visit: Visit, field: str) -> int:
    """A whole number that a page's form holds; raises `InvalidInput`."""
    given = visit.fields.get(field, "")
    if not given.isascii() or not given.isdecimal() or len(given) > 9:
        raise InvalidInput("This page is not complete. Open it again; what you typed is kept.")
    return int(given)
