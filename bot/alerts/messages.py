"""What alerts order."""

from dataclasses import dataclass

from bot.work.orders import Order


@dataclass(frozen=True, kw_only=True)
class SettleFlapping(Order):
    """It has flapped, and is quiet: unless it fired again meanwhile, it is over."""

    incident_id: int
