"""Turns by the local wall clock: what other projects' tests assert, odd zones, and no gap or overlap at any hand-off."""

import json
import zoneinfo
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.errors import InvalidInput
from bot.oncall.rotation import Override, Rotation, Unit, instant, turn_at, who

VECTORS = json.loads((Path(__file__).parent.parent / "data" / "rotations.json").read_text())
UNITS = {"hourly": Unit.HOUR, "daily": Unit.DAY, "weekly": Unit.WEEK, "monthly": Unit.MONTH}
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall(text: str) -> datetime:
    """A wall time, without a zone on purpose."""
    return datetime.fromisoformat(text)


def weekly(zone: str = "Europe/Berlin", **fields: object) -> Rotation:
    values: dict[str, object] = {"id": "payments", "zone": zone, "start": wall("2026-03-02T09:00"), "participants": ("ana", "bo", "kim")}
    return Rotation(**(values | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_who_is_on_call_agrees_with_what_others_assert(vector: dict[str, object]) -> None:
    given_start, people = vector["anchor"], list(vector["participants"])  # type: ignore[call-overload]
    zone = str(vector["timezone"])
    start = datetime.fromisoformat(given_start["shift_start"]).astimezone(ZoneInfo(zone)).replace(tzinfo=None)  # type: ignore[index]
    turn = people.index(given_start["participant"])  # type: ignore[index]
    rotation = Rotation("r", zone, start, tuple(people[turn:] + people[:turn]), vector["shift_length"], UNITS[str(vector["type"])])  # type: ignore[arg-type]
    compared = 0
    for query in vector["queries"]:  # type: ignore[attr-defined]
        moment = datetime.fromisoformat(query["at"])
        if moment >= instant(start, zone):
            assert [who(rotation, (), moment).person] == query["expect"], query
            compared += 1
    assert compared


def test_before_its_start_nobody_is_on_call() -> None:
    found = who(weekly(), (), at("2026-03-02T07:59"))
    assert (found.person, found.why, found.until) == (None, "payments has not begun", at("2026-03-02T08:00"))


def test_the_handoff_keeps_its_wall_time_over_the_change_of_clocks() -> None:
    assert who(weekly(), (), at("2026-03-30T06:59")).person == "ana"
    found = who(weekly(), (), at("2026-03-30T07:00"))  # 09:00 in summer time
    assert (found.person, found.until) == ("bo", at("2026-04-06T07:00"))
    assert found.why == "turn 2 of 3 in payments"


def test_a_handoff_in_the_gap_happens_at_its_end_and_one_that_repeats_at_its_first() -> None:
    assert instant(wall("2026-03-29T02:30"), "Europe/Berlin") == at("2026-03-29T01:00")
    assert instant(wall("2026-10-25T02:30"), "Europe/Berlin") == at("2026-10-25T00:30")


def test_an_hourly_turn_vanishes_in_spring_and_the_turn_passes_once() -> None:
    hourly = weekly(start=wall("2026-03-29T00:00"), unit=Unit.HOUR)
    names = [who(hourly, (), at("2026-03-28T23:00") + n * HOUR).person for n in range(5)]  # 00, 01, 03, 04, 05 o'clock
    assert names == ["ana", "bo", "kim", "ana", "bo"]


def test_an_hourly_turn_is_longer_in_autumn() -> None:
    hourly = weekly(start=wall("2026-10-25T00:00"), unit=Unit.HOUR)
    names = [who(hourly, (), at("2026-10-24T22:00") + n * HOUR).person for n in range(5)]  # 00, 01, 02, 02 again, 03 o'clock
    assert names == ["ana", "bo", "kim", "kim", "ana"]


def test_lord_howe_moves_by_half_an_hour() -> None:
    hourly = weekly(zone="Australia/Lord_Howe", start=wall("2026-10-04T00:00"), unit=Unit.HOUR)
    turn = turn_at(hourly, instant(wall("2026-10-04T02:30"), hourly.zone))
    assert turn is not None
    assert turn.until - turn.since == timedelta(minutes=30)


def test_a_turn_that_begins_on_the_day_samoa_skipped_begins_with_the_next_day() -> None:
    daily = weekly(zone="Pacific/Apia", start=wall("2011-12-28T09:00"), unit=Unit.DAY)
    names = [
        who(daily, (), instant(wall(moment), daily.zone)).person for moment in ("2011-12-29T12:00", "2011-12-31T00:00", "2011-12-31T09:00")
    ]
    assert names == ["bo", "kim", "ana"]


def test_a_turn_that_is_all_of_the_day_samoa_skipped_is_nobodys() -> None:
    daily = weekly(zone="Pacific/Apia", start=wall("2011-12-28T00:00"), unit=Unit.DAY)
    names = [who(daily, (), instant(wall(f"2011-12-{day}T12:00"), daily.zone)).person for day in (28, 29, 31)]
    assert names == ["ana", "bo", "kim"]


def test_monthly_on_the_31st_hands_over_on_the_last_day() -> None:
    monthly = weekly(zone="Asia/Kathmandu", start=wall("2026-01-31T09:00"), unit=Unit.MONTH)
    turn = turn_at(monthly, instant(wall("2026-03-01T00:00"), monthly.zone))
    assert turn is not None
    assert (turn.index, turn.since, turn.until) == (
        1,
        instant(wall("2026-02-28T09:00"), monthly.zone),
        instant(wall("2026-03-31T09:00"), monthly.zone),
    )


def test_a_participant_may_be_nobody() -> None:
    found = who(weekly(participants=("ana", None)), (), at("2026-03-10T08:00"))
    assert (found.person, found.why) == (None, "payments has nobody in this turn")


def test_an_override_holds_from_its_start_until_its_end_and_the_last_given_wins() -> None:
    stand_in = Override(at("2026-03-03T10:00"), at("2026-03-03T12:00"), "lee")
    later = Override(at("2026-03-03T11:00"), at("2026-03-03T12:00"), "kim")
    names = [who(weekly(), [stand_in, later], at(f"2026-03-03T{clock}")).person for clock in ("09:59", "10:00", "11:00", "12:00")]
    assert names == ["ana", "lee", "kim", "ana"]
    found = who(weekly(), [stand_in, later], at("2026-03-03T10:00"))
    assert (found.why, found.until) == ("override, instead of ana", at("2026-03-03T11:00"))


def test_an_override_for_somebody_holds_only_while_they_would_be_on_call() -> None:
    swap = Override(at("2026-03-02T08:00"), at("2026-03-16T08:00"), "lee", replaces="bo")
    assert [who(weekly(), [swap], at(f"2026-03-{day:02}T12:00")).person for day in (3, 10)] == ["ana", "lee"]


def test_somebody_may_be_added_or_the_place_left_empty() -> None:
    found = who(weekly(), [Override(at("2026-03-03T00:00"), at("2026-03-04T00:00"), "lee", adds=True)], at("2026-03-03T12:00"))
    assert (found.person, found.also) == ("ana", ("lee",))
    assert who(weekly(), [Override(at("2026-03-03T00:00"), at("2026-03-04T00:00"), None)], at("2026-03-03T12:00")).person is None


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
    participants=st.sampled_from([("a",), ("a", "b"), ("a", "b", "c", "d", "e")]),
    count=st.integers(1, 13),
    unit=st.sampled_from(Unit),
)


@given(rotations, st.datetimes(wall("2010-01-01T00:00"), wall("2037-12-31T00:00"), timezones=st.just(UTC)))
@example(Rotation("r", "Pacific/Apia", wall("2011-12-20T00:00"), ("a", "b"), 1, Unit.HOUR), at("2011-12-30T10:00"))
@example(Rotation("r", "Africa/Casablanca", wall("2026-02-01T02:30"), ("a", "b"), 1, Unit.DAY), at("2026-03-22T02:00"))
def test_turns_follow_each_other_with_no_gap_and_no_overlap(rotation: Rotation, moment: datetime) -> None:
    turn = turn_at(rotation, moment)
    assume(turn is not None)
    assert turn is not None
    assert turn.since <= moment < turn.until
    following = turn_at(rotation, turn.until)
    assert following is not None
    assert following.since == turn.until
    assert following.index == (turn.index + 1) % len(rotation.participants)
    assert turn_at(rotation, turn.until - timedelta(seconds=1)) == turn


@given(rotations, st.integers(0, 400))
def test_every_handoff_is_at_its_wall_time_or_at_the_end_of_a_gap(rotation: Rotation, number: int) -> None:
    wall = rotation.boundary(number)
    handoff = instant(wall, rotation.zone).astimezone(ZoneInfo(rotation.zone))
    shown = handoff.replace(tzinfo=None)
    assert shown >= wall
    if shown > wall:
        before = (handoff.astimezone(UTC) - timedelta(seconds=1)).astimezone(ZoneInfo(rotation.zone)).replace(tzinfo=None)
        assert before < wall
    else:
        assert handoff.fold == 0
