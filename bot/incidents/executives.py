"""The executive alert: one sentence, after the first answer or a few minutes, whichever comes first; and always the all-clear."""

from sqlalchemy import select
from sqlmodel import col

from bot.config.models import Person
from bot.db import BOT, Tx
from bot.directory.messages import TellPerson
from bot.directory.service import Directory
from bot.incidents import timeline
from bot.incidents.lifecycle import IncidentState, humane, is_worked_on
from bot.incidents.messages import IncidentDeclared, IncidentRestricted, SeverityChanged, StateChanged, TellExecutives
from bot.incidents.models import ExecutiveAlert, Incident
from bot.incidents.service import Incidents
from bot.paging.messages import PageAcknowledged
from bot.paging.service import Paging
from bot.slack.text import escape
from bot.work import queue


class Executives:
    """Keeps what executives were told true: whoever heard that there is trouble hears that there is none."""

    def __init__(self, directory: Directory, incidents: Incidents, paging: Paging) -> None:
        self._directory = directory
        self._incidents = incidents
        self._paging = paging

    # What is heard

    async def on_declared(self, tx: Tx, fact: IncidentDeclared) -> None:
        """They hear of it once somebody answered, or when it has taken too long."""
        incident = await self._incidents.held(tx, fact.incident_id)
        if self._is_theirs(incident):
            await self._order(tx, incident, is_patient=True)

    async def on_severity_changed(self, tx: Tx, fact: SeverityChanged) -> None:
        """It has become theirs, or is theirs no more."""
        await self._look(tx, fact.incident_id)

    async def on_state_changed(self, tx: Tx, fact: StateChanged) -> None:
        """It is over, or open again."""
        await self._look(tx, fact.incident_id)

    async def on_acknowledged(self, tx: Tx, fact: PageAcknowledged) -> None:
        """Somebody is on it: now there is something to say."""
        await self._look(tx, fact.incident_id, is_answered=True)

    async def on_restricted(self, tx: Tx, fact: IncidentRestricted) -> None:
        """What they read of it says its number alone from now on."""
        incident = await self._incidents.held(tx, fact.incident_id)
        theirs = select(ExecutiveAlert).where(col(ExecutiveAlert.incident_id) == incident.number)
        for alert in (await tx.session.execute(theirs)).scalars().all():
            for what in ("alert", "all-clear"):
                await self._incidents.unsay(tx, incident, f"executive:{alert.id}:{what}", person=alert.person)

    async def _look(self, tx: Tx, incident_id: int, *, is_answered: bool = False) -> None:
        incident = await self._incidents.held(tx, incident_id)
        is_theirs, have_heard = self._is_theirs(incident), bool(await self._waiting(tx, incident))
        if is_theirs != have_heard:
            await self._order(tx, incident, is_patient=is_theirs and not is_answered)

    async def _order(self, tx: Tx, incident: Incident, *, is_patient: bool) -> None:
        due = tx.now + self._directory.config.audiences.executive_alert_after if is_patient else None
        key, about = f"executives:{incident.number}", f"incident:{incident.number}"
        await queue.refresh(tx, TellExecutives(incident_id=incident.number), key=key, about=about, due=due, at_latest=is_patient)

    # What is told

    async def tell(self, tx: Tx, incident_id: int) -> None:
        """Alert those who do not know, or give the all-clear to those who wait for it."""
        incident = await self._incidents.held(tx, incident_id)
        waiting = await self._waiting(tx, incident)
        if not self._is_theirs(incident):
            for alert in waiting:
                alert.cleared_at = tx.now
                await self._send(tx, incident, alert, f"{self._what(incident)} {self._ending(incident)}.", "all-clear")
            return
        config, known = self._directory.config, {alert.person for alert in waiting}
        for person in (found for name in config.executives if (found := config.person(name)) and found.id not in known):
            alert = ExecutiveAlert(incident_id=incident.number, person=person.id, alerted_at=tx.now)
            tx.session.add(alert)
            await tx.session.flush()
            await self._send(tx, incident, alert, await self._alert(tx, incident, person), "alert")

    async def _send(self, tx: Tx, incident: Incident, alert: ExecutiveAlert, text: str, what: str) -> None:
        key, about = f"executive:{alert.id}:{what}", f"incident:{incident.number}"
        name = self._directory.name(alert.person)
        if await self._directory.slack_user_of(tx, alert.person) is None:
            said = f"{name}, an executive, could not be told ({what}): Slack knows no account of theirs"
        else:
            await queue.schedule(tx, TellPerson(actor=alert.person, text=text), key=key, about=about)
            said = f"told {name}, an executive ({what})"
        await timeline.record(tx, incident.number, "told", said, key=key, actor=BOT)

    async def _alert(self, tx: Tx, incident: Incident, person: Person) -> str:
        service = self._directory.service(incident.service) if incident.service and not incident.is_private else None
        about = f"{self._incidents.level(incident).impact}{f' of {service.name}' if service else ''}"
        since = self._directory.wall_time(person.id, incident.declared_at, tx.now)
        page = await self._paging.newest_page(tx, incident.number)
        holder = page.acknowledged_by if page else None
        who = f"{self._directory.name(holder)} is on it" if holder else "nobody has answered yet, and paging goes on"
        return f"*SEV{incident.severity}* {self._what(incident)}: {escape(about)} since {since}; {escape(who)}."

    def _ending(self, incident: Incident) -> str:
        """How it ended for them, as the end of a sentence."""
        match incident.state:
            case IncidentState.RESOLVED | IncidentState.CLOSED if incident.ended_at:
                return f"is over: all clear after {humane(incident.ended_at - incident.declared_at)}"
            case IncidentState.CANCELLED:
                return "was no incident: all clear"
            case state if is_worked_on(state):
                return f"is a SEV{incident.severity} now ({escape(self._incidents.level(incident).impact)}): all clear for you"
            case state:
                return f"is {state.value}: all clear"

    @staticmethod
    def _what(incident: Incident) -> str:
        name = "private" if incident.is_private else incident.title
        return f"*#{incident.number} {escape(name)}*"

    def _is_theirs(self, incident: Incident) -> bool:
        return not incident.is_drill and is_worked_on(incident.state) and "executives" in self._incidents.level(incident).hears

    async def _waiting(self, tx: Tx, incident: Incident) -> list[ExecutiveAlert]:
        """Who was alerted and has not had the all-clear."""
        open_now = (col(ExecutiveAlert.incident_id) == incident.number) & col(ExecutiveAlert.cleared_at).is_(None)
        return list((await tx.session.execute(select(ExecutiveAlert).where(open_now).order_by(col(ExecutiveAlert.id)))).scalars())
