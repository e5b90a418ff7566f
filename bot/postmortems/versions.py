"""The document through its versions: the one place where its text changes, and what follows from that."""

from sqlalchemy import select, update
from sqlmodel import col

from bot.db import ActorId, Tx
from bot.directory.messages import TellPerson
from bot.directory.service import Directory
from bot.errors import NotFound
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.postmortems.deadlines import due_on, next_reminder
from bot.postmortems.history import Version
from bot.postmortems.merging import blocks, follow
from bot.postmortems.messages import PostmortemChanged, RemindOfPostmortem
from bot.postmortems.models import Postmortem, PostmortemApproval, PostmortemComment, PostmortemConflict, PostmortemVersion
from bot.postmortems.states import ALLOWED, PostmortemState, VersionKind
from bot.slack.text import escape
from bot.states import move
from bot.work import queue


class Versions:
    """Finds documents, and keeps every version of them."""

    def __init__(self, directory: Directory, incidents: Incidents) -> None:
        self._directory = directory
        self._incidents = incidents

    async def find(self, tx: Tx, incident_id: int) -> Postmortem | None:
        """The incident's postmortem, if it was drafted."""
        return await tx.session.get(Postmortem, incident_id, populate_existing=True)

    async def get(self, tx: Tx, incident_id: int) -> Postmortem:
        """The incident's postmortem; raises `NotFound` with what to do."""
        found = await self.find(tx, incident_id)
        if found is None:
            raise NotFound(f"#{incident_id} has no postmortem. One is drafted when it is resolved: `/inc #{incident_id} resolve …`.")
        return found

    async def readable(self, tx: Tx, incident_id: int) -> tuple[Incident, Postmortem]:
        """The document, for who acts: of a private incident none but its own people learn that it exists. For doors; verbs do not ask."""
        incident = await self._incidents.get(tx, incident_id)
        if not await self.sees(tx, incident, tx.actor):
            raise NotFound(f"There is no incident #{incident_id}.")
        return incident, await self.get(tx, incident_id)

    async def sees(self, tx: Tx, incident: Incident, person: ActorId) -> bool:
        """Whether somebody may read what is private of an incident."""
        with tx.acting(person):
            return not incident.is_private or await self._incidents.is_insider(tx, incident)

    async def held(self, tx: Tx, incident_id: int) -> tuple[Incident, Postmortem]:
        """The document, with everything about its incident held until the transaction ends; raises `NotFound`."""
        incident = await self._incidents.held(tx, incident_id)
        return incident, await self.get(tx, incident_id)

    async def versions(self, tx: Tx, incident_id: int) -> list[Version]:
        """Every version, the first one first; `version` has the text of one."""
        row = PostmortemVersion
        rows = select(col(row.number), col(row.kind), col(row.author), col(row.at), col(row.why)).where(col(row.incident_id) == incident_id)
        return [Version(*found) for found in (await tx.session.execute(rows.order_by(col(row.number)))).all()]

    async def version(self, tx: Tx, incident_id: int, number: int) -> PostmortemVersion:
        """One version; raises `NotFound`."""
        found = await tx.session.get(PostmortemVersion, (incident_id, number)) if 0 < number < 2**31 else None
        if found is None:
            raise NotFound(f"The postmortem of #{incident_id} has no version {number}. `/inc postmortem history` lists them.")
        return found

    async def published(self, tx: Tx, incident_id: int) -> PostmortemVersion | None:
        """The version that is published; None when none is."""
        known = await self.find(tx, incident_id)
        return None if known is None or known.published_version is None else await self.version(tx, incident_id, known.published_version)

    async def conflicts(self, tx: Tx, incident_id: int) -> list[PostmortemConflict]:
        """What somebody is still to settle, in the document's order."""
        mine = (col(PostmortemConflict.incident_id) == incident_id) & col(PostmortemConflict.settled_at).is_(None)
        found = (await tx.session.execute(select(PostmortemConflict).where(mine).order_by(col(PostmortemConflict.id)))).scalars()
        return sorted(found, key=lambda one: (one.block is None, one.block or 0))

    async def approvals(self, tx: Tx, incident_id: int) -> list[PostmortemApproval]:
        """The approvals that hold, the first one first."""
        rows = select(PostmortemApproval).where(
            col(PostmortemApproval.incident_id) == incident_id, col(PostmortemApproval.withdrawn_at).is_(None)
        )
        return list((await tx.session.execute(rows.order_by(col(PostmortemApproval.id)))).scalars())

    async def change(self, tx: Tx, incident: Incident, known: Postmortem, markdown: str, kind: VersionKind, why: str = "") -> None:
        """Let the document be this tidy text from now on; html is made anew when it is asked for. Approvals are of what was, and end."""
        await self._carry_over(tx, incident.number, known.markdown, markdown)
        known.markdown, known.html, known.changed_at, known.version = markdown, "", tx.now, known.version + 1
        self.remember(tx, known, kind, why)
        if known.state is not PostmortemState.DRAFT:
            await self.withdraw_approvals(tx, incident, known, f"version {known.version} is another text")
        if known.state in (PostmortemState.APPROVED, PostmortemState.PUBLISHED):
            await self.move(tx, incident, known, PostmortemState.IN_REVIEW)
        await tx.session.flush()
        await tx.announce(PostmortemChanged(incident.number, known.version))

    def remember(self, tx: Tx, known: Postmortem, kind: VersionKind, why: str = "") -> None:
        """Keep the version that the document is now."""
        row = PostmortemVersion(
            incident_id=known.incident_id, number=known.version, markdown=known.markdown, kind=kind, author=tx.actor, at=tx.now, why=why
        )
        tx.session.add(row)

    async def move(self, tx: Tx, incident: Incident, known: Postmortem, wanted: PostmortemState) -> None:
        """Bring the document to another state; raises `InvalidTransition`. The card shows it, and another day is due."""
        known.state = move(ALLOWED, known.state, wanted)
        known.moved_by, known.moved_at = tx.actor, tx.now
        await self.dated(tx, incident, known)
        await self._incidents.refresh(tx, incident)

    async def dated(self, tx: Tx, incident: Incident, known: Postmortem) -> None:
        """Until when its next step is due, by its state, its severity and its owner's clock; whoever owes it is reminded.

        What was in review in time has the time until it is to be published; what was published once owes nothing any more.
        """
        zone, known.due_on = self._directory.zone_of(known.owner), None
        if incident.ended_at is not None and not incident.is_drill and known.published_version is None:
            asked = self._directory.config.postmortems.rules(incident.severity)
            state = known.state if known.moved_at is None else PostmortemState.IN_REVIEW
            known.due_on = due_on(state, incident.ended_at, zone, asked.review_within, asked.publish_within)
        await tx.session.flush()
        key = f"remind_of_postmortem:{incident.number}"
        if known.due_on is None:
            await queue.cancel(tx, key=key)
        else:
            order = RemindOfPostmortem(incident_id=incident.number)
            due = next_reminder(known.due_on, tx.now, zone, self._directory.config.action_items.remind_at)
            await queue.refresh(tx, order, key=key, about=f"incident:{incident.number}", due=due)

    async def withdraw_approvals(self, tx: Tx, incident: Incident, known: Postmortem, why: str) -> None:
        """End every approval, and tell those who gave them."""
        given = await self.approvals(tx, incident.number)
        if not given:
            return
        mine = (col(PostmortemApproval.incident_id) == incident.number) & col(PostmortemApproval.withdrawn_at).is_(None)
        await tx.changed(update(PostmortemApproval).where(mine).values(withdrawn_at=tx.now))
        of = " and ".join([await self._directory.mention(tx, approval.person) for approval in given])
        await self._incidents.say(tx, incident, f"*Postmortem:* the approval of {of} is withdrawn: {why} ({{actor}}).")
        who = escape(self._directory.name(tx.actor))
        for approval in given:
            if approval.person != tx.actor:
                text = f"Your approval of the postmortem of #{incident.number} is withdrawn: {why} ({who})."
                await self.tell(tx, incident, approval.person, text, f"withdrawn:{approval.id}")

    async def tell(self, tx: Tx, incident: Incident, person: str, text: str, key: str, body: str = "") -> None:
        """A direct message about the document, once for a key; the title of a private incident has no place in it."""
        order = TellPerson(actor=person, text=text, blocks=body)
        await queue.schedule(tx, order, key=f"postmortem:{incident.number}:{key}:{person}", about=f"incident:{incident.number}")

    async def _carry_over(self, tx: Tx, incident_id: int, before: str, after: str) -> None:
        """What is about a block stays with it, wherever it stands now; a conflict is about what stands there now."""
        rows = (
            *(await tx.session.execute(select(PostmortemComment).where(col(PostmortemComment.incident_id) == incident_id))).scalars(),
            *await self.conflicts(tx, incident_id),
        )
        placed = [row for row in rows if row.block is not None and row.block >= 0]
        if not placed:
            return
        parts = blocks(after)
        image = follow(blocks(before), parts)
        for row in placed:
            row.block = image[row.block or 0]
            if isinstance(row, PostmortemConflict) and row.standing:
                row.standing = "" if row.block is None else parts[row.block].text
