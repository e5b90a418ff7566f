"""`/inc handoff @bea …`: the doors and the due work of hand-overs."""

import json

from bot.db import BOT, Database, Tx
from bot.directory.messages import TellPerson
from bot.directory.service import Directory
from bot.errors import InvalidInput
from bot.handoffs import blocks
from bot.handoffs.handovers import Handovers
from bot.handoffs.messages import PageTaker, SendHandover
from bot.handoffs.slack import number_in
from bot.handoffs.states import HandoverState
from bot.incidents.actions import Actions, Call
from bot.incidents.look_command import LookCommand
from bot.incidents.names import headline
from bot.incidents.service import Incidents
from bot.slack.door import Door
from bot.slack.replies import Reply, Say
from bot.slack.requests import Click
from bot.slack.text import escape
from bot.work import queue
from bot.work.queue import Claim
from bot.work.worker import Worker


class HandoverCommand:
    """The verb, its buttons, and what is told and done later."""

    def __init__(self, database: Database, directory: Directory, incidents: Incidents, handovers: Handovers, looking: LookCommand) -> None:
        self._db = database
        self._directory = directory
        self._incidents = incidents
        self._handovers = handovers
        self._looking = looking

    def register(self, actions: Actions, door: Door, worker: Worker) -> None:
        """Add the verb, hear the buttons, do the work."""
        actions.add("handoff", self.offer)
        door.click(blocks.TAKE, self.take)
        door.click(blocks.DECLINE, self.decline)
        worker.handles(SendHandover, self.send)
        worker.handles(PageTaker, self.page)

    async def offer(self, tx: Tx, call: Call) -> Reply:
        """Offer the command to the one person named."""
        number = call.incident.number
        if len(call.people) != 1 or call.teams:
            raise InvalidInput(f"Name one person, and what they should know: `/inc #{number} handoff @bea replica still lags`.")
        row = await self._handovers.offer(tx, number, call.people[0], call.words)
        return Say(f"{await self._directory.mention(tx, row.taker)} is told, and paged unless they answer. You lead #{number} until then.")

    async def take(self, tx: Tx, click: Click) -> Reply:
        """I have it."""
        row = await self._handovers.take(tx, number_in(click.value))
        return Say(f"You lead #{row.incident_id} now. Everybody in its channel was told.")

    async def decline(self, tx: Tx, click: Click) -> Reply:
        """I cannot."""
        row = await self._handovers.decline(tx, number_in(click.value))
        return Say(f"{escape(self._directory.name(row.giver))} goes on leading #{row.incident_id}, and was told.")

    async def send(self, order: SendHandover, claim: Claim) -> None:
        """Where the incident stands, to whoever is offered it."""
        async with self._db.begin(actor=BOT) as tx:
            row = await self._handovers.get(tx, order.handover_id)
            if row.state is not HandoverState.OFFERED:
                return
            incident = await self._incidents.get(tx, row.incident_id)
            words = f"\n>{escape(row.words)}".replace("\n", "\n>").replace("\n>>", "\n>") if row.words else ""
            intro = f"*{escape(self._directory.name(row.giver))} hands you the command of {headline(incident)}.*{words}"
            shown = blocks.handover(intro, await self._looking.told(tx, incident), row.number)
            order_to_tell = TellPerson(actor=row.taker, text=intro, blocks=json.dumps([block.to_dict() for block in shown]))
            await queue.schedule(tx, order_to_tell, key=f"{claim.key}:sent")

    async def page(self, order: PageTaker, claim: Claim) -> None:
        """Only who has still not answered is paged."""
        async with self._db.begin(actor=BOT) as tx:
            row = await self._handovers.get(tx, order.handover_id)
            if row.state is HandoverState.OFFERED:
                await self._handovers.page(tx, row)
