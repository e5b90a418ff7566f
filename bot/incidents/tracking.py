"""The tracking channel: one line for each incident that people work on, edited in place as it goes on."""

from datetime import timedelta

from bot.db import BOT, Database, Tx
from bot.directory.service import Directory
from bot.events import Listeners
from bot.incidents import blocks
from bot.incidents.messages import CommanderChanged, IncidentDeclared, IncidentRestricted, SeverityChanged, StateChanged, TrackIncident
from bot.incidents.models import Incident, TrackedIncident
from bot.incidents.service import Incidents
from bot.incidents.standing import Standings
from bot.paging.messages import PageAcknowledged
from bot.slack.channels import Posting
from bot.slack.gateway import Failed, Ok, ending
from bot.slack.text import escape
from bot.work import queue
from bot.work.orders import Done, Outcome
from bot.work.queue import Claim

PATIENCE = timedelta(minutes=1)
"""Those who only follow can wait until paging, channel and card are done with."""

Told = IncidentDeclared | SeverityChanged | StateChanged | CommanderChanged | PageAcknowledged


class Tracking:
    """Keeps the line of an incident true."""

    def __init__(self, database: Database, directory: Directory, incidents: Incidents, standings: Standings, posting: Posting) -> None:
        self._db = database
        self._directory = directory
        self._incidents = incidents
        self._standings = standings
        self._posting = posting

    def listen(self, listeners: Listeners) -> None:
        """Hear of everything that the line shows."""
        listeners.on(IncidentDeclared, self.on_change)
        listeners.on(SeverityChanged, self.on_change)
        listeners.on(StateChanged, self.on_change)
        listeners.on(CommanderChanged, self.on_change)
        listeners.on(PageAcknowledged, self.on_change)
        listeners.on(IncidentRestricted, self.on_restricted)

    async def on_change(self, tx: Tx, fact: Told) -> None:
        """Something that the line shows has changed."""
        incident = await self._incidents.held(tx, fact.incident_id)
        tracked = None if incident.stays_inside else await tx.session.get(TrackedIncident, incident.number)
        if tracked is not None or self._is_tracked(incident):
            key, about = f"track:{incident.number}", f"incident:{incident.number}"
            order = TrackIncident(incident_id=incident.number)
            await queue.refresh(tx, order, key=key, about=about, due=tx.now + PATIENCE, at_latest=True)

    async def on_restricted(self, tx: Tx, fact: IncidentRestricted) -> None:
        """The line says its number alone, and follows it no more."""
        if await tx.session.get(TrackedIncident, fact.incident_id) is not None:
            order, about = TrackIncident(incident_id=fact.incident_id), f"incident:{fact.incident_id}"
            await queue.refresh(tx, order, key=f"track:{fact.incident_id}", about=about)

    async def track(self, order: TrackIncident, claim: Claim) -> Outcome:
        """Post the line, once; from then on edit it. One that somebody deleted is not posted again."""
        async with self._db.read() as tx:
            incident = await self._incidents.get(tx, order.incident_id)
            line = (
                blocks.tracked(await self._standings.of(tx, incident)) if not incident.is_private else f"#{incident.number} is private now."
            )
            tracked = await tx.session.get(TrackedIncident, order.incident_id)
        if tracked is not None:
            shown = [block.to_dict() for block in blocks.sentence(line)]
            answer = await self._posting.slack.call("chat.update", channel=tracked.channel_id, ts=tracked.ts, text=line, blocks=shown)
            return Done() if isinstance(answer, Failed) and not answer.slack_is_gone else ending(answer)
        if not self._is_tracked(incident):
            return Done()
        config = self._directory.config
        posted = await self._posting.once(config.audiences.tracking or config.ops_channel, line, blocks.sentence(line), claim)
        if isinstance(posted, Failed) and not posted.slack_is_gone:
            return await self._cannot(incident, posted.why)
        if not isinstance(posted, Ok):
            return ending(posted)
        async with self._db.begin(actor=BOT) as tx:
            await tx.insert_new(TrackedIncident, incident_id=incident.number, channel_id=posted.text("channel"), ts=posted.text("ts"))
        return Done()

    async def _cannot(self, incident: Incident, why: str) -> Outcome:
        """What a person must put right is said once an incident, where people look for the bot's troubles."""
        text = f"*#{incident.number} is not in the tracking channel:* {escape(why)} See `audiences.tracking`."
        async with self._db.begin(actor=BOT) as tx:
            await self._incidents.tell_of(tx, await self._incidents.held(tx, incident.number), text, key=f"untracked:{incident.number}")
        return Done()

    def _is_tracked(self, incident: Incident) -> bool:
        return not incident.stays_inside and "tracking" in self._incidents.level(incident).hears
