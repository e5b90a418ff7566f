"""The table of the publishing room."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Text
from sqlmodel import Field, SQLModel

from bot.db import EnumText, UtcDateTime


class PublicationState(StrEnum):
    """published: the copy holds `version`; withdrawn: it says that it is being revised; failed: `trouble` says why it holds neither."""

    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"


class Publication(SQLModel, table=True):
    """The copy of an incident's postmortem in one place."""

    __tablename__ = "publication"

    incident_id: int = Field(primary_key=True, foreign_key="incident.id", sa_column_kwargs={"autoincrement": False})
    publisher: str = Field(primary_key=True)
    state: PublicationState = Field(sa_column=Column(EnumText(PublicationState), nullable=False))
    version: int = 0
    """The version of the document that the copy holds; 0 before it held any."""
    outside_id: str = Field(default="", sa_column=Column(Text, nullable=False))
    """Which copy it is there: a canvas, a path. Stored before anything else is done with it."""
    url: str = Field(default="", sa_column=Column(Text, nullable=False))
    text: str = Field(default="", sa_column=Column(Text, nullable=False))
    """What was published last, without what people changed there: the base of the next merge."""
    is_hand_edited: bool = False
    """People have changed the copy, so nothing of it is replaced that is not known to be ours."""
    trouble: str = Field(default="", sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_type=UtcDateTime)
    """When it was last brought to something: what others could read before the incident became private is told by it."""
