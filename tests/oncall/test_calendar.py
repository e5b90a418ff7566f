"""Shifts as they lie on a calendar."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.oncall import calendar
from bot.oncall.calendar import Tones, View, window
from bot.oncall.definition import Duty, Op, Override, Shift

STOCKHOLM = "Europe/Stockholm"
ZONES = st.sampled_from([STOCKHOLM, "Australia/Lord_Howe", "Asia/Beirut", "Pacific/Apia", "Africa/Casablanca", "America/New_York"])


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


OVERRIDE = Override(Op.REPLACE, at(25, 17), at(26, 1), "kim", "bo", "kim")
WEEK = [
    Shift(at(16, 8), at(23, 8), Duty("ana", "rotation")),
    Shift(at(23, 8), at(25, 17), Duty("bo", "rotation")),
    Shift(at(25, 17), at(26, 1), Duty("kim", "rotation", OVERRIDE)),
    Shift(at(26, 1), at(28, 8), Duty("bo", "rotation")),
]
GAP = [(at(28, 8), at(30, 8))]


def test_a_day_says_who_from_when_until_when_and_a_gap_is_nobodys() -> None:
    shown = window(View.WEEK, date(2026, 11, 25), STOCKHOLM)
    found = calendar.pieces(WEEK, GAP, Tones(["ana", "bo"]), str.capitalize, STOCKHOLM)
    days = calendar.days(found, shown, date(2026, 11, 25))
    written = [[f"{line.begins} {line.ends} {line.piece.name}" for line in day.lines] for day in days]
    assert written == [
        ["00:00 09:00 Ana", "09:00 24:00 Bo"],
        ["00:00 24:00 Bo"],
        ["00:00 18:00 Bo", "18:00 24:00 Kim"],
        ["00:00 02:00 Kim", "02:00 24:00 Bo"],
        ["00:00 24:00 Bo"],
        ["00:00 09:00 Bo", "09:00 24:00 nobody"],
        ["00:00 24:00 nobody"],
    ]
    assert [day.is_today for day in days].index(True) == 2
    changed = [line.piece for day in days for line in day.lines if line.piece.is_changed]
    assert {piece.why for piece in changed} == {"rotation, override by Kim until Thu 26 Nov 02:00"}
    assert {line.piece.tone for day in days for line in day.lines} == {"p0", "p1", "p2", "gap"}


def test_a_month_is_shown_in_whole_weeks() -> None:
    shown = window(View.MONTH, date(2026, 11, 25), STOCKHOLM)
    assert (shown.days[0], shown.days[-1], len(shown.days)) == (date(2026, 10, 26), date(2026, 12, 6), 42)
    assert calendar.heading(shown) == "November 2026"
    assert [len(week) for week in calendar.weeks(calendar.days((), shown, date(2026, 11, 25), 11))] == [7] * 6


@pytest.mark.parametrize(
    ("day", "heading"),
    [(date(2026, 11, 25), "23–29 Nov 2026"), (date(2026, 10, 31), "26 Oct – 1 Nov 2026"), (date(2026, 12, 31), "28 Dec 2026 – 3 Jan 2027")],
)
def test_a_week_is_headed_by_as_much_as_differs(day: date, heading: str) -> None:
    assert calendar.heading(window(View.WEEK, day, STOCKHOLM)) == heading


def test_who_is_on_call_at_the_same_time_lies_in_lanes_of_their_own() -> None:
    both = [*WEEK, Shift(at(24, 8), at(24, 20), Duty("lee", "rotation"))]
    shown = window(View.TIMELINE, date(2026, 11, 25), STOCKHOLM)
    strip = calendar.strip("On call", calendar.pieces(both, GAP, Tones([]), str, STOCKHOLM), shown)
    assert [[bar.piece.name for bar in lane] for lane in strip.lanes] == [["ana", "bo", "kim", "bo", "nobody"], ["lee"]]


@given(ZONES, st.dates(date(2011, 1, 1), date(2037, 12, 1)), st.sampled_from(list(View)))
def test_in_every_zone_the_days_tile_the_window_and_bars_stay_within(zone: str, day: date, view: View) -> None:
    shown = window(view, day, zone)
    assert day in shown.days
    assert shown.days[0].weekday() == 0 and len(shown.days) % 7 == 0
    marks = [left for left, _ in calendar.marks(shown)]
    assert marks[0] == 0 and marks == sorted(marks) and marks[-1] < 100
    shift = Shift(shown.start - timedelta(days=1), shown.end + timedelta(days=1), Duty("ana", "rotation"))
    found = calendar.pieces([shift], (), Tones([]), str, zone)
    (bar,) = calendar.strip("x", found, shown).lanes[0]
    assert (bar.left, bar.width) == (0, 100)
    for one in calendar.days(found, shown, day):
        assert len(one.lines) == (0 if calendar.midnight(one.date, zone) == calendar.midnight(one.date + timedelta(days=1), zone) else 1)
