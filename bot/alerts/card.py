"""What alerts add to an incident's card."""

import json
from collections.abc import Sequence
from datetime import datetime

from slack_sdk.models.blocks import Block, ContextBlock, MarkdownTextObject
from sqlalchemy import func, select
from sqlmodel import col

from bot.alerts.models import Alert, AlertGroup
from bot.alerts.sources import AlertStatus
from bot.db import Tx
from bot.incidents.models import Incident
from bot.slack.text import clamp, escape, link

SHOWN = 3


async def names(tx: Tx, incident: Incident) -> list[str]:
    """The names (`alertname`) of the alerts that an incident is about."""
    found = select(col(Alert.name)).where(col(Alert.incident_id) == incident.number).distinct()
    return list((await tx.session.execute(found)).scalars())


async def firing(tx: Tx, incident: Incident) -> list[dict[str, str]]:
    """The labels of the alerts of an incident that fire now, the oldest first."""
    found = select(col(Alert.name), col(Alert.labels)).where(col(Alert.incident_id) == incident.number)
    ordered = found.where(col(Alert.status) == AlertStatus.FIRING).order_by(col(Alert.starts_at), col(Alert.fingerprint))
    return [{"alertname": name, **json.loads(labels)} for name, labels in await tx.session.execute(ordered)]


async def spans(tx: Tx, incident: Incident) -> Sequence[tuple[datetime, str, datetime | None, bool]]:
    """For the incident's picture: since when each of its alerts fires, which it is, and until when it did."""
    found = select(Alert).where(col(Alert.incident_id) == incident.number).order_by(col(Alert.starts_at), col(Alert.fingerprint))
    return [
        (alert.starts_at, alert.name, alert.ends_at if alert.status is AlertStatus.RESOLVED else None, False)
        for alert in (await tx.session.execute(found)).scalars()
    ]


async def section(tx: Tx, incident: Incident) -> Sequence[Block]:
    """How many alerts fire and stopped, the newest of them, and how many their source left out."""
    counts = select(col(Alert.status), func.count()).where(col(Alert.incident_id) == incident.number).group_by(col(Alert.status))
    found: dict[AlertStatus, int] = {row[0]: row[1] for row in await tx.session.execute(counts)}
    if not found:
        return ()
    left_out = select(func.sum(col(AlertGroup.truncated))).where(col(AlertGroup.incident_id) == incident.number)
    truncated = (await tx.session.execute(left_out)).scalar() or 0
    firing, stopped = found.get(AlertStatus.FIRING, 0), found.get(AlertStatus.RESOLVED, 0)
    text = f"*Alerts:* {firing} firing, {stopped} resolved"
    flapping = select(col(AlertGroup.flapping)).where(col(AlertGroup.incident_id) == incident.number, col(AlertGroup.flapping).is_(True))
    if (await tx.session.execute(flapping.limit(1))).first():
        text += "; *flapping*: they fire and stop again and again, and page nobody anew until they are quiet"
    if truncated:
        text += f"; {truncated} more were left out by their source (truncatedAlerts)"
    newest = select(Alert).where(col(Alert.incident_id) == incident.number).order_by(col(Alert.status), col(Alert.received_at).desc())
    for alert in (await tx.session.execute(newest.limit(SHOWN))).scalars():
        name = clamp(f"{alert.name}: {alert.summary}" if alert.summary else alert.name, 200)
        shown = link(alert.generator_url, name) if alert.generator_url.startswith(("http://", "https://")) else escape(name)
        book = alert.runbook_url or ""
        runbook = f" · {link(book, 'runbook')}" if book.startswith(("http://", "https://")) else ""
        text += f"\n• {shown}{runbook}"
    return (ContextBlock(elements=[MarkdownTextObject(text=clamp(text, 2000))]),)
