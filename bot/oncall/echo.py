"""What is about to happen, in absolute form: on the reader's clock, and on the other person's where that differs."""

from bot.db import Tx
from bot.directory.service import Directory
from bot.oncall.definition import Kind, Shift
from bot.oncall.planning import Planner
from bot.oncall.proposals import Proposal, What
from bot.oncall.roster import Board
from bot.oncall.service import OnCall
from bot.oncall.wording import between, lasting, listed
from bot.slack.text import escape

MOST = 20
"""Lines of a temporary schedule; what is cut off is said."""


class Echo:
    """Tells what a proposal means."""

    def __init__(self, oncall: OnCall, directory: Directory, planner: Planner) -> None:
        self._oncall = oncall
        self._directory = directory
        self._planner = planner

    async def of(self, tx: Tx, one: Proposal, after: Board) -> str:
        """In words for the actor; `after` is the schedule as it would be."""
        lines = await self._lines(tx, one, after)
        if one.in_return:
            lines.append(f"In return you take theirs: *{between(*one.in_return, self._zone(tx))}*.")
        if one.person and one.person != tx.actor and (theirs := self._planner.zone(one.person)) != self._zone(tx):
            lines.append(f"For {self._who(tx, one.person)} that is {between(one.start, one.end, theirs)} ({theirs}).")
        for each in one.shifts or (one,):
            if each.person and (also := await self._planner.elsewhere(tx, one.schedule, each.person, each.start, each.end)):
                are = "You are" if each.person == tx.actor else f"{self._who(tx, each.person)} is"
                titles = escape(listed([self._planner.title(name) for name in also]))
                lines.append(f":warning: {are} on call {'then' if not one.shifts else 'at their time'} as {titles} as well.")
        return "\n".join(dict.fromkeys(lines))

    async def _lines(self, tx: Tx, one: Proposal, after: Board) -> list[str]:
        title = escape(self._planner.title(one.schedule))
        when = f"*{between(one.start, one.end, self._zone(tx))}* ({self._zone(tx)}, {lasting(one.end - one.start)})"
        who = self._who(tx, one.person)
        if one.what is What.OVERRIDE:
            replaced = [one.instead_of] if one.instead_of else await self._replaced(tx, one)
            names = escape(listed([self._directory.name(person) for person in replaced]))
            stands = "You stand in" if one.person == tx.actor else f"{who} stands in"
            return [f"{stands} as {title}: {when}, {f'instead of {names}' if replaced else 'where nobody is on call'}."]
        if one.what is What.TEMPORARY:
            return [f"In place of the schedule of {title}: {when}.", *self._plan(tx, one, after)]
        return [f"Ask {who} to take your time as {title}: {when}."]

    def _plan(self, tx: Tx, one: Proposal, after: Board) -> list[str]:
        """Who is on call meanwhile, gaps and all. Overrides that stand there go on counting, and are named."""
        found = [(shift.start, shift.end, self._on_call(tx, shift)) for shift in after.shifts(one.start, one.end)]
        found += [(start, end, ":warning: *nobody*") for start, end in after.gaps(one.start, one.end)]
        lines = [f"• {between(start, end, self._zone(tx))}: {who}" for start, end, who in sorted(found)]
        return lines if len(lines) <= MOST else [*lines[:MOST], f"… and {len(lines) - MOST} more"]

    def _on_call(self, tx: Tx, shift: Shift) -> str:
        change = shift.duty.change
        is_other = change is None or change.kind is not Kind.TEMPORARY
        why = f" ({escape(shift.duty.why(self._zone(tx), self._directory.name))})" if is_other else ""
        return f"{escape(self._directory.name(shift.person))}{why}"

    async def _replaced(self, tx: Tx, one: Proposal) -> list[str]:
        board = await self._oncall.board(tx, one.schedule, one.start, one.end)
        return list(dict.fromkeys(shift.person for shift in board.shifts(one.start, one.end) if shift.person != one.person))

    def _who(self, tx: Tx, person: str) -> str:
        return "you" if person == tx.actor else escape(self._directory.name(person)) if person else "the team"

    def _zone(self, tx: Tx) -> str:
        return self._planner.zone(tx.actor)
