"""Writing down what harm an incident did, as far as somebody knows: `/inc impact`. It may be said long after the end."""

from bot.db import Tx
from bot.directory.service import Directory
from bot.errors import InvalidInput
from bot.incidents import impact, timeline
from bot.incidents.actions import Actions, Call
from bot.incidents.dated import happened_at
from bot.incidents.lifecycle import MilestoneKind
from bot.incidents.messages import ImpactTold
from bot.incidents.service import Incidents
from bot.slack.replies import Reply, Say
from bot.slack.text import escape


class Impacts:
    """The verb `impact`. Of each measure the last word counts."""

    def __init__(self, incidents: Incidents, directory: Directory) -> None:
        self._incidents = incidents
        self._directory = directory

    def register(self, actions: Actions) -> None:
        """Add the verb."""
        actions.add("impact", self.act)

    async def act(self, tx: Tx, call: Call) -> Reply:
        """Write down how much, or since when; the draft of the postmortem is amended."""
        aspect, words = impact.understood(call.words)
        number = (await self._incidents.touched(tx, call.incident.number)).number
        if aspect is None:
            told = await self._began(tx, number, words)
        else:
            await timeline.record(tx, number, impact.KIND, f"{impact.SAID[aspect]}{words}")
            told = f", {aspect.value}: {escape(words)}"
        await tx.announce(ImpactTold(number))
        return Say(f"Written down for #{number}{told}")

    async def _began(self, tx: Tx, number: int, words: str) -> str:
        at = happened_at(f"at {words}", tx.now, self._directory.zone_of(tx.actor))
        if at is None:
            raise InvalidInput("Say when the harm began, by your own clock: `/inc impact since 08:40`, or `since yesterday 23:50`.")
        await timeline.reach(tx, number, MilestoneKind.IMPACT_STARTED, source="person", happened_at=at)
        await timeline.record(tx, number, impact.KIND, "impact began", happened_at=at)
        return f": impact began at {self._directory.wall_time(tx.actor, at, tx.now)} your time"
