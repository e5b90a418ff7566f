"""Looking back: which incidents somebody may see, which are like one, and how they ended."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import col

from bot.db import Tx
from bot.incidents import likeness, roles
from bot.incidents.likeness import Like, Told
from bot.incidents.models import Incident, TimelineEntry, is_real

ALIKE = 5
LOOKED_AT = 2000
"""Newest incidents among which likeness is looked for."""


async def similar(tx: Tx, incident: Incident) -> list[tuple[Incident, Like]]:
    """Earlier and present incidents that are like this one, the most alike first."""
    return await alike(tx, incident, None, ALIKE)


async def alike(tx: Tx, incident: Incident, among: Collection[int] | None, most: int) -> list[tuple[Incident, Like]]:
    """Those that are like this one, `among` some (None: all); how rare a word is all incidents say."""
    if among is not None and not among:
        return []
    columns = (col(Incident.id), col(Incident.title), col(Incident.service))
    rows = await tx.session.execute(select(*columns).where(await seen(tx), is_real()).order_by(col(Incident.id).desc()).limit(LOOKED_AT))
    past = [Told(number, title, service) for number, title, service in rows if number is not None]
    found = likeness.like(Told(incident.number, incident.title, incident.service), past, len(past))
    wanted = [one for one in found if among is None or one.number in among][:most]
    return [(await tx.session.get_one(Incident, one.number), one) for one in wanted]


async def ending(tx: Tx, incident: Incident) -> str:
    """What whoever resolved it wrote; "" when nothing was."""
    resolved = (col(TimelineEntry.incident_id) == incident.number) & (col(TimelineEntry.kind) == "resolved")
    rows = select(col(TimelineEntry.text)).where(resolved).order_by(col(TimelineEntry.happened_at).desc()).limit(1)
    said = (await tx.session.execute(rows)).scalar() or ""
    return "" if said == "resolved" else said


async def seen(tx: Tx) -> ColumnElement[bool]:
    """What who acts may see."""
    mine = await roles.of_person(tx, tx.actor)
    return or_(col(Incident.is_private).is_(False), col(Incident.declared_by) == tx.actor, col(Incident.id).in_(mine))
