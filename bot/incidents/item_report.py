"""Action items of teams: what is not done, what is overdue, and how much was done. Nothing of private incidents and drills is in it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from bot.config.models import Team
from bot.db import Tx
from bot.directory.service import Directory
from bot.incidents import completion
from bot.incidents.action_items import ActionItems
from bot.incidents.completion import Owed, Tally
from bot.incidents.models import ActionItem, Incident, is_real
from bot.incidents.names import headline
from bot.slack.text import escape

LISTED = 20
FIRST = 5
"""Items before the part that was done: a note is short, and that should not be cut off."""
LOOKS_BACK = timedelta(days=90)
"""Of how long the part that was done is told: a quarter."""
MOST_COUNTED = 5000
SHARED = col(Incident.is_private).is_(False) & is_real()


class ItemReport:
    """Looks over the action items of a team, or of everybody."""

    def __init__(self, directory: Directory, items: ActionItems) -> None:
        self._directory = directory
        self._items = items

    def team_of(self, incident: Incident, owner: str | None) -> Team | None:
        """Whose item it is: that of the incident's team, else of its owner's first."""
        team = self._directory.team(incident.team) if incident.team else None
        if team is None and owner is not None:
            team = next((one for one in self._directory.config.teams.values() if owner in one.members), None)
        return team

    async def unfinished(self, tx: Tx, team: Team, since: datetime, until: datetime) -> Sequence[str]:
        """For whoever comes on call: what a team's people or incidents still owe, the soonest due first, and the part that is done."""
        theirs = (col(Incident.team) == team.id) | col(ActionItem.owner).in_(team.members)
        lines = [self._line(tx, item, incident) for item, incident in await self._open(tx, theirs)]
        counted = await self.tally(tx, team) if lines else Tally()
        rate = [f"_{escape(team.name)}, of the last {LOOKS_BACK.days} days: {completion.said(counted)}_"] if counted.all else []
        return [*lines[:FIRST], *rate, *lines[FIRST:]]

    async def overdue(self, tx: Tx, team: Team | None) -> list[str]:
        """What should have been done by now, team by team, with how much of a quarter's items was; of one team, or of all."""
        is_late = col(ActionItem.due_on) < self._items.today(tx)
        found = await self._open(tx, is_late, most=MOST_COUNTED)
        teams = [team] if team else [*self._directory.config.teams.values(), None]
        lines: list[str] = []
        for one in teams:
            theirs = [(item, incident) for item, incident in found if self.team_of(incident, item.owner) == one]
            counted = await self.tally(tx, one) if one else Tally()
            if not theirs and not (team and counted.all):
                continue
            lines.append(f"*Overdue action items {f'of {escape(one.name)}' if one else 'of no team'}:* {len(theirs) or 'none'}")
            lines += [f"• {item.number}: {self._line(tx, item, incident)}" for item, incident in theirs[:LISTED]]
            lines += [f"… and {len(theirs) - LISTED} more"] if len(theirs) > LISTED else []
            lines += [f"_Of the last {LOOKS_BACK.days} days: {completion.said(counted)}_"] if counted.all else []
        return lines or [f"No action item{f' of {escape(team.name)}' if team else ''} is overdue."]

    async def tally(self, tx: Tx, team: Team, span: timedelta = LOOKS_BACK) -> Tally:
        """How many of a team's items of this span were done, and when."""
        today, zone = self._items.today(tx), self._directory.zone_of(tx.actor)
        made = col(ActionItem.made_at) >= tx.now - span
        rows = select(ActionItem, Incident).join(Incident, col(Incident.id) == col(ActionItem.incident_id))
        rows = rows.where(SHARED, made | (col(ActionItem.due_on) >= today - span)).limit(MOST_COUNTED)
        owed = [
            Owed(
                item.made_at.astimezone(zone).date(), item.due_on, item.done_at.astimezone(zone).date() if item.done_at else None
            )
            for item, incident in (await tx.session.execute(rows)).all()
            if self.team_of(incident, item.owner) == team
        ]  # fmt: skip
        return completion.tally(owed, today - span, today)

    async def _open(self, tx: Tx, which: ColumnElement[bool], most: int = LISTED) -> Sequence[tuple[ActionItem, Incident]]:
        rows = (
            select(ActionItem, Incident)
            .join(Incident, col(Incident.id) == col(ActionItem.incident_id))
            .where(which, col(ActionItem.done_at).is_(None), SHARED)
            .order_by(
                col(ActionItem.due_on).is_(None), col(ActionItem.due_on), col(ActionItem.priority).is_(None), col(ActionItem.priority)
            )
            .order_by(col(ActionItem.id))
            .limit(most)
        )
        return [(item, incident) for item, incident in (await tx.session.execute(rows)).all()]

    def _line(self, tx: Tx, item: ActionItem, incident: Incident) -> str:
        return f"{escape(item.text)} ({escape(self._items.state_of(tx, item))}), of {headline(incident)}"
