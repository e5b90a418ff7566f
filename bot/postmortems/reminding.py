"""Reminding those who owe a postmortem, by day and until it is done: the owner, and once it is late their team's channel, too."""

from datetime import date

from bot.config.models import Team
from bot.db import BOT, ActorId, Database, Tx
from bot.directory.service import Directory
from bot.incidents.blocks import sentence
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.oncall.messages import TellTeam
from bot.postmortems import blocks
from bot.postmortems.deadlines import days_late, may_remind, team_hears
from bot.postmortems.messages import RemindOfPostmortem
from bot.postmortems.models import Postmortem
from bot.postmortems.service import OVER, Postmortems
from bot.postmortems.states import PostmortemState
from bot.slack.text import escape, link
from bot.work import queue
from bot.work.queue import Claim
from bot.work.worker import Worker

NEXT = {
    PostmortemState.DRAFT: "Ask for a review when it says what happened: `/inc #{number} postmortem review @ana @bo`",
    PostmortemState.IN_REVIEW: "It waits for approvals: `/inc #{number} postmortem review @bo` asks somebody else, too.",
    PostmortemState.APPROVED: "It is approved: `/inc #{number} postmortem publish`",
}


class Deadlines:
    """The due work of deadlines."""

    def __init__(self, database: Database, directory: Directory, incidents: Incidents, postmortems: Postmortems) -> None:
        self._db = database
        self._directory = directory
        self._incidents = incidents
        self._postmortems = postmortems

    def register(self, worker: Worker) -> None:
        """Tell the worker what is done here."""
        worker.handles(RemindOfPostmortem, self.remind)

    async def remind(self, order: RemindOfPostmortem, claim: Claim) -> None:
        """Tell whoever owes its next step, unless nobody does any more; then again on the next working day."""
        async with self._db.begin(actor=BOT) as tx:
            incident = await self._incidents.held(tx, order.incident_id)
            known = await self._postmortems.find(tx, order.incident_id)
            if known is None or incident.state not in OVER:
                return
            await self._postmortems.dated(tx, incident, known)  # by the configuration of now; it orders the next one, too
            zone = self._directory.zone_of(known.owner)
            if known.due_on is not None and may_remind(known.due_on, tx.now, zone):
                await self._tell(tx, incident, known, known.due_on, tx.now.astimezone(zone).date())

    async def _tell(self, tx: Tx, incident: Incident, known: Postmortem, due: date, today: date) -> None:
        """The owner each time; their team's channel once it is late, and then once a week."""
        late = days_late(due, today)
        team = self._directory.team(incident.team) if incident.team else None
        person = self._owner(known, team)
        if person is not None:
            whose = "" if person == known.owner else " Nobody owns it yet: `owner @kim` after `postmortem` gives it to somebody."
            text = f"{self._what(incident, known, due, today, person)}{whose} {NEXT[known.state].format(number=incident.number)}"
            shown = [*sentence(text), *blocks.draft_buttons(known, self._postmortems.url(incident.number, reader=person))]
            await self._postmortems.tell(tx, incident, person, text, f"due:{today}", blocks.encoded(shown))
        if person is not None and not team_hears(late):
            return
        owner = await self._directory.mention(tx, known.owner) if known.owner else "nobody"
        text = f"{self._what(incident, known, due, today, None)} Owned by {owner}."
        if incident.is_private or team is None:
            await self._incidents.say(tx, incident, text)
        else:
            key = f"postmortem:{incident.number}:team:{today}"
            await queue.schedule(tx, TellTeam(team=team.id, text=text), key=key, about=f"incident:{incident.number}")

    def _owner(self, known: Postmortem, team: Team | None) -> ActorId | None:
        """Who is reminded: the owner while we know them, else the lead of the team."""
        for person in (known.owner, team.lead if team else None):
            if person is not None and self._directory.person(person) is not None:
                return ActorId(person)
        return None

    def _what(self, incident: Incident, known: Postmortem, due: date, today: date, reader: ActorId | None) -> str:
        """Which document, and until when it is wanted. A private incident's title stays in its channel."""
        title = "" if incident.is_private else f" {escape(incident.title)}"
        address = link(self._postmortems.url(incident.number, reader=reader), f"postmortem of #{incident.number}")
        when = "today" if due == today else f"by {blocks.day(due)}"
        late = due < today
        step = "in review" if known.state is PostmortemState.DRAFT else "published"
        return f"The {address}{title} {'was' if late else 'is'} to be {step} {when}{' and is late' if late else ''}."
