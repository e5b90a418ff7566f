"""Turns by the local wall clock: odd zones, and no gap or overlap at any hand-off."""

import zoneinfo
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.errors import InvalidInput
from bot.oncall.rotation import Group, Rotation, Unit, begins, turn_at, turns
from bot.oncall.walltime import instant, last_instant

HOUR = timedelta(hours=1)
THREE = (("ana",), ("bo",), ("kim",))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall(text: str) -> datetime:
    """A wall time, without a zone on purpose."""
    return datetime.fromisoformat(text)


def weekly(zone: str = "Europe/Berlin", **fields: object) -> Rotation:
    values: dict[str, object] = {"id": "payments", "zone": zone, "start": wall("2026-03-02T09:00"), "participants": THREE}
    return Rotation(**(values | fields))  # type: ignore[arg-type]


def group_at(rotation: Rotation, moment: datetime) -> Group | None:
    turn = turn_at(rotation, moment)
    return rotation.participants[turn.place] if turn else None


def test_before_its_start_it_is_nobodys_turn() -> None:
    assert turn_at(weekly(), at("2026-03-02T07:59")) is None
    assert group_at(weekly(), at("2026-03-02T08:00")) == ("ana",)


def test_the_handoff_keeps_its_wall_time_over_the_change_of_clocks() -> None:
    assert group_at(weekly(), at("2026-03-30T06:59")) == ("ana",)
    turn = turn_at(weekly(), at("2026-03-30T07:00"))  # 09:00 in summer time
    assert turn is not None
    assert (turn.place, turn.until) == (1, at("2026-04-06T07:00"))


def test_a_handoff_in_the_gap_happens_at_its_end_and_one_that_repeats_at_its_first() -> None:
    assert instant(wall("2026-03-29T02:30"), "Europe/Berlin") == at("2026-03-29T01:00")
    assert instant(wall("2026-10-25T02:30"), "Europe/Berlin") == at("2026-10-25T00:30")


def test_what_ends_at_a_repeated_wall_time_ends_at_its_last() -> None:
    assert last_instant(wall("2026-10-25T02:30"), "Europe/Berlin") == at("2026-10-25T01:30")
    assert last_instant(wall("2026-03-29T02:30"), "Europe/Berlin") == at("2026-03-29T01:00")


def test_an_hourly_turn_vanishes_in_spring_and_the_turn_passes_once() -> None:
    hourly = weekly(start=wall("2026-03-29T00:00"), unit=Unit.HOUR)
    names = [group_at(hourly, at("2026-03-28T23:00") + n * HOUR) for n in range(5)]  # 00, 01, 03, 04, 05 o'clock
    assert names == [("ana",), ("bo",), ("kim",), ("ana",), ("bo",)]


def test_an_hourly_turn_is_longer_in_autumn() -> None:
    hourly = weekly(start=wall("2026-10-25T00:00"), unit=Unit.HOUR)
    names = [group_at(hourly, at("2026-10-24T22:00") + n * HOUR) for n in range(5)]  # 00, 01, 02, 02 again, 03 o'clock
    assert names == [("ana",), ("bo",), ("kim",), ("kim",), ("ana",)]


def test_lord_howe_moves_by_half_an_hour() -> None:
    hourly = weekly(zone="Australia/Lord_Howe", start=wall("2026-10-04T00:00"), unit=Unit.HOUR)
    turn = turn_at(hourly, instant(wall("2026-10-04T02:30"), hourly.zone))
    assert turn is not None
    assert turn.until - turn.since == timedelta(minutes=30)


def test_a_turn_that_begins_on_the_day_samoa_skipped_begins_with_the_next_day() -> None:
    daily = weekly(zone="Pacific/Apia", start=wall("2011-12-28T09:00"), unit=Unit.DAY)
    moments = ("2011-12-29T12:00", "2011-12-31T00:00", "2011-12-31T09:00")
    assert [group_at(daily, instant(wall(moment), daily.zone)) for moment in moments] == [("bo",), ("kim",), ("ana",)]


def test_a_turn_that_is_all_of_the_day_samoa_skipped_is_nobodys() -> None:
    daily = weekly(zone="Pacific/Apia", start=wall("2011-12-28T00:00"), unit=Unit.DAY)
    names = [group_at(daily, instant(wall(f"2011-12-{day}T12:00"), daily.zone)) for day in (28, 29, 31)]
    assert names == [("ana",), ("bo",), ("kim",)]


def test_monthly_on_the_31st_hands_over_on_the_last_day() -> None:
    monthly = weekly(zone="Asia/Kathmandu", start=wall("2026-01-31T09:00"), unit=Unit.MONTH)
    turn = turn_at(monthly, instant(wall("2026-03-01T00:00"), monthly.zone))
    assert turn is not None
    assert (turn.place, turn.since, turn.until) == (
        1,
        instant(wall("2026-02-28T09:00"), monthly.zone),
        instant(wall("2026-03-31T09:00"), monthly.zone),
    )


@pytest.mark.parametrize("wrong", [{"participants": ()}, {"count": 0}, {"start": at("2026-03-02T00:00")}])
def test_a_rotation_that_cannot_turn_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        weekly(**wrong)


zones = st.sampled_from(sorted(zoneinfo.available_timezones() - {"localtime"}))
rotations = st.builds(
    Rotation,
    id=st.just("any"),
    zone=zones,
    start=st.datetimes(wall("2010-01-01T00:00"), wall("2030-01-01T00:00")).map(lambda wall: wall.replace(second=0, microsecond=0)),
    participants=st.sampled_from([(("a",),), (("a",), ("b",)), (("a",), ("b",), ("c",), (), ("d", "e"))]),
    count=st.integers(1, 13),
    unit=st.sampled_from(Unit),
)


@given(rotations, st.datetimes(wall("2010-01-01T00:00"), wall("2037-12-31T00:00"), timezones=st.just(UTC)))
@example(Rotation("r", "Pacific/Apia", wall("2011-12-20T00:00"), (("a",), ("b",)), 1, Unit.HOUR), at("2011-12-30T10:00"))
@example(Rotation("r", "Africa/Casablanca", wall("2026-02-01T02:30"), (("a",), ("b",)), 1, Unit.DAY), at("2026-03-22T02:00"))
def test_turns_follow_each_other_with_no_gap_and_no_overlap(rotation: Rotation, moment: datetime) -> None:
    turn = turn_at(rotation, moment)
    assume(turn is not None)
    assert turn is not None
    assert turn.since <= moment < turn.until
    following = turn_at(rotation, turn.until)
    assert following is not None
    assert following.since == turn.until
    assert following.place == (turn.place + 1) % len(rotation.participants)
    assert turn_at(rotation, turn.until - timedelta(seconds=1)) == turn
    stream = turns(rotation, moment)
    assert [next(stream), next(stream)] == [turn, following]


@given(rotations, st.integers(0, 400))
def test_every_handoff_is_at_its_wall_time_or_at_the_end_of_a_gap(rotation: Rotation, number: int) -> None:
    wall = rotation.boundary(number)
    handoff = begins(rotation, number).astimezone(ZoneInfo(rotation.zone))
    shown = handoff.replace(tzinfo=None)
    assert shown >= wall
    if shown > wall:
        before = (handoff.astimezone(UTC) - timedelta(seconds=1)).astimezone(ZoneInfo(rotation.zone)).replace(tzinfo=None)
        assert before < wall
    else:
        assert handoff.fold == 0
