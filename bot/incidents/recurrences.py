"""Did it come back? An incident that is like an earlier one whose action items are not done is linked with it, and people are told."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlmodel import col

from bot.db import BOT, Database, Tx
from bot.incidents import archive, timeline
from bot.incidents.accounts import Account
from bot.incidents.action_items import ActionItems
from bot.incidents.lifecycle import IncidentState
from bot.incidents.messages import IncidentDeclared, IncidentRestricted, LookForEarlier
from bot.incidents.models import ActionItem, Incident, Recurrence
from bot.incidents.names import heading, headline
from bot.incidents.service import Incidents
from bot.slack.text import clamp, escape
from bot.work import queue
from bot.work.queue import Claim
from bot.work.worker import Worker

MOST = 3
"""Earlier incidents that are told of: more is a list that nobody reads while something is broken."""
NAMED = 5
"""Items of each that are named."""
NONE = frozenset({IncidentState.CANCELLED, IncidentState.MERGED})
"""What came to nothing, or goes on elsewhere, came back from nowhere."""


class Recurrences:
    """Finds out what came back. Private incidents come back from nothing, and nothing of theirs is told elsewhere."""

    def __init__(self, database: Database, incidents: Incidents, items: ActionItems) -> None:
        self._db = database
        self._incidents = incidents
        self._items = items

    def register(self, worker: Worker) -> None:
        """Let the worker do this."""
        worker.handles(LookForEarlier, self.look)

    async def on_declared(self, tx: Tx, fact: IncidentDeclared) -> None:
        """Nobody's page waits for this: it is looked for later."""
        order = LookForEarlier(incident_id=fact.incident_id)
        await queue.schedule(tx, order, key=f"look_for_earlier:{fact.incident_id}", about=f"incident:{fact.incident_id}")

    async def look(self, order: LookForEarlier, claim: Claim) -> None:
        """Link what is like an earlier incident with unfinished action items, and say so in its channel, once."""
        async with self._db.read() as tx:
            incident = await self._incidents.get(tx, order.incident_id)
            is_one = incident.state not in NONE and not incident.is_drill
            found = await archive.alike(tx, incident, await self._unfinished(tx, incident), MOST) if is_one else []
        if not found:
            return
        async with self._db.begin(actor=BOT) as tx:
            for number in sorted([incident.number, *(earlier.number for earlier, _ in found)]):
                await self._incidents.held(tx, number)
            incident = await self._incidents.get(tx, order.incident_id)
            told = [line for earlier, like in found if (line := await self._link(tx, incident, earlier, like.why))]
            if told:
                said = await self._incidents.say(tx, incident, clamp("\n".join(told)))
                await tx.changed(update(Recurrence).where(col(Recurrence.incident_id) == incident.number).values(said=said))

    async def on_restricted(self, tx: Tx, fact: IncidentRestricted) -> None:
        """An incident is private now: what later ones said of it in their channels says no more than that."""
        rows = select(Recurrence).where(col(Recurrence.earlier_id) == fact.incident_id)
        restricted = await self._incidents.get(tx, fact.incident_id)
        for row in (await tx.session.execute(rows)).scalars():
            later = await self._incidents.get(tx, row.incident_id)
            if later.channel_id and row.said:
                await self._incidents.unsay(tx, restricted, row.said, channel=later.channel_id)

    async def accounts(self, tx: Tx, incident: Incident) -> Sequence[Account]:
        """For the postmortem: what this was like, and what of it was not done when it began."""
        rows = select(Recurrence).where(col(Recurrence.incident_id) == incident.number).order_by(col(Recurrence.earlier_id))
        return [
            Account(row.at, f"{heading(earlier)} was like this ({row.why}). Not done when this began: {self._then(tx, row, items)}")
            for row in (await tx.session.execute(rows)).scalars()
            if not (earlier := await self._incidents.get(tx, row.earlier_id)).is_private
            if (items := await self._items.of(tx, row.earlier_id))
        ]

    async def later(self, tx: Tx, incident_id: int) -> list[Incident]:
        """The incidents as which this one came back, as far as everybody may know of them."""
        rows = select(Incident).join(Recurrence, col(Recurrence.incident_id) == col(Incident.id))
        rows = rows.where(col(Recurrence.earlier_id) == incident_id, col(Incident.is_private).is_(False)).order_by(col(Incident.id))
        return list((await tx.session.execute(rows)).scalars())

    async def _unfinished(self, tx: Tx, incident: Incident) -> frozenset[int]:
        """Earlier incidents that are over and have something left to do."""
        rows = select(col(Incident.id)).join(ActionItem, col(ActionItem.incident_id) == col(Incident.id)).distinct()
        rows = rows.where(col(ActionItem.done_at).is_(None), col(Incident.is_private).is_(False), col(Incident.ended_at).is_not(None))
        found = (await tx.session.execute(rows.where(col(Incident.id) < incident.number))).scalars()
        return frozenset(number for number in found if number is not None)

    async def _link(self, tx: Tx, incident: Incident, earlier: Incident, why: str) -> str:
        """Write it down on both sides; returns what is said, "" where it was said before or is done meanwhile."""
        left = [item for item in await self._items.of(tx, earlier.number) if item.done_at is None]
        if not left or not await tx.insert_new(
            Recurrence, incident_id=incident.number, earlier_id=earlier.number, at=tx.now, why=why, said=""
        ):
            return ""
        count = f"{len(left)} of its action items {'is' if len(left) == 1 else 'are'} not done"
        await timeline.record(
            tx, incident.number, "linked", f"like {heading(earlier)} ({why}); {count}", key=f"like:{earlier.number}", actor=BOT
        )
        if not incident.is_private:
            text = f"came back as {heading(incident)}, while {count}"
            await timeline.record(tx, earlier.number, "linked", text, key=f"back:{incident.number}", actor=BOT)
        named = [f"• {item.number}: {escape(item.text)} ({escape(self._items.state_of(tx, item))})" for item in left[:NAMED]]
        more = [f"… and {len(left) - NAMED} more"] if len(left) > NAMED else []
        return "\n".join([f"*{headline(earlier)}* was like this ({escape(why)}). {count}:", *named, *more])

    def _then(self, tx: Tx, row: Recurrence, items: Sequence[ActionItem]) -> str:
        """What was left to do when it came back, and what has become of it."""
        left = [item for item in items if item.made_at <= row.at and (item.done_at is None or item.done_at > row.at)]
        return "; ".join(f"{item.text} ({self._items.state_of(tx, item)})" for item in left) or "nothing that is still kept"
