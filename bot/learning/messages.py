"""The due work that learning orders."""

from dataclasses import dataclass
from typing import ClassVar

from bot.work.orders import Order, Priority


@dataclass(frozen=True, kw_only=True)
class IndexIncident(Order):
    """Let the archive have an incident's words as they are now."""

    priority: ClassVar[Priority] = Priority.REFRESH
    incident_id: int


@dataclass(frozen=True, kw_only=True)
class PostReport(Order):
    """Post the report of a quarter that is over: the company's, or one team's in its channel."""

    destination: ClassVar[str] = "slack"
    quarter: str
    team: str = ""
