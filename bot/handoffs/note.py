"""The note of a hand-off: what rooms offer for it, as sections in mrkdwn."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.config.models import Team
from bot.db import Tx
from bot.incidents import blocks as incident_blocks
from bot.incidents.service import Incidents

LOOKS_BACK = timedelta(days=7)
MOST = 8
"""Lines of a section."""
Lines = Callable[[Tx, Team, datetime, datetime], Awaitable[Sequence[str]]]
"""What a room has to say to whoever comes on call for a team, about a time: lines in mrkdwn."""


@dataclass(frozen=True)
class Section:
    """A part of the note; without lines it says that there is nothing."""

    title: str
    lines: tuple[str, ...]


class Notes:
    """Gathers notes. Upper and neighbouring rooms add their sections; private incidents are never in one."""

    def __init__(self, incidents: Incidents) -> None:
        self._incidents = incidents
        self._sections: list[tuple[str, Lines]] = [("Open incidents", self._open)]

    def add(self, title: str, lines: Lines) -> None:
        """Let notes have this section."""
        self._sections.append((title, lines))

    async def gather(self, tx: Tx, teams: Sequence[Team]) -> list[Section]:
        """Every section, about the week until now."""
        found = []
        for title, lines in self._sections:
            told = [line for team in teams for line in await lines(tx, team, tx.now - LOOKS_BACK, tx.now)]
            more = [f"… and {len(told) - MOST} more"] if len(told) > MOST else []
            found.append(Section(title, (*told[:MOST], *more)))
        return found

    async def _open(self, tx: Tx, team: Team, since: datetime, until: datetime) -> Sequence[str]:
        incidents = await self._incidents.open_now(tx)
        return [incident_blocks.one_line(one) for one in incidents if one.team == team.id and not one.is_private]


def as_text(sections: Sequence[Section]) -> str:
    """The sections in mrkdwn; those with nothing in one line."""
    full = [f"*{one.title}*\n" + "\n".join(f"• {line}" for line in one.lines) for one in sections if one.lines]
    empty = [one.title.lower() for one in sections if not one.lines]
    return "\n".join([*full, *([f"_Nothing under: {', '.join(empty)}._"] if empty else [])])
