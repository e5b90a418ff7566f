"""Until when a postmortem is due, and when who owes it is reminded."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.incidents.deadlines import following
from bot.postmortems.deadlines import day_before, days_late, due_on, may_remind, next_reminder, team_hears
from bot.postmortems.states import PostmortemState as S

SEOUL, BERLIN = ZoneInfo("Asia/Seoul"), ZoneInfo("Europe/Berlin")
DATES = st.dates(date(2020, 1, 1), date(2035, 1, 1))
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone
ZONES = st.sampled_from(["UTC", "Asia/Seoul", "America/Los_Angeles", "Pacific/Kiritimati", "Europe/Berlin"]).map(ZoneInfo)


@pytest.mark.parametrize(
    ("state", "resolved", "wanted"),
    [
        (S.DRAFT, "2026-03-02T10:00", "2026-03-09"),  # five days end on a Saturday
        (S.DRAFT, "2026-03-02T20:00", "2026-03-09"),  # in Seoul that is Tuesday morning already, and five days end on a Sunday
        (S.DRAFT, "2026-03-04T10:00", "2026-03-09"),
        (S.IN_REVIEW, "2026-03-04T10:00", "2026-03-16"),
        (S.APPROVED, "2026-03-04T10:00", "2026-03-16"),
        (S.PUBLISHED, "2026-03-04T10:00", None),
    ],
)
def test_what_is_due_when(state: S, resolved: str, wanted: str | None) -> None:
    found = due_on(state, datetime.fromisoformat(resolved).replace(tzinfo=UTC), SEOUL, timedelta(days=5), timedelta(days=10))
    assert found == (date.fromisoformat(wanted) if wanted else None)


def test_nothing_is_due_where_no_time_is_set() -> None:
    assert due_on(S.DRAFT, datetime(2026, 3, 2, tzinfo=UTC), SEOUL, None, None) is None


def test_reminders_come_the_working_day_before_on_the_day_and_each_working_day_after() -> None:
    due, now, seen = date(2026, 3, 9), datetime(2026, 3, 4, 9, tzinfo=UTC), []
    for _ in range(6):
        now = next_reminder(due, now, BERLIN, 10)
        seen.append(f"{now.astimezone(BERLIN):%a %d %H:%M}")
    assert seen == ["Fri 06 10:00", "Mon 09 10:00", "Tue 10 10:00", "Wed 11 10:00", "Thu 12 10:00", "Fri 13 10:00"]
    assert f"{next_reminder(due, now, BERLIN, 10).astimezone(BERLIN):%a %d}" == "Mon 16"


def test_a_teams_channel_hears_of_what_is_late_once_in_five_working_days() -> None:
    due = date(2026, 3, 9)
    days = [due + timedelta(days=number) for number in range(-3, 16)]
    assert [f"{day:%a %d}" for day in days if day.weekday() < 5 and team_hears(days_late(due, day))] == ["Tue 10", "Tue 17", "Tue 24"]


@given(DATES, MOMENTS, ZONES)
def test_nobody_is_reminded_at_night_on_a_weekend_or_twice_at_once(due: date, now: datetime, zone: ZoneInfo) -> None:
    due = following(due)
    coming = next_reminder(due, now, zone, 10)
    assert coming > now
    assert may_remind(due, coming, zone)
    assert coming.astimezone(zone).weekday() < 5 and coming.astimezone(zone).hour == 10
    if may_remind(due, now, zone):
        assert 9 <= now.astimezone(zone).hour < 18 and now.astimezone(zone).weekday() < 5
        assert day_before(due) <= now.astimezone(zone).date()
