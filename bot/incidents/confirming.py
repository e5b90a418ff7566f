"""What whoever declares an incident is told: who is paged, and where people meet; or later why there is none."""

from bot.db import BOT, Database, Tx
from bot.directory.messages import TellPerson
from bot.directory.service import Directory
from bot.incidents import blocks
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.slack.gateway import SlackGateway
from bot.work import queue


class Answers:
    """Tells whoever typed a command what became of it later."""

    def __init__(self, database: Database, gateway: SlackGateway) -> None:
        self._db = database
        self._slack = gateway

    async def give(self, actor: str, reply_to: str, text: str, key: str) -> None:
        """In the place of the first answer, or where that is gone, as a direct message, once under this key."""
        body = {"text": text, "replace_original": True, "response_type": "ephemeral"}
        if not reply_to or await self._slack.post_to(reply_to, body) != 200:
            async with self._db.begin(actor=BOT) as tx:
                await queue.schedule(tx, TellPerson(actor=actor, text=text), key=f"answer:{key}")


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
