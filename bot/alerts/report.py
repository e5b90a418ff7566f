"""What an incident's postmortem says of its alerts: which fired, since when, and where that is to be seen."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from bot.alerts.models import Alert
from bot.db import Tx
from bot.incidents.accounts import Account
from bot.incidents.models import Incident


async def accounts(tx: Tx, incident: Incident) -> Sequence[Account]:
    """Each alert of the incident, by when it began to fire."""
    rows = select(Alert).where(col(Alert.incident_id) == incident.number)
    found = (await tx.session.execute(rows.order_by(col(Alert.starts_at), col(Alert.source), col(Alert.fingerprint)))).scalars()
    return [
        Account(alert.starts_at, f"{alert.name} fired" + (f": {alert.summary}" if alert.summary else ""), alert.generator_url)
        for alert in found
    ]
