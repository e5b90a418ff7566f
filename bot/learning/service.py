"""The verbs of learning: what the archive hears of, and tags."""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete
from sqlmodel import col

from bot.db import Tx, hold_incident
from bot.directory.service import Directory
from bot.errors import AlreadyDone, InvalidInput, NotFound
from bot.events import Listeners
from bot.incidents import timeline
from bot.incidents.lifecycle import Milestone, MilestoneKind, durations
from bot.incidents.messages import IncidentDeclared, NoteWritten, StateChanged
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.learning import archive
from bot.learning.messages import IndexIncident
from bot.learning.models import FirstPublication, PostmortemTag
from bot.learning.tags import MOST, Suggestion, Told, Written, normalised, suggested
from bot.postmortems.messages import PostmortemPublished, PostmortemWithdrawn
from bot.work import queue

Heard = IncidentDeclared | StateChanged | NoteWritten
WHERE = {
    "declared": "the declaration", "note": "a note", "update": "an update", "mitigated": "what mitigated it", "resolved": "the resolution",
    "run": "a run", "reopened": "why it was reopened",
}  # fmt: skip
"""Kinds of entries that speak of causes, in plain words."""


class Learning:
    """Keeps the archive, and the tags of postmortems."""

    def __init__(self, directory: Directory, incidents: Incidents) -> None:
        self._directory = directory
        self._incidents = incidents

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The tags that are offered."""
        return self._directory.config.learning.tags

    def listen(self, listeners: Listeners) -> None:
        """Hear of everything that the archive has."""
        listeners.on(IncidentDeclared, self.on_words)
        listeners.on(StateChanged, self.on_words)
        listeners.on(NoteWritten, self.on_words)
        listeners.on(PostmortemPublished, self.on_published)
        listeners.on(PostmortemWithdrawn, self.on_withdrawn)

    # The archive

    async def on_words(self, tx: Tx, fact: Heard) -> None:
        """Something that the archive has of an incident has changed."""
        await self.order_index(tx, fact.incident_id)

    async def on_published(self, tx: Tx, fact: PostmortemPublished) -> None:
        """There is more to be found; and the first time is what counts for how soon it was."""
        await tx.insert_new(FirstPublication, incident_id=fact.incident_id, at=tx.now)
        await self.order_index(tx, fact.incident_id)

    async def on_withdrawn(self, tx: Tx, fact: PostmortemWithdrawn) -> None:
        """It is not found by its words any more, and counts as missing."""
        await tx.changed(delete(FirstPublication).where(col(FirstPublication.incident_id) == fact.incident_id))
        await self.order_index(tx, fact.incident_id)

    async def order_index(self, tx: Tx, incident_id: int) -> None:
        """Let the archive have the incident's words as they are now."""
        await queue.refresh(tx, IndexIncident(incident_id=incident_id), key=f"archive:{incident_id}", about=f"incident:{incident_id}")

    async def catch_up(self, tx: Tx) -> int:
        """Order what the archive is behind with: everything, right after an upgrade; nothing, on most days. Returns how many."""
        numbers = await archive.behind(tx)
        for number in numbers:
            await self.order_index(tx, number)
        return len(numbers)

    # Tags

    async def tags(self, tx: Tx, incident_id: int) -> tuple[str, ...]:
        """What is said to have contributed to an incident."""
        return (await archive.tags_of(tx, [incident_id])).get(incident_id, ())

    async def tag(self, tx: Tx, incident_id: int, tags: Iterable[str]) -> tuple[str, ...]:
        """Add tags; returns those that are new. Raises `AlreadyDone` when there is none."""
        await hold_incident(tx, incident_id)
        incident = await self._incidents.get(tx, incident_id)
        before = await self.tags(tx, incident.number)
        fresh = [one for one in dict.fromkeys(normalised(tag) for tag in tags) if one not in before]
        if not fresh:
            raise AlreadyDone(f"#{incident_id} has that tag already. Nothing to do.")
        if len(before) + len(fresh) > MOST:
            raise InvalidInput(f"A postmortem has at most {MOST} tags; #{incident_id} has {len(before)}. Take one away that matters less.")
        for one in fresh:
            tx.session.add(PostmortemTag(incident_id=incident_id, tag=one, by=tx.actor, at=tx.now))
        await tx.session.flush()
        return tuple(fresh)

    async def untag(self, tx: Tx, incident_id: int, tags: Iterable[str]) -> tuple[str, ...]:
        """Take tags away; returns which. Raises `NotFound` when none of them was set."""
        await hold_incident(tx, incident_id)
        before = await self.tags(tx, incident_id)
        gone = [one for one in dict.fromkeys(normalised(tag) for tag in tags) if one in before]
        if not gone:
            raise NotFound(f"#{incident_id} has no such tag. It has: {', '.join(before) or 'none'}.")
        mine = (col(PostmortemTag.incident_id) == incident_id) & col(PostmortemTag.tag).in_(gone)
        await tx.changed(delete(PostmortemTag).where(mine))
        return tuple(gone)

    async def suggestions(self, tx: Tx, incident: Incident) -> Sequence[Suggestion]:
        """Tags that may fit and are not set, each with its evidence."""
        present = await self.tags(tx, incident.number)
        written = [Written("the title", incident.title)]
        entries = await timeline.entries(tx, incident.number)
        written += [Written(WHERE[entry.kind], entry.text) for entry in entries if entry.kind in WHERE]
        stones = [Milestone(row.kind, row.happened_at, row.recorded_at) for row in await timeline.milestones(tx, incident.number)]
        by_alert = incident.origin == "alert" or any(one.kind is MilestoneKind.DETECTED for one in stones)
        told = Told(tuple(written), by_alert, durations(stones, incident.reopened_at).mttd)
        return suggested(told, self.vocabulary, present)
