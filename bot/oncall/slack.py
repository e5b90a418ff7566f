"""`/oncall`: who is on call now and next, and why. Read only."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.config.models import Team
from bot.db import Tx
from bot.directory.service import Directory
from bot.errors import NotFound
from bot.oncall.service import OnCall, Someone
from bot.slack.replies import Reply, Say
from bot.slack.requests import Command
from bot.slack.text import clamp, escape, unescape

ME = "me"
ROLES = ("primary", "secondary")


class OnCallCommand:
    """Answers `/oncall`, `/oncall <team>` and `/oncall me`, to who asked alone."""

    def __init__(self, oncall: OnCall, directory: Directory) -> None:
        self._oncall = oncall
        self._directory = directory

    async def show(self, tx: Tx, command: Command) -> Reply:
        """All teams, one team, or the teams for which the asker is on call now."""
        asked = unescape(command.text).strip().lstrip("@").lower()
        teams = [team for team in self._oncall.config.teams.values() if team.oncall is not None]
        if asked == ME:
            mine = [line for team in teams for line in await self._mine(tx, team)]
            return Say("\n".join(mine) or "You are not on call for any team right now.")
        if asked:
            teams = [self._team(asked)]
        if not teams:
            return Say("No team has an on-call rotation yet. Add one under `teams` in the configuration.")
        return Say(clamp("\n".join([line for team in teams for line in await self._lines(tx, team)])))

    def _team(self, asked: str) -> Team:
        team = self._directory.team(asked) or self._directory.owner(asked)
        if team is None:
            known = ", ".join(sorted(self._oncall.config.teams)) or "none"
            raise NotFound(f"There is no team or service {asked!r}. Teams: {known}.")
        return team

    async def _lines(self, tx: Tx, team: Team) -> list[str]:
        lines = [f"*{escape(team.name)}*"]
        for role in ROLES:
            now = await self._oncall.who(tx, team.id, role, tx.now)
            if not now.people:
                lines.append(f"• {role}: nobody ({escape(now.why)})")
                continue
            lines.append(f"• {role}: {escape(' and '.join(map(self._directory.name, now.people)))}{await self._until(tx, team, role, now)}")
        return lines

    async def _until(self, tx: Tx, team: Team, role: str, now: Someone) -> str:
        if now.until is None:
            return ""
        following = await self._oncall.after(tx, team.id, role, tx.now)
        then = escape(self._directory.name(following.person)) if following.person else "nobody"
        return f" until {self._clock(tx, now.until)}, then {then}"

    async def _mine(self, tx: Tx, team: Team) -> list[str]:
        found = [(role, await self._oncall.who(tx, team.id, role, tx.now)) for role in ROLES]
        return [f"You are {one.why}{await self._until(tx, team, role, one)}." for role, one in found if tx.actor in one.people]

    def _clock(self, tx: Tx, at: datetime) -> str:
        """A moment in the reader's zone, with its day and the zone's name."""
        reader = self._directory.person(tx.actor)
        local = at.astimezone(ZoneInfo(reader.zone if reader else self._oncall.config.zone))
        return f"{local:%a} {local.day} {local:%b} {local:%H:%M %Z}"
