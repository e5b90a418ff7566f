"""What hand-offs order."""

from dataclasses import dataclass
from typing import ClassVar

from bot.work.orders import Order


@dataclass(frozen=True, kw_only=True)
class SendHandoffNote(Order):
    """Gather what there is, and send it to somebody who comes or leaves."""

    handoff_id: int
    person: str


@dataclass(frozen=True, kw_only=True)
class NudgeIncoming(Order):
    """Ask once more who came on call and has not said so; a last time, tell the lead instead."""

    handoff_id: int
    tells_lead: bool = False


@dataclass(frozen=True, kw_only=True)
class FollowOnCall(Order):
    """Let a team's Slack user group and the topic of its channel show who is on call now."""

    destination: ClassVar[str] = "slack"
    team: str


@dataclass(frozen=True, kw_only=True)
class SendHandover(Order):
    """Tell whoever is offered the command where the incident stands."""

    handover_id: int


@dataclass(frozen=True, kw_only=True)
class PageTaker(Order):
    """Nobody has answered in Slack: page whoever is offered the command."""

    handover_id: int
