"""Postmortems that nobody has finished: for whoever comes on call."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from bot.config.models import Team
from bot.db import Tx
from bot.incidents.models import Incident, is_real
from bot.postmortems.blocks import day
from bot.postmortems.models import Postmortem
from bot.postmortems.states import PostmortemState
from bot.slack.text import escape

LISTED = 20
SAID = {PostmortemState.DRAFT: "still a draft", PostmortemState.IN_REVIEW: "in review", PostmortemState.APPROVED: "approved, not published"}


async def unfinished(tx: Tx, team: Team, since: datetime, until: datetime) -> Sequence[str]:
    """Postmortems of the team's incidents that are not published, the oldest first, however old."""
    rows = (
        select(Postmortem, Incident)
        .join(Incident, col(Incident.id) == col(Postmortem.incident_id))
        .where(
            col(Incident.team) == team.id,
            col(Incident.is_private).is_(False),
            is_real(),
            col(Postmortem.state) != PostmortemState.PUBLISHED,
        )
        .order_by(col(Postmortem.incident_id))
        .limit(LISTED)
    )
    found = (await tx.session.execute(rows)).all()
    return [f"Postmortem of #{one.number} {escape(one.title)}: {SAID[document.state]}{due(document, until)}" for document, one in found]


def due(document: Postmortem, at: datetime) -> str:
    """Until when its next step is due, and whether that is over."""
    if document.due_on is None:
        return ""
    return f", due {day(document.due_on)}{', late' if document.due_on < at.date() else ''}"
