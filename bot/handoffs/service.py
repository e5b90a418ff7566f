"""The verbs of hand-offs."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import col

from bot.config.models import Team
from bot.db import Tx
from bot.directory.messages import TellPerson
from bot.directory.service import Directory
from bot.errors import AlreadyDone, InvalidInput, NotAllowed, NotFound
from bot.handoffs.messages import FollowOnCall, NudgeIncoming, SendHandoffNote
from bot.handoffs.models import Handoff
from bot.handoffs.states import ALLOWED, LEAD_AFTER, NUDGE_AFTER, HandoffState
from bot.oncall.messages import HandedOff, HandoffAhead
from bot.oncall.planning import Planner
from bot.oncall.service import OnCall
from bot.oncall.walltime import when_awake
from bot.oncall.wording import at
from bot.slack.text import escape
from bot.work import queue

LONGEST_WORDS = 2000


class Handoffs:
    """Hears that hand-offs are due, and sees that somebody says "I have it"."""

    def __init__(self, oncall: OnCall, directory: Directory, planner: Planner) -> None:
        self._oncall = oncall
        self._directory = directory
        self._planner = planner

    async def on_ahead(self, tx: Tx, fact: HandoffAhead) -> None:
        """Both people get the note; whoever was told of another plan for the same time is told that it changed."""
        await self._void_others(tx, fact.schedule, fact.at, fact.incoming)
        for person in fact.incoming:
            await self._note(tx, await self._row(tx, fact.schedule, fact.at, person, fact.outgoing), fact.outgoing)

    async def on_handed_off(self, tx: Tx, fact: HandedOff) -> None:
        """Group and topic follow; whoever came confirms, and is asked once more when they are awake."""
        await self.follow(tx, [team.id for team in self.teams(fact.schedule)])
        for person in fact.incoming:
            planned = await self._ahead(tx, fact.schedule, fact.at, person)
            row = planned or await self._row(tx, fact.schedule, fact.at, person, fact.outgoing)
            if planned is None:
                await self._note(tx, row, fact.outgoing)
            if row.state is HandoffState.AHEAD:
                await self._move(tx, row, HandoffState.DUE)
                nudge = when_awake(fact.at + NUDGE_AFTER, self._planner.zone(person))
                about = f"handoff:{row.number}"
                await queue.schedule(tx, NudgeIncoming(handoff_id=row.number), key=f"nudge:{row.number}", about=about, due=nudge)
                late = when_awake(nudge + LEAD_AFTER, self._planner.zone(person))
                lead = NudgeIncoming(handoff_id=row.number, tells_lead=True)
                await queue.schedule(tx, lead, key=f"nudge:{row.number}:lead", about=about, due=late)

    async def follow(self, tx: Tx, teams: Iterable[str]) -> None:
        """Let Slack show who is on call for these teams now."""
        for team in teams:
            await queue.refresh(tx, FollowOnCall(team=team), key=f"follow_oncall:{team}", about=f"team:{team}")

    async def confirm(self, tx: Tx, handoff_id: int) -> Handoff:
        """The actor has it. Who left is told."""
        row = await self.get(tx, handoff_id)
        if row.incoming != tx.actor:
            raise NotAllowed(f"{self._directory.name(row.incoming)} comes on call here, not you. Nothing was changed.")
        if row.state is HandoffState.CONFIRMED:
            raise AlreadyDone("You said so already. Nothing to do.")
        if row.state is HandoffState.VOID:
            raise AlreadyDone("The plan changed meanwhile, and this is not yours any more. `/oncall` shows what is.")
        await self._move(tx, row, HandoffState.CONFIRMED, confirmed_at=tx.now)
        await queue.cancel(tx, about=f"handoff:{handoff_id}", kind=NudgeIncoming)
        for person in json.loads(row.outgoing):
            text = f"{self._name(tx.actor)} has it: {self._title(row)} from {at(row.at, self._planner.zone(person))}."
            await self.tell(tx, person, text, f"handoff:{handoff_id}:confirmed:{person}")
        return row

    async def add_words(self, tx: Tx, handoff_id: int, words: str) -> Handoff:
        """Whoever leaves adds something in their own words; whoever comes is told."""
        row = await self.get(tx, handoff_id)
        if tx.actor not in json.loads(row.outgoing):
            raise NotAllowed("Only who leaves adds to a hand-off.")
        if not words.strip():
            raise InvalidInput("Write a sentence for whoever comes.")
        row.words = words.strip()[:LONGEST_WORDS]
        text = f"{self._name(tx.actor)} adds for you ({self._title(row)}):\n>{escape(row.words)}".replace("\n", "\n>")
        await self.tell(tx, row.incoming, text.replace("\n>>", "\n>"), f"handoff:{handoff_id}:words:{tx.now.timestamp():.0f}")
        return row

    async def get(self, tx: Tx, handoff_id: int) -> Handoff:
        """The hand-off with this number; raises `NotFound`."""
        found = await tx.session.get(Handoff, handoff_id, populate_existing=True)
        if found is None:
            raise NotFound("There is no such hand-off any more.")
        return found

    async def fall_silent(self, tx: Tx, row: Handoff) -> None:
        """Nobody said so: the lead of each team is told, and nobody else."""
        await self._move(tx, row, HandoffState.SILENT)
        for team in self.teams(row.schedule):
            if team.lead and team.lead != row.incoming:
                since = at(row.at, self._planner.zone(team.lead))
                text = f"{self._name(row.incoming)} is {self._title(row)} since {since} and has not confirmed it. Please ask them."
                await self.tell(tx, team.lead, text, f"handoff:{row.number}:lead:{team.id}")

    async def tell(self, tx: Tx, person: str, text: str, key: str, body: str = "") -> None:
        """Order a direct message."""
        await queue.schedule(tx, TellPerson(actor=person, text=text, blocks=body), key=key)

    def teams(self, schedule: str) -> list[Team]:
        """The teams a schedule answers for."""
        found = [self._directory.team(team) for team, _ in self._oncall.roles_of(schedule)]
        return list({team.id: team for team in found if team}.values())

    async def _note(self, tx: Tx, row: Handoff, outgoing: Sequence[str]) -> None:
        for person in (row.incoming, *outgoing):
            order = SendHandoffNote(handoff_id=row.number, person=person)
            await queue.schedule(tx, order, key=f"handoff_note:{row.number}:{person}", about=f"handoff:{row.number}")

    async def _row(self, tx: Tx, schedule: str, moment: datetime, person: str, outgoing: Sequence[str]) -> Handoff:
        values = {"schedule": schedule, "at": moment, "incoming": person, "outgoing": json.dumps(outgoing), "words": ""}
        await tx.insert_new(Handoff, **values, state=HandoffState.AHEAD, made_at=tx.now)
        found = await self._ahead(tx, schedule, moment, person)
        assert found is not None
        return found

    async def _ahead(self, tx: Tx, schedule: str, moment: datetime, person: str) -> Handoff | None:
        same = (col(Handoff.schedule) == schedule, col(Handoff.at) == moment, col(Handoff.incoming) == person)
        found: Handoff | None = (await tx.session.execute(select(Handoff).where(*same))).scalar()
        return found

    async def _void_others(self, tx: Tx, schedule: str, moment: datetime, incoming: Sequence[str]) -> None:
        rows = select(Handoff).where(col(Handoff.schedule) == schedule, col(Handoff.at) == moment, col(Handoff.state) != HandoffState.VOID)
        for row in (await tx.session.execute(rows)).scalars():
            if row.incoming not in incoming:
                await self._move(tx, row, HandoffState.VOID)
                text = f"The plan changed: you do not come on call as {self._title(row)} {at(row.at, self._planner.zone(row.incoming))}."
                await self.tell(tx, row.incoming, text, f"handoff:{row.number}:void")

    async def _move(self, tx: Tx, row: Handoff, state: HandoffState, **more: object) -> None:
        """Move on, unless somebody did meanwhile."""
        before = [one for one in HandoffState if state in ALLOWED[one]]
        moving = update(Handoff).where(col(Handoff.id) == row.id, col(Handoff.state).in_(before)).values(state=state, **more)
        if await tx.changed(moving) == 0:
            raise AlreadyDone("This hand-off has moved on meanwhile. Nothing to do.")
        await tx.session.refresh(row)

    def _title(self, row: Handoff) -> str:
        return escape(self._planner.title(row.schedule))

    def _name(self, actor: str) -> str:
        return escape(self._directory.name(actor))
