"""Postmortems in a browser, and as Markdown or PDF to take along, with their picture: all behind signed links."""

import asyncio

from aiohttp import web

from bot.db import Database, Tx
from bot.directory.service import Directory
from bot.errors import NotAllowed, NotFound, Unavailable
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.postmortems.models import Postmortem, PostmortemPicture
from bot.postmortems.paper import Paper
from bot.postmortems.pictures import Pictures
from bot.postmortems.press import CannotPress
from bot.postmortems.service import PURPOSE, Postmortems
from bot.postmortems.states import takes_new_facts
from bot.postmortems.themes import themed
from bot.postmortems.writing import Writer
from bot.web import pages
from bot.web.forms import NEVER, SignedPages
from bot.web.markdown import to_html
from bot.web.signing import Grant

MARKDOWN, PDF, SVG, PNG = ".md", ".pdf", ".svg", ".png"
WAYS = (MARKDOWN, PDF, SVG, PNG)
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""A picture has its colours inside it, and nothing else."""
WAY_OUT = "Type /inc postmortem in the incident's channel for a new link."


class PostmortemPages:
    """Shows documents."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        incidents: Incidents,
        writer: Writer,
        postmortems: Postmortems,
        pictures: Pictures,
        paper: Paper,
    ) -> None:
        self._db = database
        self._directory = directory
        self._incidents = incidents
        self._writer = writer
        self._postmortems = postmortems
        self._pictures = pictures
        self._paper = paper

    def register(self, signed: SignedPages) -> None:
        """Serve `/postmortems/<number>?k=…`, and `<number>.md`, `.pdf`, `.svg` and `.png` likewise."""
        signed.add(PURPOSE, "number", show=self.show, way_out=WAY_OUT)

    async def show(self, grant: Grant) -> web.Response:
        """The document as a page, as Markdown or as PDF, or its picture."""
        async with self._db.read() as tx:
            incident, postmortem = await self._find(tx, grant)
            picture = await self._pictures.find(tx, incident.number)
            if grant.ids[0].endswith((SVG, PNG)):
                return drawn(picture, grant.ids[0])
            material = await self._writer.gather(tx, incident) if self._lives_elsewhere(grant, postmortem) else None
        if material is None:
            markdown, html = postmortem.markdown, postmortem.html or await asyncio.to_thread(to_html, postmortem.markdown)
        else:
            markdown, html = await self._writer.write(material, grant.person)
        if grant.ids[0].endswith(MARKDOWN):
            return web.Response(text=markdown, content_type="text/markdown", charset="utf-8", headers=called(incident, MARKDOWN))
        urls = {way: self._postmortems.url(incident.number, way, reader=grant.person) for way in ("", *WAYS)}
        if grant.ids[0].endswith(PDF):
            return await self._printed(incident, standing(postmortem), markdown, picture, urls[""])
        return pages.page(
            "postmortems/page.html",
            incident=incident, postmortem=postmortem, standing=standing(postmortem), html=html, picture=picture,
            markdown_url=urls[MARKDOWN], pdf_url=urls[PDF], picture_url=urls[SVG],
        )  # fmt: skip

    async def _printed(self, incident: Incident, version: str, markdown: str, picture: PostmortemPicture | None, url: str) -> web.Response:
        try:
            made = await self._paper.pdf(incident, version, markdown, picture, url)
        except CannotPress as cannot:
            raise Unavailable(f"There is no PDF of this postmortem now. {cannot}") from cannot
        return web.Response(body=made, content_type="application/pdf", headers=called(incident, PDF))

    def _lives_elsewhere(self, grant: Grant, postmortem: Postmortem) -> bool:
        """Whether a draft that nobody has edited is to be written anew for whoever was sent the link, in their own zone."""
        zone = self._directory.zone_of(grant.person)
        is_untouched = takes_new_facts(postmortem.state) and postmortem.markdown == postmortem.generated
        return is_untouched and zone.key != self._directory.config.zone

    async def _find(self, tx: Tx, grant: Grant) -> tuple[Incident, Postmortem]:
        number = next((grant.ids[0].removesuffix(way) for way in WAYS if grant.ids[0].endswith(way)), grant.ids[0])
        if not number.isascii() or not number.isdecimal() or len(number) > 12:
            raise NotFound("There is no such postmortem.")
        incident = await self._incidents.get(tx, int(number))
        if incident.is_private and grant.expires_at == NEVER:  # the sandbox opens pages unsigned, but not this one
            raise NotAllowed(f"This incident is private: its postmortem opens only by the link that was sent. {WAY_OUT}")
        postmortem = await self._postmortems.find(tx, incident.number)
        if postmortem is None:
            raise NotFound(f"The postmortem of #{incident.number} is not there yet: it is drafted when the incident is resolved.")
        return incident, postmortem


def standing(postmortem: Postmortem) -> str:
    """In which state a document is, which version, and since when."""
    state = postmortem.state.value.replace("_", " ").capitalize()
    return f"{state}, version {postmortem.version}, {postmortem.changed_at:%Y-%m-%d %H:%M} UTC"


def called(incident: Incident, way: str) -> dict[str, str]:
    """Headers of a document that is taken along."""
    return {"Cache-Control": "no-store", "Content-Disposition": f'inline; filename="postmortem-{incident.number}{way}"'}


def drawn(picture: PostmortemPicture | None, name: str) -> web.Response:
    """The picture itself."""
    if picture is None or not picture.svg:
        raise NotFound(picture.trouble if picture else "The picture is not drawn yet. Look again in a moment.")
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": PICTURE_POLICY}
    if name.endswith(PNG):
        return web.Response(body=picture.png, content_type="image/png", headers=headers)
    return web.Response(text=themed(picture.svg), content_type="image/svg+xml", charset="utf-8", headers=headers)
