"""How many pages people have taken: for reports on how the load is shared."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import col

from bot.db import Tx
from bot.paging.models import Page


async def pages_taken(tx: Tx, teams: Collection[str], start: datetime, end: datetime) -> Mapping[str, int]:
    """Pages for these teams that each person acknowledged between two moments, drills aside."""
    counted = (
        select(col(Page.acknowledged_by), func.count())
        .where(col(Page.team).in_(teams), col(Page.drill).is_(False), col(Page.acknowledged_at) >= start, col(Page.acknowledged_at) < end)
        .group_by(col(Page.acknowledged_by))
    )
    return {person: number for person, number in (await tx.session.execute(counted)).all() if person}
