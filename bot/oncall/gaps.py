"""Looking ahead for each team's primary: the team hears, once, of a time at which nobody would be paged first, and when it is filled."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.config.models import Team
from bot.db import Tx
from bot.directory.service import Directory
from bot.oncall.messages import LookAhead, ScheduleChanged, TellTeam
from bot.oncall.models import OnCallOutlook
from bot.oncall.outlook import AHEAD, FARTHEST, Outlook, Time, news, remembered, without
from bot.oncall.planning import Planner
from bot.oncall.proposals import Proposal, What
from bot.oncall.roster import Board
from bot.oncall.service import OnCall
from bot.oncall.wording import between, listed
from bot.slack.text import escape
from bot.work import queue

MORNING = time(9)
"""A gap two weeks ahead is told in working hours, on the schedule's own clock."""
EACH_DAY = "5 0 * * *"
SHOWN = 5


class Gaps:
    """Finds gaps and tells of them."""

    def __init__(self, oncall: OnCall, directory: Directory, planner: Planner) -> None:
        self._oncall = oncall
        self._directory = directory
        self._planner = planner

    async def look_at_all(self, tx: Tx) -> None:
        """Look at every team now."""
        for team in self._directory.config.teams.values():
            if team.oncall:
                await self._order(tx, team)

    async def on_schedule_changed(self, tx: Tx, fact: ScheduleChanged) -> None:
        """Somebody may have opened a gap, or filled one."""
        for team in self._directory.config.teams.values():
            if team.oncall and team.oncall.primary == fact.schedule:
                await self._order(tx, team)

    async def each_day(self, tx: Tx, at: datetime) -> None:
        """Another day has come into sight: look at every team in its morning."""
        for team in self._directory.config.teams.values():
            if team.oncall:
                await self._order(tx, team, next_morning(tx.now, self._oncall.zone_of(team.oncall.primary)))

    async def look(self, tx: Tx, team_id: str) -> None:
        """Compare what is ahead with what the team knows, and order the telling of what is new."""
        team = self._directory.team(team_id)
        if team is None or team.oncall is None:
            return
        await tx.lock(f"oncall-outlook:{team_id}")
        schedule, until = team.oncall.primary, tx.now + AHEAD
        row = await tx.session.get(OnCallOutlook, team_id)
        known = outlook_of(row) if row else Outlook()
        board = await self._oncall.board(tx, schedule, tx.now)
        found = self._open(board, tx.now, until)
        new = news(known, found, tx.now, self._oncall.zone_of(schedule))
        after = remembered(known, found, tx.now, until)
        if row is None:
            row = OnCallOutlook(team=team_id, gaps="", until=until)
            tx.session.add(row)
        row.gaps, row.until = json.dumps([[start.timestamp(), end.timestamp()] for start, end in after.gaps]), until
        if new.opened:
            text = self._opened(schedule, new.opened, tx.now + FARTHEST)
            await self._tell(tx, team, "opened", text, Proposal(What.OVERRIDE, schedule, *new.opened[0]).to_value())
        if new.closed:
            await self._tell(tx, team, "closed", self._closed(schedule, new.closed, board))

    def _open(self, board: Board, now: datetime, until: datetime) -> list[Time]:
        """The times that begin before `until` at which nobody is on call who could be paged: who stands in may have left since."""
        held = [(shift.start, shift.end) for shift in board.shifts(now, now + FARTHEST) if self._is_reachable(shift.person)]
        return [gap for gap in without([(now, now + FARTHEST)], held) if gap[0] < until]

    def _is_reachable(self, person: str) -> bool:
        known = self._directory.person(person)
        return known is not None and self._directory.config.is_reachable(known)

    def _opened(self, schedule: str, times: Sequence[Time], farthest: datetime) -> str:
        zone, title = self._oncall.zone_of(schedule), escape(self._planner.title(schedule))
        lines = [f"• {between(start, end, zone)}{' or longer' if end == farthest else ''}" for start, end in times[:SHOWN]]
        more = [f"• and {len(times) - SHOWN} more times"] if len(times) > SHOWN else []
        head = f":warning: *Nobody is on call as {title}* ({zone}); a page then goes on to the next step at once:"
        root = self._directory.config.commands.oncall
        how = f"Take a time with the button or `{root} override me {schedule} …`, or change the rotation in the configuration."
        return "\n".join([head, *lines, *more, how])

    def _closed(self, schedule: str, times: Sequence[Time], board: Board) -> str:
        zone, title = self._oncall.zone_of(schedule), escape(self._planner.title(schedule))
        lines = []
        for start, end in times[:SHOWN]:
            people = dict.fromkeys(shift.person for shift in board.shifts(start, end))
            lines.append(f"• {between(start, end, zone)}: {escape(listed([self._directory.name(person) for person in people]))}")
        more = [f"• and {len(times) - SHOWN} more times"] if len(times) > SHOWN else []
        return "\n".join([f":white_check_mark: Somebody is on call as {title} again ({zone}):", *lines, *more])

    async def _tell(self, tx: Tx, team: Team, what: str, text: str, fill: str = "") -> None:
        key = f"gaps:{team.id}:{tx.now.timestamp():.3f}:{what}"
        await queue.schedule(tx, TellTeam(team=team.id, text=text, fill=fill), key=key, about=f"team:{team.id}")

    async def _order(self, tx: Tx, team: Team, due: datetime | None = None) -> None:
        key, about = f"look_ahead:{team.id}", f"team:{team.id}"
        await queue.refresh(tx, LookAhead(team=team.id), key=key, about=about, due=due, at_latest=True)


def outlook_of(row: OnCallOutlook) -> Outlook:
    """What the team knows."""
    times = tuple((datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)) for start, end in json.loads(row.gaps))
    return Outlook(times, row.until)


def next_morning(now: datetime, zone: str) -> datetime:
    """The next moment at which the zone's clock shows nine."""
    day = now.astimezone(ZoneInfo(zone)).date()
    today = datetime.combine(day, MORNING, ZoneInfo(zone)).astimezone(UTC)
    return today if today > now else datetime.combine(day + timedelta(days=1), MORNING, ZoneInfo(zone)).astimezone(UTC)
