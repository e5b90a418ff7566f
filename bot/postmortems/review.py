"""The verbs of a review: who owns the document, who reads it, who agrees with it, and that it is published.

Two at once: the second is told who was first and when.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from bot.accounts.access import Access
from bot.accounts.service import Accounts
from bot.db import ActorId, Tx
from bot.directory.service import Directory
from bot.errors import AlreadyDone, InvalidInput, InvalidTransition, NotAllowed, Refusal
from bot.incidents import roles
from bot.incidents.blocks import sentence
from bot.incidents.models import Incident
from bot.incidents.names import headline
from bot.incidents.service import Incidents
from bot.postmortems import blocks
from bot.postmortems.approval import has_fresh_eyes, lacks
from bot.postmortems.messages import PostmortemDrafted, PostmortemPublished
from bot.postmortems.models import Postmortem, PostmortemApproval, PostmortemComment, PostmortemReviewer
from bot.postmortems.service import Postmortems
from bot.postmortems.states import PostmortemState, VersionKind
from bot.slack.text import escape, link

WRITTEN = frozenset({VersionKind.EDITED, VersionKind.MERGED})
MOST_REVIEWERS = 20
LONGEST_WHY = 2000


class Reviews:
    """Brings documents from the draft to what everybody reads. The actor is who asks."""

    def __init__(self, directory: Directory, incidents: Incidents, postmortems: Postmortems, accounts: Accounts) -> None:
        self._directory = directory
        self._incidents = incidents
        self._postmortems = postmortems
        self._accounts = accounts

    async def on_drafted(self, tx: Tx, fact: PostmortemDrafted) -> None:
        """The first draft is announced: where it is, whose, until when, and what one can do."""
        if fact.version != 1:
            return
        incident, known = await self._postmortems.held(tx, fact.incident_id)
        number = incident.number
        owner = f", owned by {await self._directory.mention(tx, known.owner)}." if known.owner else "."
        ownerless = "" if known.owner else f" Nobody owns it yet: `/inc #{number} postmortem owner @kim`."
        said = f"Postmortem draft ready: {self._link(incident)}{owner}{ownerless} {blocks.owed(known)}"
        await self._incidents.say(tx, incident, said, below=blocks.encoded(blocks.draft_buttons(known, self._url(incident))))

    async def give(self, tx: Tx, incident_id: int, person: ActorId) -> Postmortem:
        """Let somebody own it: they see to it that it is written, and are reminded. Who had it is told."""
        incident, known = await self._postmortems.held(tx, incident_id)
        if self._directory.person(person) is None:
            name = escape(self._directory.name(person))
            raise NotAllowed(f"{name} is not in Tocsin's directory and could not be reminded, so the postmortem needs another owner.")
        await self._refuse_outsider(tx, incident, person)
        if known.owner == person:
            raise AlreadyDone(f"{self._directory.name(person)} owns the postmortem of #{incident_id} already. Nothing to do.")
        before, known.owner = known.owner, person
        await self._postmortems.dated(tx, incident, known)
        again = ""
        if known.state is PostmortemState.APPROVED and await self.lacking(tx, incident, known):
            await self._postmortems.move(tx, incident, known, PostmortemState.IN_REVIEW)
            again = " It is in review again: an owner's approval does not count."
        who = await self._directory.mention(tx, person)
        await self._incidents.say(tx, incident, f"*Postmortem:* {who} owns it now, says {{actor}}.{again}")
        given = f"{self._name(tx.actor)} made you the owner of the {self._link(incident, person)}. {blocks.owed(known)}".strip()
        await self._tell(tx, incident, [person], given, f"owner:{tx.now.timestamp()}")
        taken = f"{self._name(tx.actor)} gave the {self._link(incident, before)} to {self._name(person)}."
        await self._tell(tx, incident, [before], taken, f"taken:{tx.now.timestamp()}")
        return known

    async def ask(self, tx: Tx, incident_id: int, people: Sequence[ActorId] = ()) -> Postmortem:
        """Ask these people to review it, and whoever was asked before; a draft is in review from now on."""
        incident, known = await self._postmortems.held(tx, incident_id)
        asked = await self.reviewers(tx, incident_id)
        fresh = [person for person in dict.fromkeys(people) if person not in asked]
        for person in fresh:
            await self._refuse_reviewer(tx, incident, known, person)
        if known.state is not PostmortemState.DRAFT and not fresh:
            raise self._moved(tx, known, "is already")
        if known.state is PostmortemState.PUBLISHED:
            raise Refusal(f"Version {known.published_version} is published. To change it, edit it; to take it back: `withdraw`.")
        if not asked and not fresh:
            raise InvalidInput(f"Say who reviews it: `/inc #{incident_id} postmortem review @ana @bo`.")
        if len(asked) + len(fresh) > MOST_REVIEWERS:
            raise InvalidInput(f"More than {MOST_REVIEWERS} reviewers would each wait for the other. Nobody was asked.")
        for person in fresh:
            await tx.insert_new(PostmortemReviewer, incident_id=incident_id, person=person, asked_by=tx.actor, asked_at=tx.now)
        is_new = known.state is PostmortemState.DRAFT
        if is_new:
            await self._postmortems.move(tx, incident, known, PostmortemState.IN_REVIEW)
        names = ", ".join([await self._directory.mention(tx, person) for person in (*asked, *fresh)])
        said = f"*Postmortem:* {{actor}} asks for a review of the {self._link(incident)}, of {names}. {self._needed(incident)}"
        await self._incidents.say(tx, incident, said, below=blocks.encoded(blocks.review_buttons(known, self._url(incident))))
        await self._ask_each(tx, incident, known, (*asked, *fresh) if is_new else fresh)
        return known

    async def approve(self, tx: Tx, incident_id: int, version: int | None = None) -> Postmortem:
        """Agree with a version, the newest when none is named. One that is not the newest any more was changed meanwhile."""
        incident, known = await self._postmortems.held(tx, incident_id)
        given = await self._postmortems.approvals(tx, incident_id)
        mine = next((one for one in given if one.person == tx.actor), None)
        if mine is not None:
            raise AlreadyDone(f"You approved version {mine.version} at {self._at(tx, mine)}. Nothing to do.")
        if known.state in (PostmortemState.APPROVED, PostmortemState.PUBLISHED):
            raise self._moved(tx, known, "is already")
        if known.state is PostmortemState.DRAFT:
            raise InvalidTransition(f"It is a draft, and in review first: `/inc #{incident_id} postmortem review @ana @bo`.")
        if version is not None and version != known.version:
            raise Refusal(f"Version {version} was changed meanwhile: it is version {known.version} now. Look at that, and approve it then.")
        self._refuse_approver(tx, known)
        tx.session.add(PostmortemApproval(incident_id=incident_id, version=known.version, person=tx.actor, at=tx.now))
        await tx.session.flush()
        left = await self.lacking(tx, incident, known)
        lacking = "It may be published." if not left else f"{await self._wanted(tx, incident, known, left)}."
        said = f"*Postmortem:* {{actor}} approved version {known.version}. {lacking}"
        if left:
            await self._incidents.say(tx, incident, said)
            return known
        await self._postmortems.move(tx, incident, known, PostmortemState.APPROVED)
        await self._incidents.say(tx, incident, said, below=blocks.encoded(blocks.publish_buttons(known, self._url(incident))))
        await self._tell(tx, incident, [known.owner], f"The {self._link(incident, known.owner)} is approved: publish it.", self._key(known))
        return known

    async def request_changes(self, tx: Tx, incident_id: int, why: str) -> Postmortem:
        """Something is to change before it is published: a draft again. Why stands there as a comment, and its owner is told."""
        words = why.strip()[:LONGEST_WHY]
        if not words:
            raise InvalidInput(f"Say what is to change: `/inc #{incident_id} postmortem changes the cause is a guess`.")
        incident, known = await self._postmortems.held(tx, incident_id)
        if known.state in (PostmortemState.DRAFT, PostmortemState.PUBLISHED):
            raise self._moved(tx, known, "is", "Say it in a comment, or edit it: `/inc postmortem edit`.")
        await self._postmortems.back_to_draft(tx, incident, known, "changes are wanted")
        tx.session.add(PostmortemComment(incident_id=incident_id, author=tx.actor, text=words, at=tx.now))
        await self._incidents.say(tx, incident, "*Postmortem:* {actor} asks for changes; it is a draft again.{words}", words=words)
        text = f"{self._name(tx.actor)} asks for changes of the {self._link(incident, known.owner)}:\n>{escape(words)}"
        await self._tell(tx, incident, [known.owner], text.replace("\n", "\n>").replace("\n>>", "\n>"), self._key(known))
        return known

    async def publish(self, tx: Tx, incident_id: int) -> Postmortem:
        """Let everybody who may see the incident read it."""
        incident, known = await self._postmortems.held(tx, incident_id)
        if known.state is PostmortemState.PUBLISHED:
            raise self._moved(tx, known, "is already")
        if known.state is not PostmortemState.APPROVED:
            left = await self.lacking(tx, incident, known)
            raise InvalidTransition(f"It is {told(known.state)}, and approved first: {await self._wanted(tx, incident, known, left)}.")
        if unsettled := len(await self._postmortems.conflicts(tx, incident_id)):
            places = "one place" if unsettled == 1 else f"{unsettled} places"
            raise Refusal(f"There are two texts for {places} in it. Settle that first: `/inc #{incident_id} postmortem` shows them.")
        await self._refuse_publisher(tx, incident, known)
        known.published_version = known.version
        await self._postmortems.move(tx, incident, known, PostmortemState.PUBLISHED)
        await self._incidents.say(tx, incident, f"*Postmortem published* by {{actor}}: {self._link(incident)}, version {known.version}.")
        await tx.announce(PostmortemPublished(incident_id, known.version))
        return known

    async def withdraw(self, tx: Tx, incident_id: int, why: str = "") -> Postmortem:
        """What is published is not to be read any more: a draft again."""
        incident, known = await self._postmortems.held(tx, incident_id)
        if known.published_version is None:
            raise AlreadyDone(f"The postmortem of #{incident_id} is not published. Nothing to do.")
        await self._refuse_publisher(tx, incident, known)
        words = why.strip()[:LONGEST_WHY]
        await self._postmortems.back_to_draft(tx, incident, known, "it is no longer published")
        await self._postmortems.unpublish(tx, known)
        await self._postmortems.dated(tx, incident, known)
        await self._incidents.say(tx, incident, "*Postmortem withdrawn* by {actor}; it is a draft again.{words}", words=words)
        return known

    async def reviewers(self, tx: Tx, incident_id: int) -> list[ActorId]:
        """Who was asked to review it, in that order."""
        rows = select(PostmortemReviewer).where(col(PostmortemReviewer.incident_id) == incident_id)
        ordered = rows.order_by(col(PostmortemReviewer.asked_at), col(PostmortemReviewer.person))
        return [ActorId(row.person) for row in (await tx.session.execute(ordered)).scalars()]

    async def lacking(self, tx: Tx, incident: Incident, known: Postmortem) -> int:
        """How many approvals are still needed."""
        approvers, authors = await self._approvers(tx, incident), await self._authors(tx, incident)
        return lacks(approvers, known.owner, authors, self._approvals(incident))

    async def _approvers(self, tx: Tx, incident: Incident) -> list[str]:
        return [one.person for one in await self._postmortems.approvals(tx, incident.number)]

    async def _authors(self, tx: Tx, incident: Incident) -> set[str]:
        return {one.author for one in await self._postmortems.versions(tx, incident.number) if one.kind in WRITTEN}

    async def may_publish(self, tx: Tx, incident: Incident, known: Postmortem, person: ActorId) -> bool:
        """Its owner, who commands the incident, who approved it, and commanders of the company publish and withdraw it."""
        leader = await roles.commander(tx, incident.number)
        is_theirs = person in {known.owner, leader.person if leader else None, *await self._approvers(tx, incident)}
        return is_theirs or self._accounts.access(person) >= Access.COMMANDER

    # What is refused

    async def _refuse_outsider(self, tx: Tx, incident: Incident, person: ActorId) -> None:
        if not await self._postmortems.sees(tx, incident, person):
            name = escape(self._directory.name(person))
            raise NotAllowed(f"#{incident.number} is private, and {name} has no part in it: `/inc join` in its channel comes first.")

    async def _refuse_reviewer(self, tx: Tx, incident: Incident, known: Postmortem, person: ActorId) -> None:
        """Whoever is asked has to be somebody whose approval counts."""
        name = escape(self._directory.name(person))
        if self._directory.person(person) is None:
            raise NotAllowed(f"{name} is not in Tocsin's directory, so their approval would say nothing. Nobody was asked.")
        if person == known.owner:
            raise NotAllowed(f"{name} owns this postmortem, so others have to review it. Nobody was asked.")
        await self._refuse_outsider(tx, incident, person)

    def _refuse_approver(self, tx: Tx, known: Postmortem) -> None:
        if self._directory.person(tx.actor) is None:
            raise NotAllowed(
                "You are not in Tocsin's directory, so your approval would say nothing. Whoever keeps its configuration adds you."
            )
        if known.owner == tx.actor:
            raise NotAllowed("You own this postmortem, so others have to approve it: `/inc postmortem review @ana @bo`.")

    async def _refuse_publisher(self, tx: Tx, incident: Incident, known: Postmortem) -> None:
        if not await self.may_publish(tx, incident, known, tx.actor):
            owner = f"{self._directory.name(known.owner)} owns it" if known.owner else "Nobody owns it"
            raise NotAllowed(f"{owner}; its owner, a commander and who approved it do that. To own it: `/inc postmortem owner @me`.")

    def _moved(self, tx: Tx, known: Postmortem, how: str, what: str = "Nothing to do.") -> AlreadyDone:
        """Somebody was first: who, and when."""
        if known.moved_by is None or known.moved_at is None:
            return AlreadyDone(f"It {how} {told(known.state)}. {what}")
        at = self._directory.wall_time(tx.actor, known.moved_at, tx.now)
        return AlreadyDone(f"It {how} {told(known.state)}, by {self._directory.name(known.moved_by)} at {at}. {what}")

    # What is said

    async def _ask_each(self, tx: Tx, incident: Incident, known: Postmortem, people: Sequence[ActorId]) -> None:
        """Each by a direct message with what they can do about it."""
        for person in people:
            if person == tx.actor:
                continue
            what = f"{self._link(incident, person)}{self._title(incident)}, version {known.version}"
            text = f"{self._name(tx.actor)} asks you to review the {what}."
            shown = blocks.encoded([*sentence(text), *blocks.review_buttons(known, self._url(incident, person))])
            await self._tell(tx, incident, [person], text, f"review:{self._key(known)}", shown)

    async def _tell(self, tx: Tx, incident: Incident, people: Sequence[str | None], text: str, key: str, body: str = "") -> None:
        for person in people:
            if person is not None and person != tx.actor:
                await self._postmortems.tell(tx, incident, person, text, key, body)

    async def _wanted(self, tx: Tx, incident: Incident, known: Postmortem, left: int) -> str:
        """How many more approvals are wanted, and whose."""
        approvers, authors = await self._approvers(tx, incident), await self._authors(tx, incident)
        fresh = left == 1 and approvers and not has_fresh_eyes(approvers, known.owner, authors)
        said = "one more approval is wanted" if left == 1 else f"{left} more approvals are wanted"
        return f"{said}, by somebody who wrote nothing of it" if fresh else said

    def _needed(self, incident: Incident) -> str:
        needed = self._approvals(incident)
        return "One approval is wanted." if needed == 1 else f"{needed} approvals are wanted."

    def _approvals(self, incident: Incident) -> int:
        return self._directory.config.postmortems.rules(incident.severity).approvals

    def _url(self, incident: Incident, reader: str | None = None) -> str:
        return self._postmortems.url(incident.number, reader=ActorId(reader) if reader else None)

    def _link(self, incident: Incident, reader: str | None = None) -> str:
        return link(self._url(incident, reader), f"postmortem of #{incident.number}")

    @staticmethod
    def _title(incident: Incident) -> str:
        """The title, where it may be read on a lock screen."""
        return "" if incident.is_private else f" ({headline(incident)})"

    def _name(self, actor: str) -> str:
        return escape(self._directory.name(actor))

    def _at(self, tx: Tx, approval: PostmortemApproval) -> str:
        return self._directory.wall_time(tx.actor, approval.at, tx.now)

    @staticmethod
    def _key(known: Postmortem) -> str:
        """What is told once for each move of the document."""
        return f"{known.state.value}:{known.version}:{known.moved_at.timestamp() if known.moved_at else 0:.6f}"


def told(state: PostmortemState) -> str:
    """A state, as it stands in a sentence."""
    return "a draft" if state is PostmortemState.DRAFT else state.value.replace("_", " ")
