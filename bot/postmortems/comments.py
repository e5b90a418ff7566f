"""Words about single blocks of a document: they stay with their block while others are edited, until somebody resolves them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from bot.db import ActorId, Tx
from bot.directory.service import Directory
from bot.errors import AlreadyDone, InvalidInput, NotFound
from bot.incidents.models import Incident
from bot.postmortems.merging import blocks, follow
from bot.postmortems.models import Postmortem, PostmortemComment
from bot.postmortems.service import Postmortems
from bot.slack.text import clamp, escape, link

LONGEST = 4000
QUOTED = 200


@dataclass(frozen=True)
class Thread:
    """A comment and the answers to it, in their order."""

    first: PostmortemComment
    answers: Sequence[PostmortemComment]


class Comments:
    """The verbs of comments. The actor is who speaks."""

    def __init__(self, directory: Directory, postmortems: Postmortems) -> None:
        self._directory = directory
        self._postmortems = postmortems

    async def add(self, tx: Tx, incident_id: int, text: str, block: int | None = None, version: int | None = None) -> PostmortemComment:
        """Say something about a block (`merging.blocks`) of the version that one reads, or about the whole. The owner is told."""
        words = self._words(text)
        incident, known = await self._postmortems.held(tx, incident_id)
        quote, place = await self._place(tx, known, block, version or known.version)
        row = PostmortemComment(incident_id=incident_id, author=tx.actor, text=words, at=tx.now, quote=quote, block=place)
        tx.session.add(row)
        await tx.session.flush()
        await self._tell(tx, incident, row, [known.owner], quote)
        return row

    async def answer(self, tx: Tx, incident_id: int, comment_id: int, text: str) -> PostmortemComment:
        """Answer a comment; who spoke in its thread is told. An answer opens a resolved one again."""
        words = self._words(text)
        incident, known = await self._postmortems.held(tx, incident_id)
        first = await self._first(tx, incident_id, comment_id)
        row = PostmortemComment(incident_id=incident_id, thread_id=first.number, author=tx.actor, text=words, at=tx.now)
        tx.session.add(row)
        first.resolved_at = first.resolved_by = None
        await tx.session.flush()
        thread = next(one for one in await self.threads(tx, incident_id) if one.first.id == first.id)
        await self._tell(tx, incident, row, [known.owner, first.author, *(one.author for one in thread.answers)], first.quote)
        return row

    async def resolve(self, tx: Tx, incident_id: int, comment_id: int) -> PostmortemComment:
        """The comment is dealt with. Raises `AlreadyDone` with who said so first."""
        await self._postmortems.held(tx, incident_id)
        first = await self._first(tx, incident_id, comment_id)
        if first.resolved_at is not None:
            at = self._directory.wall_time(tx.actor, first.resolved_at, tx.now)
            raise AlreadyDone(f"{self._directory.name(first.resolved_by or '')} resolved this comment at {at}. Nothing to do.")
        first.resolved_at, first.resolved_by = tx.now, tx.actor
        await tx.session.flush()
        return first

    async def threads(self, tx: Tx, incident_id: int) -> list[Thread]:
        """Every comment with its answers, in the document's order; those about the whole, or about what is gone, come first."""
        rows = select(PostmortemComment).where(col(PostmortemComment.incident_id) == incident_id).order_by(col(PostmortemComment.id))
        found = list((await tx.session.execute(rows)).scalars())
        firsts = sorted((row for row in found if row.thread_id is None), key=lambda row: -1 if row.block is None else row.block)
        return [Thread(first, [row for row in found if row.thread_id == first.id]) for first in firsts]

    async def _first(self, tx: Tx, incident_id: int, comment_id: int) -> PostmortemComment:
        """The first of the comment's thread."""
        found = await tx.session.get(PostmortemComment, comment_id, populate_existing=True) if 0 < comment_id < 2**31 else None
        if found is None or found.incident_id != incident_id:
            raise NotFound(f"The postmortem of #{incident_id} has no such comment.")
        return found if found.thread_id is None else await self._first(tx, incident_id, found.thread_id)

    async def _place(self, tx: Tx, known: Postmortem, block: int | None, version: int) -> tuple[str, int | None]:
        """The block's words as they were read, and where it stands now."""
        if block is None:
            return "", None
        read = blocks((await self._postmortems.version(tx, known.incident_id, version)).markdown)
        if not 0 <= block < len(read):
            raise InvalidInput(f"Version {version} has no paragraph {block}. Nothing was written down.")
        now = read if version == known.version else blocks(known.markdown)
        return read[block].text, block if version == known.version else follow(read, now)[block]

    async def _tell(self, tx: Tx, incident: Incident, row: PostmortemComment, people: Sequence[str | None], quote: str) -> None:
        """Tell these people, each once, and not who spoke."""
        who = escape(self._directory.name(row.author))
        about = f"\n>{escape(clamp(' '.join(quote.split()), QUOTED))}" if quote else ""
        for person in sorted({one for one in people if one is not None and one != row.author}):
            address = link(self._postmortems.url(incident.number, reader=ActorId(person)), f"postmortem of #{incident.number}")
            text = f"{who} on the {address}:{about}\n{escape(row.text)}"
            await self._postmortems.tell(tx, incident, person, text, f"comment:{row.number}")

    @staticmethod
    def _words(text: str) -> str:
        words = text.strip().replace("\0", "")
        if not words:
            raise InvalidInput("Write what you want to say about it.")
        if len(words) > LONGEST:
            raise InvalidInput(f"A comment has at most {LONGEST:,} characters; this one has {len(words):,}. Nothing was written down.")
        return words
