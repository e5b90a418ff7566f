"""Reading and writing alerts by the hundred: the statements are built once, a storm executes them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Insert, and_, bindparam, select
from sqlmodel import col

from bot.alerts.changes import Known
from bot.alerts.models import Alert, AlertEvent, AlertGroup
from bot.alerts.sources import AlertStatus
from bot.db import Tx, insert_into, is_sqlite
from bot.incidents.models import Incident

CHUNK = 1000
"""Values in one IN list: far below what SQLite and PostgreSQL take."""

ALERTS = Alert.__table__.c  # type: ignore[attr-defined]
KNOWN = select(ALERTS.fingerprint, ALERTS.status, ALERTS.starts_at, ALERTS.ends_at, ALERTS.incident_id).where(
    ALERTS.source == bindparam("source"), ALERTS.fingerprint.in_(bindparam("fingerprints", expanding=True))
)
GROUPS = select(AlertGroup).where(
    col(AlertGroup.source).in_(bindparam("sources", expanding=True)), col(AlertGroup.group_key).in_(bindparam("names", expanding=True))
)
INCIDENTS = select(Incident).where(col(Incident.id).in_(bindparam("numbers", expanding=True)))


@cache
def _upsert(on_sqlite: bool) -> Insert:
    insert = insert_into(Alert, on_sqlite)
    changed = {column.name: insert.excluded[column.name] for column in ALERTS if not column.primary_key}
    return insert.on_conflict_do_update(index_elements=["source", "fingerprint"], set_=changed)


@cache
def _append(on_sqlite: bool) -> Insert:
    return insert_into(AlertEvent, on_sqlite)


async def known(tx: Tx, wanted: Mapping[str, Sequence[str]]) -> dict[tuple[str, str], Known]:
    """What is stored of these fingerprints, by source."""
    found = {}
    for source, names in wanted.items():
        for start in range(0, len(names), CHUNK):
            for row in await tx.session.execute(KNOWN, {"source": source, "fingerprints": names[start : start + CHUNK]}):
                found[source, row.fingerprint] = Known(row.status, row.starts_at, row.ends_at, row.incident_id)
    return found


async def groups(tx: Tx, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], AlertGroup]:
    """The groups among these that there are, by source and key; maybe a few more."""
    wanted = {"sources": sorted({source for source, _ in keys}), "names": sorted({name for _, name in keys})}
    return {(row.source, row.group_key): row for row in (await tx.session.execute(GROUPS, wanted)).scalars()}


async def incidents(tx: Tx, numbers: Iterable[int]) -> dict[int, Incident]:
    """These incidents, which are held, by number."""
    found = {row.number: row for row in (await tx.session.execute(INCIDENTS, {"numbers": sorted(numbers)})).scalars()}
    tx.read_held.update(found)
    return found


async def fired(tx: Tx, incident_id: int, since: datetime) -> list[datetime]:
    """When the incident's alert that fired most often since then did so."""
    fires = (
        select(col(AlertEvent.source), col(AlertEvent.fingerprint), col(AlertEvent.received_at))
        .join(Alert, and_(col(Alert.source) == col(AlertEvent.source), col(Alert.fingerprint) == col(AlertEvent.fingerprint)))
        .where(col(Alert.incident_id) == incident_id, col(AlertEvent.status) == AlertStatus.FIRING, col(AlertEvent.received_at) > since)
    )
    found: dict[tuple[str, str], list[datetime]] = {}
    for row in await tx.session.execute(fires):
        found.setdefault((row.source, row.fingerprint), []).append(row.received_at)
    return max(found.values(), key=len, default=[])


async def write(tx: Tx, alerts: Sequence[dict[str, object]], events: Sequence[dict[str, object]]) -> None:
    """Store the alerts' newest status, and that it changed."""
    if not alerts:
        return
    on_sqlite = is_sqlite(tx.session)
    connection = await tx.session.connection()
    await connection.execute(_upsert(on_sqlite), alerts)
    await connection.execute(_append(on_sqlite), events)
