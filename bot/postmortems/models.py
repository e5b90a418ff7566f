"""Tables of the postmortems room."""

from datetime import date, datetime

from sqlalchemy import Column, Index, LargeBinary, Text
from sqlmodel import Field, SQLModel

from bot.db import EnumText, UtcDateTime
from bot.postmortems.states import PostmortemState, VersionKind


class Postmortem(SQLModel, table=True):
    """The one document about an incident: what people read and edit, and what the bot assembled of it."""

    __tablename__ = "postmortem"

    incident_id: int = Field(primary_key=True, foreign_key="incident.id", sa_column_kwargs={"autoincrement": False})
    state: PostmortemState = Field(default=PostmortemState.DRAFT, sa_column=Column(EnumText(PostmortemState), nullable=False))
    markdown: str = Field(sa_column=Column(Text, nullable=False))
    """What people read and edit, with their edits in it."""
    generated: str = Field(sa_column=Column(Text, nullable=False))
    """What the bot assembled last of what is in `markdown`: the base on which newer facts are merged."""
    offered: str | None = Field(default=None, sa_column=Column(Text))
    """Newer than `generated`, and not in `markdown` yet, since people review that; None: nothing newer is known."""
    html: str = Field(sa_column=Column(Text, nullable=False))
    """A sanitised fragment of `markdown`, "" when it is to be made anew; the page around it is made when it is shown."""
    template: str = ""
    """What somebody chose it to be written by; "" where nobody did."""
    drafted_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    version: int = 1
    """Grows when `markdown` changes."""
    owner: str | None = None
    """Who sees to it that it is written: the commander, until somebody says another."""
    due_on: date | None = None
    """The last day for its next step: for a draft to be in review, after that to be published."""
    moved_by: str | None = None
    """Who brought it to its state, …"""
    moved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """… and when."""
    published_version: int | None = None
    """The version that everybody who may see the incident reads as published; a newer one is shown once it is published, too."""


class PostmortemVersion(SQLModel, table=True):
    """A document as it once was."""

    __tablename__ = "postmortem_version"

    incident_id: int = Field(primary_key=True, foreign_key="incident.id")
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    markdown: str = Field(sa_column=Column(Text, nullable=False))
    kind: VersionKind = Field(sa_column=Column(EnumText(VersionKind), nullable=False))
    author: str
    at: datetime = Field(sa_type=UtcDateTime)
    why: str = Field(default="", sa_column=Column(Text, nullable=False))
    """What it came of, in words, where the kind does not say it all."""


class PostmortemMeasure(SQLModel, table=True):
    """What a query said of the harm that an incident did from one moment to another."""

    __tablename__ = "postmortem_measure"

    incident_id: int = Field(primary_key=True, foreign_key="incident.id", sa_column_kwargs={"autoincrement": False})
    aspect: str = Field(primary_key=True)
    query: str = Field(sa_column=Column(Text, nullable=False))
    since: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)
    text: str = ""
    """The number, as it stands in the document; "" where there is none."""
    url: str = Field(sa_column=Column(Text, nullable=False))
    trouble: str = Field(default="", sa_column=Column(Text, nullable=False))


class PostmortemConflict(SQLModel, table=True):
    """Two texts for one place, until somebody settles it. The document holds `standing`."""

    __tablename__ = "postmortem_conflict"
    __table_args__ = (Index("postmortem_conflict_of", "incident_id", "settled_at"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    standing: str = Field(sa_column=Column(Text, nullable=False))
    offered: str = Field(sa_column=Column(Text, nullable=False))
    author: str
    """Whose the offered text is; the bot's when it was assembled."""
    block: int | None
    """The block of the document (`merging.blocks`) that it is about, or, where nothing stands, comes after (-1: the beginning)."""
    made_at: datetime = Field(sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_by: str | None = None

    @property
    def number(self) -> int:
        """Its id, once it is stored."""
        return stored(self.id)


class PostmortemComment(SQLModel, table=True):
    """A word about a block of the document, or an answer to one."""

    __tablename__ = "postmortem_comment"

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    thread_id: int | None = Field(default=None, foreign_key="postmortem_comment.id")
    """The comment that it answers; None for the first of a thread, which alone has a place and is resolved."""
    author: str
    text: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_type=UtcDateTime)
    quote: str = Field(default="", sa_column=Column(Text, nullable=False))
    """The block as it was when it was commented on; "" for a word about the whole document."""
    block: int | None = None
    """The block as the document is now (`merging.blocks`); None for the whole document, or when it is gone."""
    resolved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    resolved_by: str | None = None

    @property
    def number(self) -> int:
        """Its id, once it is stored."""
        return stored(self.id)


class PostmortemReviewer(SQLModel, table=True):
    """Somebody who was asked to review."""

    __tablename__ = "postmortem_reviewer"

    incident_id: int = Field(primary_key=True, foreign_key="incident.id")
    person: str = Field(primary_key=True)
    asked_by: str
    asked_at: datetime = Field(sa_type=UtcDateTime)


class PostmortemApproval(SQLModel, table=True):
    """Somebody agrees with one version, until it is withdrawn: by the document's changing, or its going back to the draft."""

    __tablename__ = "postmortem_approval"
    __table_args__ = (Index("postmortem_approval_of", "incident_id", "withdrawn_at"),)

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    version: int
    person: str
    at: datetime = Field(sa_type=UtcDateTime)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PostmortemUnsaved(SQLModel, table=True):
    """What somebody has typed and not saved yet, so that a closed laptop loses nothing; and that they are at it."""

    __tablename__ = "postmortem_unsaved"

    incident_id: int = Field(primary_key=True, foreign_key="incident.id")
    person: str = Field(primary_key=True)
    base_version: int
    """The version that they began with."""
    markdown: str | None = Field(default=None, sa_column=Column(Text))
    """None while they have only looked."""
    typed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)


class PostmortemMeeting(SQLModel, table=True):
    """When people meet about it."""

    __tablename__ = "postmortem_meeting"

    incident_id: int = Field(primary_key=True, foreign_key="incident.id", sa_column_kwargs={"autoincrement": False})
    starts_at: datetime = Field(sa_type=UtcDateTime)
    minutes: int
    called_by: str
    called_at: datetime = Field(sa_type=UtcDateTime)
    sequence: int = 0
    """Grows when it is moved or called off, so that calendars follow."""
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    slack_id: str | None = None
    """Its file in Slack, once it was brought there."""


class PostmortemPicture(SQLModel, table=True):
    """An incident on one page, as it was last drawn. `facts` is a digest of what it shows; `trouble` says why there is none."""

    __tablename__ = "postmortem_picture"

    incident_id: int = Field(primary_key=True, foreign_key="incident.id", sa_column_kwargs={"autoincrement": False})
    facts: str
    words: str = Field(sa_column=Column(Text, nullable=False))
    """The same in sentences."""
    svg: str = Field(default="", sa_column=Column(Text, nullable=False))
    png: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False))
    trouble: str = Field(default="", sa_column=Column(Text, nullable=False))
    drawn_at: datetime = Field(sa_type=UtcDateTime)
    slack_id: str | None = None
    """Slack's name for it, once it was brought there; whether it was shared, Slack knows."""
    posted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it was shown in the incident's channel, or Slack said for good that it cannot be."""


def stored(row_id: int | None) -> int:
    """The id of a row that was stored."""
    if row_id is None:
        raise ValueError("a row has no number before it is stored")
    return row_id
