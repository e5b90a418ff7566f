"""Tables of the reloads room."""

from datetime import datetime

from sqlalchemy import Column, LargeBinary, Text
from sqlmodel import Field, SQLModel

from bot.db import UtcDateTime


class Reading(SQLModel, table=True):
    """The configuration directory was found to hold this, newest last: the first replica that finds it writes it down."""

    __tablename__ = "configuration_reading"

    id: int | None = Field(default=None, primary_key=True)
    digest: str
    problems: str = Field(sa_column=Column(Text, nullable=False))
    """Why it was refused, one a line; "" when it took effect."""
    files: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    """What took effect, as `keeping.packed`; only the newest is kept."""
    read_at: datetime = Field(sa_type=UtcDateTime)

    @property
    def number(self) -> int:
        """The id of a row that was stored."""
        if self.id is None:
            raise ValueError("a reading has no number before it is stored")
        return self.id
