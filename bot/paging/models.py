"""Tables of the paging room."""

from datetime import datetime

from sqlalchemy import Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from bot.db import EnumText, UtcDateTime
from bot.paging.states import AttemptState, PageState


class Page(SQLModel, table=True):
    """One call for an answer about one incident. `policy` is frozen JSON; `version` moves on with everything that happens to it."""

    __tablename__ = "page"

    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(index=True)
    severity: int
    title: str = Field(sa_type=Text)
    service: str | None = None
    team: str | None = None
    private: bool = False
    drill: bool = False
    """A game day: everything that it says begins so, and it counts nowhere."""
    since: datetime = Field(sa_type=UtcDateTime)
    asked_by: str | None = None
    """Who asked for this person by hand (`/inc page @kim`); None for a page by the ladder of its severity."""
    words: str = Field(default="", sa_type=Text)
    """Of whoever asked by hand; else a remark of ours on why it pages."""
    about: str = ""
    """What else than the incident itself somebody is wanted for, in the words of the room above that wants it: `run:3`."""
    without: str = ""
    """Whom it never calls, by id with spaces between: who asked for a run is not the one to approve it."""
    place: str = Field(default="{}", sa_type=Text)
    """Where people meet, JSON: bridge, dial_in, channel_id."""
    policy: str = Field(sa_type=Text)
    state: PageState = Field(default=PageState.OPEN, sa_column=Column(EnumText(PageState), nullable=False))
    taken: int = 0
    """Steps taken on this ladder, over all its rounds."""
    loop: int = 0
    """How often a ladder was begun anew (a raised severity brings a new one)."""
    started_at: datetime = Field(sa_type=UtcDateTime)
    """Start of this ladder: the steps' times count from here."""
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 0
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    heard_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When whoever holds it last wrote a text or opened their link."""


class PageAttempt(SQLModel, table=True):
    """One person, told once by one method, for one step."""

    __tablename__ = "page_attempt"
    __table_args__ = (
        UniqueConstraint("page_id", "step", "loop", "person", "method"),
        Index("page_attempt_to", "person", "method", "due_at"),
        Index("page_attempt_due", "method", "due_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    page_id: int = Field(foreign_key="page.id", index=True)
    step: int
    loop: int
    person: str
    method: str
    why: str = ""
    state: AttemptState = Field(default=AttemptState.PLANNED, sa_column=Column(EnumText(AttemptState), nullable=False))
    provider_id: str | None = Field(default=None, index=True)
    """The outside's id: Twilio SID, Slack `channel/ts`, Message-ID."""
    reason: str | None = Field(default=None, sa_type=Text)
    possible_duplicate: bool = False
    bundle: int | None = Field(default=None, index=True)
    """Of those that were told in one message, the attempt that sends it; None when it is told alone."""
    due_at: datetime = Field(sa_type=UtcDateTime)
    """When its step's time was, plus the rule's delay: lateness counts from here."""
    calling_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    delivered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PageCode(SQLModel, table=True):
    """The short number by which a person names a page in an SMS. Not given again for a day after its release."""

    __tablename__ = "page_code"
    __table_args__ = (
        Index(
            "page_code_in_use",
            "person",
            "code",
            unique=True,
            sqlite_where=text("released_at IS NULL"),
            postgresql_where=text("released_at IS NULL"),
        ),
        UniqueConstraint("person", "page_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    person: str
    code: int
    page_id: int = Field(foreign_key="page.id", index=True)
    given_at: datetime = Field(sa_type=UtcDateTime)
    asked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the person was last asked whether they really want to resolve."""
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SyntheticPage(SQLModel, table=True):
    """A page of the watchdog's, remembered for an hour; its `page` is gone after a minute."""

    __tablename__ = "synthetic_page"

    id: int | None = Field(default=None, primary_key=True)
    page_id: int
    ordered_at: datetime = Field(sa_type=UtcDateTime)
    arrived_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class StoppedNumber(SQLModel, table=True):
    """A number that has sent STOP: the carrier lets none of our texts through to it until it sends START."""

    __tablename__ = "stopped_number"

    number: str = Field(primary_key=True)
    stopped_at: datetime = Field(sa_type=UtcDateTime)


class SenderTurn(SQLModel, table=True):
    """A sender with a limit (a phone number, a mail server), and when it may send the next message. Shared by all replicas."""

    __tablename__ = "sender_turn"

    sender: str = Field(primary_key=True)
    free_at: datetime = Field(sa_type=UtcDateTime)


class PageTest(SQLModel, table=True):
    """A harmless page that a person asked for, by all their methods. Its message in Slack shows how each fares."""

    __tablename__ = "page_test"

    id: int | None = Field(default=None, primary_key=True)
    person: str = Field(index=True)
    asked_at: datetime = Field(sa_type=UtcDateTime)
    message: str | None = None
    """`channel/ts`, once it is posted."""


class ContactCheck(SQLModel, table=True):
    """One message by one method that must come back. Once it has, its address is verified."""

    __tablename__ = "contact_check"

    id: int | None = Field(default=None, primary_key=True)
    person: str = Field(index=True)
    method: str
    address: str
    """Its fingerprint: another address is not verified by this one."""
    code: str
    test_id: int | None = Field(default=None, foreign_key="page_test.id", index=True)
    state: AttemptState = Field(default=AttemptState.PLANNED, sa_column=Column(EnumText(AttemptState), nullable=False))
    provider_id: str | None = None
    reason: str | None = Field(default=None, sa_type=Text)
    due_at: datetime = Field(sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    tries: int = 0
    """Wrong codes that came instead."""


def number(row: Page | PageAttempt | PageTest | ContactCheck) -> int:
    """The id of a row that has been stored."""
    if row.id is None:
        raise ValueError("this row has not been stored yet")
    return row.id
