"""Tables of the incidents room."""

from datetime import date, datetime

from sqlalchemy import Column, ColumnElement, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel, col

from bot.db import EnumText, UtcDateTime
from bot.incidents.drafts import NoticeKind, NoticeState
from bot.incidents.lifecycle import IncidentState, MilestoneKind
from bot.incidents.tasks import ItemKind, ItemPriority

COMMANDER = "commander"


class Incident(SQLModel, table=True):
    """One incident; its number is its id."""

    __tablename__ = "incident"
    __table_args__ = (Index("incident_open", "state", "service"), Index("incident_channel", "channel_id"))

    id: int | None = Field(default=None, primary_key=True)
    title: str = Field(sa_column=Column(Text, nullable=False))
    state: IncidentState = Field(sa_column=Column(EnumText(IncidentState), nullable=False))
    severity: int
    rule: str = Field(sa_column=Column(Text, nullable=False))
    """The line of the decision table that gave the severity, and the values it looked at, as one sentence."""
    is_confirmed: bool
    confirmed_by: str | None = None
    """The person who typed or confirmed the severity; None while only a rule has decided it."""
    service: str | None = None
    team: str | None = None
    is_private: bool = False
    private_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Links that were made before name nobody who may see it."""
    is_drill: bool = False
    """A game day: worked on like any other, heard of by nobody else, and counted nowhere (`is_real`)."""
    origin: str
    """Where it came from: "slack", "alert", "sms", "cli" or "web"."""
    declared_by: str
    declared_at: datetime = Field(sa_type=UtcDateTime)
    reply_to: str | None = Field(default=None, sa_column=Column(Text))
    """The address at which the person who declared it is told where the channel is, while it works."""
    channel_id: str | None = None
    channel_name: str | None = None
    channel_since: str | None = None
    """Where an ordinary channel was made its own: what was said there before this time by Slack's clock is none of it."""
    topic_before: str | None = Field(default=None, sa_column=Column(Text))
    """The topic of such a channel, which stands there again once the incident is over."""
    card_ts: str | None = None
    channel_trouble: str | None = Field(default=None, sa_column=Column(Text))
    """Why there is no channel yet, as a sentence."""
    is_touched: bool = False
    """A person has done something to it, so it is not closed by an alert that resolves."""
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it was resolved, cancelled or merged."""
    merged_into: int | None = Field(default=None, foreign_key="incident.id")
    """The incident that it was the same as."""
    state_before_end: IncidentState | None = Field(default=None, sa_column=Column(EnumText(IncidentState)))
    reopened_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    next_update_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_update: str | None = Field(default=None, sa_column=Column(Text))
    version: int = 0
    """Grows with every change that the card shows."""

    @property
    def number(self) -> int:
        """The number people call it by."""
        if self.id is None:
            raise ValueError("an incident has no number before it is stored")
        return self.id

    @property
    def is_adopted(self) -> bool:
        """Its channel was an ordinary one, and will be one again."""
        return self.channel_since is not None

    @property
    def stays_inside(self) -> bool:
        """Nobody hears of it but who works on it: it is private, or a drill."""
        return self.is_private or self.is_drill


def is_real() -> ColumnElement[bool]:
    """For queries: no drill. Whatever counts incidents, compares them or finds them again is about real ones alone."""
    return col(Incident.is_drill).is_(False)


class Role(SQLModel, table=True):
    """Somebody's part in an incident, from `since` until it ended. One commander at a time."""

    __tablename__ = "incident_role"
    __table_args__ = (
        Index(
            "incident_one_commander", "incident_id", unique=True,
            sqlite_where=text("role = 'commander' AND until IS NULL"), postgresql_where=text("role = 'commander' AND until IS NULL"),
        ),
        Index("incident_role_of", "incident_id", "role"),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    role: str
    person: str
    since: datetime = Field(sa_type=UtcDateTime)
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    is_acting: bool = False
    """Took the seat because it was empty, until somebody says so."""


class Invitation(SQLModel, table=True):
    """Somebody was invited to an incident's channel."""

    __tablename__ = "incident_invitation"

    incident_id: int = Field(foreign_key="incident.id", primary_key=True)
    actor: str = Field(primary_key=True)


class WidthPage(SQLModel, table=True):
    """Somebody was paged because more hands are wanted, by whom and why them. Nobody is asked twice."""

    __tablename__ = "incident_width_page"

    incident_id: int = Field(foreign_key="incident.id", primary_key=True)
    person: str = Field(primary_key=True)
    page_id: int
    by: str
    why: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_type=UtcDateTime)


class ExecutiveAlert(SQLModel, table=True):
    """An executive was told of an incident, and later given the all-clear."""

    __tablename__ = "incident_executive_alert"

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    person: str
    alerted_at: datetime = Field(sa_type=UtcDateTime)
    cleared_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CustomerNotice(SQLModel, table=True):
    """Words for customers, and what was decided about them. `version` grows when they are edited."""

    __tablename__ = "incident_customer_notice"

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    kind: NoticeKind = Field(sa_column=Column(EnumText(NoticeKind), nullable=False))
    state: NoticeState = Field(sa_column=Column(EnumText(NoticeState), nullable=False))
    text: str = Field(sa_column=Column(Text, nullable=False))
    version: int = 0
    drafted_at: datetime = Field(sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_by: str | None = None

    @property
    def number(self) -> int:
        """Its id, once it is stored."""
        if self.id is None:
            raise ValueError("a notice has no number before it is stored")
        return self.id


class TrackedIncident(SQLModel, table=True):
    """The message in the tracking channel that follows an incident."""

    __tablename__ = "incident_tracked"

    incident_id: int = Field(foreign_key="incident.id", primary_key=True)
    channel_id: str
    ts: str


class MilestoneRow(SQLModel, table=True):
    """When something happened, when we were told, and by whom."""

    __tablename__ = "incident_milestone"

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    kind: MilestoneKind = Field(sa_column=Column(EnumText(MilestoneKind), nullable=False))
    happened_at: datetime = Field(sa_type=UtcDateTime)
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    source: str
    by: str


class TimelineEntry(SQLModel, table=True):
    """Something the bot did or was told, in the order it happened."""

    __tablename__ = "timeline_entry"
    __table_args__ = (Index("timeline_of", "incident_id", "happened_at"),)

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    incident_id: int = Field(foreign_key="incident.id")
    kind: str
    actor: str
    text: str = Field(sa_column=Column(Text, nullable=False))
    happened_at: datetime = Field(sa_type=UtcDateTime)
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    channel_id: str | None = None
    message_ts: str | None = None
    """The message that is its evidence, if it came from one."""


class ActionItem(SQLModel, table=True):
    """Something that is to be done because of an incident: by `owner` (None: nobody yet), perhaps until the end of a day."""

    __tablename__ = "action_item"
    __table_args__ = (Index("action_item_of", "incident_id"), Index("action_item_open", "done_at", "due_on"))

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    text: str = Field(sa_column=Column(Text, nullable=False))
    owner: str | None = None
    due_on: date | None = None
    priority: ItemPriority | None = Field(default=None, sa_column=Column(EnumText(ItemPriority)))
    kind: ItemKind | None = Field(default=None, sa_column=Column(EnumText(ItemKind)))
    made_by: str
    made_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_by: str | None = None

    @property
    def number(self) -> int:
        """The number people call it by, the same in every incident."""
        if self.id is None:
            raise ValueError("an action item has no number before it is stored")
        return self.id


class Recurrence(SQLModel, table=True):
    """An incident that was like an earlier one whose action items were not done, and why they are alike."""

    __tablename__ = "incident_recurrence"

    incident_id: int = Field(foreign_key="incident.id", primary_key=True)
    earlier_id: int = Field(foreign_key="incident.id", primary_key=True, index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    why: str = Field(sa_column=Column(Text, nullable=False))
    said: str = ""
    """The key of the message that told of it."""


class ChannelMessage(SQLModel, table=True):
    """A message of an incident's channel, as it stands now. What was edited or deleted keeps its first words."""

    __tablename__ = "channel_message"
    __table_args__ = (
        Index("channel_message_of", "incident_id", "happened_at"),
        Index("channel_message_thread", "incident_id", "thread_ts"),
    )

    channel_id: str = Field(primary_key=True)
    ts: str = Field(primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    thread_ts: str | None = None
    author: str
    """An actor id, or "bot:<name>" for another app."""
    text: str = Field(sa_column=Column(Text, nullable=False))
    first_text: str = Field(sa_column=Column(Text, nullable=False))
    happened_at: datetime = Field(sa_type=UtcDateTime)
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    edited_ts: str | None = None
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    is_pinned: bool = False
    pin_ts: str | None = None
    """When it was last pinned or unpinned, by Slack's clock."""


class ChannelFile(SQLModel, table=True):
    """A file that somebody posted in an incident's channel, with its content once it is kept."""

    __tablename__ = "channel_file"
    __table_args__ = (UniqueConstraint("channel_id", "slack_id"), Index("channel_file_of", "incident_id"))

    id: int | None = Field(default=None, primary_key=True)
    channel_id: str
    slack_id: str
    incident_id: int = Field(foreign_key="incident.id")
    ts: str
    """The message it was posted with."""
    person: str
    name: str = Field(sa_column=Column(Text, nullable=False))
    """As people named it."""
    source: str = Field(sa_column=Column(Text, nullable=False))
    """Where its bytes are, for whoever has our token."""
    size: int
    kind: str = ""
    """What its bytes are, as they say themselves: `image/png`."""
    content: bytes | None = Field(default=None, sa_type=LargeBinary)
    trouble: str = Field(default="", sa_column=Column(Text, nullable=False))
    """Why it was not kept, as the end of a sentence."""
    shared_at: datetime = Field(sa_type=UtcDateTime)
    gone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it was taken away, or its message was."""

    @property
    def number(self) -> int:
        """Its id, once it is stored."""
        if self.id is None:
            raise ValueError("a file has no number before it is stored")
        return self.id


class Reaction(SQLModel, table=True):
    """Who reacted with what to a channel's message; `removed_ts` when it was taken back later than it was given."""

    __tablename__ = "channel_reaction"

    channel_id: str = Field(primary_key=True)
    ts: str = Field(primary_key=True)
    person: str = Field(primary_key=True)
    name: str = Field(sa_column=Column(String, primary_key=True))
    event_ts: str
    """When it last changed, by Slack's clock."""
    is_removed: bool = False


class HistoryCursor(SQLModel, table=True):
    """How far the repair of a channel's history came, downwards from its newest message."""

    __tablename__ = "history_cursor"

    channel_id: str = Field(primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    revision: int
    """Of the order that it reads for."""
    upper: str | None = None
    """What is older than this message is still to be read; None: everything is."""
    until: str | None = None
    """The last leg ends here: what is older was read in the leg before."""
    is_last_leg: bool = True
    is_read: bool = False
    """All pages are; threads may be left."""


class HistoryThread(SQLModel, table=True):
    """A thread whose replies the repair is still to read."""

    __tablename__ = "history_thread"

    channel_id: str = Field(primary_key=True)
    root: str = Field(primary_key=True)
    cursor: str = Field(default="", sa_column=Column(Text, nullable=False))
    """Where Slack goes on."""
    after: str = ""
    """The last reply that was read."""
