"""The due work that trackers order."""

from dataclasses import dataclass
from typing import ClassVar

from bot.work.orders import Order, Priority


@dataclass(frozen=True, kw_only=True)
class SyncItem(Order):
    """Let an action item and its issue agree; make the issue where there is none yet. `by`: who changed it there, as far as it is known."""

    destination: ClassVar[str] = "github"
    item_id: int
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class SayOnIssue(Order):
    """Comment on the issue of an action item, once."""

    destination: ClassVar[str] = "github"
    item_id: int
    text: str


@dataclass(frozen=True, kw_only=True)
class HideIssue(Order):
    """Take the words of an action item out of its issue: its incident is private now."""

    destination: ClassVar[str] = "github"
    priority: ClassVar[Priority] = Priority.URGENT
    item_id: int


@dataclass(frozen=True, kw_only=True)
class PollPlace(Order):
    """Look through what changed in a place, in case no webhook told of it."""

    destination: ClassVar[str] = "github"
    priority: ClassVar[Priority] = Priority.REFRESH
    place: str
