"""Tables of the post room."""

from datetime import datetime

from sqlalchemy import Column, Index, Text
from sqlmodel import Field, SQLModel

from bot.db import EnumText, UtcDateTime
from bot.work.orders import WorkState


class WorkItem(SQLModel, table=True):
    """One order: to be done once, at or after `due_at`, by whoever holds the lease.

    `wanted_at` is when it was meant to be done, `due_at` moves on with each retry; `revision` counts how often it was ordered anew,
    `failures` the tries in a row that ended in an error of ours.
    """

    __tablename__ = "work_item"
    __table_args__ = (
        Index("work_item_due", "state", "due_at"),
        Index("work_item_lease", "state", "lease_until"),
        Index("work_item_about", "about"),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    key: str = Field(unique=True)
    about: str = ""
    destination: str = "inside"
    payload: str = Field(sa_column=Column(Text, nullable=False))
    priority: int
    due_at: datetime = Field(sa_type=UtcDateTime)
    state: WorkState = Field(default=WorkState.WAITING, sa_column=Column(EnumText(WorkState), nullable=False))
    attempts: int = 0
    failures: int = 0
    revision: int = 0
    lease: str | None = None
    leased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ordered_at: datetime = Field(sa_type=UtcDateTime)
    wanted_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_error: str | None = Field(default=None, sa_type=Text)


class InboxEntry(SQLModel, table=True):
    """Something that came in from outside, by the key under which the outside would send it again."""

    __tablename__ = "inbox_entry"

    key: str = Field(primary_key=True)
    received_at: datetime = Field(sa_type=UtcDateTime, index=True)


class Alarm(SQLModel, table=True):
    """Something that the auditor found wrong, for as long as it is."""

    __tablename__ = "alarm"

    key: str = Field(primary_key=True)
    sentence: str = Field(sa_type=Text)
    about: str = ""
    raised_at: datetime = Field(sa_type=UtcDateTime)
