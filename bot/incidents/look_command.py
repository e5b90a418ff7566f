"""`catchup`, `timeline` and `similar`: reading, in private."""

from collections.abc import Sequence
from datetime import datetime

from bot.config.values import counted
from bot.db import Tx
from bot.directory.service import Directory
from bot.incidents import archive, blocks, timeline, transcript
from bot.incidents.action_items import ActionItems
from bot.incidents.actions import Actions, Call
from bot.incidents.lifecycle import humane, is_open
from bot.incidents.models import Incident, TimelineEntry
from bot.incidents.standing import Standings
from bot.slack.replies import Reply, Say
from bot.slack.text import clamp, escape, link, when

NEWEST = 20
"""Entries of `timeline`."""
TURNS = 8
"""Entries of `catchup`."""
TURNING = frozenset({"declared", "severity", "state", "mitigated", "reopened", "run", "note", "exhausted", "trouble", "linked"})
"""Kinds of entries that say where things stand; the rest is who came and went, and updates, of which the newest is told by itself."""
LONGEST = 200
"""Characters of one entry."""


class LookCommand:
    """Answers who wants to know, and changes nothing."""

    def __init__(self, directory: Directory, standings: Standings, items: ActionItems) -> None:
        self._directory = directory
        self._standings = standings
        self._items = items

    def register(self, actions: Actions) -> None:
        """Add the verbs."""
        actions.add("catchup", self.catchup)
        actions.add("timeline", self.timeline)
        actions.add("similar", self.similar)

    async def catchup(self, tx: Tx, call: Call) -> Reply:
        """Where things stand, for one who just woke up: one screen."""
        return Say(await self.told(tx, call.incident))

    async def told(self, tx: Tx, incident: Incident) -> str:
        """Where an incident stands, in mrkdwn."""
        standing = await self._standings.of(tx, incident)
        entries = await timeline.entries(tx, incident.number)
        lines = [
            f"*{escape(incident.title)}* · {self._age(tx, incident)}",
            blocks.facts(standing),
            *self._update(tx, incident, entries),
            *await self._talk(tx, incident),
            *self._entries("What happened", [entry for entry in entries if entry.kind in TURNING], TURNS),
            *await self._to_do(tx, incident),
        ]
        return clamp("\n".join(lines))

    async def timeline(self, tx: Tx, call: Call) -> Reply:
        """The newest of what was written down."""
        entries = await timeline.entries(tx, call.incident.number)
        page = (await self._standings.of(tx, call.incident)).page_url
        more = [link(page, "All of it, with the messages that were marked")] if page else []
        return Say(clamp("\n".join([*self._entries(f"Timeline of #{call.incident.number}", entries, NEWEST), *more])))

    async def similar(self, tx: Tx, call: Call) -> Reply:
        """Incidents like this one, how they ended, and where."""
        found = await archive.similar(tx, call.incident)
        if not found:
            return Say(f"No incident so far is like #{call.incident.number}. To look for words: `/inc find redis failover`.")
        lines = [f"*Like #{call.incident.number}:*"]
        for one, like in found:
            lines.append(f"{blocks.one_line(one)}\n      {escape(like.why)}{await how_it_ended(tx, one)}")
        return Say(clamp("\n".join(lines)))

    def _age(self, tx: Tx, incident: Incident) -> str:
        until = incident.ended_at or tx.now
        return f"{incident.state.value} {'for' if is_open(incident.state) else 'after'} {humane(until - incident.declared_at)}"

    def _update(self, tx: Tx, incident: Incident, entries: Sequence[TimelineEntry]) -> list[str]:
        updates = [entry for entry in entries if entry.kind == "update"]
        if not updates:
            return ["*Latest update:* none yet"]
        newest = updates[-1]
        by = escape(self._directory.name(newest.actor))
        return [f"*Latest update* ({by}, {_ago(newest.happened_at, tx.now)}): {escape(clamp(newest.text, 500))}"]

    async def _talk(self, tx: Tx, incident: Incident) -> list[str]:
        said = [one for one in await transcript.messages(tx, incident.number) if not one.author.startswith(transcript.OTHER_APP)]
        standing = [one for one in said if one.deleted_at is None and one.text.strip()]
        if not standing:
            return []
        newest, people = standing[-1], len({one.author for one in standing})
        name = escape(self._directory.name(newest.author))
        last = f"the last, by {name} {_ago(newest.happened_at, tx.now)}: {escape(clamp(newest.text, LONGEST))}"
        return [f"*Said here:* {counted(len(standing), 'message')} of {counted(people, 'person')}; {last}"]

    def _entries(self, title: str, entries: Sequence[TimelineEntry], most: int) -> list[str]:
        earlier = f" (the newest {most} of {len(entries)})" if len(entries) > most else ""
        return [f"*{title}*{earlier}", *(self._entry(entry) for entry in entries[-most:])]

    def _entry(self, entry: TimelineEntry) -> str:
        return f"• {when(entry.happened_at, '{time}')} {escape(self._directory.name(entry.actor))}: {escape(clamp(entry.text, LONGEST))}"

    async def _to_do(self, tx: Tx, incident: Incident) -> list[str]:
        left = [item for item in await self._items.of(tx, incident.number) if item.done_at is None]
        lines = [f"• {item.number}: {escape(item.text)} ({escape(self._items.state_of(tx, item))})" for item in left]
        return ["*Action items to be done*", *lines] if lines else []


async def how_it_ended(tx: Tx, incident: Incident) -> str:
    """` · resolved after 12 min: config rolled back`, in mrkdwn; "" while it goes on."""
    if incident.ended_at is None:
        return ""
    said = await archive.ending(tx, incident)
    how = f": {escape(clamp(said, LONGEST))}" if said else ""
    return f" · {incident.state.value} after {humane(incident.ended_at - incident.declared_at)}{how}"


def _ago(moment: datetime, now: datetime) -> str:
    return f"{humane(max(now - moment, now - now))} ago"
