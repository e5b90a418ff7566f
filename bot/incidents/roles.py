"""Who has which part in an incident. There is never more than one commander, in the database too."""

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import select, update
from sqlmodel import col

from bot.db import ActorId, Tx, hold_incident
from bot.errors import AlreadyDone
from bot.incidents import timeline
from bot.incidents.messages import CommanderChanged, ResponderJoined
from bot.incidents.models import COMMANDER, Role

RESPONDER = "responder"
COMMS = "comms"
SCRIBE = "scribe"
DUTIES: Mapping[str, str] = MappingProxyType({COMMS: "is responsible for communication", SCRIBE: "keeps the record"})
"""What one person at a time does, besides who leads."""


async def holders(tx: Tx, incident_id: int) -> list[Role]:
    """Everybody's parts at this moment, commander first, then in the order they came."""
    rows = select(Role).where(col(Role.incident_id) == incident_id, col(Role.until).is_(None)).order_by(col(Role.id))
    found = (await tx.session.execute(rows)).scalars()
    return sorted(found, key=lambda role: (role.role != COMMANDER, role.id))


async def commander(tx: Tx, incident_id: int) -> Role | None:
    """Who leads now."""
    seat = (col(Role.incident_id) == incident_id) & (col(Role.role) == COMMANDER) & col(Role.until).is_(None)
    return (await tx.session.execute(select(Role).where(seat))).scalar()


async def lead(tx: Tx, incident_id: int, person: ActorId, *, is_acting: bool = False) -> Role | None:
    """Give the seat to `person` at once; returns who had it. Raises `AlreadyDone` if it is theirs already."""
    await hold_incident(tx, incident_id)
    before = await commander(tx, incident_id)
    if before is not None and before.person == person:
        if not before.is_acting or is_acting:
            raise AlreadyDone(f"#{incident_id} is led by {person} already. Nothing to do.")
        before.is_acting = False
        await timeline.record(tx, incident_id, "role", "leads the incident, no longer acting", actor=person)
        return before
    if before is not None:
        await tx.changed(update(Role).where(col(Role.id) == before.id).values(until=tx.now))
    tx.session.add(Role(incident_id=incident_id, role=COMMANDER, person=person, since=tx.now, is_acting=is_acting))
    await tx.session.flush()
    acting = " (acting: the first who answered, as nobody had taken the seat)" if is_acting else ""
    await timeline.record(tx, incident_id, "role", f"leads the incident{acting}", actor=person)
    await tx.announce(CommanderChanged(incident_id, person, before.person if before else None))
    return before


async def take_part(tx: Tx, incident_id: int, person: ActorId, role: str = RESPONDER) -> bool:
    """Note that `person` is part of the response. False if they were already."""
    await hold_incident(tx, incident_id)
    mine = (col(Role.incident_id) == incident_id) & (col(Role.person) == person) & (col(Role.role) == role) & col(Role.until).is_(None)
    if (await tx.session.execute(select(col(Role.id)).where(mine))).first():
        return False
    tx.session.add(Role(incident_id=incident_id, role=role, person=person, since=tx.now))
    await timeline.record(tx, incident_id, "role", f"joined as {role}", actor=person, key=f"{role}:{person}:{tx.now.timestamp():.0f}")
    await tx.announce(ResponderJoined(incident_id, person))
    return True


async def appoint(tx: Tx, incident_id: int, person: ActorId, duty: str) -> ActorId | None:
    """Give one of `DUTIES` to `person`; returns who had it. Raises `AlreadyDone` if it is theirs already."""
    await hold_incident(tx, incident_id)
    before = next((part.person for part in await holders(tx, incident_id) if part.role == duty), None)
    if before == person:
        raise AlreadyDone(f"{person} {DUTIES[duty]} for #{incident_id} already. Nothing to do.")
    now = (col(Role.incident_id) == incident_id) & (col(Role.role) == duty) & col(Role.until).is_(None)
    await tx.changed(update(Role).where(now).values(until=tx.now))
    tx.session.add(Role(incident_id=incident_id, role=duty, person=person, since=tx.now))
    await timeline.record(tx, incident_id, "role", DUTIES[duty], actor=person)
    await tx.announce(ResponderJoined(incident_id, person))
    return ActorId(before) if before else None


async def leave(tx: Tx, incident_id: int, person: ActorId) -> int:
    """End every part that `person` has; returns how many that were."""
    await hold_incident(tx, incident_id)
    mine = (col(Role.incident_id) == incident_id) & (col(Role.person) == person) & col(Role.until).is_(None)
    ended = await tx.changed(update(Role).where(mine).values(until=tx.now))
    if ended:
        await timeline.record(tx, incident_id, "role", "left the response", actor=person)
    return ended


async def of_person(tx: Tx, person: ActorId) -> frozenset[int]:
    """The incidents in which somebody has a part now."""
    rows = select(col(Role.incident_id)).where(col(Role.person) == person, col(Role.until).is_(None))
    return frozenset((await tx.session.execute(rows)).scalars())
