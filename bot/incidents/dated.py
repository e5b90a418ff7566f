"""When a fact that somebody writes down happened: "09:00 cache flushed", "failover started at 09:12", "yesterday 23:50 disk full".

Only a time of day at the beginning, or at the end behind "at", says so, by the writer's own clock (or with "UTC" behind it). "A few hours
later", "since 08:40" and a time that lies ahead say nothing: then it happened when it was written down.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

AROUND_MIDNIGHT = timedelta(hours=12)
"""A time that is still to come today is yesterday's, if that is no longer ago."""

_DAY = r"(?:(?P<day>today|yesterday|\d{4}-\d\d-\d\d),?[ T]+(?:at +)?)?"
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?: ?(?P<half>am|pm)\b)?(?P<utc> ?(?:utc|z)\b)?"
_FIRST = re.compile(rf"(?:at +)?{_DAY}{_CLOCK}(?=[\s,;:–—-]|$)", re.IGNORECASE)
_LAST = re.compile(rf"\bat +{_DAY}{_CLOCK}[.!]?$", re.IGNORECASE)


def happened_at(words: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When what the words tell happened, in UTC; None when they do not say."""
    text = words.strip()
    found = _FIRST.match(text) or _LAST.search(text)
    clock = _clock(found) if found else None
    if found is None or clock is None:
        return None
    here = UTC if found["utc"] else zone
    today = now.astimezone(here).date()
    day = _day(found["day"], today)
    if day is None:
        return None
    at = datetime.combine(day, clock, here).astimezone(UTC)
    if at <= now:
        return at
    before = datetime.combine(today - timedelta(days=1), clock, here).astimezone(UTC)
    return before if not found["day"] and now - before <= AROUND_MIDNIGHT else None


def _clock(found: re.Match[str]) -> time | None:
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    if hour > 23 or (half and not 1 <= hour <= 12):
        return None
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, int(found["minute"]), int(found["second"] or 0))


def _day(word: str | None, today: date) -> date | None:
    match (word or "today").lower():
        case "today":
            return today
        case "yesterday":
            return today - timedelta(days=1)
        case written:
            try:
                return date.fromisoformat(written)
            except ValueError:
                return None
