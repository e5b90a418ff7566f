"""What people are typing: kept until they save it or drop it, and shown to each other."""

from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from bot.db import Tx
from bot.errors import InvalidInput
from bot.postmortems.models import PostmortemUnsaved
from bot.postmortems.service import LONGEST, Postmortems

PRESENT_FOR = timedelta(seconds=30)
"""An editor reports every few seconds; who has not for this long is gone."""


class Unsaved:
    """The verbs. The actor is who types."""

    def __init__(self, postmortems: Postmortems) -> None:
        self._postmortems = postmortems

    async def mine(self, tx: Tx, incident_id: int) -> PostmortemUnsaved | None:
        """What the actor has typed, if anything."""
        found = await tx.session.get(PostmortemUnsaved, (incident_id, tx.actor), populate_existing=True)
        return found if found is not None and found.markdown is not None else None

    async def keep(self, tx: Tx, incident_id: int, base_version: int, markdown: str | None) -> None:
        """The actor is at it; with `markdown`, that is how far they are."""
        if markdown is not None and len(markdown) > LONGEST:
            raise InvalidInput(
                f"A postmortem has at most {LONGEST:,} characters; this one has {len(markdown):,}. It is kept in your browser alone."
            )
        await self._postmortems.version(tx, incident_id, base_version)
        await tx.insert_new(PostmortemUnsaved, incident_id=incident_id, person=tx.actor, base_version=base_version, seen_at=tx.now)
        row = await tx.session.get_one(PostmortemUnsaved, (incident_id, tx.actor), populate_existing=True)
        row.seen_at = tx.now
        if markdown is not None:
            row.base_version, row.markdown, row.typed_at = base_version, markdown, tx.now
        await tx.session.flush()

    async def drop(self, tx: Tx, incident_id: int) -> None:
        """It is saved, or not wanted any more."""
        row = await tx.session.get(PostmortemUnsaved, (incident_id, tx.actor), populate_existing=True)
        if row is not None:
            await tx.session.delete(row)
            await tx.session.flush()

    async def others(self, tx: Tx, incident_id: int) -> list[str]:
        """Who else is at it now."""
        here = (col(PostmortemUnsaved.incident_id) == incident_id) & (col(PostmortemUnsaved.seen_at) > tx.now - PRESENT_FOR)
        rows = select(col(PostmortemUnsaved.person)).where(here, col(PostmortemUnsaved.person) != tx.actor)
        return list((await tx.session.execute(rows.order_by(col(PostmortemUnsaved.person)))).scalars())
