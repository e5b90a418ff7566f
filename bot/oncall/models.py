"""Tables of the on-call room."""

from datetime import datetime

from sqlalchemy import Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.db import EnumText, UtcDateTime
from bot.oncall.definition import Kind, Op, SwapState


class OnCallEpoch(SQLModel, table=True):
    """From `since` on a schedule is so. Rows that have begun are never changed."""

    __tablename__ = "oncall_epoch"
    __table_args__ = (UniqueConstraint("schedule", "since"),)

    id: int | None = Field(default=None, primary_key=True)
    schedule: str
    since: datetime = Field(sa_type=UtcDateTime)
    definition: str = Field(sa_column=Column(Text, nullable=False))
    """JSON: the layers, their turns aligned."""
    source: str = Field(sa_column=Column(Text, nullable=False))
    """What was written in the configuration, as JSON: the same text is no edit."""
    made_at: datetime = Field(sa_type=UtcDateTime)


class OnCallOverride(SQLModel, table=True):
    """A change to a schedule for a while. What has begun is never deleted: it ends."""

    __tablename__ = "oncall_override"
    __table_args__ = (Index("oncall_override_when", "schedule", "ends_at"),)

    id: int | None = Field(default=None, primary_key=True)
    schedule: str
    op: Op = Field(sa_column=Column(EnumText(Op), nullable=False))
    kind: Kind = Field(sa_column=Column(EnumText(Kind), nullable=False))
    person: str | None = None
    instead_of: str | None = None
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    made_by: str
    made_at: datetime = Field(sa_type=UtcDateTime)
    swap_id: int | None = None
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    removed_by: str | None = None


class OnCallTemporary(SQLModel, table=True):
    """A whole schedule that stands in place of a schedule's layers for a while."""

    __tablename__ = "oncall_temporary"
    __table_args__ = (Index("oncall_temporary_when", "schedule", "ends_at"),)

    id: int | None = Field(default=None, primary_key=True)
    schedule: str
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    shifts: str = Field(sa_column=Column(Text, nullable=False))
    """JSON: person, start, end."""
    made_by: str
    made_at: datetime = Field(sa_type=UtcDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    removed_by: str | None = None


class OnCallSwap(SQLModel, table=True):
    """Somebody asks another person (`asked`), or anybody, to take their time on call."""

    __tablename__ = "oncall_swap"
    __table_args__ = (Index("oncall_swap_state", "state", "ends_at"),)

    id: int | None = Field(default=None, primary_key=True)
    schedule: str
    requester: str
    asked: str | None = None
    taker: str | None = None
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    return_starts_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    return_ends_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    state: SwapState = Field(sa_column=Column(EnumText(SwapState), nullable=False))
    reason: str = Field(default="", sa_column=Column(Text, nullable=False))
    made_at: datetime = Field(sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class OnCallOutlook(SQLModel, table=True):
    """At which times, as far as `until`, a team knows that nobody is its primary."""

    __tablename__ = "oncall_outlook"

    team: str = Field(primary_key=True)
    gaps: str = Field(sa_column=Column(Text, nullable=False))
    """JSON: start and end of each, in seconds since 1970."""
    until: datetime = Field(sa_type=UtcDateTime)


class OnCallWatch(SQLModel, table=True):
    """Whom we announced last as on call, and the hand-off that we announced ahead: so that each is said once."""

    __tablename__ = "oncall_watch"

    schedule: str = Field(primary_key=True)
    people: str = Field(sa_column=Column(Text, nullable=False))
    """JSON: ids."""
    ahead: str = Field(sa_column=Column(Text, nullable=False))
    """JSON: when, who leaves, who comes; "" before the first."""


class OnCallAbsence(SQLModel, table=True):
    """Somebody's calendar says that they are away. What it is, is nobody's business here."""

    __tablename__ = "oncall_absence"
    __table_args__ = (Index("oncall_absence_when", "ends_at"),)

    id: int | None = Field(default=None, primary_key=True)
    person: str
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
