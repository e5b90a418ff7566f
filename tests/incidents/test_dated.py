"""When a fact happened that somebody writes down later."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.incidents.dated import happened_at

NOON = datetime(2026, 7, 2, 10, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("09:00 cache flushed by hand", "2026-07-02T07:00"),
        ("at 9:00, cache flushed by hand", "2026-07-02T07:00"),
        ("failover started at 09:12", "2026-07-02T07:12"),
        ("failover started at 09:12.", "2026-07-02T07:12"),
        ("9:12 am failover", "2026-07-02T07:12"),
        ("09:00 UTC cache flushed", "2026-07-02T09:00"),
        ("yesterday 23:50 disk full", "2026-07-01T21:50"),
        ("2026-06-30 08:15:30 first error", "2026-06-30T06:15:30"),
        # none of these says when it happened
        ("errors since 08:40", None),
        ("a few hours later it broke again", None),
        ("will fail over at 14:00", None),
        ("13:00 lunch is served", None),
        ("23:50 disk full", None),
        ("ratio 3:1 is wrong", None),
        ("25:00 nonsense", None),
        ("13:00 pm nonsense", None),
        ("2026-13-01 09:00 nonsense", None),
        ("2027-01-01 09:00 is to come", None),
        ("between 09:00 and 09:30 it was slow", None),
        ("", None),
    ],
)
def test_a_time_at_the_beginning_or_at_the_end_dates_a_fact(words: str, expected: str | None) -> None:
    found = happened_at(words, NOON, BERLIN)
    assert found == (datetime.fromisoformat(expected).replace(tzinfo=UTC) if expected else None)


def test_around_midnight_the_day_is_the_one_that_is_over() -> None:
    assert happened_at("23:50 disk full", datetime(2026, 7, 1, 22, 5, tzinfo=UTC), BERLIN) == datetime(2026, 7, 1, 21, 50, tzinfo=UTC)


@given(st.text(max_size=30) | st.from_regex(r"(at )?\d{1,2}:\d\d( am| pm| UTC)? [a-z]{3}", fullmatch=True), st.integers(0, 10_000_000))
def test_nothing_happens_in_the_future(words: str, seconds: int) -> None:
    now = NOON + timedelta(seconds=seconds)
    found = happened_at(words, now, ZoneInfo("America/New_York"))
    assert found is None or found <= now
