"""Tables of the accounts room."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from bot.db import UtcDateTime


class BrowserSession(SQLModel, table=True):
    """A browser in which somebody has signed in. Who takes the table cannot sign in with it: it has only the hash of the cookie."""

    __tablename__ = "browser_session"

    key_hash: str = Field(primary_key=True)
    person: str = Field(index=True)
    name: str
    """What Slack calls them, for those whom the directory does not know."""
    browser: str
    signed_in_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
