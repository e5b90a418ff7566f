"""Tables of the trackers room."""

from datetime import datetime

from sqlalchemy import Column, Index, Text
from sqlmodel import Field, SQLModel

from bot.db import UtcDateTime
from bot.trackers.agreement import Shared


class TrackedItem(SQLModel, table=True):
    """An action item's issue, and how both sides stood when they last agreed."""

    __tablename__ = "tracked_item"
    __table_args__ = (Index("tracked_item_place", "place", "number"),)

    item_id: int = Field(primary_key=True, foreign_key="action_item.id", sa_column_kwargs={"autoincrement": False})
    place: str
    number: int | None = None
    """None until the issue is made."""
    outside_id: str | None = None
    url: str | None = Field(default=None, sa_column=Column(Text))
    ordered_at: datetime = Field(sa_type=UtcDateTime)
    asked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the tracker was first asked to make it: from then on it may have, and is asked for it first."""
    sent_title: str = Field(default="", sa_column=Column(Text, nullable=False))
    sent_done: bool = False
    sent_assignee: str = ""
    sent_labels: str = ""
    """With blanks between them."""
    seen_title: str = Field(default="", sa_column=Column(Text, nullable=False))
    seen_done: bool = False
    seen_assignee: str = ""
    seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the issue, as we saw it last, had changed, by the tracker's clock."""
    trouble: str | None = Field(default=None, sa_column=Column(Text))
    """Why both are not in step, as a sentence."""
    is_gone: bool = False
    """There is no such issue any more; the item goes on without one."""

    @property
    def sent(self) -> Shared:
        return Shared(self.sent_title, self.sent_done, self.sent_assignee)

    @sent.setter
    def sent(self, side: Shared) -> None:
        self.sent_title, self.sent_done, self.sent_assignee = side.title, side.is_done, side.assignee

    @property
    def seen(self) -> Shared:
        return Shared(self.seen_title, self.seen_done, self.seen_assignee)

    @seen.setter
    def seen(self, side: Shared) -> None:
        self.seen_title, self.seen_done, self.seen_assignee = side.title, side.is_done, side.assignee

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self.sent_labels.split())


class TrackedPlace(SQLModel, table=True):
    """How far the poll of a place came: what changed before was looked at."""

    __tablename__ = "tracked_place"

    place: str = Field(primary_key=True)
    since: datetime = Field(sa_type=UtcDateTime)
