"""Until when a postmortem's next step is due, and when who owes it is reminded: by day, on working days, on their own clock."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.incidents.deadlines import DAY, following, is_working_day, is_working_time, morning, preceding
from bot.postmortems.states import PostmortemState

TEAM_EVERY = 5
"""A team's channel hears of what is late once in so many working days; more often it would be read less."""


def due_on(
    state: PostmortemState, resolved_at: datetime, zone: ZoneInfo, review_within: timedelta | None, publish_within: timedelta | None
) -> date | None:
    """The last day, on the clock of who owes it: for a draft to be in review, after that to be published. None when nothing is owed.

    One that would be on a weekend is the Monday after.
    """
    within = {PostmortemState.DRAFT: review_within, PostmortemState.PUBLISHED: None}.get(state, publish_within)
    return None if within is None else following((resolved_at + within).astimezone(zone).date())


def next_reminder(due: date, now: datetime, zone: ZoneInfo, hour: int) -> datetime:
    """When who owes it is reminded next: in the morning of the working day before it is due, of the day itself, and of each one after."""
    day = max(day_before(due), following(now.astimezone(zone).date()))
    at = morning(day, zone.key, hour)
    return at if at > now else morning(following(day + DAY), zone.key, hour)


def may_remind(due: date, now: datetime, zone: ZoneInfo) -> bool:
    """Whether a reminder may go out at this moment; one that comes late, after an outage, does not go out at night."""
    return is_working_time(now, zone.key) and now.astimezone(zone).date() >= day_before(due)


def day_before(due: date) -> date:
    """The working day before."""
    return preceding(due - DAY)


def days_late(due: date, today: date) -> int:
    """How many working days it is late, today counting; 0 until the day after it was due."""
    return sum(is_working_day(due + number * DAY) for number in range(1, (today - due).days + 1))


def team_hears(late: int) -> bool:
    """Whether a team's channel is told on this day."""
    return late % TEAM_EVERY == 1
