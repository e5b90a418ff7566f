"""On which days somebody is reminded, and never at night."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.incidents.deadlines import Stage, days, is_working_time, next_moment, stage_on

ZONES = st.sampled_from(["UTC", "Asia/Seoul", "America/New_York", "Europe/Berlin", "Pacific/Apia", "Australia/Lord_Howe"])
DAYS = st.dates(date(2020, 1, 1), date(2040, 1, 1))


def test_a_day_before_on_the_day_each_morning_for_a_week_and_then_weekly() -> None:
    friday = date(2026, 3, 6)
    found = list(islice(days(friday, date(2026, 3, 2)), 9))
    assert found == [
        (date(2026, 3, 5), Stage.AHEAD),
        (date(2026, 3, 6), Stage.DUE),
        *((date(2026, 3, number), Stage.OVERDUE) for number in (9, 10, 11, 12, 13)),
        (date(2026, 3, 20), Stage.LONG_OVERDUE),
        (date(2026, 3, 27), Stage.LONG_OVERDUE),
    ]


def test_what_is_due_at_a_weekend_is_asked_for_before_it() -> None:
    assert list(islice(days(date(2026, 3, 8), date(2026, 3, 2)), 3)) == [
        (date(2026, 3, 5), Stage.AHEAD), (date(2026, 3, 6), Stage.DUE), (date(2026, 3, 9), Stage.OVERDUE),
    ]  # fmt: skip


def test_what_has_no_day_is_asked_about_after_two_weeks() -> None:
    assert list(islice(days(None, date(2026, 3, 2)), 2)) == [(date(2026, 3, 16), Stage.UNDATED), (date(2026, 3, 23), Stage.UNDATED)]
    assert stage_on(None, date(2026, 3, 2), date(2026, 3, 17)) is None


@given(
    due_on=st.none() | DAYS,
    made_on=DAYS,
    zone=ZONES,
    hour=st.integers(9, 16),
    after=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001 - Hypothesis wants them bare
)
def test_the_next_reminder_always_comes_in_working_hours_and_on_a_day_of_its_own(
    due_on: date | None, made_on: date, zone: str, hour: int, after: datetime
) -> None:
    now = after.replace(tzinfo=UTC)
    moment = next_moment(due_on, made_on, zone, hour, now)
    day = moment.astimezone(ZoneInfo(zone)).date()
    assert moment > now and is_working_time(moment, zone)
    assert stage_on(due_on, made_on, day) is not None
    if due_on is not None and day > due_on:
        assert moment - max(now, datetime(due_on.year, due_on.month, due_on.day, tzinfo=UTC)) < timedelta(days=9), "until it is done"
