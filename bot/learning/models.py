"""Tables of the learning room."""

from datetime import datetime

from sqlalchemy import Column, Index, LargeBinary, Text
from sqlmodel import Field, SQLModel

from bot.db import UtcDateTime


class PostmortemTag(SQLModel, table=True):
    """Something that contributed to an incident, as a person says."""

    __tablename__ = "postmortem_tag"
    __table_args__ = (Index("postmortem_tag_named", "tag"),)

    incident_id: int = Field(primary_key=True, foreign_key="incident.id", sa_column_kwargs={"autoincrement": False})
    tag: str = Field(primary_key=True)
    by: str
    at: datetime = Field(sa_type=UtcDateTime)


class FirstPublication(SQLModel, table=True):
    """When a postmortem was first published, of those that are: a typo that is mended a month later makes it no later."""

    __tablename__ = "postmortem_first_published"

    incident_id: int = Field(primary_key=True, foreign_key="incident.id", sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=UtcDateTime)


class ArchiveEntry(SQLModel, table=True):
    """What can be found of an incident: its title, what people wrote, and its postmortem once that is published."""

    __tablename__ = "archive_entry"

    incident_id: int = Field(primary_key=True, foreign_key="incident.id", sa_column_kwargs={"autoincrement": False})
    text: str = Field(sa_column=Column(Text, nullable=False))
    indexed_at: datetime = Field(sa_type=UtcDateTime)


class ArchiveWord(SQLModel, table=True):
    """A word that an incident's entry has. As bytes, which both databases keep in the same order, so that a beginning is a range."""

    __tablename__ = "archive_word"
    __table_args__ = (Index("archive_word_of", "incident_id"), {"sqlite_with_rowid": False})

    word: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    incident_id: int = Field(primary_key=True, foreign_key="incident.id", sa_column_kwargs={"autoincrement": False})
    in_title: bool = False
