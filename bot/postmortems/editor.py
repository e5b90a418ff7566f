"""The editor in a browser: Markdown beside how it will look, kept while it is typed, merged when it is saved."""

import asyncio

from aiohttp import web

from bot.accounts.access import Access
from bot.accounts.pages import ReaderPages, Visit
from bot.db import Database
from bot.directory.service import Directory
from bot.errors import InvalidInput
from bot.postmortems.differences import Change, Piece, differences
from bot.postmortems.merging import tidy
from bot.postmortems.reading import WAY_OUT, Reading, number_of, page_of
from bot.postmortems.service import PURPOSE, Choice, Postmortems
from bot.postmortems.unsaved import Unsaved
from bot.web.markdown import to_html

NEEDED = Access.RESPONDER


class Editor:
    """The pages of who writes."""

    def __init__(self, database: Database, directory: Directory, reading: Reading, postmortems: Postmortems, unsaved: Unsaved) -> None:
        self._db = database
        self._directory = directory
        self._reading = reading
        self._postmortems = postmortems
        self._unsaved = unsaved

    def register(self, readers: ReaderPages) -> None:
        """Serve `/postmortems/<number>/edit`, what its script asks for, and `/postmortems/<number>/conflicts`."""
        readers.add(PURPOSE, "number", tail="edit", show=self.show, act=self.save, way_out=WAY_OUT)
        readers.add(PURPOSE, "number", tail="conflicts", show=self.show_conflicts, act=self.settle, way_out=WAY_OUT)
        readers.add_verb(PURPOSE, "number", tail="preview", act=self.preview, way_out=WAY_OUT)
        readers.add_verb(PURPOSE, "number", tail="unsaved", act=self.keep, way_out=WAY_OUT)
        readers.add_verb(PURPOSE, "number", tail="drop", act=self.drop, way_out=WAY_OUT)

    async def show(self, visit: Visit) -> web.Response:
        """The editor, with what its reader had typed last and not saved."""
        person = visit.reader.must(NEEDED)
        async with self._db.begin(actor=person) as tx:
            incident, known = await self._reading.find(tx, visit)
            kept = await self._unsaved.mine(tx, incident.number)
            base = kept.base_version if kept else known.version
            await self._unsaved.keep(tx, incident.number, base, None)
            others = [self._directory.name(one) for one in await self._unsaved.others(tx, incident.number)]
            since = self._directory.wall_time(person, kept.typed_at, tx.now) if kept and kept.typed_at else ""
        markdown = kept.markdown if kept and kept.markdown is not None else known.markdown
        html = await asyncio.to_thread(to_html, markdown)
        return visit.page(
            "postmortems/editor.html",
            incident=incident,
            visit=visit,
            markdown=markdown,
            html=html,
            base=base,
            version=known.version,
            since=since,
            others=others,
        )

    async def preview(self, visit: Visit) -> web.Response:
        """How a text will look."""
        visit.reader.must(NEEDED)
        return web.json_response({"html": await asyncio.to_thread(to_html, visit.fields.get("markdown", ""))})

    async def keep(self, visit: Visit) -> web.Response:
        """What was typed is kept; who else is at it, and whether somebody has saved meanwhile."""
        person = visit.reader.must(NEEDED)
        async with self._db.begin(actor=person) as tx:
            incident, known = await self._reading.find(tx, visit)
            await self._unsaved.keep(tx, incident.number, number_of(visit, "base"), visit.fields.get("markdown"))
            others = [self._directory.name(one) for one in await self._unsaved.others(tx, incident.number)]
            newest = await self._postmortems.version(tx, incident.number, known.version)
            at = self._directory.wall_time(person, tx.now, tx.now)
        return web.json_response({"at": at, "others": others, "version": known.version, "by": self._directory.name(newest.author)})

    async def save(self, visit: Visit) -> web.StreamResponse | str:
        """Let the document say what was typed, beside what others have saved since."""
        person = visit.reader.must(NEEDED)
        async with self._db.begin(actor=person) as tx:
            incident, _ = await self._reading.find(tx, visit)
            saved = await self._postmortems.edit(tx, incident.number, visit.fields.get("markdown", ""), number_of(visit, "base"))
            await self._unsaved.drop(tx, incident.number)
        following = page_of(visit, "conflicts" if saved.conflicts else "")
        return web.json_response({"next": following}) if "as_json" in visit.fields else following

    async def drop(self, visit: Visit) -> str:
        """What was typed is not wanted."""
        async with self._db.begin(actor=visit.reader.must(NEEDED)) as tx:
            incident, _ = await self._reading.find(tx, visit)
            await self._unsaved.drop(tx, incident.number)
        return page_of(visit)

    async def show_conflicts(self, visit: Visit) -> web.Response:
        """Two texts for one place, side by side."""
        person = visit.reader.must(NEEDED)
        async with self._db.read() as tx:
            incident, known = await self._reading.find(tx, visit)
            rows = await self._postmortems.conflicts(tx, incident.number)
        shown = [
            {
                "id": row.number,
                "whose": "yours" if row.author == person else f"by {self._directory.name(row.author)}",
                "take": "Take mine" if row.author == person else f"Take what {self._directory.name(row.author)} wrote",
                "standing": beside(row.offered, row.standing),
                "offered": beside(row.standing, row.offered),
            }
            for row in rows
        ]
        return visit.page("postmortems/conflicts.html", incident=incident, visit=visit, version=known.version, conflicts=shown)

    async def settle(self, visit: Visit) -> str:
        """One of them is decided."""
        person = visit.reader.must(NEEDED)
        try:
            choice = Choice(visit.fields.get("choice", ""))
        except ValueError:
            raise InvalidInput("Choose which of the two texts stands, or both.") from None
        async with self._db.begin(actor=person) as tx:
            incident, _ = await self._reading.find(tx, visit)
            await self._postmortems.settle(tx, incident.number, number_of(visit, "conflict"), choice)
            left = await self._postmortems.conflicts(tx, incident.number)
        return page_of(visit, "conflicts" if left else "")


def beside(other: str, shown: str) -> list[Piece]:
    """A text in pieces: the same as in the other one, or its own."""
    found: list[Piece] = []
    for one in differences(tidy(other), tidy(shown)) if shown else ():
        own = [piece for piece in one.pieces if piece.change is not Change.REMOVED]
        found += [*([Piece(Change.SAME, "\n")] if found and own else []), *own]
    return found
