"""When the report of a quarter is posted: on the first working day of the next one, or within a week of it when nothing ran then."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

LATEST = timedelta(days=7)
"""Older news than that is no news; it also keeps a post from being made twice once the order of the first is forgotten."""


def is_due(now: datetime, quarter_began: datetime, zone: ZoneInfo, hour: int) -> bool:
    """Whether the report of the quarter before the one that began then is to be posted by now."""
    first = quarter_began.astimezone(zone)
    while first.weekday() >= 5:
        first += timedelta(days=1)
    return first.replace(hour=hour) <= now < quarter_began + LATEST
