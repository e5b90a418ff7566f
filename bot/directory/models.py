"""Tables of the directory."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from bot.db import UtcDateTime


class SlackPerson(SQLModel, table=True):
    """Which configured person a Slack user is, where configuration does not say so itself."""

    __tablename__ = "slack_person"

    slack_user: str = Field(primary_key=True)
    person: str = Field(unique=True)
    found_at: datetime = Field(sa_type=UtcDateTime)
