"""Tables of the directory."""

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from bot.db import UtcDateTime


class SlackPerson(SQLModel, table=True):
    """Which configured person a Slack user is, where configuration does not say so itself."""

    __tablename__ = "slack_person"

    slack_user: str = Field(primary_key=True)
    person: str = Field(unique=True)
    found_at: datetime = Field(sa_type=UtcDateTime)


class SlackGroup(SQLModel, table=True):
    """Who is in a Slack user group that a policy names, as Slack said last: so that it can be paged also while Slack is away."""

    __tablename__ = "slack_group"

    handle: str = Field(primary_key=True)
    """As configuration writes it: a handle without `@`, or an id."""
    users: str = Field(sa_type=Text)
    """Their Slack member ids, separated by spaces."""
    asked_at: datetime = Field(sa_type=UtcDateTime)
