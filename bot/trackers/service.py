"""The verbs of trackers: which item has an issue, what both sides take over from each other, and who is told of trouble."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import col

from bot.db import BOT, ActorId, Tx
from bot.directory.service import GITHUB_ACTOR, Directory
from bot.errors import AlreadyDone
from bot.incidents import timeline
from bot.incidents.action_items import ActionItems, Changes, ItemLink
from bot.incidents.messages import ActionItemsChanged, IncidentRestricted, SeverityChanged
from bot.incidents.models import ActionItem, Incident
from bot.incidents.service import Incidents
from bot.slack.text import escape, link
from bot.trackers.agreement import Agreement, Dispute, Field, Shared, agree, labels_of, taking, title_of
from bot.trackers.answers import Ending, Failure
from bot.trackers.messages import HideIssue, PollPlace, SayOnIssue, SyncItem
from bot.trackers.models import TrackedItem, TrackedPlace
from bot.trackers.tracker import Draft, Issue
from bot.work import queue

POLL_EVERY = timedelta(minutes=5)
"""What no webhook told of is known by then."""
AGAIN = timedelta(hours=1)
"""How often what somebody has to mend is tried."""
SKEW = timedelta(minutes=5)
"""How far the tracker's clock may be from ours."""
NAMES: dict[Field, str] = {"title": "what it says", "is_done": "whether it is done", "assignee": "who does it"}


class Trackers:
    """Keeps action items and issues in step. `url` is the bot's own address, for links back."""

    def __init__(self, directory: Directory, incidents: Incidents, items: ActionItems, url: str) -> None:
        self._directory = directory
        self._incidents = incidents
        self._items = items
        self._url = url

    # Which items

    async def on_items_changed(self, tx: Tx, fact: ActionItemsChanged) -> None:
        """An item is new, or another: its issue follows; without one it gets one, where there is a place for it."""
        row = await self.find(tx, fact.item_id)
        if row is None:
            item, incident = await self.both(tx, fact.item_id)
            place = self.place_of(incident)
            if place is None or item.done_at is not None or not self.may_leave(incident):
                return
            await tx.insert_new(TrackedItem, item_id=item.number, place=place, ordered_at=tx.now, sent_title="", seen_title="")
            await self.watch(tx, place)
        await self.order(tx, fact.item_id)

    async def on_severity_changed(self, tx: Tx, fact: SeverityChanged) -> None:
        """A label says the severity."""
        for item in await self._items.of(tx, fact.incident_id):
            if await self.find(tx, item.number) is not None:
                await self.order(tx, item.number)

    async def on_restricted(self, tx: Tx, fact: IncidentRestricted) -> None:
        """An incident is private now: its words leave the issues of its items."""
        if self.may_leave(await self._incidents.get(tx, fact.incident_id)):
            return
        for item in await self._items.of(tx, fact.incident_id):
            if await self.find(tx, item.number) is not None:
                await self._order_hidden(tx, item)

    async def _order_hidden(self, tx: Tx, item: ActionItem) -> None:
        about = f"incident:{item.incident_id}"
        await queue.schedule(tx, HideIssue(item_id=item.number), key=f"hide_issue:{item.number}", about=about)

    def place_of(self, incident: Incident) -> str | None:
        """The repository of an incident's service, else of its team."""
        service = self._directory.service(incident.service) if incident.service else None
        team = self._directory.team(incident.team) if incident.team else None
        return (service.issues if service else None) or (team.issues if team else None)

    def may_leave(self, incident: Incident) -> bool:
        """Whether its words may stand where others than its own people read them. A drill's are for whoever took part."""
        is_allowed = not incident.is_private or self._directory.config.action_items.private_in_tracker
        return is_allowed and not incident.is_drill

    async def order(self, tx: Tx, item_id: int, by: str = "", due: datetime | None = None) -> None:
        """Let an item and its issue agree."""
        await queue.refresh(tx, SyncItem(item_id=item_id, by=by), key=f"sync_item:{item_id}", about=await self._about(tx, item_id), due=due)

    async def watch(self, tx: Tx, place: str) -> None:
        """Poll a place from now on."""
        await tx.insert_new(TrackedPlace, place=place, since=tx.now - SKEW)
        await queue.refresh(tx, PollPlace(place=place), key=f"poll_place:{place}", due=tx.now + POLL_EVERY, at_latest=True)

    async def find(self, tx: Tx, item_id: int) -> TrackedItem | None:
        """What is known of an item's issue."""
        return await tx.session.get(TrackedItem, item_id, populate_existing=True)

    async def of_issue(self, tx: Tx, place: str, number: int) -> TrackedItem | None:
        """The item of an issue, by where the issue is."""
        rows = select(TrackedItem).where(col(TrackedItem.place) == place, col(TrackedItem.number) == number)
        found: TrackedItem | None = (await tx.session.execute(rows)).scalar()
        return found

    async def both(self, tx: Tx, item_id: int) -> tuple[ActionItem, Incident]:
        """An item and its incident."""
        item = await self._items.get(tx, item_id)
        return item, await self._incidents.get(tx, item.incident_id)

    async def links(self, tx: Tx, item_ids: Sequence[int]) -> dict[int, ItemLink]:
        """Where the issues of these items are, and why one is not in step."""
        rows = select(TrackedItem).where(col(TrackedItem.item_id).in_(item_ids))
        found = (await tx.session.execute(rows)).scalars()
        return {row.item_id: ItemLink(self.label(row), row.url or "", row.trouble or "") for row in found if row.url or row.trouble}

    @staticmethod
    def label(row: TrackedItem) -> str:
        return f"{row.place}#{row.number}" if row.number else row.place

    # What it says

    def ours(self, item: ActionItem) -> Shared:
        """An item as its issue should show it."""
        person = self._directory.person(item.owner) if item.owner else None
        return Shared(title_of(item.text), item.done_at is not None, (person.github or "").lower() if person else "")

    def labels(self, item: ActionItem, incident: Incident) -> tuple[str, ...]:
        return labels_of(incident.severity, item.priority, item.kind)

    def draft(self, item: ActionItem, incident: Incident) -> Draft:
        """The issue that is made of an item. Who is named in it is not pinged: only its assignee is asked for something."""
        said = item.text.replace("&", "&amp;").replace("<", "&lt;").replace("@", "@<!-- -->")
        about = f"#{incident.number}" if incident.is_private else f"#{incident.number} (SEV{incident.severity})"
        back = f"Action item {item.number} of incident [{about}]({self._url}/i/{incident.number}). What is done here is done there, too."
        ours = self.ours(item)
        return Draft(ours.title, f"{said}\n\n{back}", self.mark(item.number), ours.assignee, self.labels(item, incident))

    def mark(self, item_id: int) -> str:
        """What an issue of ours carries, and no other: this item of this installation."""
        here = hashlib.blake2b(self._url.encode(), digest_size=6).hexdigest()
        return f"tocsin action item {item_id} of {here}"

    # What became of it

    async def made(self, tx: Tx, row: TrackedItem, issue: Issue, draft: Draft) -> None:
        """An issue was made, or found again: from now on it is the item's."""
        item, incident = await self.both(tx, row.item_id)
        row.place, row.number, row.outside_id, row.url, row.trouble = issue.place, issue.number, issue.outside_id, issue.url, None
        row.sent, row.sent_labels = Shared(draft.title, False, draft.assignee), " ".join(draft.labels)
        row.seen, row.seen_at = issue.shared(draft.assignee), issue.changed_at
        await tx.session.flush()
        await timeline.record(
            tx, incident.number, "action-item", f"action item {item.number} is {self.label(row)}", key=f"{item.number}:issue"
        )
        await self._incidents.held(tx, incident.number)
        await self._incidents.say(tx, incident, f"Action item {item.number} is {link(issue.url, self.label(row))}.")
        if not self.may_leave(incident):  # it became private while the issue was being made
            await self._order_hidden(tx, item)
        await self._tell_differ(tx, row)

    async def settle(self, tx: Tx, row: TrackedItem, issue: Issue, by: str) -> Agreement:
        """Take over what changed there, say what was disputed, and return what is to be sent. Takes the incident."""
        item, incident = await self.both(tx, row.item_id)
        ours = self.ours(item)
        theirs = issue.shared(ours.assignee)
        agreement = agree(ours, row.sent, theirs, row.seen, item.changed_at, issue.changed_at)
        await self._follow_moved(tx, row, issue, incident)
        with tx.acting(self._actor(issue.closed_by if agreement.take.get("is_done") is True else by)):
            await self._take(tx, item, agreement, issue)
        for dispute in agreement.disputes:
            await self._tell_dispute(tx, row, item, incident, dispute)
        kept = taking(self.ours(await self._items.get(tx, row.item_id)), {field: getattr(row.sent, field) for field in agreement.send})
        row.sent, row.seen, row.seen_at = kept, theirs, issue.changed_at
        if "assignee" not in agreement.send:
            await self._tell_differ(tx, row)
        return agreement

    async def sent(self, tx: Tx, row: TrackedItem, agreement: Agreement, labels: tuple[str, ...] | None, issue: Issue) -> None:
        """What was to be sent is there now, as `issue` shows."""
        row.sent = taking(row.sent, agreement.send)
        row.seen, row.seen_at = issue.shared(row.sent.assignee), issue.changed_at
        if labels is not None:
            row.sent_labels = " ".join(labels)
        await self._tell_differ(tx, row)

    async def _take(self, tx: Tx, item: ActionItem, agreement: Agreement, issue: Issue) -> None:
        """Do here what was done there. Other words, and another assignee, of what is done already stay there."""
        take = agreement.take
        if take.get("is_done") is False and item.done_at is not None:
            item = await self._items.reopen(tx, item.number)
        if item.done_at is None and ("title" in take or "assignee" in take):
            await self._change(tx, item, take)
        if take.get("is_done") is True and item.done_at is None:
            await self._items.finish(tx, item.number, issue.remark)

    async def _change(self, tx: Tx, item: ActionItem, take: Mapping[Field, str | bool]) -> None:
        title, login = take.get("title"), take.get("assignee")
        person = self._directory.config.person_by_github(str(login)) if login else None
        wanted = Changes(text=str(title) if title else None, owner=person.id if person else None, is_nobodys=login == "")
        try:
            async with tx.savepoint():
                await self._items.change(tx, item.number, wanted)
        except AlreadyDone:
            return  # it is so already, or the assignee is nobody here

    async def _follow_moved(self, tx: Tx, row: TrackedItem, issue: Issue, incident: Incident) -> None:
        """The issue was transferred, or its repository renamed: it is the same item's, elsewhere."""
        if (row.place, row.number) == (issue.place, issue.number):
            return
        before = self.label(row)
        row.place, row.number, row.outside_id, row.url = issue.place, issue.number, issue.outside_id, issue.url
        await tx.session.flush()
        text = f"{before}, the issue of action item {row.item_id}, is {self.label(row)} now"
        if await timeline.record(tx, incident.number, "action-item", text, key=f"{row.item_id}:moved:{self.label(row)}", actor=BOT):
            await self._incidents.held(tx, incident.number)
            await self._incidents.say(tx, incident, f"{escape(text)}: {link(issue.url, self.label(row))}.")
        await self.watch(tx, issue.place)

    async def gone(self, tx: Tx, row: TrackedItem, why: str) -> None:
        """There is no issue any more. The item stays, and is not sent again."""
        item, incident = await self.both(tx, row.item_id)
        row.is_gone, row.trouble = True, why
        text = f"Action item {item.number} goes on without its issue {self.label(row)}. {why}"
        if await timeline.record(tx, incident.number, "action-item", text, key=f"{item.number}:gone", actor=BOT):
            await self._incidents.held(tx, incident.number)
            await self._incidents.say(tx, incident, escape(text))

    async def hidden(self, tx: Tx, row: TrackedItem) -> None:
        """Its issue says nothing any more. What it said before GitHub goes on showing, so somebody has to delete it there."""
        item, incident = await self.both(tx, row.item_id)
        row.is_gone = True
        row.trouble = f"{self.label(row)} was emptied. GitHub still shows how it was before: delete it there."
        text = f"Action item {item.number} goes on without its issue, for #{incident.number} is private now. {row.trouble}"
        if await timeline.record(tx, incident.number, "action-item", text, key=f"{item.number}:hidden", actor=BOT):
            await self._incidents.held(tx, incident.number)
            await self._incidents.say(tx, incident, escape(text))

    async def blocked(self, tx: Tx, row: TrackedItem, why: str) -> None:
        """Somebody has to mend something: people hear of it once a day, and it is tried each hour until it goes."""
        row.trouble = why
        await tx.session.flush()
        await self._tell_blocked(tx, row.place, why)
        await self.order(tx, row.item_id, due=tx.now + AGAIN)

    async def look_at(self, tx: Tx, place: str, issues: Sequence[Issue]) -> None:
        """Of issues that changed, the longest ago first: order a look at ours that we have not seen so."""
        cursor = await tx.session.get(TrackedPlace, place, populate_existing=True)
        numbers = {issue.number: issue for issue in issues}
        rows = select(TrackedItem).where(col(TrackedItem.place) == place, col(TrackedItem.number).in_(numbers))
        for row in (await tx.session.execute(rows)).scalars():
            issue = numbers[row.number or 0]
            is_later = row.seen_at is None or issue.changed_at > row.seen_at
            if is_later or issue.shared(row.seen.assignee) != row.seen:  # within the second in which we looked, it is no later
                await self.order(tx, row.item_id)
        if cursor is not None and issues:
            cursor.since = max(cursor.since, issues[-1].changed_at)
            await tx.session.flush()

    async def polled(self, tx: Tx, place: str, failure: Failure | None) -> None:
        """Order the next poll, as long as there is something to poll for."""
        rows = select(col(TrackedItem.item_id)).where(col(TrackedItem.place) == place, col(TrackedItem.is_gone).is_(False)).limit(1)
        if (await tx.session.execute(rows)).first() is None:
            return
        wait = POLL_EVERY
        if failure is not None and failure.ending is not Ending.LATER:
            await self._tell_blocked(tx, place, failure.why)
            wait = AGAIN
        elif failure is not None and failure.after is not None:
            wait = max(wait, failure.after)
        await queue.refresh(tx, PollPlace(place=place), key=f"poll_place:{place}", due=tx.now + wait)

    async def _tell_blocked(self, tx: Tx, place: str, why: str) -> None:
        """Say in the ops channel, once a day, why a place is not kept in step."""
        mark = hashlib.blake2b(why.encode(), digest_size=6).hexdigest()
        text = f"Action items and issues of {escape(place)} are not in step. {escape(why)}"
        await self._incidents.tell_ops(tx, text, f"tracker:{place}:{mark}:{tx.now:%Y-%m-%d}")

    async def _tell_dispute(self, tx: Tx, row: TrackedItem, item: ActionItem, incident: Incident, dispute: Dispute) -> None:
        """Both sides hear whose change counts, and what the other had said."""
        kept, dropped = (dispute.ours, dispute.theirs) if dispute.is_ours else (dispute.theirs, dispute.ours)
        where = "here" if dispute.is_ours else "on GitHub"
        what = f"action item {item.number} was changed on both sides ({NAMES[dispute.field]}). The later change, made {where}, counts: "
        text = f"{what}“{worded(kept)}”, not “{worded(dropped)}”"
        await timeline.record(tx, incident.number, "action-item", text, key=f"{item.number}:dispute:{tx.now}", actor=BOT)
        await self._incidents.held(tx, incident.number)
        await self._incidents.say(tx, incident, escape(f"{text[0].upper()}{text[1:]}."))
        said = f"This was changed here and in Tocsin ({NAMES[dispute.field]}). The later change, made "
        said += f"{'in Tocsin' if dispute.is_ours else 'here'}, counts: `{worded(kept)}`, not `{worded(dropped)}`."
        order = SayOnIssue(item_id=row.item_id, text=said.replace("@", "@<!-- -->"))
        await queue.schedule(tx, order, key=f"say_on_issue:{row.item_id}:{dispute.field}:{tx.now}", about=f"incident:{incident.number}")

    async def _tell_differ(self, tx: Tx, row: TrackedItem) -> None:
        """Write down that both sides name another assignee, where neither can follow the other."""
        row.trouble = self._differ(row)
        await tx.session.flush()
        if row.trouble is not None:
            item = await self._items.get(tx, row.item_id)
            key = f"{item.number}:differ:{row.sent_assignee}:{row.seen_assignee}"
            await timeline.record(tx, item.incident_id, "action-item", f"action item {item.number}: {row.trouble}", key=key, actor=BOT)

    @staticmethod
    def _differ(row: TrackedItem) -> str | None:
        if row.sent_assignee == row.seen_assignee or not (row.sent_assignee or row.seen_assignee):
            return None
        if not row.seen_assignee:
            return f"GitHub does not let @{row.sent_assignee} be assigned in {row.place}. The item keeps its owner."
        return f"On GitHub it is assigned to @{row.seen_assignee}, who is not in the directory. The item keeps its owner."

    def _actor(self, login: str) -> ActorId:
        person = self._directory.config.person_by_github(login) if login else None
        return ActorId(person.id if person else f"{GITHUB_ACTOR}{login}")

    async def _about(self, tx: Tx, item_id: int) -> str:
        return f"incident:{(await self._items.get(tx, item_id)).incident_id}"


def worded(value: str | bool) -> str:
    """One side's word, for people."""
    if isinstance(value, bool):
        return "done" if value else "open"
    return value or "nobody"
