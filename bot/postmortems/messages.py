"""What postmortems announce, and the due work they order."""

from dataclasses import dataclass

from bot.work.orders import Order


@dataclass(frozen=True)
class PostmortemDrafted:
    """There is a draft of an incident's postmortem, or a newer one."""

    incident_id: int
    version: int


@dataclass(frozen=True, kw_only=True)
class DraftPostmortem(Order):
    """Assemble the postmortem from what happened."""

    incident_id: int
