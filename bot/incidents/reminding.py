"""Reminding people of action items, once a morning until each is done. Of what has no owner, or is long overdue, its team hears."""

import json
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from bot.db import BOT, ActorId, Database, Tx
from bot.directory.messages import TellPerson
from bot.directory.service import Directory
from bot.incidents import blocks
from bot.incidents.action_items import ActionItems
from bot.incidents.deadlines import Stage, is_working_time, next_moment, stage_on
from bot.incidents.item_report import ItemReport
from bot.incidents.messages import ActionItemsChanged, RemindOfItems
from bot.incidents.models import ActionItem, Incident
from bot.incidents.names import headline
from bot.incidents.service import Incidents
from bot.oncall.messages import TellTeam
from bot.slack.text import clamp, escape
from bot.work import queue
from bot.work.queue import Claim
from bot.work.worker import Worker

TEAM = "team:"
"""Before a team's id, where a person's stands; alone it is for items of no team."""
MOST = 5000
Kept = tuple[ActionItem, Incident]


class Reminders:
    """Hears that items have changed, and has their owners reminded."""

    def __init__(self, database: Database, directory: Directory, incidents: Incidents, items: ActionItems, report: ItemReport) -> None:
        self._db = database
        self._directory = directory
        self._incidents = incidents
        self._items = items
        self._report = report

    def register(self, worker: Worker) -> None:
        """Let the worker do this."""
        worker.handles(RemindOfItems, self.remind)

    async def on_items_changed(self, tx: Tx, fact: ActionItemsChanged) -> None:
        """An item is new, or stands otherwise: whoever has it is reminded in time."""
        item = await self._items.get(tx, fact.item_id)
        if item.done_at is None:
            await self._order(tx, await self._whose(tx, item, await self._incidents.get(tx, item.incident_id)))

    async def remind(self, order: RemindOfItems, claim: Claim) -> None:
        """Tell whoever it is of all that stands on a day of theirs, in one message, and order the next."""
        async with self._db.begin(actor=BOT) as tx:
            theirs = await self._theirs(tx, order.whose)
            zone = self._zone(order.whose)
            if is_working_time(tx.now, zone):  # what was held up until the evening waits for its next day
                today = tx.now.astimezone(self._directory.zone_of(self._reader(order.whose))).date()
                with tx.acting(ActorId(self._reader(order.whose) or BOT)):  # days are said as they are where this is read
                    await self._tell(tx, order.whose, self._of_today(theirs, today), today)
            await self._order_next(tx, order.whose, theirs)

    def _of_today(self, theirs: Sequence[Kept], today: date) -> list[tuple[ActionItem, Incident, Stage]]:
        found = [(item, incident, stage_on(item.due_on, self._made_on(item), today)) for item, incident in theirs]
        return [(item, incident, stage) for item, incident, stage in found if stage is not None]

    async def _tell(self, tx: Tx, whose: str, found: Sequence[tuple[ActionItem, Incident, Stage]], today: date) -> None:
        if not found:
            return
        if whose.startswith(TEAM):
            await self._tell_team(
                tx, whose, "Nobody has these action items. Take one: `/inc #… task 7 @you`.", found, f"remind:{whose}:{today}"
            )
            return
        lines = [(self._line(tx, item, incident), item.number) for item, incident, _ in found]
        intro = "*Your action items*" if len(found) > 1 else "*Your action item*"
        if any(stage is Stage.UNDATED for _, _, stage in found):
            intro += "\nGive what has no day one: `/inc #… task 7 fri`."
        shown = json.dumps([block.to_dict() for block in blocks.action_items(intro, lines)])
        text = clamp("\n".join([intro, *(line for line, _ in lines)]))
        await queue.schedule(tx, TellPerson(actor=whose, text=text, blocks=shown), key=f"remind:{whose}:{today}")
        long_ago = [one for one in found if one[2] is Stage.LONG_OVERDUE]
        for team in sorted({self._team_of(item, incident) for item, incident, _ in long_ago}):
            its = [one for one in long_ago if self._team_of(one[0], one[1]) == team]
            await self._tell_team(tx, team, "These action items are long overdue.", its, f"remind:{team}:{whose}:{today}")

    async def _tell_team(self, tx: Tx, whose: str, intro: str, found: Sequence[tuple[ActionItem, Incident, Stage]], key: str) -> None:
        """In the team's channel; of an incident that stays inside only whoever declared it and who leads it."""
        shared = [f"• {self._line(tx, item, incident)}" for item, incident, _ in found if not incident.stays_inside]
        for item, incident in [(item, incident) for item, incident, _ in found if incident.stays_inside]:
            await self._incidents.tell_of(tx, incident, f"{intro}\n• {self._line(tx, item, incident)}", f"{key}:{item.number}")
        if not shared:
            return
        text = clamp("\n".join([intro, *shared]))
        team = self._directory.team(whose.removeprefix(TEAM))
        if team is None:
            await self._incidents.tell_ops(tx, text, key)
        else:
            await queue.schedule(tx, TellTeam(team=team.id, text=text), key=key)

    async def _order(self, tx: Tx, whose: str) -> None:
        await self._order_next(tx, whose, await self._theirs(tx, whose))

    async def _order_next(self, tx: Tx, whose: str, theirs: Sequence[Kept]) -> None:
        """The next morning on which there is something to be reminded of."""
        if theirs:
            due = min(self._next(item, self._zone(whose), tx.now) for item, _ in theirs)
            await queue.refresh(tx, RemindOfItems(whose=whose), key=f"remind:{whose}", due=due)

    def _next(self, item: ActionItem, zone: str, now: datetime) -> datetime:
        return next_moment(item.due_on, self._made_on(item), zone, self._directory.config.action_items.remind_at, now)

    async def _theirs(self, tx: Tx, whose: str) -> list[Kept]:
        """The open items of a person, or those of a team that nobody has."""
        mine = col(ActionItem.owner) == whose
        found = await self._open(tx, mine if not whose.startswith(TEAM) else col(ActionItem.id).is_not(None))
        return [(item, incident) for item, incident in found if await self._whose(tx, item, incident) == whose]

    async def _open(self, tx: Tx, which: ColumnElement[bool]) -> Sequence[Kept]:
        rows = select(ActionItem, Incident).join(Incident, col(Incident.id) == col(ActionItem.incident_id))
        rows = rows.where(which, col(ActionItem.done_at).is_(None)).order_by(col(ActionItem.due_on), col(ActionItem.id)).limit(MOST)
        return [(item, incident) for item, incident in (await tx.session.execute(rows)).all()]

    async def _whose(self, tx: Tx, item: ActionItem, incident: Incident) -> str:
        """Who is reminded: the owner, as long as they can be told; else the team."""
        if item.owner is not None and await self._directory.slack_user_of(tx, item.owner):
            return item.owner
        return self._team_of(item, incident)

    def _team_of(self, item: ActionItem, incident: Incident) -> str:
        team = self._report.team_of(incident, item.owner)
        return f"{TEAM}{team.id if team else ''}"

    def _reader(self, whose: str) -> str | None:
        """By whose clock: a team lives by its lead's."""
        if not whose.startswith(TEAM):
            return whose
        team = self._directory.team(whose.removeprefix(TEAM))
        return team.lead if team else None

    def _zone(self, whose: str) -> str:
        return self._directory.zone_of(self._reader(whose)).key

    def _made_on(self, item: ActionItem) -> date:
        return item.made_at.astimezone(self._directory.zone_of(item.owner)).date()

    def _line(self, tx: Tx, item: ActionItem, incident: Incident) -> str:
        """The item and where it comes from; the title of a private incident stays in its channel."""
        where = f"#{incident.number}" if incident.is_private else headline(incident)
        return f"{item.number}: {escape(item.text)} ({escape(self._items.state_of(tx, item))}), of {where}"
