"""Tables of the front door."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from bot.db import UtcDateTime


class SigningSecret(SQLModel, table=True):
    """When a signing secret was first used: the one before it stays good for a day from then. Holds a fingerprint, never the secret."""

    __tablename__ = "signing_secret"

    fingerprint: str = Field(primary_key=True)
    first_used_at: datetime = Field(sa_type=UtcDateTime)
