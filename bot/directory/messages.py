"""Due work of the directory."""

from dataclasses import dataclass
from typing import ClassVar

from bot.work.orders import Order, Priority


@dataclass(frozen=True)
class FindSlackPeople(Order):
    """Look up in Slack, by e-mail address, who has no Slack member id in the configuration."""

    destination: ClassVar[str] = "slack"
    priority: ClassVar[Priority] = Priority.REFRESH
