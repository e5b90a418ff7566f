"""What postmortems announce, and the due work they order."""

from dataclasses import dataclass
from typing import ClassVar

from bot.work.orders import Order


@dataclass(frozen=True)
class PostmortemDrafted:
    """There is a draft of an incident's postmortem, or one with newer facts in it."""

    incident_id: int
    version: int


@dataclass(frozen=True)
class PostmortemChanged:
    """What people read of an incident's postmortem is another text now, whoever changed it."""

    incident_id: int
    version: int


@dataclass(frozen=True)
class PostmortemPublished:
    """A version of an incident's postmortem is published: the first, or a newer one in the place of another."""

    incident_id: int
    version: int


@dataclass(frozen=True)
class PostmortemWithdrawn:
    """What was published of an incident's postmortem is not to be read any more."""

    incident_id: int


@dataclass(frozen=True, kw_only=True)
class DrawPicture(Order):
    """Draw the incident on one page, and show it in its channel once there is a picture."""

    destination: ClassVar[str] = "slack-files"
    incident_id: int


@dataclass(frozen=True, kw_only=True)
class DraftPostmortem(Order):
    """Assemble the postmortem from what happened."""

    incident_id: int


@dataclass(frozen=True, kw_only=True)
class RemindOfPostmortem(Order):
    """The next step of a postmortem may be due, or late: whoever owes it is told, and told again until it is done."""

    incident_id: int


@dataclass(frozen=True, kw_only=True)
class PostMeeting(Order):
    """Put a meeting into the incident's channel, as a file for calendars."""

    destination: ClassVar[str] = "slack-files"
    incident_id: int
    sequence: int
