"""`/inc task …`, its form, and the button that says an action item is done."""

import asyncio
from datetime import date

from bot.db import Tx
from bot.directory.service import Directory
from bot.errors import InvalidInput, NotFound
from bot.incidents import blocks
from bot.incidents.action_items import ActionItems, Changes, ItemLink
from bot.incidents.actions import Actions, Call
from bot.incidents.item_report import ItemReport
from bot.incidents.models import ActionItem
from bot.incidents.names import headline
from bot.incidents.recurrences import Recurrences
from bot.incidents.service import Incidents
from bot.incidents.tasks import Add, Change, Finish, ListItems, Reopen, overdue_of, parse
from bot.oncall.times import load, moment
from bot.slack.door import Door
from bot.slack.replies import Nothing, Reply, Say
from bot.slack.requests import Click
from bot.slack.text import clamp, escape, link


class TaskCommand:
    """Reads what was typed or pressed about action items, and calls one verb."""

    def __init__(
        self, incidents: Incidents, items: ActionItems, report: ItemReport, recurrences: Recurrences, directory: Directory
    ) -> None:
        self._recurrences = recurrences
        self._incidents = incidents
        self._items = items
        self._report = report
        self._directory = directory

    def register(self, actions: Actions, door: Door) -> None:
        """Add the verb `task`, and hear its buttons."""
        actions.add("task", self.act)
        actions.add_look("task", self.overdue)
        door.click(blocks.ITEM_DONE, self.press_done)
        door.click(f"{blocks.ITEM_DONE}:*", self.press_done)

    async def act(self, tx: Tx, call: Call) -> Reply:
        """The verb, as the table of verbs calls it."""
        owner = call.people[0] if call.people else None
        number = call.incident.number
        has_more = bool(owner or call.due or call.priority or call.kind)
        match parse(call.words, has_more=has_more):
            case ListItems():
                return await self._listed(tx, number)
            case Finish(item_id):
                item = await self._items.finish(tx, await self._here(tx, number, item_id))
                said = f"Action item {item.number} is done."
            case Reopen(item_id):
                item = await self._items.reopen(tx, await self._here(tx, number, item_id))
                said = f"Action item {item.number} is open again."
            case Change(item_id):
                due_on = await self._due(tx, call.due)
                wanted = Changes(owner=owner, due_on=due_on, priority=call.priority, kind=call.kind)
                item = await self._items.change(tx, await self._here(tx, number, item_id), wanted)
                said = f"Action item {item.number}: {escape(item.text)} ({escape(self._items.state_of(tx, item))})."
            case Add(text):
                self._refuse_unknown(text)
                due_on = await self._due(tx, call.due)
                item = await self._items.add(tx, number, text, owner, due_on, call.priority, call.kind)
                said = f"Action item {item.number} is written down: {escape(item.text)} ({escape(self._items.state_of(tx, item))})."
        return Say(said) if call.is_elsewhere or call.incident.channel_id is None else Nothing()

    async def overdue(self, tx: Tx, argument: str) -> Reply:
        """`task overdue payments`: what should have been done by now, and how much is."""
        named = overdue_of(argument) or ""
        team = self._directory.team(named) if named else None
        if named and team is None:
            known = ", ".join(f"`{one}`" for one in self._directory.config.teams)
            raise NotFound(f"There is no team `{escape(named)[:60]}`. Teams are {known}. To write an item down: `/inc task add …`.")
        return Say(clamp("\n".join(await self._report.overdue(tx, team))))

    async def press_done(self, tx: Tx, click: Click) -> Reply:
        """Done, in a direct message or in the list; the list shows it."""
        if not click.value.isascii() or not click.value.isdecimal() or len(click.value) > 9:
            raise InvalidInput("This button belongs to a message that is too old. Type `/inc task done` with the item's number.")
        item = await self._items.get(tx, int(click.value))
        incident = await self._incidents.get(tx, item.incident_id)
        if incident.is_private and item.owner != tx.actor and not await self._incidents.is_insider(tx, incident):
            raise NotFound(f"There is no action item {item.number}.")
        await self._items.finish(tx, item.number)
        if click.action_id == blocks.ITEM_DONE:
            return Say(f":white_check_mark: Done: {escape(item.text)} (#{incident.number}).", replace=True)
        listed = await self._listed(tx, incident.number)
        return Say(listed.text, listed.blocks, replace=True)

    async def _listed(self, tx: Tx, number: int) -> Say:
        incident, items = await self._incidents.get(tx, number), await self._items.of(tx, number)
        if not items:
            return Say(f"#{number} has no action items yet. Add one: `/inc task add canary alarm @kim fri`.")
        intro = f"*Action items of {headline(incident)}*"
        if later := await self._recurrences.later(tx, number):
            intro += f"\nIt came back: {', '.join(headline(one) for one in later)}"
        links = await self._items.links(tx, items)
        in_order = sorted(items, key=lambda one: bool(one.done_at))
        lines = [(self._line(tx, item, links.get(item.number)), None if item.done_at else item.number) for item in in_order]
        return Say(clamp("\n".join([intro, *(line for line, _ in lines)])), blocks.action_items(intro, lines))

    def _line(self, tx: Tx, item: ActionItem, there: ItemLink | None) -> str:
        text = f"~{escape(item.text)}~" if item.done_at else escape(item.text)
        where = f" · {link(there.url, there.label) if there.url else escape(there.label)}" if there else ""
        trouble = f" :warning: {escape(there.trouble)}" if there and there.trouble else ""
        return f"{item.number}: {text} ({escape(self._items.state_of(tx, item))}){where}{trouble}"

    async def _here(self, tx: Tx, number: int, item_id: int) -> int:
        """The item, if it is of this incident."""
        if item_id not in [item.number for item in await self._items.of(tx, number)]:
            raise NotFound(f"#{number} has no action item {item_id}. `/inc #{number} task list` lists what it has.")
        return item_id

    async def _due(self, tx: Tx, typed: str) -> date | None:
        """The day that was typed, on the actor's calendar. The first one loads a library: aside, so that nobody's page waits for it."""
        if not typed:
            return None
        await asyncio.to_thread(load)
        zone = self._directory.zone_of(tx.actor)
        return moment(typed, tx.now, zone.key).astimezone(zone).date()

    @staticmethod
    def _refuse_unknown(text: str) -> None:
        last = text.split()[-1] if text.split() else ""
        if last.startswith("@"):
            raise InvalidInput(
                f"I know nobody called `{escape(last)[:60]}`, so nothing was written down. Mention them as Slack completes it, "
                f"or leave the name out: `/inc task {escape(text.removesuffix(last).strip())[:200]}`"
            )
