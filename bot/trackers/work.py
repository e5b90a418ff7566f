"""What trackers do outside: let an item and its issue agree, make the issue, comment on it, and poll."""

from collections.abc import Mapping
from datetime import timedelta

from bot import faultpoints, log
from bot.db import BOT, Database, hold_incident
from bot.trackers.agreement import Field, relabelled
from bot.trackers.answers import Ending, Failure
from bot.trackers.messages import HideIssue, PollPlace, SayOnIssue, SyncItem
from bot.trackers.models import TrackedItem, TrackedPlace
from bot.trackers.service import SKEW, Trackers
from bot.trackers.tracker import Draft, Issue, Tracker
from bot.work import queue
from bot.work.orders import Done, Outcome, Refused, TryLater
from bot.work.queue import Claim
from bot.work.worker import Worker

logger = log.get(__name__)
PATIENCE = timedelta(hours=1)
"""How long a tracker may be away before people hear of it."""
MOST_PAGES = 50


class TrackerWork:
    """The handlers of this room's due work."""

    def __init__(self, database: Database, trackers: Trackers, tracker: Tracker) -> None:
        self._db = database
        self._trackers = trackers
        self._tracker = tracker

    def register(self, worker: Worker) -> None:
        """Let the worker do this room's orders."""
        worker.handles(SyncItem, self.sync)
        worker.handles(SayOnIssue, self.say)
        worker.handles(HideIssue, self.hide)
        worker.handles(PollPlace, self.poll)

    async def sync(self, order: SyncItem, claim: Claim) -> Outcome:
        """Look at both sides as they are now, and let them agree."""
        async with self._db.read() as tx:
            row = await self._trackers.find(tx, order.item_id)
            if row is None or row.is_gone:
                return Done()
            item, incident = await self._trackers.both(tx, order.item_id)
            if not self._trackers.may_leave(incident):
                return Done()
            draft = self._trackers.draft(item, incident)
        if row.number is None:
            made = await self._make(row, draft, claim, incident.number)
            if isinstance(made, Failure):
                return await self._ended(order, made, claim)
            if made is not None:
                return made
        return await self._agree(order, claim, incident.number)

    async def _make(self, row: TrackedItem, draft: Draft, claim: Claim, incident: int) -> Failure | TryLater | None:
        """Make the issue, once: where an earlier try may have got through, the tracker is asked first."""
        async with self._db.begin(actor=BOT) as tx:
            await hold_incident(tx, incident)
            stored = await self._trackers.find(tx, row.item_id)
            if stored is None or stored.number is not None:
                return None
            was_asked, stored.asked_at = stored.asked_at, stored.asked_at or tx.now
            if not await queue.holds(tx, claim):
                return TryLater("another process has taken this over")
        found: Issue | Failure | None = None
        if was_asked is not None:
            found = await self._tracker.find(row.place, draft.mark, was_asked - SKEW)
        issue = found or await self._tracker.create(row.place, draft)
        if isinstance(issue, Failure):
            return issue
        faultpoints.reached("issue: made, not stored")
        async with self._db.begin(actor=BOT) as tx:
            await hold_incident(tx, incident)
            stored = await self._trackers.find(tx, row.item_id)
            if stored is not None and stored.number is None:
                await self._trackers.made(tx, stored, issue, draft)
                logger.info("issue made", incident=incident, item=row.item_id, issue=f"{issue.place}#{issue.number}")
        return None

    async def _agree(self, order: SyncItem, claim: Claim, incident: int) -> Outcome:
        async with self._db.read() as tx:
            row = await self._trackers.find(tx, order.item_id)
        if row is None or row.number is None:
            return Done()
        issue = await self._tracker.read(row.place, row.number)
        if isinstance(issue, Failure):
            return await self._ended(order, issue, claim)
        async with self._db.begin(actor=BOT) as tx:
            await hold_incident(tx, incident)
            stored = await self._trackers.find(tx, order.item_id)
            _, about = await self._trackers.both(tx, order.item_id)
            if stored is None or not self._trackers.may_leave(about):
                return Done()
            agreement = await self._trackers.settle(tx, stored, issue, order.by)
            item, about = await self._trackers.both(tx, order.item_id)
            ours = self._trackers.labels(item, about)
            labels = relabelled(issue.labels, stored.labels, ours)
        changes = changes_of(agreement.send, issue, stored.seen_assignee)
        if labels is not None:
            changes["labels"] = list(labels)
        if not changes:
            return Done()
        after = await self._tracker.write(issue.place, issue.number, changes)
        if isinstance(after, Failure):
            return await self._ended(order, after, claim)
        faultpoints.reached("issue: changed, not noted")
        async with self._db.begin(actor=BOT) as tx:
            await hold_incident(tx, incident)
            stored = await self._trackers.find(tx, order.item_id)
            if stored is not None:
                await self._trackers.sent(tx, stored, agreement, ours if labels is not None else None, after)
        return Done()

    async def _ended(self, order: SyncItem, failure: Failure, claim: Claim) -> Outcome:
        """Every failure has an ending: tried again, told to people, or both."""
        async with self._db.begin(actor=BOT) as tx:
            _, incident = await self._trackers.both(tx, order.item_id)
            await hold_incident(tx, incident.number)
            row = await self._trackers.find(tx, order.item_id)
            if row is None:
                return Done()
            if failure.ending is Ending.GONE:
                await self._trackers.gone(tx, row, failure.why)
            elif failure.ending is Ending.REFUSED:
                row.trouble = failure.why
                return Refused(failure.why)
            elif failure.ending is Ending.BLOCKED or tx.now - claim.wanted_at > PATIENCE:
                await self._trackers.blocked(tx, row, failure.why)
            else:
                return TryLater(failure.why, failure.after)
        return Done()

    async def say(self, order: SayOnIssue, claim: Claim) -> Outcome:
        """Comment on the issue."""
        async with self._db.read() as tx:
            row = await self._trackers.find(tx, order.item_id)
        if row is None or row.number is None or row.is_gone:
            return Done()
        failure = await self._tracker.say(row.place, row.number, order.text, claim.key)
        if failure is None or failure.ending is Ending.GONE:
            return Done()
        return TryLater(failure.why, failure.after) if failure.ending is Ending.LATER else Refused(failure.why)

    async def hide(self, order: HideIssue, claim: Claim) -> Outcome:
        """Empty an issue. Where that cannot be, people hear at once where the words of a private incident still stand."""
        async with self._db.read() as tx:
            row = await self._trackers.find(tx, order.item_id)
            _, incident = await self._trackers.both(tx, order.item_id)
        if row is None or row.number is None or row.is_gone:
            return Done()
        changes = {"title": f"Action item {row.item_id}", "body": "This is private now.", "labels": []}
        after = await self._tracker.write(row.place, row.number, changes)
        if isinstance(after, Failure) and after.ending is Ending.LATER:
            return TryLater(after.why, after.after)
        if isinstance(after, Failure) and after.ending is not Ending.GONE:
            return Refused(f"{row.place}#{row.number} still says what action item {row.item_id} is: delete it there. {after.why}")
        async with self._db.begin(actor=BOT) as tx:
            await hold_incident(tx, incident.number)
            stored = await self._trackers.find(tx, order.item_id)
            if stored is not None:
                await self._trackers.hidden(tx, stored)
        return Done()

    async def poll(self, order: PollPlace, claim: Claim) -> None:
        """Order a look at each issue of ours that changed since the last poll; how far it came is written with each page."""
        async with self._db.read() as tx:
            cursor = await tx.session.get(TrackedPlace, order.place)
        if cursor is None:
            return
        failure = None
        for page in range(1, MOST_PAGES + 1):
            found = await self._tracker.changed(order.place, cursor.since, page)
            if isinstance(found, Failure):
                failure = found
                break
            async with self._db.begin(actor=BOT) as tx:
                await self._trackers.look_at(tx, order.place, found.issues)
            if found.is_last:
                break
        async with self._db.begin(actor=BOT) as tx:
            await self._trackers.polled(tx, order.place, failure)


def changes_of(send: Mapping[Field, str | bool], issue: Issue, before: str) -> dict[str, object]:
    """What to write for what is to be sent: our assignee takes the place of the one `before`, who counted; others stay."""
    changes: dict[str, object] = {name: value for name, value in send.items() if name != "assignee"}
    if "assignee" in send:
        others = [one for one in issue.assignees if one != before]
        changes["assignees"] = [*others, *([str(send["assignee"])] if send["assignee"] else [])]
    return changes
