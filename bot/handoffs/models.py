"""Tables of the hand-offs room."""

from datetime import datetime

from sqlalchemy import Column, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.db import EnumText, UtcDateTime
from bot.handoffs.states import HandoffState, HandoverState


class Handoff(SQLModel, table=True):
    """Somebody comes on call by a schedule at a moment; one row for each who comes."""

    __tablename__ = "handoff"
    __table_args__ = (UniqueConstraint("schedule", "at", "incoming"),)

    id: int | None = Field(default=None, primary_key=True)
    schedule: str
    at: datetime = Field(sa_type=UtcDateTime)
    incoming: str
    outgoing: str = Field(sa_column=Column(Text, nullable=False))
    """JSON: ids of who leaves."""
    state: HandoffState = Field(sa_column=Column(EnumText(HandoffState), nullable=False))
    words: str = Field(default="", sa_column=Column(Text, nullable=False))
    """What who leaves wants to add."""
    made_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @property
    def number(self) -> int:
        """The id of a row that was stored."""
        if self.id is None:
            raise ValueError("a hand-off has no number before it is stored")
        return self.id


class Handover(SQLModel, table=True):
    """Who leads an incident offers the command to somebody."""

    __tablename__ = "handover"

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    giver: str
    taker: str
    words: str = Field(default="", sa_column=Column(Text, nullable=False))
    """What who leaves wants known: what is suspected, what is under way, what is owed."""
    state: HandoverState = Field(default=HandoverState.OFFERED, sa_column=Column(EnumText(HandoverState), nullable=False))
    offered_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @property
    def number(self) -> int:
        """The id of a row that was stored."""
        if self.id is None:
            raise ValueError("a hand-over has no number before it is stored")
        return self.id
