"""Wall times of a zone as moments.

What starts at a wall time that occurs twice starts at the first, what ends there ends at the last. A wall time that does not
exist is the end of the gap.
"""

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

LAST_YEAR = 9998  # beyond it dates cannot be computed with
WAKES, SLEEPS = time(8), time(22)
"""Nobody is nudged outside of these hours of theirs: the pager wakes people, a formality does not."""
STRIDE = timedelta(days=6)  # no zone has ever changed its clocks twice within a week
SECOND = timedelta(seconds=1)


def instant(wall: datetime, zone: str) -> datetime:
    """The moment at which something starts: of two the first, and for a wall time that does not exist the end of the gap."""
    return moment_of(wall, zone, 0)


def last_instant(wall: datetime, zone: str) -> datetime:
    """The moment at which something ends: of two the last, and for a wall time that does not exist the end of the gap."""
    return moment_of(wall, zone, 1)


def moment_of(wall: datetime, zone: str, fold: int) -> datetime:
    tz = ZoneInfo(zone)
    shown = wall.replace(tzinfo=tz, fold=fold)
    if shown.utcoffset() != shown.replace(fold=1 - fold).utcoffset() and is_skipped(shown):
        sides = [shown.replace(fold=side).astimezone(UTC) for side in (0, 1)]
        return change_between(tz, min(sides), max(sides))
    return shown.astimezone(UTC)


def is_skipped(shown: datetime) -> bool:
    """Does its zone's clock jump over this time? One that comes twice has two offsets, too, but is shown."""
    return shown.astimezone(UTC).astimezone(shown.tzinfo).replace(tzinfo=None) != shown.replace(tzinfo=None)


def exists(wall: datetime, zone: str) -> bool:
    """Does any clock of the zone show this wall time?"""
    return instant(wall, zone).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall


def local(at: datetime, zone: str) -> datetime:
    """What the zone's clocks show at a moment, as a wall time."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def vanished_between(zone: str, first: datetime, last: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """The wall times that the zone's clocks jump over around these two: each from (included) until (excluded)."""
    return tuple(gap for year in range(first.year - 1, last.year + 2) for gap in gaps(zone, year))  # UTC years reach over local ones


@lru_cache(maxsize=8192)
def gaps(zone: str, year: int) -> tuple[tuple[datetime, datetime], ...]:
    """The wall times that a UTC year of this zone jumps over: from (included) until (excluded)."""
    if not 1 < year < LAST_YEAR:
        return ()
    tz, found = ZoneInfo(zone), list[tuple[datetime, datetime]]()
    at, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    while at < end:
        following = min(at + STRIDE, end)
        if offset(tz, at) != offset(tz, following):
            change = change_between(tz, at, following)
            before, after = offset(tz, change - SECOND), offset(tz, change)
            if after > before:
                bare = change.replace(tzinfo=None)
                found.append((bare + before, bare + after))
        at = following
    return tuple(found)


def change_between(tz: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The moment of the change of clocks between two moments (aware UTC) with different offsets."""
    unchanged = offset(tz, before)
    while after - before > SECOND:
        middle = (before + (after - before) // 2).replace(microsecond=0)
        if offset(tz, middle) == unchanged:
            before = middle
        else:
            after = middle
    return after


def offset(tz: ZoneInfo, at: datetime) -> timedelta:
    """How far the zone's clocks are ahead of UTC at a moment."""
    return at.astimezone(tz).utcoffset() or timedelta(0)


def when_awake(at: datetime, zone: str) -> datetime:
    """The moment itself, if it falls into waking hours in the zone, else the next morning there."""
    local = at.astimezone(ZoneInfo(zone))
    if WAKES <= local.time() < SLEEPS:
        return at
    day = local.date() if local.time() < WAKES else local.date() + timedelta(days=1)
    return datetime.combine(day, WAKES, ZoneInfo(zone)).astimezone(UTC)
