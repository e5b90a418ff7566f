"""Postmortems in a browser, and as Markdown to take along: both behind signed links."""

import asyncio

from aiohttp import web

from bot.db import Database, Tx
from bot.directory.service import Directory
from bot.errors import NotAllowed, NotFound
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.postmortems.models import Postmortem
from bot.postmortems.service import PURPOSE, Postmortems
from bot.postmortems.states import takes_new_facts
from bot.postmortems.writing import Writer
from bot.web import pages
from bot.web.forms import NEVER, SignedPages
from bot.web.markdown import to_html
from bot.web.signing import Grant

MARKDOWN = ".md"
WAY_OUT = "Type /inc postmortem in the incident's channel for a new link."


class PostmortemPages:
    """Shows documents."""

    def __init__(self, database: Database, directory: Directory, incidents: Incidents, writer: Writer, postmortems: Postmortems) -> None:
        self._db = database
        self._directory = directory
        self._incidents = incidents
        self._writer = writer
        self._postmortems = postmortems

    def register(self, signed: SignedPages) -> None:
        """Serve `/postmortems/<number>?k=…` and `/postmortems/<number>.md?k=…`."""
        signed.add(PURPOSE, "number", show=self.show, way_out=WAY_OUT)

    async def show(self, grant: Grant) -> web.Response:
        """The document, as a page or as Markdown."""
        async with self._db.read() as tx:
            incident, postmortem = await self._find(tx, grant)
            material = await self._writer.gather(tx, incident) if self._lives_elsewhere(grant, postmortem) else None
        if material is None:
            markdown, html = postmortem.markdown, postmortem.html or await asyncio.to_thread(to_html, postmortem.markdown)
        else:
            markdown, html = await self._writer.write(material, grant.person)
        if grant.ids[0].endswith(MARKDOWN):
            headers = {"Cache-Control": "no-store", "Content-Disposition": f'inline; filename="postmortem-{incident.number}.md"'}
            return web.Response(text=markdown, content_type="text/markdown", charset="utf-8", headers=headers)
        address = self._postmortems.url(incident.number, MARKDOWN, reader=grant.person)
        return pages.page("postmortems/page.html", incident=incident, postmortem=postmortem, html=html, markdown_url=address)

    def _lives_elsewhere(self, grant: Grant, postmortem: Postmortem) -> bool:
        """Whether a draft that nobody has edited is to be written anew for whoever was sent the link, in their own zone."""
        zone = self._directory.zone_of(grant.person)
        is_untouched = takes_new_facts(postmortem.state) and postmortem.markdown == postmortem.generated
        return is_untouched and zone.key != self._directory.config.zone

    async def _find(self, tx: Tx, grant: Grant) -> tuple[Incident, Postmortem]:
        number = grant.ids[0].removesuffix(MARKDOWN)
        if not number.isascii() or not number.isdecimal() or len(number) > 12:
            raise NotFound("There is no such postmortem.")
        incident = await self._incidents.get(tx, int(number))
        if incident.is_private and grant.expires_at == NEVER:  # the sandbox opens pages unsigned, but not this one
            raise NotAllowed(f"This incident is private: its postmortem opens only by the link that was sent. {WAY_OUT}")
        postmortem = await self._postmortems.find(tx, incident.number)
        if postmortem is None:
            raise NotFound(f"The postmortem of #{incident.number} is not there yet: it is drafted when the incident is resolved.")
        return incident, postmortem
