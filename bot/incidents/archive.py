"""Looking back: incidents that say certain words, and those that are like one."""

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlmodel import col

from bot.db import Tx
from bot.incidents import likeness, roles
from bot.incidents.likeness import Like, Told
from bot.incidents.models import Incident, TimelineEntry, is_real

SAID = ("declared", "note", "update", "mitigated", "resolved", "reopened", "cancelled")
"""What people wrote, of all that a timeline holds."""
FOUND = 10
ALIKE = 5
LOOKED_AT = 2000
"""Newest incidents among which likeness is looked for."""


async def find(tx: Tx, text: str) -> list[Incident]:
    """Incidents that have each of these words in their title, their service or what people wrote, newest first; one more than shown."""
    rows = select(Incident).where(await _seen(tx), is_real(), *(_says(word) for word in text.lower().split()))
    return list((await tx.session.execute(rows.order_by(col(Incident.id).desc()).limit(FOUND + 1))).scalars())


async def similar(tx: Tx, incident: Incident) -> list[tuple[Incident, Like]]:
    """Earlier and present incidents that are like this one, the most alike first."""
    columns = (col(Incident.id), col(Incident.title), col(Incident.service))
    rows = await tx.session.execute(select(*columns).where(await _seen(tx), is_real()).order_by(col(Incident.id).desc()).limit(LOOKED_AT))
    past = [Told(number, title, service) for number, title, service in rows if number is not None]
    found = likeness.like(Told(incident.number, incident.title, incident.service), past, ALIKE)
    return [(await tx.session.get_one(Incident, one.number), one) for one in found]


async def ending(tx: Tx, incident: Incident) -> str:
    """What whoever resolved it wrote; "" when nothing was."""
    resolved = (col(TimelineEntry.incident_id) == incident.number) & (col(TimelineEntry.kind) == "resolved")
    rows = select(col(TimelineEntry.text)).where(resolved).order_by(col(TimelineEntry.happened_at).desc()).limit(1)
    said = (await tx.session.execute(rows)).scalar() or ""
    return "" if said == "resolved" else said


async def _seen(tx: Tx) -> ColumnElement[bool]:
    """What who acts may see."""
    mine = await roles.of_person(tx, tx.actor)
    return or_(col(Incident.is_private).is_(False), col(Incident.declared_by) == tx.actor, col(Incident.id).in_(mine))


def _says(word: str) -> ColumnElement[bool]:
    """Whether an incident has this word somewhere."""
    in_timeline = exists().where(
        col(TimelineEntry.incident_id) == col(Incident.id),
        col(TimelineEntry.kind).in_(SAID),
        func.lower(col(TimelineEntry.text)).contains(word, autoescape=True),
    )
    in_title = func.lower(col(Incident.title)).contains(word, autoescape=True)
    return or_(in_title, func.lower(col(Incident.service)).contains(word, autoescape=True), in_timeline)
