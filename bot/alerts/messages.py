"""What alerts announce, and the due work they order."""

from dataclasses import dataclass

from bot.work.orders import Order


@dataclass(frozen=True)
class AlertsFired:
    """Fact: alerts that did not fire before do, and are an incident's."""

    incident_id: int


@dataclass(frozen=True, kw_only=True)
class SettleFlapping(Order):
    """It has flapped, and is quiet: unless it fired again meanwhile, it is over."""

    incident_id: int
