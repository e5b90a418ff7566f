"""Who is on call now and next, in words for one reader."""

from collections.abc import Iterable

from bot.config.models import Team
from bot.config.oncall import ROLES
from bot.db import Tx
from bot.directory.service import Directory
from bot.oncall.blocks import REMOVE, REMOVE_TEMPORARY, Changed
from bot.oncall.definition import Kind, Op, Override, TemporarySchedule
from bot.oncall.planning import AHEAD, Planner
from bot.oncall.service import OnCall, TheirShift
from bot.oncall.wording import at, between, listed
from bot.slack.text import escape

SHOWN = 3
"""Of one's own shifts, in an answer."""


class Boards:
    """Tells what is so."""

    def __init__(self, oncall: OnCall, directory: Directory, planner: Planner) -> None:
        self._oncall = oncall
        self._directory = directory
        self._planner = planner

    def teams(self) -> list[Team]:
        """The teams that have anybody on call."""
        return [team for team in self._oncall.config.teams.values() if team.oncall is not None]

    async def overview(self, tx: Tx) -> str:
        """What is the reader's, and who is on call now and next; their own teams first."""
        teams = self.teams()
        if not teams:
            return "No team has an on-call rotation yet. Add one under `teams` in the configuration."
        ordered = sorted(teams, key=lambda team: tx.actor not in team.members)
        return "\n".join([await self.mine(tx), *[await self.team(tx, team) for team in ordered], self.clock(tx)])

    def clock(self, tx: Tx) -> str:
        """Whose clock the times are on."""
        return f"_Times in {self._planner.zone(tx.actor)}._"

    async def mine(self, tx: Tx, most: int = SHOWN) -> str:
        """The reader's shift now, and the next ones."""
        return await self.shifts_of(tx, tx.actor, most)

    async def shifts_of(self, tx: Tx, person: str, most: int = SHOWN) -> str:
        """Somebody's shift now, and the next ones."""
        you = person == tx.actor
        found = await self._oncall.next_shifts(tx, person, tx.now)
        who = "You are" if you else f"{escape(self._directory.name(person))} is"
        if not found:
            return f"{who} not on call in the next eight weeks."
        now = [one for one in found if one.shift.start <= tx.now]
        after = [one for one in found if one.shift.start > tx.now][:most]
        lines = [f"*{who} on call now*: {self._titled(one)}{self._until(tx, one)}" for one in now] or [f"{who} not on call now."]
        if after:
            lines.append("Next: " + "; ".join(f"{self._titled(one)} {self._between(tx, one)}" for one in after))
        return "\n".join(lines)

    async def team(self, tx: Tx, team: Team) -> str:
        """A team's roles: who now, until when and who then."""
        lines = [f"*{escape(team.name)}*"]
        for role in ROLES:
            schedule = team.oncall.of(role) if team.oncall else None
            if schedule is not None or role in ("primary", "secondary"):
                lines.append(await self._role(tx, team, role, schedule))
        return "\n".join(line for line in lines if line)

    async def schedule(self, tx: Tx, schedule_id: str) -> str:
        """A schedule's now and next."""
        return f"*{escape(self._planner.title(schedule_id))}* ({escape(schedule_id)})\n• {await self._now_and_next(tx, schedule_id)}"

    async def changed(self, tx: Tx, schedule_id: str) -> list[Changed]:
        """What people put in place of a schedule, now or later. Swaps are between those who agreed on them."""
        found = (await self._oncall.board(tx, schedule_id, tx.now)).overrides
        title, zone = escape(self._planner.title(schedule_id)), self._planner.zone(tx.actor)
        overrides = [
            Changed(f"{title}: {self._override(one)} {between(one.start, one.end, zone)}", REMOVE, one.id)
            for one in found.overrides
            if one.kind is Kind.OVERRIDE and one.id is not None
        ]
        plans = [
            Changed(f"{title}: {self._temporary(one)} {between(one.start, one.end, zone)}", REMOVE_TEMPORARY, one.id)
            for one in found.temporary
            if one.id is not None
        ]
        return [*overrides, *plans]

    def _temporary(self, one: TemporarySchedule) -> str:
        """`temporary schedule of Kim and Bo (by Ana)`."""
        people = self._names(dict.fromkeys(shift.person for shift in one.shifts))
        return f"temporary schedule of {people}{f' (by {self._names([one.by])})' if one.by else ''}"

    def _override(self, one: Override) -> str:
        """`Kim for Ana (by Bo)`."""
        who = self._names([one.person]) if one.person else "nobody"
        instead = f" for {self._names([one.instead_of])}" if one.instead_of else ""
        return f"{who}{' as well' if one.op is Op.ADD else instead}{f' (by {self._names([one.by])})' if one.by else ''}"

    async def _role(self, tx: Tx, team: Team, role: str, schedule: str | None) -> str:
        if schedule is None:
            stand_in = await self._oncall.who(tx, team.id, role, tx.now)
            if not stand_in.people:
                return f"• {role}: nobody ({escape(stand_in.why)})" if role == "secondary" else ""
            return f"• {role}: {self._names(stand_in.people)} ({escape(stand_in.why)})"
        return f"• {role}: {await self._now_and_next(tx, schedule)}"

    async def _now_and_next(self, tx: Tx, schedule_id: str) -> str:
        board = await self._oncall.board(tx, schedule_id, tx.now)
        zone = self._planner.zone(tx.actor)
        found = board.who(tx.now)
        changed = [duty for duty in found.duties if duty.change is not None]
        why = f" ({escape(changed[0].why(zone, self._directory.name))})" if changed else ""
        now = f"{self._names(found.people)}{why}" if found.people else f"*nobody* ({escape(found.nobody)})"
        change = board.next_change(tx.now)
        if change is None:
            return now
        following = board.who(change)
        then = self._names(following.people) if following.people else "*nobody*"
        return f"{now} until {at(change, zone)}, then {then}"

    def _names(self, people: Iterable[str]) -> str:
        return escape(listed([self._directory.name(person) for person in people]))

    def _titled(self, one: TheirShift) -> str:
        return escape(self._planner.title(one.schedule))

    def _between(self, tx: Tx, one: TheirShift) -> str:
        return between(one.shift.start, one.shift.end, self._planner.zone(tx.actor))

    def _until(self, tx: Tx, one: TheirShift) -> str:
        if one.shift.end >= tx.now + AHEAD:  # as far as it was looked
            return ""
        return f" until {at(one.shift.end, self._planner.zone(tx.actor))}"


__all__ = ["Boards"]
