"""What whoever declares an incident is told at once: who is paged, and where people meet."""

from bot.db import Tx
from bot.directory.service import Directory
from bot.incidents import blocks
from bot.incidents.models import Incident
from bot.incidents.service import Incidents


class Confirmations:
    """Writes them."""

    def __init__(self, directory: Directory, incidents: Incidents) -> None:
        self._directory = directory
        self._incidents = incidents

    async def of(self, tx: Tx, incident: Incident) -> str:
        """For an incident that was declared in this transaction, in mrkdwn."""
        if not self._incidents.level(incident).opens_channel:
            return f"{blocks.one_line(incident)}\nSEV4 wakes nobody and has no channel; `/inc #{incident.number} sev 3` changes that."
        where = "This is its channel." if incident.channel_id else "The channel is on its way."
        return f"{blocks.one_line(incident)}\n{await self._who(tx, incident)} {where}"

    async def _who(self, tx: Tx, incident: Incident) -> str:
        paged = await self._incidents.paged(tx, incident)
        if paged:
            return f"Paging {', '.join([await self._directory.mention(tx, person) for person in paged])}."
        if (starts := await self._incidents.paging_starts(tx, incident)) and starts > tx.now:
            return f"Quiet hours: the first page leaves at {self._directory.wall_time(tx.actor, starts, tx.now)}."
        if incident.is_drill:
            return "Nobody is on call for it, so nobody is paged: name a service that somebody is."
        return "Nobody could be found to page: set an owner for the service, or a fallback."
