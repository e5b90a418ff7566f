"""A postmortem in a browser: the document with what is said about it; and as Markdown, PDF or picture to take along."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from bot.accounts.access import Access
from bot.accounts.pages import ReaderPages, Visit
from bot.db import ActorId, Database, Tx
from bot.directory.service import Directory
from bot.errors import InvalidInput, NotFound, Unavailable
from bot.incidents import files
from bot.incidents.models import Incident
from bot.postmortems.comments import Comments
from bot.postmortems.models import Postmortem, PostmortemPicture
from bot.postmortems.paper import Paper
from bot.postmortems.pictures import Pictures
from bot.postmortems.reading import MARKDOWN, PDF, PNG, SVG, WAY_OUT, Reading, marked, number_of, page_of
from bot.postmortems.review_page import ReviewDoor
from bot.postmortems.service import PURPOSE, Postmortems
from bot.postmortems.states import SENTENCES, takes_new_facts
from bot.postmortems.themes import themed
from bot.postmortems.writing import Writer
from bot.press.press import CannotPress
from bot.web.links import PageLink
from bot.web.markdown import to_html

PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""A picture has its colours inside it, and nothing else."""


LinksOf = Callable[[Tx, Incident, Visit], Awaitable[Sequence[PageLink]]]
"""(tx, incident, who reads) → ways to pages of the room's own."""


class PostmortemPages:
    """Shows documents, and takes comments."""

    def __init__(
        self,
        database: Database,
        directory: Directory,
        reading: Reading,
        writer: Writer,
        postmortems: Postmortems,
        comments: Comments,
        review: ReviewDoor,
        pictures: Pictures,
        paper: Paper,
    ) -> None:
        self._db = database
        self._directory = directory
        self._reading = reading
        self._writer = writer
        self._postmortems = postmortems
        self._comments = comments
        self._review = review
        self._pictures = pictures
        self._paper = paper
        self._links: list[LinksOf] = []

    def add(self, links: LinksOf) -> None:
        """Let an upper room show what it has beside the document."""
        self._links.append(links)

    def register(self, readers: ReaderPages) -> None:
        """Serve `/postmortems/<number>`, and `<number>.md`, `.pdf`, `.svg` and `.png` likewise."""
        readers.add(PURPOSE, "number", show=self.show, way_out=WAY_OUT)
        readers.add_verb(PURPOSE, "number", tail="comments", act=self.comment, way_out=WAY_OUT)

    async def show(self, visit: Visit) -> web.Response:
        """The document as a page, as Markdown or as PDF, or its picture."""
        wanted, person = visit.ids[0], visit.reader.person
        async with self._db.read() as tx:
            incident, known = await self._reading.find(tx, visit)
            picture = await self._pictures.find(tx, incident.number)
            if wanted.endswith((SVG, PNG)):
                return drawn(picture, wanted)
            text = await self._reading.text(tx, visit, known)
            material = await self._writer.gather(tx, incident) if self._lives_elsewhere(person, known) else None
        markdown = text if material is None else (await self._writer.write(material, person))[0]
        if wanted.endswith(MARKDOWN):
            return web.Response(text=markdown, content_type="text/markdown", charset="utf-8", headers=called(incident, MARKDOWN))
        if wanted.endswith(PDF):
            anybodys = self._postmortems.url(incident.number)  # what is printed is handed on, and must not act for who printed it
            return await self._printed(incident, known, markdown, picture, anybodys)
        return await self._page(visit, incident, known, markdown, picture)

    async def comment(self, visit: Visit) -> str:
        """Something is said about a block or the whole, answered, or dealt with."""
        person, fields = visit.reader.must(Access.RESPONDER), visit.fields
        async with self._db.begin(actor=person) as tx:
            incident, _ = await self._reading.find(tx, visit)
            match fields.get("do"):
                case "add":
                    block = number_of(visit, "block") if fields.get("block") else None
                    row = await self._comments.add(tx, incident.number, fields.get("text", ""), block, number_of(visit, "version"))
                case "answer":
                    row = await self._comments.answer(tx, incident.number, number_of(visit, "comment"), fields.get("text", ""))
                case "resolve":
                    row = await self._comments.resolve(tx, incident.number, number_of(visit, "comment"))
                case _:
                    raise InvalidInput("This page is not complete. Open it again.")
        return f"{page_of(visit)}#comment-{row.thread_id or row.number}"

    async def _page(
        self, visit: Visit, incident: Incident, known: Postmortem, markdown: str, picture: PostmortemPicture | None
    ) -> web.Response:
        reader = visit.reader
        may_write = reader.may(Access.RESPONDER)
        async with self._db.read() as tx:
            threads = await self._comments.threads(tx, incident.number)
            conflicts = len(await self._postmortems.conflicts(tx, incident.number))
            number = known.version if may_write or known.published_version is None else known.published_version
            shown = await self._postmortems.version(tx, incident.number, number)
            review = await self._review.standing(tx, visit, incident, known)
            links = [link for found in self._links for link in await found(tx, incident, visit)]
            now = tx.now
        is_marked = may_write or bool(threads)  # who only reads a document that nobody has spoken about needs no script
        return visit.page(
            "postmortems/page.html",
            incident=incident,
            postmortem=known,
            visit=visit,
            sentence=SENTENCES[known.state],
            html=await self._html(visit, known, markdown, is_marked),
            shown=shown,
            is_marked=is_marked,
            may_write=may_write,
            threads=threads,
            unresolved=sum(thread.first.resolved_at is None for thread in threads),
            conflicts=conflicts,
            review=review,
            links=links,
            picture=picture,
            owner=self._directory.name(known.owner) if known.owner else "",
            called=self._directory.name,
            when=lambda at: self._directory.wall_time(reader.actor, at, now),
            as_file=lambda way: self._as_file(visit, incident, way),
        )

    async def _html(self, visit: Visit, known: Postmortem, markdown: str, is_marked: bool) -> str:
        """The document as HTML: as it is kept, unless somebody needs to point at its blocks."""
        if is_marked:
            html = await asyncio.to_thread(marked, known.markdown, markdown)
        elif known.html and markdown == known.markdown:
            html = known.html
        else:
            html = await asyncio.to_thread(to_html, markdown)
        is_open = visit.session is not None and not visit.reader.holds_link
        return html if is_open else self._postmortems.opened(html, known)

    async def _printed(
        self, incident: Incident, known: Postmortem, markdown: str, picture: PostmortemPicture | None, url: str
    ) -> web.Response:
        try:
            made = await self._paper.pdf(incident, standing(known), markdown, picture, url, await self._shared(incident))
        except CannotPress as cannot:
            raise Unavailable(f"There is no PDF of this postmortem now. {cannot}") from cannot
        return web.Response(body=made, content_type="application/pdf", headers=called(incident, PDF))

    async def _shared(self, incident: Incident) -> dict[str, bytes]:
        """The pictures that people posted in its channel, by their addresses."""
        async with self._db.read() as tx:
            found = await files.shown(tx, incident.number)
        return {files.address(one): one.content for one in found if one.content is not None and one.kind in files.PICTURES}

    def _as_file(self, visit: Visit, incident: Incident, way: str) -> str:
        """Its address as a file: the plain one for who signed in and may see it by that alone; else a link of its own."""
        if visit.session is not None and not visit.reader.holds_link:
            return f"/{PURPOSE}/{incident.number}{way}"
        return self._postmortems.url(incident.number, way, reader=visit.reader.person)

    def _lives_elsewhere(self, reader: ActorId | None, postmortem: Postmortem) -> bool:
        """Whether a draft that nobody has edited is to be written anew for its reader, in their own zone."""
        zone = self._directory.zone_of(reader)
        is_untouched = takes_new_facts(postmortem.state) and postmortem.markdown == postmortem.generated
        return is_untouched and zone.key != self._directory.config.zone


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
