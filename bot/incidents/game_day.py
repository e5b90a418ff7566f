"""`/inc drill`: a game day. Where there is a fleet, something breaks for it and is mended with its end; elsewhere it is only declared."""

from collections.abc import Sequence
from dataclasses import replace

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement, ConfirmObject, ContextBlock, MarkdownTextObject
from sqlalchemy import select
from sqlmodel import col

from bot.db import BOT, ActorId, Database, Tx
from bot.errors import InvalidInput, Refusal, Unavailable
from bot.incidents import roles, timeline
from bot.incidents.actions import Actions, Opening
from bot.incidents.confirming import Answers, Confirmations
from bot.incidents.declaration import Declaration
from bot.incidents.fleet import Fleet
from bot.incidents.lifecycle import OPEN, is_open
from bot.incidents.messages import BeginDrill, BreakFleet, IncidentCancelled, IncidentResolved, MendFleet
from bot.incidents.models import Incident, is_real
from bot.incidents.names import heading, subject
from bot.incidents.service import Incidents
from bot.incidents.severity import Severity
from bot.slack.door import Door
from bot.slack.replies import Reply, Say
from bot.slack.requests import Click
from bot.slack.text import channel_link, escape
from bot.work import queue
from bot.work.orders import Done, Outcome, TryLater
from bot.work.queue import Claim
from bot.work.worker import Worker

REAL = "drill.real"
TRIES = 3


class GameDays:
    """Declares drills. `fleet` is None in a real workspace: there nothing is broken but what people break themselves."""

    def __init__(
        self, database: Database, incidents: Incidents, confirmations: Confirmations, answers: Answers, fleet: Fleet | None
    ) -> None:
        self._db = database
        self._incidents = incidents
        self._confirmations = confirmations
        self._answers = answers
        self._fleet = fleet

    def register(self, actions: Actions, door: Door, worker: Worker) -> None:
        """Add the verb, hear the button, do the work."""
        actions.add_opener("drill", self.open)
        door.click(REAL, self.press_real)
        worker.handles(BeginDrill, self.begin)
        worker.handles(BreakFleet, self.break_fleet)
        worker.handles(MendFleet, self.mend_fleet)

    async def open(self, tx: Tx, asked: Opening) -> Reply:
        """Declare it, or first see whether the fleet knows it: a name that nobody knows wakes nobody."""
        words = " ".join(asked.wanted.title.split())
        if not words:
            raise InvalidInput("Say what is practised: `/inc drill checkout-outage`.")
        if self._fleet is None:
            title = words if " " in words else words.replace("-", " ").replace("_", " ").strip() or words
            incident = await self._declare(tx, replace(asked.wanted, title=title))
            return Say(await self._confirmations.of(tx, incident))
        order = BeginDrill(name=words, actor=tx.actor, reply_to=asked.wanted.reply_to or "")
        await queue.schedule(tx, order, key=f"drill:{tx.actor}:{asked.once(tx.now)}")
        return Say(f"The drill “{escape(words)}” begins in a moment: it is declared, and something breaks on the fleet.")

    async def card_section(self, tx: Tx, incident: Incident) -> Sequence[Block]:
        """What the card of a drill says besides, with the way out for when it is none any more."""
        if not incident.is_drill or not is_open(incident.state):
            return ()
        sure = ConfirmObject(
            title="Is it real?",
            text="A real incident is declared, whoever is on call is paged for it, and this drill ends.",
            confirm="Declare",
            deny="No, go on",
        )
        button = ButtonElement(text="This is real: declare", action_id=REAL, value=str(incident.number), style="danger", confirm=sure)
        said = "*This is a drill.* Nobody but who takes part hears of it, and it is not counted."
        return (ContextBlock(elements=[MarkdownTextObject(text=said)]), ActionsBlock(block_id="incident.drill", elements=[button]))

    async def press_real(self, tx: Tx, click: Click) -> Reply:
        """It is no exercise any more: a real incident takes its place, with everybody who is there."""
        drill = await self._incidents.touched(tx, int(click.value)) if click.value.isdecimal() else None
        if drill is None or not drill.is_drill:
            raise InvalidInput("This button belongs to a message that is too old. Use the incident's card.")
        if not is_open(drill.state):
            raise Refusal(f"This drill is over. To declare what is real: `/inc new {subject(drill)}`.")
        people = tuple(ActorId(part.person) for part in await roles.holders(tx, drill.number))
        wanted = Declaration(
            title=subject(drill),
            severity=Severity(drill.severity),
            service=drill.service,
            team=drill.team,
            is_private=drill.is_private,
            people=people,
        )
        real = (await self._incidents.declare(tx, wanted)).incident
        await timeline.record(tx, real.number, "linked", f"began as {heading(drill)}")
        where = f" {channel_link(real.channel_id)}" if real.channel_id else ""
        await self._incidents.say(tx, drill, f"*This is real.* {{actor}} declared #{real.number}{where}: everybody here is invited to it.")
        await self._incidents.cancel(tx, drill.number, f"it is real: #{real.number}")
        return Say(await self._confirmations.of(tx, real))

    async def on_over(self, tx: Tx, fact: IncidentResolved | IncidentCancelled) -> None:
        """What was broken for a drill is mended with its end, unless another one goes on."""
        incident = await self._incidents.held(tx, fact.incident_id)
        if incident.is_drill and self._fleet is not None:
            order, key = MendFleet(incident_id=incident.number), f"mend_fleet:{incident.number}"
            await queue.refresh(tx, order, key=key, about=f"incident:{incident.number}")

    # Later

    async def begin(self, order: BeginDrill, claim: Claim) -> Outcome:
        """See what the fleet knows, declare it, and let it break."""
        if self._fleet is None:
            return Done()
        try:
            known = await self._fleet.exercises()
        except Unavailable as trouble:
            return await self._not_begun(order, claim, trouble)
        found = next((one for one in known if one.is_called(order.name)), None)
        if found is None:
            names = ", ".join(f"`{one.name.replace('_', '-')}`" for one in known)
            return await self._answer(
                order, claim, f"The fleet knows no drill “{escape(order.name)}”, and nobody was paged. It knows {names}."
            )
        async with self._db.begin(actor=ActorId(order.actor)) as tx:
            if claim.attempt > 1 and await self._was_declared(tx, order, claim):
                return Done()
            incident = await self._declare(tx, Declaration(found.title, service=found.service, reply_to=order.reply_to or None))
            said = await self._confirmations.of(tx, incident)
            breaking = BreakFleet(incident_id=incident.number, fault=found.name)
            await queue.schedule(tx, breaking, key=f"break_fleet:{incident.number}", about=f"incident:{incident.number}")
        has_channel = self._incidents.level(incident).opens_channel  # then they are told once it is there
        return Done() if has_channel and order.reply_to else await self._answer(order, claim, said)

    async def break_fleet(self, order: BreakFleet, claim: Claim) -> Outcome:
        """Something goes wrong for real, as far as the fleet is."""
        async with self._db.read() as tx:
            incident = await self._incidents.get(tx, order.incident_id)
        if self._fleet is None or not is_open(incident.state):
            return Done()
        try:
            await self._fleet.break_by(order.fault)
        except Unavailable as trouble:
            if claim.attempt < TRIES:
                return TryLater(str(trouble))
            async with self._db.begin(actor=BOT) as tx:
                text = f"Nothing could be broken on the fleet: {trouble} The drill can be talked through all the same."
                await self._incidents.say(tx, await self._incidents.held(tx, order.incident_id), escape(text))
            return Done()
        async with self._db.begin(actor=BOT) as tx:
            await timeline.record(tx, order.incident_id, "drill", "something broke on the fleet, for practice", key="broken")
        return Done()

    async def mend_fleet(self, order: MendFleet, claim: Claim) -> Outcome:
        """All as it was, once no drill goes on any more."""
        async with self._db.read() as tx:
            goes_on = select(col(Incident.id)).where(~is_real(), col(Incident.state).in_(OPEN)).limit(1)
            if self._fleet is None or (await tx.session.execute(goes_on)).first() is not None:
                return Done()
        try:
            await self._fleet.mend()
        except Unavailable as trouble:
            return TryLater(str(trouble))
        async with self._db.begin(actor=BOT) as tx:
            await timeline.record(tx, order.incident_id, "drill", "the fleet is as it was before", key=f"mended:{claim.revision}")
        return Done()

    async def _declare(self, tx: Tx, wanted: Declaration) -> Incident:
        return (await self._incidents.declare(tx, replace(wanted, is_drill=True))).incident

    async def _was_declared(self, tx: Tx, order: BeginDrill, claim: Claim) -> bool:
        """Whether an earlier try got that far."""
        mine = ~is_real(), col(Incident.declared_by) == order.actor, col(Incident.declared_at) >= claim.ordered_at
        return (await tx.session.execute(select(col(Incident.id)).where(*mine).limit(1))).first() is not None

    async def _not_begun(self, order: BeginDrill, claim: Claim, trouble: Unavailable) -> Outcome:
        if claim.attempt < TRIES:
            return TryLater(str(trouble))
        return await self._answer(order, claim, f"{escape(str(trouble))} Nothing was broken, and nobody was paged.")

    async def _answer(self, order: BeginDrill, claim: Claim, text: str) -> Outcome:
        await self._answers.give(order.actor, order.reply_to, text, claim.key)
        return Done()
