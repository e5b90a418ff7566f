"""Action items: what is to be done because of an incident, by whom and until which day. Kept and told here; `reminding.py` chases them."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlmodel import col

from bot.db import Tx
from bot.directory.messages import TellPerson
from bot.directory.service import Directory
from bot.errors import AlreadyDone, InvalidInput, NotFound
from bot.incidents import blocks, timeline
from bot.incidents.messages import ActionItemsChanged
from bot.incidents.models import ActionItem, Incident
from bot.incidents.names import headline
from bot.incidents.service import Incidents
from bot.incidents.tasks import ItemKind, ItemPriority
from bot.slack.text import escape
from bot.work import queue

LONGEST = 1000
LARGEST = 2**31 - 1


@dataclass(frozen=True)
class Changes:
    """What is to be another; None stays as it is."""

    text: str | None = None
    owner: str | None = None
    due_on: date | None = None
    priority: ItemPriority | None = None
    kind: ItemKind | None = None
    is_nobodys: bool = False
    """Whoever had it does not, and nobody else does."""


@dataclass(frozen=True)
class ItemLink:
    """Where else an item is, and why it does not say the same there."""

    label: str
    url: str
    trouble: str = ""


LinksOf = Callable[[Tx, Sequence[int]], Awaitable[Mapping[int, ItemLink]]]
"""(tx, numbers of items) → where they are."""


class ActionItems:
    """The verbs of action items. The actor is who asks."""

    def __init__(self, incidents: Incidents, directory: Directory) -> None:
        self._incidents = incidents
        self._directory = directory
        self._links: list[LinksOf] = []

    def add_links(self, links: LinksOf) -> None:
        """Let an upper room say where else items are."""
        self._links.append(links)

    async def links(self, tx: Tx, items: Sequence[ActionItem]) -> Mapping[int, ItemLink]:
        """Where else these items are, by their numbers."""
        numbers = [item.number for item in items]
        return {number: link for links in self._links for number, link in (await links(tx, numbers)).items()}

    async def add(
        self,
        tx: Tx,
        incident_id: int,
        text: str,
        owner: str | None = None,
        due_on: date | None = None,
        priority: ItemPriority | None = None,
        kind: ItemKind | None = None,
    ) -> ActionItem:
        """Something is to be done; its owner is told. Where nobody names a day, the priority may give it one."""
        words = self._sound(text)
        self._to_come(tx, due_on)
        incident = await self._incidents.touched(tx, incident_id)
        item = ActionItem(
            incident_id=incident_id, text=words, owner=owner, due_on=due_on or self._due_by(tx, priority), priority=priority, kind=kind,
            made_by=tx.actor, made_at=tx.now, changed_at=tx.now,
        )  # fmt: skip
        tx.session.add(item)
        await tx.session.flush()
        await self._changed(tx, incident, item, f"added action item {item.number}: {words}{self._assigned(item)}", "added")
        said = f"*Action item {item.number}* by {{actor}}{{words}}\n{await self._who_and_when(tx, item)}"
        await self._incidents.say(tx, incident, said, words=words)
        await self._tell_owner(tx, incident, item)
        return item

    async def change(self, tx: Tx, item_id: int, wanted: Changes) -> ActionItem:
        """Somebody else does it, or it is another in some way. Who had it and who has it are told."""
        incident, item = await self._held(tx, item_id)
        if item.done_at is not None:
            raise AlreadyDone(f"Action item {item_id} is done. To take it up again: `/inc #{incident.number} task reopen {item_id}`.")
        self._to_come(tx, wanted.due_on)
        before, text = item.owner, item.text
        if not self._turn_into(tx, item, wanted):
            raise AlreadyDone(f"Action item {item_id} is so already{self._assigned(item)}. Nothing to do.")
        item.changed_at = tx.now
        await tx.session.flush()
        was = f" (before: {text})" if item.text != text else ""
        what = f"changed action item {item_id}: {item.text}{self._assigned(item)}{was}"
        await self._changed(tx, incident, item, what, f"changed:{tx.now}")
        said = f"*Action item {item_id}* changed by {{actor}}{{words}}\n{await self._who_and_when(tx, item)}"
        await self._incidents.say(tx, incident, said, words=item.text)
        if item.owner != before:
            await self._tell_owner(tx, incident, item)
        if before is not None and item.owner != before:
            to = self._name(item.owner) if item.owner else "nobody"
            await self._tell(tx, item, "taken", before, f"{self._name(tx.actor)} gave it to {to}: {self._told(incident, item)}")
        return item

    async def finish(self, tx: Tx, item_id: int, remark: str = "") -> ActionItem:
        """It is done, perhaps with a `remark` about how. The first who says so counts."""
        incident, item = await self._held(tx, item_id)
        if item.done_at is not None:
            at = self._directory.wall_time(tx.actor, item.done_at, tx.now)
            raise AlreadyDone(f"{self._directory.name(item.done_by or '')} finished action item {item_id} at {at}. Nothing to do.")
        item.done_at, item.done_by, item.changed_at = tx.now, tx.actor, tx.now
        await tx.session.flush()
        how = f" ({remark})" if remark else ""
        await self._changed(tx, incident, item, f"finished action item {item_id}: {item.text}{how}", f"done:{tx.now}")
        await self._incidents.say(
            tx, incident, f":white_check_mark: *Action item {item_id}* done by {{actor}}{escape(how)}{{words}}", words=item.text
        )
        if item.owner not in (None, tx.actor):
            await self._tell(tx, item, "done", str(item.owner), f"{self._name(tx.actor)} finished yours: {self._told(incident, item)}")
        return item

    async def reopen(self, tx: Tx, item_id: int) -> ActionItem:
        """It is not done after all."""
        incident, item = await self._held(tx, item_id)
        if item.done_at is None:
            raise AlreadyDone(f"Action item {item_id} is open already. Nothing to do.")
        item.done_at, item.done_by, item.changed_at = None, None, tx.now
        await tx.session.flush()
        await self._changed(tx, incident, item, f"took up action item {item_id} again: {item.text}", f"reopened:{tx.now}")
        said = f"*Action item {item_id}* is open again, by {{actor}}{{words}}\n{await self._who_and_when(tx, item)}"
        await self._incidents.say(tx, incident, said, words=item.text)
        await self._tell_owner(tx, incident, item)
        return item

    async def get(self, tx: Tx, item_id: int) -> ActionItem:
        """The action item with this number; raises `NotFound`."""
        found = await tx.session.get(ActionItem, item_id, populate_existing=True) if item_id <= LARGEST else None
        if found is None:
            raise NotFound(f"There is no action item {item_id}. `/inc task list` in the incident's channel lists them.")
        return found

    async def of(self, tx: Tx, incident_id: int) -> list[ActionItem]:
        """Those of an incident, in the order in which they were made."""
        rows = select(ActionItem).where(col(ActionItem.incident_id) == incident_id).order_by(col(ActionItem.id))
        return list((await tx.session.execute(rows)).scalars())

    def state_of(self, tx: Tx, item: ActionItem) -> str:
        """Who does it and by when, or who did it, in plain words."""
        if item.done_at is not None:
            return f"done by {self._directory.name(item.done_by or '')}"
        who = self._directory.name(item.owner) if item.owner else "nobody yet"
        due = f"due {day(item.due_on, self.today(tx))}" if item.due_on else ""
        late = "overdue" if item.due_on and item.due_on < self.today(tx) else ""
        return ", ".join(filter(None, (item.priority, item.kind, who, due, late)))

    def today(self, tx: Tx) -> date:
        """The day it is for who asks."""
        return tx.now.astimezone(self._directory.zone_of(tx.actor)).date()

    def _turn_into(self, tx: Tx, item: ActionItem, wanted: Changes) -> bool:
        """Make the changes; False when there are none."""
        after = {
            "text": item.text if wanted.text is None else self._sound(wanted.text),
            "owner": None if wanted.is_nobodys else wanted.owner or item.owner,
            "due_on": wanted.due_on or item.due_on or self._due_by(tx, wanted.priority),
            "priority": wanted.priority or item.priority,
            "kind": wanted.kind or item.kind,
        }
        changed = {name: value for name, value in after.items() if getattr(item, name) != value}
        for name, value in changed.items():
            setattr(item, name, value)
        return bool(changed)

    async def _held(self, tx: Tx, item_id: int) -> tuple[Incident, ActionItem]:
        """The item and its incident, both held until the transaction ends."""
        incident = await self._incidents.touched(tx, (await self.get(tx, item_id)).incident_id)
        return incident, await self.get(tx, item_id)

    @staticmethod
    def _sound(text: str) -> str:
        words = text.strip()
        if not words:
            raise InvalidInput("Say what is to be done, by whom and by when: `/inc task add canary alarm @kim fri`.")
        if len(words) > LONGEST:
            raise InvalidInput(f"An action item has at most {LONGEST} characters, this one has {len(words)}. Say it shorter.")
        return words

    def _due_by(self, tx: Tx, priority: ItemPriority | None) -> date | None:
        """The day that a priority gives to an item without one."""
        within = self._directory.config.action_items.due.of(priority) if priority else None
        return self.today(tx) + within if within else None

    def _to_come(self, tx: Tx, due_on: date | None) -> None:
        if due_on is not None and due_on < self.today(tx):
            raise InvalidInput(f"{day(due_on, self.today(tx))} is over. Name a day to come, like `fri` or `12 march`.")

    async def _changed(self, tx: Tx, incident: Incident, item: ActionItem, text: str, key: str) -> None:
        await timeline.record(tx, incident.number, "action-item", text, key=f"{item.number}:{key}")
        await tx.announce(ActionItemsChanged(incident.number, item.number))

    async def _who_and_when(self, tx: Tx, item: ActionItem) -> str:
        who = await self._directory.mention(tx, item.owner) if item.owner else "nobody yet"
        due = f"due {day(item.due_on, self.today(tx))}" if item.due_on else ""
        about = ", ".join(filter(None, (who, due, item.priority, item.kind)))
        return f"For {about}. When it is done: `/inc task done {item.number}`"

    def _assigned(self, item: ActionItem) -> str:
        """` (Kim, due 2026-03-06, p1)`, as it stays true when it is read in a year."""
        who = self._directory.name(item.owner) if item.owner else ""
        said = ", ".join(filter(None, (who, f"due {item.due_on.isoformat()}" if item.due_on else "", item.priority, item.kind)))
        return f" ({said})" if said else ""

    async def _tell_owner(self, tx: Tx, incident: Incident, item: ActionItem) -> None:
        if item.owner is None or item.owner == tx.actor:
            return
        due = f", due *{day(item.due_on, self.today(tx))}*" if item.due_on else ""
        text = f"{self._name(tx.actor)} gave you an action item: {self._told(incident, item)}{due}."
        await self._tell(
            tx, item, "given", item.owner, text, json.dumps([block.to_dict() for block in blocks.action_item(text, item.number)])
        )

    async def _tell(self, tx: Tx, item: ActionItem, what: str, person: str, text: str, shown: str = "") -> None:
        key = f"action-item:{item.number}:{what}:{person}:{tx.now.timestamp():.6f}"
        await queue.schedule(tx, TellPerson(actor=person, text=text, blocks=shown), key=key, about=f"incident:{item.incident_id}")

    @staticmethod
    def _told(incident: Incident, item: ActionItem) -> str:
        """The item and where it comes from; the title of a private incident stays in its channel."""
        return f"*{escape(item.text)}* ({f'#{incident.number}' if incident.is_private else headline(incident)})"

    def _name(self, actor: str | None) -> str:
        return escape(self._directory.name(actor or ""))


def day(when: date, today: date) -> str:
    """`Fri 6 Mar`, with the year when it is another."""
    return f"{when:%a} {when.day} {when:%b}{f' {when.year}' if when.year != today.year else ''}"
