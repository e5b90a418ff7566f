"""The versions of a document in a browser: which there were, what differs, and going back."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from bot.accounts.access import Access
from bot.accounts.pages import ReaderPages, Visit
from bot.db import Database
from bot.directory.service import Directory
from bot.postmortems.differences import Difference, differences
from bot.postmortems.history import told
from bot.postmortems.reading import WAY_OUT, Reading, number_of, page_of
from bot.postmortems.service import PURPOSE, Postmortems


@dataclass(frozen=True)
class Passage:
    """A block that differs; or, without one, how many in a row are the same."""

    difference: Difference | None = None
    heading: str = ""
    same: int = 0

    @property
    def fate(self) -> str:
        """`added`, `removed` or `changed`."""
        changes = {piece.change.value for piece in self.difference.pieces} if self.difference else set()
        return changes.pop() if len(changes) == 1 else "changed"


class VersionPages:
    """Shows versions."""

    def __init__(self, database: Database, directory: Directory, reading: Reading, postmortems: Postmortems) -> None:
        self._db = database
        self._directory = directory
        self._reading = reading
        self._postmortems = postmortems

    def register(self, readers: ReaderPages) -> None:
        """Serve `/postmortems/<number>/history[?version=5[&since=3]]`."""
        readers.add(PURPOSE, "number", tail="history", show=self.show, act=self.restore, way_out=WAY_OUT)

    async def show(self, visit: Visit) -> web.Response:
        """Every version; with `?version=`, what it changed in the one before, or since another one. For those who may write."""
        visit.reader.must(Access.RESPONDER)
        async with self._db.read() as tx:
            incident, known = await self._reading.find(tx, visit)
            chosen = asked(visit, "version")
            lines = [] if chosen else told(await self._postmortems.versions(tx, incident.number))[::-1]
            after = await self._postmortems.version(tx, incident.number, chosen) if chosen else None
            since = asked(visit, "since") or (chosen - 1 if chosen else 0)
            before = await self._postmortems.version(tx, incident.number, since) if since else None
            now = tx.now
        zone = self._directory.zone_of(visit.reader.person)
        passages = await asyncio.to_thread(differences, before.markdown if before else "", after.markdown) if after else ()
        return visit.page(
            "postmortems/history.html",
            incident=incident,
            postmortem=known,
            visit=visit,
            lines=lines,
            after=after,
            before=before,
            passages=folded(passages),
            called=self._directory.name,
            when=lambda at: (
                f"{at.astimezone(zone):%Y-%m-%d %H:%M}" if at.astimezone(zone).date() != now.date() else f"{at.astimezone(zone):%H:%M}"
            ),
            zone=zone.key,
        )

    async def restore(self, visit: Visit) -> str:
        """Let the document be as it was."""
        async with self._db.begin(actor=visit.reader.must(Access.RESPONDER)) as tx:
            incident, _ = await self._reading.find(tx, visit)
            await self._postmortems.restore(tx, incident.number, number_of(visit, "version"))
        return page_of(visit)


def folded(found: Sequence[Difference]) -> list[Passage]:
    """The blocks that differ, each with the heading under which it stands; of those between them only how many there are."""
    passages: list[Passage] = []
    heading, same = "", 0
    for one in found:
        heading = one.after.lstrip("# ") if one.after.startswith("#") else heading
        if one.is_same:
            same += 1
            continue
        passages += [Passage(same=same)] if same else []
        passages.append(Passage(one, heading))
        same = 0
    return [*passages, Passage(same=same)] if same and passages else passages


def asked(visit: Visit, name: str) -> int:
    """A number in the address; 0 when there is none that makes sense."""
    given = visit.query.get(name, "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) <= 9 else 0
