"""Tables of the postmortems room."""

from datetime import datetime

from sqlalchemy import Column, Text
from sqlmodel import Field, SQLModel

from bot.db import EnumText, UtcDateTime
from bot.postmortems.states import PostmortemState


class Postmortem(SQLModel, table=True):
    """The one document about an incident, as Markdown and as HTML that is safe to show."""

    __tablename__ = "postmortem"

    incident_id: int = Field(primary_key=True, foreign_key="incident.id", sa_column_kwargs={"autoincrement": False})
    state: PostmortemState = Field(default=PostmortemState.DRAFT, sa_column=Column(EnumText(PostmortemState), nullable=False))
    markdown: str = Field(sa_column=Column(Text, nullable=False))
    html: str = Field(sa_column=Column(Text, nullable=False))
    """A sanitised fragment; the page around it is made when it is shown."""
    drafted_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    version: int = 1
    """Grows when the document changes."""
