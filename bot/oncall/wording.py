"""Moments and times in words, always on one reader's clock."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


def at(moment: datetime, zone: str) -> str:
    """`Sat 28 Nov 18:00`."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b} {local:%H:%M}"


def between(start: datetime, end: datetime, zone: str) -> str:
    """`Sat 28 Nov 18:00–22:00`, or with both days when there are two."""
    first, last = start.astimezone(ZoneInfo(zone)), end.astimezone(ZoneInfo(zone))
    ends = f"{last:%H:%M}" if first.date() == last.date() else f" {at(end, zone)}"
    return f"{at(start, zone)}{'–' if first.date() == last.date() else ' –'}{ends}"


def lasting(length: timedelta) -> str:
    """`8 h`, `90 min`, `7 days`."""
    minutes = round(length.total_seconds() / 60)
    if minutes % 1440 == 0 and minutes > 2880:
        return f"{minutes // 1440} days"
    if minutes % 60 == 0:
        return f"{minutes // 60} h"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def listed(names: list[str]) -> str:
    """`Ana`, `Ana and Bo`, `Ana, Bo and Kim`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
