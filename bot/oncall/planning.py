"""From what was typed to what it would change: which schedule is meant, and from when until when, in absolute form."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.config.models import Config, Team
from bot.db import ActorId, Tx
from bot.directory.service import Directory
from bot.errors import InvalidInput, NotFound
from bot.oncall.definition import TemporaryShift
from bot.oncall.grammar import Cover, Known, Off, Override, Somebody, Swap, Temporary
from bot.oncall.proposals import Proposal, What
from bot.oncall.service import OnCall, TheirShift
from bot.oncall.swaps import time_of
from bot.oncall.times import Span, has_no_beginning, load, span
from bot.oncall.wording import between

AHEAD = timedelta(weeks=8)
ONE_SHIFT = timedelta(weeks=1)
"""Who is always on call has no end of a shift: then the next week is meant."""
LONGEST_VALUE = 2000
"""Slack takes no longer value of a button."""


class Planner:
    """Makes proposals. Several mean that who asked has to choose."""

    def __init__(self, oncall: OnCall, directory: Directory) -> None:
        self._oncall = oncall
        self._directory = directory

    @property
    def _config(self) -> Config:
        return self._oncall.config

    def known(self) -> Known:
        """The words that name something, for the grammar."""
        return Known(
            teams={*self._config.teams, *self._named()},
            services=frozenset(self._config.service_names),
            schedules=frozenset(self._oncall.schedules()),
            people=frozenset(self._config.people),
        )

    def zone(self, person: str) -> str:
        """Where a person reads the clock."""
        found = self._directory.person(person)
        return found.zone if found else self._config.zone

    async def person(self, tx: Tx, who: Somebody) -> str:
        """The configured person who is meant; only they can be on call."""
        found = str(tx.actor) if who.is_me else who.id or await self._directory.actor_of(tx, who.slack)
        if self._directory.person(found) is None:
            name = "You are" if found == tx.actor else f"{self._directory.name(found)} is"
            raise NotFound(f"{name} not in the configuration, so nobody could page them. Add them under `people`.")
        return found

    async def override(self, tx: Tx, wish: Override) -> list[Proposal]:
        """Somebody stands in for a time."""
        person = await self.person(tx, wish.person)
        time = await self._span(tx, wish.when)
        found = []
        for name in await self._meant(tx, wish.target, time, person):
            instead_of = await self._instead_of(tx, name, time)
            found.append(Proposal(What.OVERRIDE, name, time.start, time.end, person, instead_of))
        return found

    async def temporary(self, tx: Tx, wish: Temporary) -> list[Proposal]:
        """Shifts stand in place of a schedule, from the first until the last; one without a beginning follows the one before."""
        shifts: list[TemporaryShift] = []
        for who, when in wish.shifts:
            person = await self.person(tx, who)
            time = await self._span(tx, when, shifts[-1].end if shifts and has_no_beginning(when) else tx.now)
            shifts.append(TemporaryShift(person, time.start, time.end))
        whole = Span(min(one.start for one in shifts), max(one.end for one in shifts))
        found = [
            Proposal(What.TEMPORARY, name, whole.start, whole.end, shifts=tuple(shifts))
            for name in await self._meant(tx, wish.target, whole, shifts[0].person)
        ]
        if any(len(one.to_value()) > LONGEST_VALUE for one in found):
            raise InvalidInput("Those are too many times for one button. Write the plan in two or more parts, one after the other.")
        return found

    async def swap(self, tx: Tx, wish: Swap) -> list[Proposal]:
        """Somebody is asked to take the actor's time."""
        person = await self.person(tx, wish.person)
        back = await self._span(tx, wish.in_return) if wish.in_return else None
        in_return = (back.start, back.end) if back else None
        mine = await self.mine(tx, wish.when, wish.target)
        return [Proposal(What.SWAP, name, time.start, time.end, person, in_return=in_return) for name, time in mine]

    async def cover(self, tx: Tx, wish: Cover | Off) -> list[Proposal]:
        """The team is asked to take the actor's time."""
        return [Proposal(What.COVER, name, time.start, time.end) for name, time in await self.mine(tx, wish.when, wish.target)]

    async def mine(self, tx: Tx, when: str, target: str) -> list[tuple[str, Span]]:
        """The actor's time that is meant, by schedule: what they have in a typed time, else their next shift."""
        wanted = self.schedules_named(target) if target else None
        if when:
            time = await self._span(tx, when)
            found = await self._held(tx, tx.actor, time, wanted)
            if found:
                return found
            theirs = await self._next(tx, tx.actor, wanted)
            hint = f" Your next shift is {self.shown(tx, theirs[0])}." if theirs else ""
            raise InvalidInput(f"You are not on call then{f' for {target}' if target else ''}.{hint} Nothing to hand over.")
        upcoming = await self._next(tx, tx.actor, wanted)
        if not upcoming:
            raise InvalidInput(f"You have no shift{f' for {target}' if target else ''} in the next eight weeks. Nothing to hand over.")
        begins = max(upcoming[0].shift.start, tx.now)
        same = [one for one in upcoming if max(one.shift.start, tx.now) == begins]
        return [(one.schedule, Span(begins, min(one.shift.end, begins + ONE_SHIFT))) for one in same]

    async def elsewhere(self, tx: Tx, schedule: str, person: str, start: datetime, end: datetime) -> list[str]:
        """The other schedules in which a person has that time, too."""
        return [name for name, _ in await self._held(tx, person, Span(start, end)) if name != schedule]

    def members(self, schedule_id: str) -> list[str]:
        """Everybody of the teams that a schedule answers for."""
        teams = [self._directory.team(team) for team, _ in self._oncall.roles_of(schedule_id)]
        return list(dict.fromkeys(person for team in teams if team for person in team.members))

    def schedules_named(self, target: str) -> list[str]:
        """The schedules of a schedule's, team's or service's name, the primary's first."""
        if target in self._oncall.schedules():
            return [target]
        team = self._directory.team(target) or self._directory.owner(target) or self._team_named(target)
        if team is None:
            raise NotFound(f"There is no team, service or schedule {target!r}. Teams: {', '.join(sorted(self._config.teams)) or 'none'}.")
        if team.oncall is None:
            raise NotFound(f"{team.name} has no on-call rotation. One is set under `teams` in the configuration.")
        return list(dict.fromkeys(team.oncall.schedules().values()))

    def title(self, schedule_id: str) -> str:
        """What a schedule is for: `Payments primary`, or its id where it answers for nobody."""
        named = [f"{team.name} {role}" for team_id, role in self._oncall.roles_of(schedule_id) if (team := self._directory.team(team_id))]
        return ", ".join(named) or schedule_id

    def shown(self, tx: Tx, one: TheirShift) -> str:
        """A shift in words, on the actor's clock."""
        return f"{between(one.shift.start, one.shift.end, self.zone(tx.actor))} ({self.title(one.schedule)})"

    async def _span(self, tx: Tx, typed: str, after: datetime | None = None) -> Span:
        """What a phrase means on the actor's clock. The first one loads a library: aside, so that nobody's page waits for it."""
        await asyncio.to_thread(load)
        return span(typed, after or tx.now, self.zone(tx.actor))

    async def _meant(self, tx: Tx, target: str, time: Span, person: str) -> list[str]:
        """The schedules that may be meant: named; else those in which the actor is on call then; else those of the teams of both."""
        if target:
            return self.schedules_named(target)[:1]
        held = await self._held(tx, tx.actor, time)
        if held and person != tx.actor:
            return [name for name, _ in held]
        for people in ({tx.actor, person}, {tx.actor}, {person}):
            teams = [team for team in self._config.teams.values() if team.oncall and all(self._belongs(one, team.id) for one in people)]
            if teams:
                return list(dict.fromkeys(team.oncall.primary for team in teams if team.oncall))
        found = [team.oncall.primary for team in self._config.teams.values() if team.oncall]
        if not found:
            raise NotFound("No team has an on-call rotation yet. Add one under `teams` in the configuration.")
        return list(dict.fromkeys(found))

    async def _instead_of(self, tx: Tx, schedule_id: str, time: Span) -> str:
        """Whom the person replaces where several are on call together: the actor, if they are one of them."""
        board = await self._oncall.board(tx, schedule_id, time.start, time.end)
        people = {shift.person for shift in board.shifts(time.start, time.end)}
        together = len(board.who(time.start).people) > 1
        return str(tx.actor) if together and tx.actor in people else ""

    async def _held(self, tx: Tx, person: str, time: Span, only: Iterable[str] | None = None) -> list[tuple[str, Span]]:
        """What of a time is a person's, by schedule: from the first such moment to the last."""
        found = []
        for name in only if only is not None else self._oncall.schedules():
            board = await self._oncall.board(tx, name, time.start, time.end)
            if theirs := time_of(board, person, time.start, time.end):
                found.append((name, Span(min(one.start for one in theirs), max(one.end for one in theirs))))
        return found

    async def _next(self, tx: Tx, person: ActorId, only: Iterable[str] | None) -> list[TheirShift]:
        wanted = None if only is None else set(only)
        return [one for one in await self._oncall.next_shifts(tx, person, tx.now, AHEAD) if wanted is None or one.schedule in wanted]

    def eligible(self, schedule_id: str) -> list[str]:
        """Those of its teams who have the standing for its roles."""
        roles = self._oncall.roles_of(schedule_id)
        found = []
        for person in self.members(schedule_id):
            known = self._directory.person(person)
            if known and all(self._config.eligibility.allows(role, known.level) for _, role in roles):
                found.append(person)
        return found

    def _belongs(self, person: str, team_id: str) -> bool:
        team = self._config.teams[team_id]
        return person in team.members or person in (team.lead, team.manager)

    def _named(self) -> list[str]:
        return [team.name.lower() for team in self._config.teams.values()]

    def _team_named(self, name: str) -> Team | None:
        return next((team for team in self._config.teams.values() if team.name.lower() == name), None)
