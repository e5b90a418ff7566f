"""Until when a postmortem's next step is due. Nobody is chased on a weekend for what fell due there."""

from datetime import date, datetime, timedelta, tzinfo

from bot.postmortems.states import PostmortemState

SATURDAY = 5


def due_on(
    state: PostmortemState, resolved_at: datetime, zone: tzinfo, review_within: timedelta | None, publish_within: timedelta | None
) -> date | None:
    """The last day, on the clock of who owes it: for a draft to be in review, after that to be published. None when nothing is owed."""
    within = {PostmortemState.DRAFT: review_within, PostmortemState.PUBLISHED: None}.get(state, publish_within)
    return None if within is None else working_day((resolved_at + within).astimezone(zone).date())


def working_day(day: date) -> date:
    """The day itself, or the Monday after it."""
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() >= SATURDAY else day
