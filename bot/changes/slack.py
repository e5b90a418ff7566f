"""`/inc changes`, and what changed shortly before an incident on its card."""

from collections.abc import Sequence
from datetime import timedelta

from slack_sdk.models.blocks import Block, ContextBlock, MarkdownTextObject

from bot.changes.service import Around, Changes, told
from bot.db import Tx
from bot.incidents.actions import Actions, Call
from bot.incidents.lifecycle import humane
from bot.incidents.models import Incident
from bot.slack.replies import Reply, Say
from bot.slack.text import clamp, escape, link, when

ON_CARD = timedelta(hours=2)
CARD_LINES = 3
ASKED_FOR = timedelta(days=1)
ANSWER_LINES = 10
"""For the incident's service, and again for the others."""
NONE = (
    "Nothing was told to have changed in the day before #{number} began, nor since. "
    "A pipeline tells with one request, `POST /api/v1/changes`: docs/api.md shows it."
)


class ChangesCommand:
    """Shows changes to whoever works on an incident."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def register(self, actions: Actions) -> None:
        """Add the verb."""
        actions.add("changes", self.changes)

    async def changes(self, tx: Tx, call: Call) -> Reply:
        """What changed in the day before it began and since, in its own service and elsewhere."""
        incident = call.incident
        found = await self._changes.around(tx, incident, ASKED_FOR)
        if not found:
            return Say(NONE.format(number=incident.number))
        own, others = [one for one in found if one.is_its_own], [one for one in found if not one.is_its_own]
        title = f"Changed in {escape(incident.service)}" if incident.service else "Changed everywhere"
        nothing = [f"*{title}:* nothing in the day before #{incident.number} began, nor since"]
        return Say(clamp("\n".join([*(_listed(title, own) or nothing), *_listed("Changed elsewhere", others)])))

    async def card_section(self, tx: Tx, incident: Incident) -> Sequence[Block]:
        """What changed in its own service shortly before it began, or since."""
        found = [one for one in await self._changes.around(tx, incident, ON_CARD) if one.is_its_own]
        lines = _listed("Changed", found, CARD_LINES)
        return (ContextBlock(elements=[MarkdownTextObject(text=clamp("\n".join(lines), 2000))]),) if lines else ()


def _listed(title: str, found: Sequence[Around], most: int = ANSWER_LINES) -> list[str]:
    if not found:
        return []
    earlier = f" (the newest {most} of {len(found)})" if len(found) > most else ""
    return [f"*{title}*{earlier}:", *(_line(one) for one in found[:most])]


def _line(one: Around) -> str:
    change = one.change
    said = link(change.url, told(change)) if change.url else escape(told(change))
    whose = "" if one.is_its_own or change.service is None else f"{escape(change.service)}, "
    distance = f"{humane(abs(one.before))} {'before it began' if one.before >= timedelta(0) else 'after it began'}"
    return f"• {whose}{change.kind.value}: {said} · {when(change.happened_at, '{time}')}, *{distance}*"
