"""The verbs of an incident's life. Each is one piece of a transaction: it changes rows, writes the timeline and orders due work."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update
from sqlmodel import col

from bot.config.models import Config, Level
from bot.db import BOT, Tx, hold_incident
from bot.errors import AlreadyDone, InvalidInput, NotFound, Refusal
from bot.incidents import lifecycle, roles, timeline
from bot.incidents.declaration import Declaration, Declared
from bot.incidents.judge import Judge, Judged
from bot.incidents.lifecycle import OPEN, IncidentState, MilestoneKind
from bot.incidents.messages import (
    IncidentCancelled,
    IncidentDeclared,
    IncidentReopened,
    IncidentResolved,
    InviteResponders,
    NagForUpdate,
    OpenChannel,
    RefreshCard,
    RepairHistory,
    SayInChannel,
    SayInOps,
    SeatActingCommander,
    SeverityChanged,
    StateChanged,
)
from bot.incidents.models import Incident, Invitation
from bot.incidents.severity import Severity
from bot.paging.service import PageRequest, Paging, Where
from bot.slack.text import escape
from bot.states import move
from bot.work import queue
from bot.work.audit import AlarmRaised
from bot.work.orders import WorkDied

LEISURE = timedelta(seconds=2)


class Incidents:
    """Declares incidents and moves them through their life."""

    def __init__(self, config: Config, paging: Paging) -> None:
        self._config = config
        self._paging = paging
        self.judge = Judge(config)

    # Finding

    async def get(self, tx: Tx, incident_id: int) -> Incident:
        """The incident with this number; raises `NotFound`."""
        found = await tx.session.get(Incident, incident_id, populate_existing=True)
        if found is None:
            raise NotFound(f"There is no incident #{incident_id}.")
        return found

    async def held(self, tx: Tx, incident_id: int) -> Incident:
        """The incident, as it stands, with everything about it held until the transaction ends; raises `NotFound`."""
        await hold_incident(tx, incident_id)
        return await self.get(tx, incident_id)

    async def of_channel(self, tx: Tx, channel_id: str) -> Incident | None:
        """The incident whose channel this is."""
        rows = select(Incident).where(col(Incident.channel_id) == channel_id).order_by(col(Incident.id).desc()).limit(1)
        return (await tx.session.execute(rows)).scalar()

    async def open_now(self, tx: Tx) -> list[Incident]:
        """Every incident that still needs people, newest first."""
        rows = select(Incident).where(col(Incident.state).in_(OPEN)).order_by(col(Incident.id).desc()).limit(200)
        return list((await tx.session.execute(rows)).scalars())

    async def listed(self, tx: Tx, words: str) -> list[Incident]:
        """Incidents for a list: open ones, or all, resolved, of a severity, or mine, as `words` say. Never private ones of others."""
        asked = set(words.lower().split())
        rows = select(Incident).order_by(col(Incident.id).desc()).limit(50)
        if not asked & {"all", "closed", "resolved", "cancelled"}:
            rows = rows.where(col(Incident.state).in_(OPEN))
        if states := [state for state in IncidentState if state.value in asked]:
            rows = rows.where(col(Incident.state).in_(states))
        if severities := [n for n in (1, 2, 3, 4) if f"sev{n}" in asked]:
            rows = rows.where(col(Incident.severity).in_(severities))
        mine = await roles.of_person(tx, tx.actor)
        found = (await tx.session.execute(rows)).scalars()
        return [one for one in found if self._is_mine(tx, one, mine) or not (one.is_private or "mine" in asked)]

    async def is_insider(self, tx: Tx, incident: Incident) -> bool:
        """Whether who acts has a part in the incident, was paged for it, or declared it."""
        paged = {line.person for line in await self._paging.story(tx, incident.number)}
        return tx.actor in paged or self._is_mine(tx, incident, await roles.of_person(tx, tx.actor))

    async def paged_first(self, tx: Tx, incident: Incident) -> list[str]:
        """The people whom the ladder has chosen so far, in order."""
        return list(dict.fromkeys(line.person for line in await self._paging.story(tx, incident.number) if line.person))

    @staticmethod
    def _is_mine(tx: Tx, incident: Incident, mine: Collection[int]) -> bool:
        return incident.number in mine or incident.declared_by == tx.actor

    # Declaring

    async def declare(self, tx: Tx, wanted: Declaration) -> Declared:
        """Declare an incident: decide its severity, page whoever answers for it, and order its channel, side by side.

        About the same thing as a young incident it pages nobody again and returns that one. Raises `InvalidInput` for an unknown
        service or an empty title.
        """
        judged = self.judge.judge(wanted)
        await tx.lock("declare")
        if not wanted.separate and (twin := await self._young_twin(tx, judged)):
            return Declared(twin, is_new=False)
        incident = await self._open(tx, wanted, judged)
        await self._write_down_declaration(tx, incident, wanted, judged)
        await self._paging.start(tx, self.page_request(incident))
        await self._order_what_follows(tx, incident)
        await tx.announce(IncidentDeclared(incident.number))
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
            service=judged.service.id if judged.service else None,
            team=judged.team.id if judged.team else None,
            is_private=judged.is_private,
            origin=wanted.origin,
            declared_by=tx.actor,
            declared_at=tx.now,
            reply_to=wanted.reply_to,
            next_update_at=tx.now + level.update_every if level.update_every else None,
        )
        tx.session.add(incident)
        await tx.session.flush()
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

    def page_request(self, incident: Incident) -> PageRequest:
        """What paging is told about an incident."""
        return PageRequest(
            incident_id=incident.number,
            severity=incident.severity,
            title=incident.title,
            service=incident.service,
            team=incident.team,
            private=incident.is_private,
            since=incident.declared_at,
            where=Where(channel_id=incident.channel_id),
        )

    async def _order_what_follows(self, tx: Tx, incident: Incident) -> None:
        number, about = incident.number, f"incident:{incident.number}"
        if not self.level(incident).opens_channel:
            if not incident.is_private:
                text = f"{headline(incident)} — recorded, nobody was woken. To work on it: `/inc #{number} accept`"
                await queue.schedule(tx, SayInOps(text=text), key=f"digest:{number}", about=about)
            return
        await queue.schedule(tx, OpenChannel(incident_id=number), key=f"open_channel:{number}", about=about)
        await self._promise_update(tx, incident)
        due = tx.now + self._config.incidents.commander_after
        await queue.schedule(tx, SeatActingCommander(incident_id=number), key=f"acting_commander:{number}", about=about, due=due)

    async def _young_twin(self, tx: Tx, judged: Judged) -> Incident | None:
        """An open incident about the same thing, declared moments ago and at least as severe. What is private is nobody's twin."""
        if judged.is_private:
            return None
        since = tx.now - self._config.incidents.same_within
        same = func.lower(col(Incident.title)) == judged.title.lower()
        if judged.service is not None:
            same = same | (col(Incident.service) == judged.service.id)
        young = col(Incident.state).in_(OPEN) & (col(Incident.declared_at) > since) & (col(Incident.severity) <= judged.severity)
        rows = select(Incident).where(young, same, col(Incident.is_private).is_(False)).order_by(col(Incident.id)).limit(1)
        return (await tx.session.execute(rows)).scalar()

    # Severity and state

    async def change_severity(self, tx: Tx, incident_id: int, severity: Severity, reason: str) -> Incident:
        """Set the severity, and re-evaluate paging, cadence and audience by it. Says what it started and stopped in the channel."""
        incident = await self._touched(tx, incident_id)
        self._refuse_over(incident, "change its severity")
        before = incident.severity
        if before == severity and incident.is_confirmed:
            raise AlreadyDone(f"#{incident_id} is SEV{before} already. Nothing to do.")
        incident.severity, incident.is_confirmed = int(severity), True
        incident.rule = reason.strip()[:500] or "confirmed by a person"
        words = f"severity SEV{before} → SEV{severity}" if before != severity else f"SEV{severity} confirmed"
        await timeline.record(tx, incident_id, "severity", f"{words}: {incident.rule}")
        if before != severity:
            level = self.level(incident)
            if level.opens_channel:
                await queue.schedule(
                    tx, OpenChannel(incident_id=incident_id), key=f"open_channel:{incident_id}", about=f"incident:{incident_id}"
                )
            incident.next_update_at = tx.now + level.update_every if level.update_every else None
            await self._promise_update(tx, incident)
            if not await self._paging.reconsider(tx, incident_id, severity=int(severity), title=incident.title):
                await self._paging.start(tx, self.page_request(incident))
            await tx.announce(SeverityChanged(incident_id, before, int(severity)))
            await self.say(tx, incident, f"*{words}* by {{actor}}{{words}}.\n{{promise}}", words=incident.rule)
        await self.refresh(tx, incident)
        return incident

    async def change_state(self, tx: Tx, incident_id: int, wanted: IncidentState) -> Incident:
        """Move along the life of the incident; an illegal move raises `InvalidTransition` and offers the legal ones."""
        if wanted is IncidentState.RESOLVED:
            return await self.resolve(tx, incident_id, "")
        if wanted is IncidentState.CANCELLED:
            return await self.cancel(tx, incident_id, "")
        incident = await self._touched(tx, incident_id)
        if not lifecycle.is_open(incident.state) and wanted is IncidentState.INVESTIGATING:
            return await self.reopen(tx, incident_id, "")
        await self._move(tx, incident, wanted)
        await self.refresh(tx, incident)
        return incident

    async def accept(self, tx: Tx, incident_id: int) -> Incident:
        """Take an incident out of triage: it is worked on, and gets its channel."""
        incident = await self._touched(tx, incident_id)
        await self._move(tx, incident, IncidentState.INVESTIGATING)
        order = OpenChannel(incident_id=incident_id)
        await queue.schedule(tx, order, key=f"open_channel:{incident_id}", about=f"incident:{incident_id}")
        await self.refresh(tx, incident)
        return incident

    async def mitigate(self, tx: Tx, incident_id: int, text: str) -> Incident:
        """The harm has stopped: stamp the milestone and move to monitoring."""
        incident = await self._touched(tx, incident_id)
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
            await queue.refresh(
                tx, RepairHistory(incident_id=incident_id), key=f"repair_history:{incident_id}", about=f"incident:{incident_id}"
            )
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

    async def undo(self, tx: Tx, incident_id: int) -> Incident:
        """Take back a resolve or cancel of the last minutes, as if it had not been; raises `InvalidTransition` when it is too late."""
        incident = await self._touched(tx, incident_id)
        before = incident.state
        ended_at = incident.ended_at or incident.declared_at
        window = self._config.incidents.undo_for
        back_to = lifecycle.undo(before, incident.state_before_end or before, ended_at, tx.now, window)
        await self._guarded_move(tx, incident, back_to)
        await timeline.forget_milestone(tx, incident_id, MilestoneKind.RESOLVED, since=ended_at)
        await timeline.record(tx, incident_id, "undone", f"took back that it was {before.value}")
        incident.ended_at, incident.state_before_end = None, None
        await self._back_to_work(tx, incident)
        await self.say(tx, incident, f"{{actor}} took that back: it is *{back_to.value}* again.")
        return incident

    async def reopen(self, tx: Tx, incident_id: int, text: str) -> Incident:
        """It is not over: back to investigating, clocks restarted, the last commander and the current primary paged."""
        incident = await self._touched(tx, incident_id)
        after = lifecycle.after_reopen(incident.state)
        await self._guarded_move(tx, incident, after)
        incident.ended_at, incident.reopened_at = None, tx.now
        await timeline.record(tx, incident_id, "reopened", text or "reopened")
        await self._back_to_work(tx, incident)
        await self._paging.start(tx, self.page_request(incident))
        await self.say(tx, incident, "*Reopened* by {actor}{words}. On-call is paged again.", words=text)
        return incident

    # Words

    async def update(self, tx: Tx, incident_id: int, text: str) -> Incident:
        """A status update: posted, remembered, and the next one promised."""
        if not text.strip():
            raise InvalidInput("Say in a sentence where things stand, for example: /inc update rollback done, watching next 30m")
        incident = await self._touched(tx, incident_id)
        self._refuse_over(incident, "update it")
        every = self.level(incident).update_every
        incident.last_update = text.strip()
        incident.next_update_at = tx.now + every if every else None
        await timeline.record(tx, incident_id, "update", text.strip())
        await self._promise_update(tx, incident)
        await self.say(tx, incident, "*Update* by {actor}{words}\n{promise}", words=text)
        await self.refresh(tx, incident)
        return incident

    async def note(self, tx: Tx, incident_id: int, text: str, *, happened_at: datetime | None = None) -> Incident:
        """A line for the timeline."""
        if not text.strip():
            raise InvalidInput("Say what to write down, for example: /inc note failover started 14:05")
        incident = await self._touched(tx, incident_id)
        await timeline.record(tx, incident_id, "note", text.strip(), happened_at=happened_at)
        return incident

    # What other verbs of this room share

    def level(self, incident: Incident) -> Level:
        """What the incident's severity means."""
        return self._config.severity.level(incident.severity)

    async def refresh(self, tx: Tx, incident: Incident, *, at_leisure: bool = False) -> None:
        """Let the card show how things stand now; `at_leisure` with what else changes within two seconds, for what no person waits for."""
        incident.version += 1
        if not incident.card_ts:
            return  # the card that is posted will show it
        number, about = incident.number, f"incident:{incident.number}"
        if not at_leisure:
            await queue.refresh(tx, RefreshCard(incident_id=number), key=f"refresh_card:{number}", about=about)
            return
        beat = int(tx.now.timestamp() // LEISURE.total_seconds()) + 1
        due = datetime.fromtimestamp(beat * LEISURE.total_seconds(), UTC)
        await queue.schedule(tx, RefreshCard(incident_id=number), key=f"refresh_card:{number}:{beat}", about=about, due=due)

    async def say(self, tx: Tx, incident: Incident, headline: str, *, words: str = "", undo: bool = False) -> None:
        """Say something in the incident's channel, once it has one.

        `headline` is ours: `{actor}` becomes whoever acts, `{words}` what they wrote, `{promise}` when the next update is due.
        """
        if not self.level(incident).opens_channel and not incident.channel_id:
            return
        incident.version += 1
        number = incident.number
        order = SayInChannel(
            incident_id=number, headline=headline, actor=tx.actor, words=words.strip(), promised=incident.next_update_at, undo=undo
        )
        await queue.schedule(tx, order, key=f"say:{number}:{incident.version}", about=f"incident:{number}")

    async def invite(self, tx: Tx, incident: Incident, actors: Collection[str], *, again: bool = False) -> None:
        """Invite people to the channel, once it is there; who was invited before only `again`, since they may have left on purpose."""
        if not incident.channel_id:
            return
        number = incident.number
        fresh = [actor for actor in sorted(set(actors)) if await tx.insert_new(Invitation, incident_id=number, actor=actor) or again]
        if fresh:
            key = f"invite:{number}:{','.join(fresh)}:{tx.now.timestamp():.6f}"
            order = InviteResponders(incident_id=number, actors=tuple(fresh))
            await queue.schedule(tx, order, key=key, about=f"incident:{number}")

    async def settle(self, tx: Tx, incident_id: int, actors: Collection[str]) -> None:
        """After roles changed: invite whoever is new, and show it on the card."""
        incident = await self._touched(tx, incident_id)
        await self.invite(tx, incident, actors, again=True)
        await self.refresh(tx, incident)

    # Trouble

    async def on_work_died(self, tx: Tx, fact: WorkDied) -> None:
        """Due work was given up: a human reads why, in the ops channel and on the timeline of what it was about."""
        kind, _, number = fact.about.partition(":")
        if kind == "incident" and number.isdecimal():
            await timeline.record(tx, int(number), "trouble", f"{fact.kind} was given up: {fact.why}", key=f"died:{fact.key}", actor=BOT)
        if fact.kind != SayInOps.kind():  # what cannot be said in the ops channel cannot be said there
            text = f"*Given up:* {escape(fact.kind)} ({escape(fact.about or fact.key)}): {escape(fact.why)}"
            await queue.schedule(tx, SayInOps(text=text), key=f"died:{fact.key}:{tx.now.timestamp():.0f}")

    async def on_alarm(self, tx: Tx, fact: AlarmRaised) -> None:
        """The auditor found something that should never be."""
        await queue.schedule(tx, SayInOps(text=f"*Alarm:* {escape(fact.sentence)}"), key=f"alarm:{fact.about}:{tx.now.timestamp():.0f}")

    async def _touched(self, tx: Tx, incident_id: int) -> Incident:
        """The incident, held until the transaction ends; a person's hand on it keeps alerts from closing it."""
        incident = await self.held(tx, incident_id)
        if not tx.actor.startswith("alertmanager:") and tx.actor != BOT:
            incident.is_touched = True
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
        incident = await self._touched(tx, incident_id)
        before = incident.state
        if before == wanted and incident.ended_at:
            raise AlreadyDone(f"#{incident_id} was {wanted.value} at {incident.ended_at:%H:%M} UTC already. Nothing to do.")
        await self._move(tx, incident, wanted)
        incident.state_before_end, incident.ended_at, incident.next_update_at = before, tx.now, None
        await queue.cancel(tx, key=f"nag_update:{incident_id}")
        await queue.cancel(tx, key=f"acting_commander:{incident_id}")
        await self._paging.stand_down(tx, incident_id)
        await self.refresh(tx, incident)
        return incident

    async def _back_to_work(self, tx: Tx, incident: Incident) -> None:
        every = self.level(incident).update_every
        incident.next_update_at = tx.now + every if every else None
        await self._promise_update(tx, incident)
        await tx.announce(IncidentReopened(incident.number))
        await self.refresh(tx, incident)

    async def _promise_update(self, tx: Tx, incident: Incident) -> None:
        key = f"nag_update:{incident.number}"
        if incident.next_update_at is None:
            await queue.cancel(tx, key=key)
        else:
            order = NagForUpdate(incident_id=incident.number)
            await queue.refresh(tx, order, key=key, about=f"incident:{incident.number}", due=incident.next_update_at)

    def _refuse_over(self, incident: Incident, what: str) -> None:
        if not lifecycle.is_open(incident.state):
            raise Refusal(f"#{incident.number} is {incident.state.value}; reopen it first to {what}: /inc #{incident.number} reopen")


def headline(incident: Incident) -> str:
    """`#42 SEV1 checkout is down`, made harmless for Slack."""
    return f"#{incident.number} SEV{incident.severity} {escape(incident.title)}"
