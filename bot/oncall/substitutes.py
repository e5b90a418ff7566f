"""Who could take a time: those of the team who may, the free first, and of them whoever was on call least lately."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.db import Tx
from bot.directory.service import Directory
from bot.oncall.fairness import merged
from bot.oncall.leave import Leave
from bot.oncall.planning import AHEAD, Planner
from bot.oncall.proposals import Proposal
from bot.oncall.service import OnCall
from bot.oncall.wording import at, listed
from bot.slack.text import escape

BACK = timedelta(days=120)
"""How far back it is looked for when somebody was last on call."""


@dataclass(frozen=True)
class Candidate:
    """Somebody who could take a time. `last` is the end of their newest time on call there, `hours` what they had and will have of it.

    `elsewhere` are other schedules in which they are on call then; `is_away`: their calendar says that they are out of office then.
    """

    person: str
    last: datetime | None
    hours: float
    elsewhere: tuple[str, ...] = ()
    is_away: bool = False

    @property
    def is_free(self) -> bool:
        """Nothing keeps them then that we know of."""
        return not self.elsewhere and not self.is_away


class Substitutes:
    """Looks for people, and says why these."""

    def __init__(self, oncall: OnCall, directory: Directory, planner: Planner) -> None:
        self._oncall = oncall
        self._directory = directory
        self._planner = planner

    async def candidates(self, tx: Tx, proposal: Proposal) -> list[Candidate]:
        """Who else could take a time: of its teams, with the standing it needs. The free first, then least lately on call."""
        board = await self._oncall.board(tx, proposal.schedule, tx.now - BACK)
        past = board.shifts(tx.now - BACK, tx.now + AHEAD)
        busy, away = await self._busy(tx, proposal), await Leave.during(tx, proposal.start, proposal.end)
        found = []
        for person in self._planner.eligible(proposal.schedule):
            held = busy.get(person, [])
            if person == tx.actor or proposal.schedule in held:
                continue
            theirs = merged((one.start, one.end) for one in past if one.person == person)
            hours = sum(((end - start) for start, end in theirs), timedelta(0)).total_seconds() / 3600
            ended = [end for start, end in theirs if start <= tx.now]
            found.append(Candidate(person, max(ended, default=None), round(hours, 1), tuple(held), person in away))
        oldest = tx.now - BACK
        return sorted(found, key=lambda one: (one.is_away, len(one.elsewhere), one.last or oldest, one.hours, one.person))

    async def suggestion(self, tx: Tx, proposal: Proposal) -> str:
        """Whom to ask first and why, as a line for a team; "" when nobody is free."""
        found = next((one for one in await self.candidates(tx, proposal) if one.is_free), None)
        if found is None:
            return ""
        told = self.told(found, self._oncall.zone_of(proposal.schedule), tx.now)
        return f"Least lately on call of those who are free then: *{escape(self._directory.name(found.person))}* ({told})."

    def told(self, one: Candidate, zone: str, now: datetime) -> str:
        """How lately and how much, and what else they have then."""
        last = f"last on call {at(one.last, zone)}" if one.last and one.last < now else "on call now" if one.last else "not lately"
        also = f"; then also {escape(listed([self._planner.title(each) for each in one.elsewhere]))}" if one.elsewhere else ""
        return f"{last}, {one.hours:g} h around these months{also}{'; out of office then' if one.is_away else ''}"

    async def _busy(self, tx: Tx, proposal: Proposal) -> dict[str, list[str]]:
        """In which schedules each is on call in that time."""
        roster = await self._oncall.roster(tx, proposal.start, self._oncall.schedules())
        found: dict[str, list[str]] = {}
        for name, board in roster.boards.items():
            for person in {shift.person for shift in board.shifts(proposal.start, proposal.end)}:
                found.setdefault(person, []).append(name)
        return found
