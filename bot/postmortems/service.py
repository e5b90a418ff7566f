"""The verbs of postmortems: ordered, kept, edited, restored."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlmodel import col

from bot.db import BOT, ActorId, Tx
from bot.directory.service import Directory
from bot.errors import AlreadyDone, InvalidInput, NotFound
from bot.incidents.lifecycle import IncidentState
from bot.incidents.messages import ActionItemsChanged, HistoryRepaired, IncidentReopened, IncidentResolved, IncidentRestricted
from bot.incidents.models import COMMANDER, Incident, Role
from bot.incidents.service import Incidents
from bot.postmortems.blameless import Finding, look
from bot.postmortems.merging import Block, Conflict, Merged, blocks, join, merge, spliced, tidy
from bot.postmortems.messages import DraftPostmortem, PostmortemDrafted, PostmortemWithdrawn
from bot.postmortems.models import Postmortem, PostmortemConflict
from bot.postmortems.states import PostmortemState, VersionKind, takes_new_facts
from bot.postmortems.versions import Versions
from bot.web.signing import Links
from bot.work import queue

PURPOSE = "postmortems"
"""What its signed links are for, and where their path begins."""
LINK_LASTS = timedelta(days=365)
"""Postmortems are read again when something like it happens; `/inc postmortem` gives a new link at any time."""
OVER = frozenset({IncidentState.RESOLVED, IncidentState.CLOSED})
LONG = 50_000
LONGEST = 2_000_000
"""Characters of a document: ten times what a night of ten thousand messages makes."""


_OURS = r"/(?:runs|attachments)/[\w./-]+"
CITED = re.compile(rf"\(({_OURS})\)")
OPENS = re.compile(rf'(?P<what>href|src)="(?P<path>{_OURS})"')


class Choice(StrEnum):
    """How a conflict is settled."""

    STANDING = "standing"  # what the document says stays
    OFFERED = "offered"  # the other text takes its place
    BOTH = "both"  # the other text follows it


@dataclass(frozen=True)
class Saved:
    """The document after an edit: what of it could not stand beside somebody else's words, and words to think about again."""

    postmortem: Postmortem
    conflicts: Sequence[Conflict] = ()
    wording: Sequence[Finding] = ()


class Postmortems(Versions):
    """Orders drafts, keeps them and what people write in them, and says where they are."""

    def __init__(self, directory: Directory, incidents: Incidents, links: Links) -> None:
        super().__init__(directory, incidents)
        self._links = links

    async def on_resolved(self, tx: Tx, fact: IncidentResolved) -> None:
        """Resolving orders the draft, or draws up anew what was drafted before."""
        await self.order(tx, fact.incident_id)

    async def on_reopened(self, tx: Tx, fact: IncidentReopened) -> None:
        """Reopened or undone: a draft that waits is not wanted now. What was written is a draft until the next resolve amends it."""
        await queue.cancel(tx, key=key_of(fact.incident_id))
        incident = await self._incidents.held(tx, fact.incident_id)
        known = await self.find(tx, fact.incident_id)
        if known is None or (known.state is PostmortemState.DRAFT and known.published_version is None):
            return
        said = "is withdrawn, and a draft again" if known.published_version else "is a draft again"
        await self.back_to_draft(tx, incident, known, "the incident is open again")
        await self.unpublish(tx, known)
        known.moved_by = known.moved_at = None  # its review begins anew, and so does the time for it
        await self._incidents.say(tx, incident, f"*Postmortem:* #{incident.number} is open again, so it {said}.")

    async def on_items_changed(self, tx: Tx, fact: ActionItemsChanged) -> None:
        """What is to be done stands in the document, too."""
        await self.amend(tx, fact.incident_id)

    async def on_repaired(self, tx: Tx, fact: HistoryRepaired) -> None:
        """The history may hold what events had missed."""
        await self.amend(tx, fact.incident_id)

    async def on_restricted(self, tx: Tx, fact: IncidentRestricted) -> None:
        """What is published of an incident that is private now is withdrawn, and the document says that it is."""
        known = await self.find(tx, fact.incident_id)
        if known is not None and known.published_version is not None:
            incident = await self._incidents.held(tx, fact.incident_id)
            await self.back_to_draft(tx, incident, known, "the incident is private now")
        await self.amend(tx, fact.incident_id)

    async def amend(self, tx: Tx, incident_id: int) -> None:
        """There is more to say: draw the draft up again, if there is one or should be."""
        incident = await self._incidents.get(tx, incident_id)
        if incident.state in OVER:
            await self.order(tx, incident_id)

    async def order(self, tx: Tx, incident_id: int) -> None:
        """Let the draft be assembled from how things stand."""
        await queue.refresh(tx, DraftPostmortem(incident_id=incident_id), key=key_of(incident_id), about=f"incident:{incident_id}")

    async def keep(self, tx: Tx, incident: Incident, markdown: str, html: str) -> Postmortem | None:
        """Keep what was assembled; None when the incident was reopened meanwhile.

        Into a draft it is merged: what people wrote stays, and where both changed something, both texts are kept. To what people review
        it is offered. The first draft is told of on the card; the same facts again change nothing.
        """
        current = await self._incidents.held(tx, incident.number)
        if current.state not in OVER:
            return None
        known, markdown = await self.find(tx, incident.number), tidy(markdown)
        if known is None:
            return await self._keep_first(tx, current, markdown, html)
        if known.generated == markdown:
            known.offered = None
        elif takes_new_facts(known.state):
            await self._take_in(tx, current, known, markdown, html)
        else:
            await self._offer(tx, current, known, markdown)
        await tx.session.flush()
        return known

    async def take_offered(self, tx: Tx, incident_id: int) -> Saved:
        """Merge the newer facts into the document, whatever its state: approvals end, as with any change."""
        incident, known = await self.held(tx, incident_id)
        if known.offered is None:
            raise AlreadyDone(f"The postmortem of #{incident_id} says all that is known. Nothing to do.")
        conflicts = await self._take_in(tx, incident, known, known.offered)
        return Saved(known, conflicts)

    async def edit(self, tx: Tx, incident_id: int, markdown: str, base_version: int) -> Saved:
        """Let the document be what somebody made of its version `base_version`.

        What others changed since stays: the two are merged. Where both changed the same block, the one that was saved first stands, and
        the other is kept as a conflict until somebody settles it. The same text again changes nothing.
        """
        if len(markdown) > LONGEST:
            raise InvalidInput(f"A postmortem has at most {LONGEST:,} characters; this one has {len(markdown):,}. Nothing was changed.")
        incident, known = await self.held(tx, incident_id)
        base = (await self.version(tx, incident_id, base_version)).markdown
        wanted = tidy(markdown)
        merged = await aside(base, known.markdown, wanted)
        if merged.markdown != known.markdown:
            is_merged = merged.markdown != wanted
            why = f"with what was changed since version {base_version}" if is_merged else ""
            await self.change(tx, incident, known, merged.markdown, VersionKind.MERGED if is_merged else VersionKind.EDITED, why)
        await self._keep_conflicts(tx, incident_id, merged.conflicts, tx.actor)
        return Saved(known, merged.conflicts, await self._wording(tx, incident, base, wanted))

    async def restore(self, tx: Tx, incident_id: int, number: int) -> Saved:
        """Let the document be a version of before. What stood until now is a version, too."""
        incident, known = await self.held(tx, incident_id)
        wanted = await self.version(tx, incident_id, number)
        if wanted.markdown == known.markdown:
            raise AlreadyDone(f"The postmortem of #{incident_id} says what version {number} said. Nothing to do.")
        await self.change(tx, incident, known, wanted.markdown, VersionKind.RESTORED, f"as it was in version {number}")
        return Saved(known)

    async def settle(self, tx: Tx, incident_id: int, conflict_id: int, choice: Choice) -> Saved:
        """Decide between two texts for one place. Raises `AlreadyDone` with who did so before."""
        incident, known = await self.held(tx, incident_id)
        conflict = await tx.session.get(PostmortemConflict, conflict_id, populate_existing=True) if 0 < conflict_id < 2**31 else None
        if conflict is None or conflict.incident_id != incident_id:
            raise NotFound(f"The postmortem of #{incident_id} has no such conflict.")
        if conflict.settled_at is not None:
            at = self._directory.wall_time(tx.actor, conflict.settled_at, tx.now)
            raise AlreadyDone(f"{self._directory.name(conflict.settled_by or '')} settled this at {at}. Nothing to do.")
        conflict.settled_at, conflict.settled_by = tx.now, tx.actor
        markdown = settled(blocks(known.markdown), conflict, choice)
        if markdown != known.markdown:
            await self.change(tx, incident, known, markdown, VersionKind.EDITED, "a conflict was settled")
        return Saved(known)

    async def back_to_draft(self, tx: Tx, incident: Incident, known: Postmortem, why: str) -> None:
        """A draft again, whatever it was: approvals end."""
        await self.withdraw_approvals(tx, incident, known, why)
        if known.state is not PostmortemState.DRAFT:
            await self.move(tx, incident, known, PostmortemState.DRAFT)

    async def unpublish(self, tx: Tx, known: Postmortem) -> None:
        """What is published is not to be read any more."""
        if known.published_version is not None:
            known.published_version = None
            await tx.session.flush()
            await tx.announce(PostmortemWithdrawn(known.incident_id))

    def opened(self, html: str, known: Postmortem) -> str:
        """The page for whoever only holds a link: its runs and files open by links of their own.

        Only what the bot itself had cited is opened so: an address that somebody wrote in by hand may be of another incident.
        """

        def link_to(found: re.Match[str]) -> str:
            _, purpose, *ids = found["path"].split("/")
            token = self._links.token(purpose, *ids, person=None, lasts=LINK_LASTS)
            return f'{found["what"]}="{found["path"]}?k={token}"' if found["path"] in cited else found[0]

        cited = set(CITED.findall(known.generated))
        return OPENS.sub(link_to, html)

    def url(self, incident_id: int, suffix: str = "", *, reader: ActorId | None = None) -> str:
        """A signed link to the document's page; with the suffix ".md", to its Markdown. A `reader` reads a draft in their own zone."""
        return self._links.link(PURPOSE, f"{incident_id}{suffix}", person=reader, lasts=LINK_LASTS)

    async def _keep_first(self, tx: Tx, incident: Incident, markdown: str, html: str) -> Postmortem:
        number = incident.number
        known = Postmortem(incident_id=number, markdown=markdown, generated=markdown, html=html, drafted_at=tx.now, changed_at=tx.now)
        known.owner = await self._last_commander(tx, number)
        tx.session.add(known)
        await self.dated(tx, incident, known)
        self.remember(tx, known, VersionKind.ASSEMBLED)
        await self._incidents.refresh(tx, incident)
        await tx.session.flush()
        await tx.announce(PostmortemDrafted(number, known.version))
        return known

    async def _take_in(self, tx: Tx, incident: Incident, known: Postmortem, assembled: str, html: str = "") -> Sequence[Conflict]:
        """Merge newer facts into the document."""
        merged = await aside(known.generated, known.markdown, assembled)
        is_untouched = known.markdown == known.generated
        known.generated, known.offered = assembled, None
        await self.dated(tx, incident, known)
        if merged.markdown != known.markdown:
            kind = VersionKind.ASSEMBLED if is_untouched else VersionKind.MERGED
            await self.change(tx, incident, known, merged.markdown, kind, "" if is_untouched else "with newer facts")
            known.html = html if is_untouched else ""
            await tx.announce(PostmortemDrafted(incident.number, known.version))
        if await self._keep_conflicts(tx, incident.number, merged.conflicts, BOT):
            both = f"`/inc #{incident.number} postmortem` shows both."
            await self._incidents.say(tx, incident, f"*Postmortem:* what became known since differs from what was written in it. {both}")
        return merged.conflicts

    async def _offer(self, tx: Tx, incident: Incident, known: Postmortem, assembled: str) -> None:
        """Keep newer facts beside the document. Those who review it hear of it once; whoever reads what is published sees it there."""
        if known.offered is None and known.state is not PostmortemState.PUBLISHED:
            takes = f"`/inc #{incident.number} postmortem facts` takes it in, and approvals are given anew then."
            await self._incidents.say(tx, incident, f"*Postmortem:* more has become known than the text in review says. {takes}")
        known.offered = assembled

    async def _keep_conflicts(self, tx: Tx, incident_id: int, found: Sequence[Conflict], author: ActorId) -> int:
        """Keep what somebody is to settle; of newer facts the newest alone. Returns how many are new."""
        kept = 0
        known = await self.conflicts(tx, incident_id) if found else []
        for conflict in found:
            alike = [one for one in known if (one.author, one.standing, one.block) == (author, conflict.standing, conflict.block)]
            if author == BOT and alike and conflict.standing:
                alike[0].offered = conflict.offered
            elif all(one.offered != conflict.offered for one in alike):
                row = PostmortemConflict(
                    incident_id=incident_id,
                    standing=conflict.standing,
                    offered=conflict.offered,
                    author=author,
                    block=conflict.block,
                    made_at=tx.now,
                )
                tx.session.add(row)
                kept += 1
        await tx.session.flush()
        return kept

    async def _wording(self, tx: Tx, incident: Incident, base: str, wanted: str) -> Sequence[Finding]:
        """Words that look for who instead of what, in what was written just now."""
        before = {block.text for block in blocks(base)}
        written = "\n\n".join(block.text for block in blocks(wanted) if block.text not in before)
        if not written:
            return ()
        roles = select(col(Role.person)).where(col(Role.incident_id) == incident.number).distinct()
        people = {incident.declared_by, *(await tx.session.execute(roles)).scalars(), *await self._incidents.paged(tx, incident)}
        return look(written, [self._directory.name(person) for person in people])

    async def _last_commander(self, tx: Tx, incident_id: int) -> str | None:
        """Who leads, or who led last."""
        seats = select(col(Role.person)).where(col(Role.incident_id) == incident_id, col(Role.role) == COMMANDER)
        last: str | None = (await tx.session.execute(seats.order_by(col(Role.id).desc()).limit(1))).scalar()
        return last


async def aside(base: str, standing: str, offered: str) -> Merged:
    """Merge, where it takes a while in a thread, so that nobody's page waits for it."""
    return await asyncio.to_thread(merge, base, standing, offered) if len(standing) > LONG else merge(base, standing, offered)


def settled(parts: Sequence[Block], conflict: PostmortemConflict, choice: Choice) -> str:
    """The document with the conflict decided. Of a place that is gone the offered text comes last."""
    if choice is Choice.STANDING:
        return join(parts)
    is_gone = conflict.block is None
    after = len(parts) if conflict.block is None else min(conflict.block + 1, len(parts))
    is_replaced = choice is Choice.OFFERED and conflict.standing != "" and not is_gone
    return spliced(parts, after - 1 if is_replaced else after, after, conflict.offered)


def key_of(incident_id: int) -> str:
    """The key of the order to draft."""
    return f"draft_postmortem:{incident_id}"
