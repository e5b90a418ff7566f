"""What hand-offs do later: the notes and the nudge."""

import json

from bot.db import BOT, Database, Tx
from bot.directory.service import Directory
from bot.handoffs import blocks
from bot.handoffs.messages import NudgeIncoming, SendHandoffNote
from bot.handoffs.models import Handoff
from bot.handoffs.note import Notes
from bot.handoffs.service import Handoffs
from bot.handoffs.states import HandoffState
from bot.oncall.planning import Planner
from bot.oncall.service import OnCall
from bot.oncall.wording import at, listed
from bot.slack.text import escape
from bot.work.queue import Claim
from bot.work.worker import Worker


class HandoffWork:
    """The handlers of this room's due work."""

    def __init__(
        self, database: Database, oncall: OnCall, planner: Planner, directory: Directory, handoffs: Handoffs, notes: Notes
    ) -> None:
        self._db = database
        self._oncall = oncall
        self._planner = planner
        self._directory = directory
        self._handoffs = handoffs
        self._notes = notes

    def register(self, worker: Worker) -> None:
        """Let the worker do this room's orders."""
        worker.handles(SendHandoffNote, self.send_note)
        worker.handles(NudgeIncoming, self.nudge)

    async def send_note(self, order: SendHandoffNote, claim: Claim) -> None:
        """What there is to know, to one of both."""
        async with self._db.begin(actor=BOT) as tx:
            row = await self._handoffs.get(tx, order.handoff_id)
            if row.state is HandoffState.VOID:
                return
            sections = await self._notes.gather(tx, self._handoffs.teams(row.schedule))
            is_incoming = order.person == row.incoming
            intro = self._intro(tx, row, order.person)
            body = blocks.note(intro, sections, row.number, is_incoming=is_incoming)
            shown = json.dumps([block.to_dict() for block in body])
            await self._handoffs.tell(tx, order.person, intro, f"{claim.key}:sent", shown)

    async def nudge(self, order: NudgeIncoming, claim: Claim) -> None:
        """Only who has still not said so is asked; the last time, the lead hears of it."""
        async with self._db.begin(actor=BOT) as tx:
            row = await self._handoffs.get(tx, order.handoff_id)
            found = (await self._oncall.board(tx, row.schedule, tx.now)).who(tx.now)
            if row.state is not HandoffState.DUE or row.incoming not in found.people:
                return
            if order.tells_lead:
                await self._handoffs.fall_silent(tx, row)
                return
            since = at(row.at, self._planner.zone(row.incoming))
            text = f"You are on call as {escape(self._planner.title(row.schedule))} since {since}. Do you have it?"
            shown = json.dumps([block.to_dict() for block in blocks.nudge(text, row.number)])
            await self._handoffs.tell(tx, row.incoming, text, f"{claim.key}:sent", shown)

    def _intro(self, tx: Tx, row: Handoff, reader: str) -> str:
        zone, title = self._planner.zone(reader), escape(self._planner.title(row.schedule))
        when = f"*{at(row.at, zone)}* ({zone})"
        leaving = escape(listed([self._directory.name(person) for person in json.loads(row.outgoing)]))
        is_now = row.at <= tx.now
        if reader == row.incoming:
            after = f", after {leaving}" if leaving else ""
            return f"You {'are on call' if is_now else 'come on call'} as {title} {'since' if is_now else 'at'} {when}{after}."
        comes = escape(self._directory.name(row.incoming))
        return f"Your time as {title} {'ended' if is_now else 'ends'} {when}; {comes} {'has taken' if is_now else 'takes'} over."
