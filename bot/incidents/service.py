"""The verbs of an incident's life. Each is one piece of a transaction: it changes rows, writes the timeline and orders due work."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlmodel import col

from bot import faultpoints
from bot.db import BOT, ActorId, Tx, hold_declaring, hold_incident
from bot.errors import AlreadyDone, InvalidInput, Refusal
from bot.incidents import lifecycle, roles, timeline
from bot.incidents.consequences import consequences
from bot.incidents.declaration import Declaration, Declared
from bot.incidents.judge import Judge, Judged
from bot.incidents.lifecycle import OPEN, IncidentState, MilestoneKind
from bot.incidents.messages import (
    IncidentCancelled,
    IncidentDeclared,
    IncidentMerged,
    IncidentReopened,
    IncidentResolved,
    NoteWritten,
    SayInOps,
    SeverityChanged,
    SeverityConfirmed,
    StateChanged,
)
from bot.incidents.models import Incident, is_real
from bot.incidents.names import heading, headline, subject
from bot.incidents.outward import Outward
from bot.incidents.promises import promised
from bot.incidents.severity import Severity
from bot.paging.service import PageRequest, Paging, Where
from bot.slack.text import channel_link
from bot.states import move
from bot.work import queue


class Incidents(Outward):
    """Declares incidents and moves them through their life."""

    def __init__(self, paging: Paging) -> None:
        super().__init__(paging)
        self._judge = Judge(self._config)

    @property
    def judge(self) -> Judge:
        """Who decides by the configuration that holds now."""
        if self._judge.config is not self._config:
            self._judge = Judge(self._config)
        return self._judge

    # Declaring

    async def declare(self, tx: Tx, wanted: Declaration) -> Declared:
        """Declare an incident: decide its severity, page whoever answers for it, and order its channel, side by side.

        About the same thing as a young incident it pages nobody again and returns that one. Raises `InvalidInput` for an unknown
        service or an empty title.
        """
        judged = self.judge.judge(wanted)
        await hold_declaring(tx)
        if not (wanted.separate or wanted.is_drill) and (twin := await self._young_twin(tx, judged)):
            return Declared(twin, is_new=False)
        incident = await self._open(tx, wanted, judged)
        await self._write_down_declaration(tx, incident, wanted, judged)
        for person in wanted.people:
            await roles.take_part(tx, incident.number, person)
        await self._paging.start(tx, self.page_request(incident))
        await self._order_what_follows(tx, incident)
        await tx.announce(IncidentDeclared(incident.number))
        faultpoints.reached("declared, before commit")
        return Declared(incident, is_new=True)

    async def _open(self, tx: Tx, wanted: Declaration, judged: Judged) -> Incident:
        level = self._config.severity.level(judged.severity)
        is_from_alert = wanted.origin == "alert"
        incident = Incident(
            title=judged.title,
            state=IncidentState.TRIAGE if is_from_alert and not level.opens_channel else IncidentState.INVESTIGATING,
            severity=int(judged.severity),
            rule=judged.rule,
            is_confirmed=judged.is_confirmed,
            confirmed_by=tx.actor if wanted.severity is not None and self.is_person(tx.actor) else None,
            service=judged.service.id if judged.service else None,
            team=judged.team.id if judged.team else None,
            is_private=judged.is_private,
            private_since=tx.now if judged.is_private else None,
            is_drill=wanted.is_drill,
            origin=wanted.origin,
            declared_by=tx.actor,
            declared_at=tx.now,
            reply_to=wanted.reply_to,
        )
        tx.session.add(incident)
        await tx.session.flush()
        await hold_incident(tx, incident.number)
        tx.read_held.add(incident.number)
        return incident

    async def _write_down_declaration(self, tx: Tx, incident: Incident, wanted: Declaration, judged: Judged) -> None:
        number, source = incident.number, wanted.origin
        text = f"declared SEV{incident.severity}: {incident.title}"
        await timeline.record(tx, number, "declared", text, key="declared")
        await timeline.record(tx, number, "severity", f"SEV{incident.severity} because {incident.rule}", key="first", actor=BOT)
        if judged.left_out is not None:
            await timeline.record(tx, number, "note", judged.left_out, key="whole-title")
        if wanted.started_at is not None:
            await timeline.reach(tx, number, MilestoneKind.IMPACT_STARTED, source=source, happened_at=min(wanted.started_at, tx.now))
        if source == "alert":
            await timeline.reach(tx, number, MilestoneKind.DETECTED, source=source)
        await timeline.reach(tx, number, MilestoneKind.DECLARED, source=source)

    def page_request(self, incident: Incident, about: str = "", without: tuple[str, ...] = ()) -> PageRequest:
        """What paging is told about an incident, or `about` something else within it."""
        return PageRequest(
            incident_id=incident.number,
            severity=incident.severity,
            title=subject(incident),
            service=incident.service,
            team=incident.team,
            private=incident.is_private,
            drill=incident.is_drill,
            since=incident.declared_at,
            where=Where(channel_id=incident.channel_id),
            about=about,
            without=without,
        )

    async def _order_what_follows(self, tx: Tx, incident: Incident) -> None:
        if self.level(incident).opens_channel:
            await self.open_channel(tx, incident)
            await self.promise_update(tx, incident)
        elif not incident.stays_inside:
            number = incident.number
            text = f"{headline(incident)} — recorded, nobody was woken."
            await queue.schedule(tx, SayInOps(text=text, promote=number), key=f"digest:{number}", about=f"incident:{number}")

    async def _young_twin(self, tx: Tx, judged: Judged) -> Incident | None:
        """An open incident about the same thing, declared moments ago and at least as severe. None of what stays inside."""
        if judged.is_private:
            return None
        since = tx.now - self._config.incidents.same_within
        same = func.lower(col(Incident.title)) == judged.title.lower()
        if judged.team is not None:  # the same words about what others answer for are another thing: "InstanceDown" here and there
            same = same & (col(Incident.team).is_(None) | (col(Incident.team) == judged.team.id))
        if judged.service is not None:
            same = (same & col(Incident.service).is_(None)) | (col(Incident.service) == judged.service.id)
        young = col(Incident.state).in_(OPEN) & (col(Incident.declared_at) > since) & (col(Incident.severity) <= judged.severity)
        rows = select(Incident).where(young, same, col(Incident.is_private).is_(False), is_real()).order_by(col(Incident.id)).limit(1)
        return (await tx.session.execute(rows)).scalar()

    # Severity and state

    async def change_severity(self, tx: Tx, incident_id: int, severity: Severity, reason: str) -> Incident:
        """Set the severity, and re-evaluate paging, cadence and audience by it. Says what it started and stopped in the channel."""
        incident = await self.touched(tx, incident_id)
        self._refuse_over(incident, "change its severity")
        before, by = incident.severity, tx.actor if self.is_person(tx.actor) else None
        if before == severity and incident.is_confirmed and (incident.confirmed_by or not by):
            raise AlreadyDone(f"#{incident_id} is SEV{before} already. Nothing to do.")
        incident.severity, incident.is_confirmed, incident.confirmed_by = int(severity), True, by
        unsaid = incident.rule if before == severity else "changed by a person"
        incident.rule = reason.strip()[:500] or unsaid
        words = f"severity SEV{before} → SEV{severity}" if before != severity else f"SEV{severity} confirmed"
        if before == severity:
            await timeline.record(tx, incident_id, "severity", f"{words}: {incident.rule}")
            await tx.announce(SeverityConfirmed(incident_id))
        else:
            await self._follow_severity(tx, incident)
            meaning = await self._what_it_means(tx, incident, before)
            await timeline.record(tx, incident_id, "severity", f"{words}: {incident.rule}. {meaning}")
            await tx.announce(SeverityChanged(incident_id, before, int(severity)))
            await self.say(tx, incident, f"*{words}* by {{actor}}{{words}}.\n{meaning} {{promise}}", words=reason)
        await self.refresh(tx, incident)
        return incident

    async def _follow_severity(self, tx: Tx, incident: Incident) -> None:
        """Channel, topic, cadence and paging as the new severity wants them."""
        if self.level(incident).opens_channel:
            if incident.state is IncidentState.TRIAGE:
                await self._move(tx, incident, IncidentState.INVESTIGATING)
            if not incident.channel_id:
                await self.open_channel(tx, incident)
        await self.retitle(tx, incident)
        await self.promise_update(tx, incident)
        if not await self._paging.reconsider(tx, incident.number, severity=incident.severity, title=subject(incident)):
            await self._paging.start(tx, self.page_request(incident))

    async def _what_it_means(self, tx: Tx, incident: Incident, before: int) -> str:
        """What the new severity started and stopped: paging, cadence, audience."""
        if not self.level(incident).opens_channel:
            paging = f"SEV{incident.severity} pages nobody."
        elif incident.severity < before:
            paging = f"Paging begins anew, as for a SEV{incident.severity}."
        elif await self._paging.open_page(tx, incident.number):
            paging = f"Nobody is paged again at once; without an answer it goes on as for a SEV{incident.severity}."
        else:
            paging = "Nobody is paged again."
        was = self._config.severity.level(before)
        return f"{paging} {consequences(was, self.level(incident), is_private=incident.is_private, is_drill=incident.is_drill)}".strip()

    async def change_state(self, tx: Tx, incident_id: int, wanted: IncidentState) -> Incident:
        """Move along the life of the incident; an illegal move raises `InvalidTransition` and offers the legal ones."""
        if wanted is IncidentState.RESOLVED:
            return await self.resolve(tx, incident_id, "")
        if wanted is IncidentState.CANCELLED:
            return await self.cancel(tx, incident_id, "")
        if wanted is IncidentState.MERGED:
            raise InvalidInput(f"Say which incident it is the same as: `/inc #{incident_id} merge #41`.")
        incident = await self.touched(tx, incident_id)
        if not lifecycle.is_open(incident.state) and wanted is IncidentState.INVESTIGATING:
            return await self.reopen(tx, incident_id, "")
        await self._move(tx, incident, wanted)
        await self.refresh(tx, incident)
        return incident

    async def accept(self, tx: Tx, incident_id: int) -> Incident:
        """Take an incident out of triage: it is worked on, and gets its channel."""
        incident = await self.touched(tx, incident_id)
        if incident.state is not IncidentState.TRIAGE:
            raise AlreadyDone(f"#{incident_id} is {incident.state.value}: it was accepted already. Nothing to do.")
        await self._move(tx, incident, IncidentState.INVESTIGATING)
        await self.open_channel(tx, incident)
        await self.refresh(tx, incident)
        return incident

    async def mitigate(self, tx: Tx, incident_id: int, text: str) -> Incident:
        """The harm has stopped: stamp the milestone and move to monitoring."""
        incident = await self.touched(tx, incident_id)
        after = lifecycle.after_mitigated(incident.state)
        if after != incident.state:
            await self._move(tx, incident, after)
        await timeline.reach(tx, incident_id, MilestoneKind.MITIGATED, source="person")
        await timeline.record(tx, incident_id, "mitigated", text or "mitigated")
        await self.say(tx, incident, "*Mitigated* by {actor}{words}. Now monitoring.", words=text)
        await self.refresh(tx, incident)
        return incident

    async def resolve(self, tx: Tx, incident_id: int, text: str) -> Incident:
        """It is over: stand everybody down and draft the postmortem. Can be undone for a few minutes."""
        incident = await self._end(tx, incident_id, IncidentState.RESOLVED)
        await timeline.reach(tx, incident_id, MilestoneKind.RESOLVED, source="person")
        await timeline.record(tx, incident_id, "resolved", text or "resolved")
        if incident.channel_id:
            await self.repair(tx, incident)
        await self.say(tx, incident, "*Resolved* by {actor}{words}. The postmortem is being drafted.", words=text, undo=True)
        await tx.announce(IncidentResolved(incident_id))
        return incident

    async def cancel(self, tx: Tx, incident_id: int, text: str) -> Incident:
        """It was no incident: stand everybody down. Can be undone for a few minutes."""
        incident = await self._end(tx, incident_id, IncidentState.CANCELLED)
        await timeline.record(tx, incident_id, "cancelled", text or "cancelled")
        await self.say(tx, incident, "*Cancelled* by {actor}{words}.", words=text, undo=True)
        await tx.announce(IncidentCancelled(incident_id))
        return incident

    async def merge(self, tx: Tx, incident_id: int, into: int) -> Incident:
        """It is the same as another incident and goes on there, with everybody who has a part in it. Returns the other one.

        Raises `InvalidInput` when it is that one itself, `Refusal` when the other is over, or just one of the two is private or a drill.
        """
        if incident_id == into:
            raise InvalidInput(f"#{incident_id} cannot be merged into itself. Name the other incident: `/inc #{incident_id} merge #41`.")
        for number in sorted((incident_id, into)):
            await self.held(tx, number)
        incident, other = await self.touched(tx, incident_id), await self.touched(tx, into)
        self._refuse_over(other, f"merge #{incident_id} into it")
        if incident.is_drill != other.is_drill:
            drill = incident if incident.is_drill else other
            raise Refusal(f"#{drill.number} is a drill and the other one is not, so they stay apart. Nothing was merged.")
        if incident.is_private != other.is_private:
            secret = incident if incident.is_private else other
            raise Refusal(f"#{secret.number} is private and the other one is not, so they stay apart. Nothing was merged.")
        await self._end(tx, incident_id, IncidentState.MERGED)
        incident.merged_into = into
        await timeline.record(tx, incident_id, "merged", f"merged into {heading(other)}")
        await timeline.record(
            tx, into, "merged", f"{heading(incident)}, declared at {incident.declared_at:%H:%M} UTC, is the same and goes on here"
        )
        people = [part.person for part in await roles.holders(tx, incident_id)]
        for person in dict.fromkeys(people):
            await roles.take_part(tx, into, ActorId(person))
        await self.settle(tx, into, people)
        where = f" {channel_link(other.channel_id)}" if other.channel_id else ""
        await self.say(tx, incident, f"*Merged* by {{actor}} into {headline(other)}. It goes on there:{where or ' see its card.'}")
        await self.say(tx, other, f"{headline(incident)} is the same: {{actor}} merged it into this one. Who worked on it is invited here.")
        await tx.announce(IncidentMerged(incident_id, into))
        return other

    async def undo(self, tx: Tx, incident_id: int) -> Incident:
        """Take back a resolve or cancel of the last minutes, as if it had not been; raises `InvalidTransition` when it is too late."""
        incident = await self.touched(tx, incident_id)
        before = incident.state
        ended_at = incident.ended_at or incident.declared_at
        window = self._config.incidents.undo_for
        back_to = lifecycle.undo(before, incident.state_before_end or before, ended_at, tx.now, window)
        await self._guarded_move(tx, incident, back_to)
        await timeline.forget_milestone(tx, incident_id, MilestoneKind.RESOLVED, since=ended_at)
        await timeline.record(tx, incident_id, "undone", f"took back that it was {before.value}")
        incident.ended_at, incident.state_before_end = None, None
        await self._back_to_work(tx, incident)
        page = await self._paging.newest_page(tx, incident_id)
        if page is not None and page.acknowledged_by is None:  # nobody had answered: the ladder that was called off is wanted again
            await self._paging.start(tx, self.page_request(incident))
        await self.say(tx, incident, f"{{actor}} took that back: it is *{back_to.value}* again.")
        return incident

    async def reopen(self, tx: Tx, incident_id: int, text: str, *, remark: str = "") -> Incident:
        """It is not over: back to investigating, clocks restarted, the last commander and the current primary paged, with a `remark`."""
        incident = await self.touched(tx, incident_id)
        after = lifecycle.after_reopen(incident.state)
        await self._guarded_move(tx, incident, after)
        incident.ended_at, incident.reopened_at = None, tx.now
        await timeline.record(tx, incident_id, "reopened", text or "reopened")
        await self._back_to_work(tx, incident)
        if self.level(incident).opens_channel and not incident.channel_id:
            await self.open_channel(tx, incident)
        await self._page_again(tx, incident, remark)
        await self.say(tx, incident, "*Reopened* by {actor}{words}. On-call is paged again.", words=text)
        return incident

    async def _page_again(self, tx: Tx, incident: Incident, remark: str) -> None:
        """Page the ladder, and who led last unless they are on its first step or are the one who reopens."""
        page_id = await self._paging.start(tx, self.page_request(incident), remark)
        leader = await roles.commander(tx, incident.number)
        if page_id is None or leader is None or leader.person == tx.actor or self._config.person(leader.person) is None:
            return
        if leader.person not in await self.paged(tx, incident, page_id):
            await self._paging.page_person(tx, self.page_request(incident), f"person:{leader.person}", "it is open again, and you led it")

    # Words

    async def update(self, tx: Tx, incident_id: int, text: str) -> Incident:
        """A status update: posted, remembered, and the next one promised."""
        if not text.strip():
            raise InvalidInput("Say in a sentence where things stand, for example: /inc update rollback done, watching next 30m")
        incident = await self.touched(tx, incident_id)
        self._refuse_over(incident, "update it")
        incident.last_update = text.strip()
        await timeline.record(tx, incident_id, "update", text.strip())
        await tx.announce(NoteWritten(incident_id))
        await self.promise_update(tx, incident, promised(text))
        await self.say(tx, incident, "*Update* by {actor}{words}\n{promise}", words=text)
        await self.refresh(tx, incident)
        return incident

    async def note(self, tx: Tx, incident_id: int, text: str, *, happened_at: datetime | None = None) -> Incident:
        """A line for the timeline."""
        if not text.strip():
            raise InvalidInput("Say what to write down, for example: /inc note failover started 14:05")
        incident = await self.touched(tx, incident_id)
        await timeline.record(tx, incident_id, "note", text.strip(), happened_at=happened_at)
        await tx.announce(NoteWritten(incident_id))
        return incident

    async def _move(self, tx: Tx, incident: Incident, wanted: IncidentState) -> None:
        before = incident.state
        await self._guarded_move(tx, incident, move(lifecycle.ALLOWED, before, wanted))
        await timeline.record(tx, incident.number, "state", f"{before.value} → {wanted.value}")

    async def _guarded_move(self, tx: Tx, incident: Incident, wanted: IncidentState) -> None:
        """Write the new state if the old one still stands; the loser of a race is told so."""
        before = incident.state
        await tx.session.flush()
        guarded = update(Incident).where(col(Incident.id) == incident.id, col(Incident.state) == before)
        if not await tx.changed(guarded.values(state=wanted)):
            raise AlreadyDone(f"Somebody else just moved #{incident.number}. Look at the card and try again.")
        incident.state = wanted
        await tx.announce(StateChanged(incident.number, before, wanted))

    async def _end(self, tx: Tx, incident_id: int, wanted: IncidentState) -> Incident:
        incident = await self.touched(tx, incident_id)
        before = incident.state
        if before == wanted and incident.ended_at:
            raise AlreadyDone(f"#{incident_id} was {wanted.value} at {incident.ended_at:%H:%M} UTC already. Nothing to do.")
        await self._move(tx, incident, wanted)
        incident.state_before_end, incident.ended_at, incident.next_update_at = before, tx.now, None
        await queue.cancel(tx, key=f"nag_update:{incident_id}")
        await queue.cancel(tx, key=f"acting_commander:{incident_id}")
        await self._paging.stand_down(tx, incident_id)
        if incident.is_adopted:
            await self.retitle(tx, incident)
        await self.refresh(tx, incident)
        return incident

    async def _back_to_work(self, tx: Tx, incident: Incident) -> None:
        await self.promise_update(tx, incident)
        if self.level(incident).opens_channel:
            await self.watch_the_seat(tx, incident)
        if incident.is_adopted:  # what was said meanwhile is part of it after all
            await self.retitle(tx, incident)
            await self.repair(tx, incident)
        await tx.announce(IncidentReopened(incident.number))
        await self.refresh(tx, incident)

    def _refuse_over(self, incident: Incident, what: str) -> None:
        if not lifecycle.is_open(incident.state):
            raise Refusal(f"#{incident.number} is {incident.state.value}; reopen it first to {what}: /inc #{incident.number} reopen")
