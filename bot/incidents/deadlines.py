"""On which days somebody is reminded of an action item. Days are of the reader's calendar, and all of them are working days."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.oncall.walltime import instant

DAY = timedelta(days=1)
DAILY = 5
"""Working days after the due day on which its owner is reminded each morning; then it is once a week, and the team hears of it, too."""
UNDATED = timedelta(days=14)
"""After so long somebody asks until when an item without a day will be done."""
BEGINS, ENDS = time(9), time(18)
"""Working hours: outside of them nobody is reminded of anything."""


class Stage(StrEnum):
    """Where an item stands on a day on which somebody is reminded of it."""

    AHEAD = "ahead"
    DUE = "due"
    OVERDUE = "overdue"
    LONG_OVERDUE = "long overdue"
    UNDATED = "undated"


def days(due_on: date | None, made_on: date) -> Iterator[tuple[date, Stage]]:
    """Every day on which to remind, for ever, in their order."""
    if due_on is None:
        day = following(made_on + UNDATED)
        stage = Stage.UNDATED
    else:
        today = preceding(due_on)
        yield preceding(today - DAY), Stage.AHEAD
        yield today, Stage.DUE
        day = due_on
        for _ in range(DAILY):
            day = following(day + DAY)
            yield day, Stage.OVERDUE
        day, stage = day + timedelta(weeks=1), Stage.LONG_OVERDUE
    while True:
        yield day, stage
        day += timedelta(weeks=1)


def stage_on(due_on: date | None, made_on: date, day: date) -> Stage | None:
    """How an item stands on this day; None when nobody is reminded of it then."""
    return next((stage if one == day else None for one, stage in days(due_on, made_on) if one >= day), None)


def next_moment(due_on: date | None, made_on: date, zone: str, hour: int, after: datetime) -> datetime:
    """When somebody who lives in `zone` is next reminded, at this hour of their morning."""
    from_day = after.astimezone(ZoneInfo(zone)).date()
    moments = (morning(day, zone, hour) for day, _ in days(due_on, made_on) if day >= from_day)
    return next(moment for moment in moments if moment > after)


def morning(day: date, zone: str, hour: int) -> datetime:
    """An hour of a day as a moment."""
    return instant(datetime.combine(day, time(hour)), zone)


def is_working_time(at: datetime, zone: str) -> bool:
    """Whether it is a working day there, and not early or late."""
    local = at.astimezone(ZoneInfo(zone))
    return is_working_day(local.date()) and BEGINS <= local.time() < ENDS


def is_working_day(day: date) -> bool:
    return day.weekday() < 5


def preceding(day: date) -> date:
    """The day itself, or the last working day before it."""
    while not is_working_day(day):
        day -= DAY
    return day


def following(day: date) -> date:
    """The day itself, or the first working day after it."""
    while not is_working_day(day):
        day += DAY
    return day
