"""How the load is counted: hours, nights and weekends where each person lives."""

from datetime import UTC, datetime

import pytest

from bot.errors import InvalidInput
from bot.oncall.definition import Duty, Shift
from bot.oncall.fairness import Share, quarter, shares

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOME = {"ana": "Europe/Lisbon", "kim": "Asia/Seoul"}


def shift(person: str, start: datetime, end: datetime) -> Shift:
    return Shift(start, end, Duty(person, "rotation"))


def at(day: int, hour: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def counted(*shifts: Shift) -> dict[str, Share]:
    return {one.person: one for one in shares(shifts, [], HOME.__getitem__, {})}


def test_the_same_week_is_other_nights_and_days_elsewhere() -> None:
    found = counted(shift("ana", at(23, 8), at(30, 8)), shift("kim", at(23, 8), at(30, 8)))
    assert (found["ana"].hours, found["kim"].hours) == (168, 168)
    assert (found["ana"].nights, found["ana"].weekends) == (7, 1)
    day_shift = counted(shift("kim", at(27, 13), at(27, 22)))["kim"]  # 22:00 to 07:00 in Seoul
    assert (day_shift.nights, day_shift.weekends) == (1, 1)  # and Saturday there
    assert counted(shift("ana", at(27, 13), at(27, 22)))["ana"].nights == 0


def test_less_than_an_hour_of_a_night_is_none() -> None:
    assert counted(shift("ana", at(23, 20), at(23, 22)))["ana"].nights == 0
    assert counted(shift("ana", at(23, 20), at(23, 23)))["ana"].nights == 1


def test_being_on_call_twice_at_once_counts_once() -> None:
    assert counted(shift("ana", at(23, 8), at(23, 16)), shift("ana", at(23, 12), at(23, 18)))["ana"].hours == 10


def test_an_hour_more_in_an_autumn_night_is_counted() -> None:
    assert counted(shift("ana", at(24, 22, 10), at(25, 22, 10)))["ana"].hours == 24
    assert counted(shift("ana", datetime(2026, 10, 24, 23, tzinfo=UTC), datetime(2026, 10, 26, 0, tzinfo=UTC)))["ana"].hours == 25


def test_who_had_nothing_is_listed_with_pages_taken_all_the_same() -> None:
    found = shares([shift("kim", at(1), at(2))], ["ana"], HOME.__getitem__, {"ana": 3})
    assert [(one.person, one.hours, one.pages) for one in found] == [("kim", 24.0, 0), ("ana", 0.0, 3)]


@pytest.mark.parametrize(
    ("asked", "name"), [("", "2026 Q4"), ("last", "2026 Q3"), ("q1", "2026 Q1"), ("2025q4", "2025 Q4"), ("Q4", "2026 Q4")]
)
def test_a_quarter_is_named(asked: str, name: str) -> None:
    assert quarter(asked, NOW, "Europe/Lisbon").name == name


def test_a_quarter_ends_where_the_next_begins_in_its_zone() -> None:
    last, present = quarter("2026q3", NOW, "America/New_York"), quarter("", NOW, "America/New_York")
    assert last.end == present.start == datetime(2026, 10, 1, 4, tzinfo=UTC)
    assert quarter("q4", datetime(2027, 1, 5, tzinfo=UTC), "UTC").name == "2026 Q4"  # the newest one there was


@pytest.mark.parametrize("asked", ["q5", "2026q", "nonsense", "99999q1", "²q1"])
def test_nonsense_is_no_quarter(asked: str) -> None:
    with pytest.raises(InvalidInput, match="2026q3"):
        quarter(asked, NOW, "UTC")
