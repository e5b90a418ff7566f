"""Tables of the alerts room."""

from datetime import datetime

from sqlalchemy import Column, Index, Text
from sqlmodel import Field, SQLModel

from bot.alerts.sources import AlertStatus
from bot.db import EnumText, UtcDateTime


class Alert(SQLModel, table=True):
    """What we know of one alert of one source; one row however often it is delivered."""

    __tablename__ = "alert"
    __table_args__ = (Index("alert_of_incident", "incident_id", "status"),)

    source: str = Field(primary_key=True)
    fingerprint: str = Field(primary_key=True)
    status: AlertStatus = Field(sa_column=Column(EnumText(AlertStatus), nullable=False))
    group_key: str = Field(sa_column=Column(Text, nullable=False))
    name: str
    summary: str = Field(sa_column=Column(Text, nullable=False))
    labels: str = Field(sa_column=Column(Text, nullable=False))
    """JSON."""
    service: str | None = None
    severity_label: str | None = None
    generator_url: str = Field(default="", sa_column=Column(Text, nullable=False))
    runbook_url: str | None = Field(default=None, sa_column=Column(Text))
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime)
    """When its present status reached us."""
    incident_id: int | None = None


class AlertEvent(SQLModel, table=True):
    """An alert began to fire, or stopped: one row a change, none for a repetition."""

    __tablename__ = "alert_event"
    __table_args__ = (Index("alert_event_of", "source", "fingerprint"), Index("alert_event_at", "received_at"))

    id: int | None = Field(default=None, primary_key=True)
    source: str
    fingerprint: str
    status: AlertStatus = Field(sa_column=Column(EnumText(AlertStatus), nullable=False))
    happened_at: datetime = Field(sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime)
    incident_id: int | None = None
    """What it belonged to then; the alert itself knows only its newest one."""


class AlertGroup(SQLModel, table=True):
    """Alerts that their source sends together; `incident_id` is the newest incident they made or joined."""

    __tablename__ = "alert_group"

    source: str = Field(primary_key=True)
    group_key: str = Field(sa_column=Column(Text, primary_key=True))
    incident_id: int | None = Field(default=None, index=True)
    flapping: bool = False
    """An alert of it fires and stops again and again: the incident stays open until it is quiet."""
    truncated: int = 0
    """How many alerts the newest webhook left out."""
