"""Due work of the directory."""

from dataclasses import dataclass
from typing import ClassVar

from bot.work.orders import Order, Priority


@dataclass(frozen=True)
class FindSlackPeople(Order):
    """Look up in Slack, by e-mail address, who has no Slack member id in the configuration."""

    destination: ClassVar[str] = "slack"
    priority: ClassVar[Priority] = Priority.REFRESH


@dataclass(frozen=True)
class FindSlackGroups(Order):
    """Ask Slack who is in the user groups that policies name."""

    destination: ClassVar[str] = "slack"
    priority: ClassVar[Priority] = Priority.REFRESH


@dataclass(frozen=True, kw_only=True)
class TellPerson(Order):
    """Tell one person something in a direct message. `blocks` is Block Kit as JSON, "" for the text alone."""

    destination: ClassVar[str] = "slack"
    actor: str
    text: str
    blocks: str = ""
