"""Notices for customers: drafted once somebody answers, decided by one of those who are named for it."""

import json

from sqlalchemy import select, update
from sqlmodel import col

from bot.db import BOT, Tx
from bot.directory.messages import TellPerson
from bot.directory.service import Directory
from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotFound
from bot.incidents import timeline
from bot.incidents.blocks import notice_to_decide
from bot.incidents.drafts import ALLOWED, LONGEST, Notice, NoticeKind, NoticeState, is_stale, wanted
from bot.incidents.lifecycle import is_worked_on
from bot.incidents.messages import DraftNotice, IncidentDeclared, IncidentRestricted, SeverityChanged, StateChanged
from bot.incidents.models import CustomerNotice, Incident
from bot.incidents.service import Incidents
from bot.paging.messages import PageAcknowledged
from bot.states import move
from bot.web.pages import render
from bot.work import queue

NOT_SENT = "Nothing was sent: this version has no way out to customers. Copy it to your status page."


class Customers:
    """Sees to it that there is a draft when there should be one, and takes what people decide."""

    def __init__(self, directory: Directory, incidents: Incidents) -> None:
        self._directory = directory
        self._incidents = incidents

    # What is heard

    async def on_declared(self, tx: Tx, fact: IncidentDeclared) -> None:
        """Nobody drafts before there was time to answer."""
        incident = await self._incidents.held(tx, fact.incident_id)
        if self._concerns_customers(incident):
            await self._order(tx, incident, is_patient=True)

    async def on_acknowledged(self, tx: Tx, fact: PageAcknowledged) -> None:
        """Somebody is on it: that can be told."""
        await self._order(tx, await self._incidents.held(tx, fact.incident_id), is_patient=False)

    async def on_severity_changed(self, tx: Tx, fact: SeverityChanged) -> None:
        """It concerns customers now, or no more."""
        await self._order(tx, await self._incidents.held(tx, fact.incident_id), is_patient=fact.after < fact.before)

    async def on_state_changed(self, tx: Tx, fact: StateChanged) -> None:
        """It is over, or open again."""
        await self._order(tx, await self._incidents.held(tx, fact.incident_id), is_patient=is_worked_on(fact.after))

    async def on_restricted(self, tx: Tx, fact: IncidentRestricted) -> None:
        """Nobody outside hears of it: drafts are withdrawn, and those who were asked read its number alone."""
        incident = await self._incidents.held(tx, fact.incident_id)
        for notice in await self._notices(tx, incident):
            if notice.state is NoticeState.DRAFT:
                await self._withdraw(tx, notice)
            for version in range(notice.version + 1):
                for person in self._directory.config.audiences.customer_approvers:
                    await self._incidents.unsay(tx, incident, f"notice:{notice.number}:{version}:{person}", person=person)

    async def _order(self, tx: Tx, incident: Incident, *, is_patient: bool) -> None:
        if incident.stays_inside or not (self._concerns_customers(incident) or await self._notices(tx, incident)):
            return
        due = tx.now + self._directory.config.audiences.executive_alert_after if is_patient else None
        key, about = f"customers:{incident.number}", f"incident:{incident.number}"
        await queue.refresh(tx, DraftNotice(incident_id=incident.number), key=key, about=about, due=due, at_latest=is_patient)

    # Drafting

    async def look(self, tx: Tx, incident_id: int) -> None:
        """Withdraw what is not so any more, and draft what is to be said now."""
        incident = await self._incidents.held(tx, incident_id)
        so = {"concerns_customers": self._concerns_customers(incident), "is_over": incident.ended_at is not None}
        rows = await self._notices(tx, incident)
        for row in rows:
            if is_stale(Notice(row.kind, row.state), **so):
                await self._withdraw(tx, row)
        since = incident.reopened_at or incident.declared_at
        kind = wanted([Notice(row.kind, row.state) for row in rows if row.drafted_at >= since], **so)
        if kind is None or incident.stays_inside:
            return
        if not self._directory.config.audiences.customer_approvers:
            text = "no customer notice was drafted: nobody is named under audiences.customer_approvers"
            await timeline.record(tx, incident.number, "notice", text, key="nobody-approves", actor=BOT)
            return
        notice = CustomerNotice(
            incident_id=incident.number, kind=kind, state=NoticeState.DRAFT, text=self._words(incident, kind), drafted_at=tx.now
        )
        tx.session.add(notice)
        await tx.session.flush()
        await timeline.record(tx, incident.number, "notice", f"drafted a customer notice: {notice.text}", actor=BOT)
        await self._ask(tx, notice, incident, "")

    async def _withdraw(self, tx: Tx, notice: CustomerNotice) -> None:
        """Nobody need decide any more; who was asked is told."""
        await self._decide(tx, notice, NoticeState.WITHDRAWN)
        await timeline.record(tx, notice.incident_id, "notice", "withdrew the draft of a customer notice: it is not so any more", actor=BOT)
        text = (
            f"The draft of a customer notice for #{notice.incident_id} is withdrawn: it is not so any more. Nothing was told to customers."
        )
        for person in self._directory.config.audiences.customer_approvers:
            key = f"notice:{notice.number}:withdrawn:{person}"
            await queue.schedule(tx, TellPerson(actor=person, text=text), key=key, about=f"incident:{notice.incident_id}")

    def _words(self, incident: Incident, kind: NoticeKind) -> str:
        service = self._directory.service(incident.service) if incident.service else None
        values = {
            "service": service.name if service else None,
            "since": incident.declared_at,
            "next": incident.next_update_at,
            "ended": incident.ended_at,
        }
        return " ".join(render(f"incidents/customer_{kind.value}.txt", **values).split())

    async def _ask(self, tx: Tx, notice: CustomerNotice, incident: Incident, editor: str) -> None:
        """Ask everybody who may decide; each reads the very words that they would approve."""
        for person in self._directory.config.audiences.customer_approvers:
            text, shown = notice_to_decide(notice, incident, editor)
            order = TellPerson(actor=person, text=text, blocks=json.dumps([block.to_dict() for block in shown]))
            key = f"notice:{notice.number}:{notice.version}:{person}"
            await queue.schedule(tx, order, key=key, about=f"incident:{incident.number}")

    # Deciding

    async def to_decide(self, tx: Tx, notice_id: int, version: int | None = None) -> CustomerNotice:
        """A draft that the actor may decide on; with a `version`, as they read it. Raises a `Refusal` that says why not."""
        found = await tx.session.get(CustomerNotice, notice_id)
        if found is None:
            raise NotFound("There is no such notice any more.")
        await self._incidents.held(tx, found.incident_id)
        notice = await tx.session.get_one(CustomerNotice, notice_id, populate_existing=True)
        if tx.actor not in self._directory.config.audiences.customer_approvers:
            raise NotAllowed("Only those named under `audiences.customer_approvers` decide on customer notices. Nothing was done.")
        if notice.state is not NoticeState.DRAFT:
            who = self._directory.name(notice.decided_by) if notice.decided_by else "Tocsin"
            at = self._directory.wall_time(tx.actor, notice.decided_at, tx.now) if notice.decided_at else "once"
            raise AlreadyDone(f"This notice was {notice.state.value} by {who} at {at}. Nothing to do.")
        if version is not None and version != notice.version:
            raise AlreadyDone("The words were edited meanwhile, and nothing was done: decide on the newest message about this notice.")
        return notice

    async def approve(self, tx: Tx, notice_id: int, version: int) -> CustomerNotice:
        """These very words may be told to customers."""
        notice = await self.to_decide(tx, notice_id, version)
        await self._decide(tx, notice, NoticeState.APPROVED)
        incident = await self._incidents.held(tx, notice.incident_id)
        await timeline.record(tx, incident.number, "notice", f"approved a customer notice: {notice.text}")
        await self._incidents.say(tx, incident, f"*Customer notice approved* by {{actor}}{{words}}\n{NOT_SENT}", words=notice.text)
        return notice

    async def discard(self, tx: Tx, notice_id: int, version: int) -> CustomerNotice:
        """Customers need not be told."""
        notice = await self.to_decide(tx, notice_id, version)
        await self._decide(tx, notice, NoticeState.DISCARDED)
        await timeline.record(tx, notice.incident_id, "notice", "discarded the draft of a customer notice")
        return notice

    async def edit(self, tx: Tx, notice_id: int, text: str) -> CustomerNotice:
        """Other words; everybody who may decide is asked anew."""
        notice = await self.to_decide(tx, notice_id)
        if not text.strip():
            raise InvalidInput("Say something, or press *Not needed*.")
        if len(text) > LONGEST:
            raise InvalidInput(f"A notice has at most {LONGEST} characters; this one has {len(text)}.")
        notice.text, notice.version = text.strip(), notice.version + 1
        await timeline.record(tx, notice.incident_id, "notice", f"edited the draft of a customer notice: {notice.text}")
        await self._ask(tx, notice, await self._incidents.get(tx, notice.incident_id), self._directory.name(tx.actor))
        return notice

    async def _decide(self, tx: Tx, notice: CustomerNotice, state: NoticeState) -> None:
        """Write what was decided, unless somebody else just has."""
        guarded = update(CustomerNotice).where(col(CustomerNotice.id) == notice.id, col(CustomerNotice.state) == notice.state)
        values = {"state": move(ALLOWED, notice.state, state), "decided_by": tx.actor, "decided_at": tx.now}
        if not await tx.changed(guarded.values(**values)):
            raise AlreadyDone("Somebody else has just decided on this notice. Nothing to do.")
        await tx.session.refresh(notice)

    def _concerns_customers(self, incident: Incident) -> bool:
        return not incident.stays_inside and is_worked_on(incident.state) and "customers" in self._incidents.level(incident).hears

    async def _notices(self, tx: Tx, incident: Incident) -> list[CustomerNotice]:
        rows = select(CustomerNotice).where(col(CustomerNotice.incident_id) == incident.number).order_by(col(CustomerNotice.id))
        return list((await tx.session.execute(rows)).scalars())
