"""When the note of a hand-off goes out: so long before, or at a set time of day on the schedule's clock."""

from datetime import UTC, datetime, time, timedelta

import pytest

from bot.oncall.watching import notice_time

HOUR = timedelta(hours=1)


def utc(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "before", "clock", "zone", "told"),
    [
        (utc(9, 8), HOUR, None, "Europe/Stockholm", utc(9, 7)),
        (utc(9, 8), HOUR, time(8), "Europe/Stockholm", utc(9, 7)),  # 08:00 there, an hour before 09:00
        (utc(9, 8), HOUR, time(8, 1), "Europe/Stockholm", utc(8, 7, 1)),  # that would leave too little: the day before
        (utc(9, 2), HOUR, time(17), "Europe/Stockholm", utc(8, 16)),  # a hand-off at night is told in the afternoon
        (utc(9, 8), timedelta(days=1), time(9), "Europe/Stockholm", utc(8, 8)),
        (utc(29, 10), HOUR, time(2, 30), "Europe/Stockholm", utc(29, 1)),  # 02:30 does not exist that night: the end of the gap
        (utc(9, 1), HOUR, time(23), "America/New_York", utc(8, 4)),
    ],
)
def test_the_note_leaves_enough_time(change: datetime, before: timedelta, clock: time | None, zone: str, told: datetime) -> None:
    assert notice_time(change, before, clock, zone) == told
    assert change - notice_time(change, before, clock, zone) >= before
