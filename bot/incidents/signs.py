"""Signs of life: when somebody who works on an incident was last heard of. An acknowledgement does not wear off while they are."""

from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import col

from bot.db import Tx
from bot.incidents import roles
from bot.incidents.models import ChannelMessage, TimelineEntry

NOT_THEIR_DOING = ("exhausted", "role")
"""Entries that name a person who need not have done anything: they did not answer, or were given a part."""


async def last_sign_of_life(tx: Tx, incident_id: int, person: str) -> datetime | None:
    """The newest message, update or act of the person, or of anybody else who has a part in the incident."""
    people = {person, *(part.person for part in await roles.holders(tx, incident_id))}
    acts = select(func.max(TimelineEntry.recorded_at)).where(
        col(TimelineEntry.incident_id) == incident_id, col(TimelineEntry.actor).in_(people), col(TimelineEntry.kind).not_in(NOT_THEIR_DOING)
    )
    words = (
        select(col(ChannelMessage.happened_at), col(ChannelMessage.recorded_at))
        .where(col(ChannelMessage.incident_id) == incident_id, col(ChannelMessage.author).in_(people))
        .order_by(col(ChannelMessage.happened_at).desc())
        .limit(1)
    )
    acted: datetime | None = (await tx.session.execute(acts)).scalar()
    said = (await tx.session.execute(words)).first()
    heard = [acted, min(said.happened_at, said.recorded_at) if said else None]  # by our own clock, if Slack's runs ahead
    return max((moment for moment in heard if moment is not None), default=None)
