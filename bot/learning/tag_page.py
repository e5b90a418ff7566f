"""The tags of a postmortem in a browser, beside the document: what is set, what may fit and why, and what else there is."""

from aiohttp import web

from bot.accounts.access import Access
from bot.accounts.pages import ReaderPages, Visit
from bot.db import Database, Tx
from bot.errors import InvalidInput
from bot.incidents.models import Incident
from bot.learning.service import Learning
from bot.postmortems.reading import WAY_OUT, Reading, page_of
from bot.postmortems.service import PURPOSE
from bot.web.links import PageLink

TAIL = "tags"


class TagPage:
    """Shows the tags, and sets them for whoever may write."""

    def __init__(self, database: Database, reading: Reading, learning: Learning) -> None:
        self._db = database
        self._reading = reading
        self._learning = learning

    def register(self, readers: ReaderPages) -> None:
        """Serve `/postmortems/<number>/tags`."""
        readers.add(PURPOSE, "number", tail=TAIL, show=self.show, act=self.act, way_out=WAY_OUT)

    async def links(self, tx: Tx, incident: Incident, visit: Visit) -> list[PageLink]:
        """For the document's page: which tags there are, and the way to them."""
        tags = await self._learning.tags(tx, incident.number)
        return [PageLink(f"Tags: {', '.join(tags)}" if tags else "No tags yet: what contributed?", visit.beside(TAIL))]

    async def show(self, visit: Visit) -> web.Response:
        """What is set and what may fit."""
        async with self._db.read() as tx:
            incident, _ = await self._reading.find(tx, visit)
            tags = await self._learning.tags(tx, incident.number)
            fitting = await self._learning.suggestions(tx, incident)
        suggested = {one.tag for one in fitting}
        return visit.page(
            "learning/tags.html",
            root="../..",
            incident=incident,
            visit=visit,
            back=page_of(visit),
            tags=tags,
            fitting=fitting,
            others=[tag for tag in self._learning.vocabulary if tag not in tags and tag not in suggested],
            may_write=visit.reader.person is not None and visit.reader.may(Access.RESPONDER),
        )

    async def act(self, visit: Visit) -> str:
        """Set tags, or take one away."""
        person, fields = visit.reader.must(Access.RESPONDER), visit.fields
        async with self._db.begin(actor=person) as tx:
            incident, _ = await self._reading.find(tx, visit)
            if gone := fields.get("remove"):
                await self._learning.untag(tx, incident.number, [gone])
            elif wanted := [part for part in fields.get("add", "").split(",") if part.strip()]:
                await self._learning.tag(tx, incident.number, wanted)
            else:
                raise InvalidInput("Type a tag, or choose one. Nothing was changed.")
        return visit.beside(TAIL)
