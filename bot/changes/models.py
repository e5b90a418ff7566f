"""The table of the changes room."""

from datetime import datetime

from sqlalchemy import Column, Text
from sqlmodel import Field, SQLModel

from bot.changes.report import ChangeKind
from bot.db import EnumText, UtcDateTime


class Change(SQLModel, table=True):
    """Something that somebody changed in what runs."""

    __tablename__ = "change"

    id: int | None = Field(default=None, primary_key=True)
    once: str = Field(unique=True)
    """The program and its Idempotency-Key: told twice, it is one change."""
    kind: ChangeKind = Field(sa_column=Column(EnumText(ChangeKind), nullable=False))
    service: str | None = None
    """The directory's id where it knows the service, else the program's word; None: everything."""
    title: str = Field(sa_column=Column(Text, nullable=False))
    environment: str = ""
    by: str = ""
    """Who made it, in the program's words."""
    url: str = Field(default="", sa_column=Column(Text, nullable=False))
    told_by: str
    happened_at: datetime = Field(sa_type=UtcDateTime, index=True)
    recorded_at: datetime = Field(sa_type=UtcDateTime)
