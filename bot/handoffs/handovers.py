"""The verbs of hand-overs: the command of an incident is offered, and taken, or not. Who offers it leads until somebody else does."""

from sqlalchemy import select, update
from sqlmodel import col

from bot.db import ActorId, Tx
from bot.directory.service import Directory
from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotFound, Refusal
from bot.handoffs.messages import PageTaker, SendHandover
from bot.handoffs.models import Handover
from bot.handoffs.states import HANDOVER_ALLOWED, PAGE_AFTER, PAGE_AFTER_URGENT, HandoverState
from bot.incidents import roles, timeline
from bot.incidents.lifecycle import is_worked_on
from bot.incidents.messages import CommanderChanged, StateChanged
from bot.incidents.models import Incident
from bot.incidents.service import Incidents
from bot.paging.ladders import only
from bot.paging.messages import PageAcknowledged, PageExhausted
from bot.paging.models import Page
from bot.paging.service import Paging
from bot.slack.text import escape
from bot.work import queue

LONGEST_WORDS = 2000
ABOUT = "handover:"
"""What a page says that it is about."""
STANDS = frozenset({HandoverState.OFFERED, HandoverState.UNANSWERED})


class Handovers:
    """Sees that the command goes from hand to hand, and is never between two."""

    def __init__(self, directory: Directory, incidents: Incidents, paging: Paging) -> None:
        self._directory = directory
        self._incidents = incidents
        self._paging = paging

    async def offer(self, tx: Tx, incident_id: int, taker: ActorId, words: str) -> Handover:
        """Who leads offers the command; an earlier offer is withdrawn. Whoever is offered it is told, and paged unless they answer."""
        incident = await self._incidents.touched(tx, incident_id)
        await self._may_offer(tx, incident, taker)
        if len(words) > LONGEST_WORDS:
            raise InvalidInput(f"What they should know has at most {LONGEST_WORDS} characters, this has {len(words)}. Say it shorter.")
        await self._withdraw(tx, incident_id)
        row = Handover(incident_id=incident_id, giver=tx.actor, taker=taker, words=words.strip(), offered_at=tx.now)
        tx.session.add(row)
        await tx.session.flush()
        await timeline.record(tx, incident_id, "role", f"offers the command to {self._directory.name(taker)}{_with(row.words)}")
        name = await self._directory.mention(tx, taker)
        await self._incidents.say(
            tx, incident, f"{{actor}} hands the command to {name} and leads until they have it{{words}}", words=row.words
        )
        await self._incidents.settle(tx, incident_id, [taker])
        about = _about(row)
        await queue.schedule(tx, SendHandover(handover_id=row.number), key=f"{about}:note", about=about)
        is_urgent = self._incidents.level(incident).rules == "urgent"
        due = tx.now + (PAGE_AFTER_URGENT if is_urgent else PAGE_AFTER)
        await queue.schedule(tx, PageTaker(handover_id=row.number), key=f"{about}:page", about=about, due=due)
        return row

    async def _may_offer(self, tx: Tx, incident: Incident, taker: ActorId) -> None:
        if not is_worked_on(incident.state):
            raise Refusal(f"#{incident.number} is {incident.state.value}: there is no command to hand over.")
        leader = await roles.commander(tx, incident.number)
        if leader is None:
            raise Refusal(
                f"Nobody leads #{incident.number}. Press *I'm commander* on the card, or give the seat to somebody: `/inc lead @bea`."
            )
        if leader.person != tx.actor:
            name = self._directory.name(leader.person)
            how = "To take the seat, press *I'm commander* on the card."
            raise NotAllowed(f"{escape(name)} leads #{incident.number}, and only who leads hands over. {how}")
        if taker == tx.actor:
            raise AlreadyDone(f"You lead #{incident.number} already. Name somebody else.")

    async def take(self, tx: Tx, handover_id: int) -> Handover:
        """The actor has it: they lead from now on."""
        row = await self._held(tx, handover_id)
        await roles.lead(tx, row.incident_id, tx.actor)  # what follows is heard in `on_commander_changed`
        await self._incidents.settle(tx, row.incident_id, [tx.actor])
        return row

    async def decline(self, tx: Tx, handover_id: int) -> Handover:
        """The actor cannot: who leads is told, and goes on."""
        row = await self._held(tx, handover_id)
        await self._end(tx, row, HandoverState.DECLINED)
        await timeline.record(tx, row.incident_id, "role", "cannot take the command")
        await self._goes_on(tx, row, f"{await self._directory.mention(tx, row.taker)} cannot take the command")
        return row

    async def get(self, tx: Tx, handover_id: int) -> Handover:
        """The hand-over with this number; raises `NotFound`."""
        found = await tx.session.get(Handover, handover_id, populate_existing=True)
        if found is None:
            raise NotFound("There is no such hand-over any more.")
        return found

    async def page(self, tx: Tx, row: Handover) -> None:
        """They have not answered in Slack: page them. Who cannot be paged has not answered."""
        incident = await self._incidents.held(tx, row.incident_id)
        if self._directory.person(row.taker) is None:
            await self._fall_silent(tx, row, "is not in the directory, so there is no way to page them")
            return
        request = self._incidents.page_request(incident, about=_about(row))
        words = f"take the command of #{incident.number} from {self._directory.name(row.giver)}"
        with tx.acting(ActorId(row.giver)):
            await self._paging.call(tx, request, only(f"person:{row.taker}"), words)

    async def on_acknowledged(self, tx: Tx, fact: PageAcknowledged) -> None:
        """Who answers that page, on a phone at night, has the command."""
        row = await self._of_page(tx, fact.page_id)
        if row is not None and row.state in STANDS and fact.by == row.taker:
            with tx.acting(fact.by):
                await self.take(tx, row.number)

    async def on_exhausted(self, tx: Tx, fact: PageExhausted) -> None:
        """They were paged in vain."""
        row = await self._of_page(tx, fact.page_id)
        if row is not None and row.state == HandoverState.OFFERED:
            await self._fall_silent(tx, row, "was paged and has not answered")

    async def on_commander_changed(self, tx: Tx, fact: CommanderChanged) -> None:
        """Somebody leads now: what was offered is taken, or nobody's."""
        for row in await self._standing(tx, fact.incident_id):
            if row.taker != fact.person:
                await self._end(tx, row, HandoverState.WITHDRAWN)
                continue
            await self._end(tx, row, HandoverState.TAKEN)
            incident = await self._incidents.held(tx, fact.incident_id)
            giver = await self._directory.mention(tx, row.giver)
            with tx.acting(ActorId(row.taker)):
                await self._incidents.say(tx, incident, f"{{actor}} has it and leads now, after {giver}.")

    async def on_state_changed(self, tx: Tx, fact: StateChanged) -> None:
        """Of an incident that is over there is nothing to hand over."""
        if not is_worked_on(fact.after):
            await self._withdraw(tx, fact.incident_id)

    async def _held(self, tx: Tx, handover_id: int) -> Handover:
        """The row, its incident held, while the actor may answer it."""
        incident = await self._incidents.touched(tx, (await self.get(tx, handover_id)).incident_id)
        row = await self.get(tx, handover_id)
        if row.taker != tx.actor:
            raise NotAllowed(f"The command of #{incident.number} was offered to {escape(self._directory.name(row.taker))}, not to you.")
        if row.state == HandoverState.TAKEN:
            raise AlreadyDone(f"You have the command of #{incident.number} already. Nothing to do.")
        if row.state == HandoverState.DECLINED:
            raise AlreadyDone("You said that you cannot. To take the seat after all, press *I'm commander* on the card.")
        if row.state == HandoverState.WITHDRAWN:
            raise AlreadyDone(
                f"The command of #{incident.number} is no longer offered to you. `/inc #{incident.number} catchup` tells how it stands."
            )
        return row

    async def _withdraw(self, tx: Tx, incident_id: int) -> None:
        for row in await self._standing(tx, incident_id):
            await self._end(tx, row, HandoverState.WITHDRAWN)

    async def _standing(self, tx: Tx, incident_id: int) -> list[Handover]:
        rows = select(Handover).where(col(Handover.incident_id) == incident_id, col(Handover.state).in_(STANDS))
        return list((await tx.session.execute(rows.order_by(col(Handover.id)))).scalars())

    async def _of_page(self, tx: Tx, page_id: int) -> Handover | None:
        page = await tx.session.get(Page, page_id)
        is_ours = page is not None and page.about.startswith(ABOUT)
        return await self.get(tx, int(page.about.removeprefix(ABOUT))) if page is not None and is_ours else None

    async def _fall_silent(self, tx: Tx, row: Handover, why: str) -> None:
        await self._end(tx, row, HandoverState.UNANSWERED)
        await self._goes_on(tx, row, f"{await self._directory.mention(tx, row.taker)} {why}")

    async def _goes_on(self, tx: Tx, row: Handover, why: str) -> None:
        incident = await self._incidents.held(tx, row.incident_id)
        giver = await self._directory.mention(tx, row.giver)
        await self._incidents.say(tx, incident, f"*{giver} goes on leading:* {why}. `/inc handoff @somebody` asks another.")

    async def _end(self, tx: Tx, row: Handover, state: HandoverState) -> None:
        """Move on, unless somebody did meanwhile; nobody is paged for it any more."""
        before = [one for one in HandoverState if state in HANDOVER_ALLOWED[one]]
        moving = update(Handover).where(col(Handover.id) == row.id, col(Handover.state).in_(before)).values(state=state, ended_at=tx.now)
        if await tx.changed(moving) == 0:
            raise AlreadyDone("This hand-over has moved on meanwhile. Nothing to do.")
        await tx.session.refresh(row)
        await queue.cancel(tx, about=_about(row))
        await self._paging.call_off_about(tx, row.incident_id, _about(row))


def _about(row: Handover) -> str:
    return f"{ABOUT}{row.number}"


def _with(words: str) -> str:
    return f": {words}" if words else ""
