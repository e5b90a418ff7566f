"""Tables of the Slack door."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from bot.db import UtcDateTime


class SlackIdentity(SQLModel, table=True):
    """Who we are in the workspace, as Slack last said: stored, so that the bot starts while Slack is down."""

    __tablename__ = "slack_identity"

    team: str = Field(primary_key=True)
    team_name: str = ""
    url: str = ""
    bot_user: str
    bot_id: str
    learned_at: datetime = Field(sa_type=UtcDateTime)
