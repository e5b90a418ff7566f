"""The due work that publishing orders."""

from dataclasses import dataclass
from typing import ClassVar

from bot.work.orders import Order


@dataclass(frozen=True, kw_only=True)
class Publish(Order):
    """Let the copy in one place be what is published now, or say that it was withdrawn."""

    destination: ClassVar[str] = "publishing"
    incident_id: int
    publisher: str
