"""Layers, restrictions, overrides, temporary schedules and swaps: who is on call, and why."""

from datetime import UTC, datetime, time, timedelta

import pytest

from bot.errors import InvalidInput
from bot.oncall.definition import (
    NONE,
    Combine,
    Epoch,
    Layer,
    Op,
    Override,
    Overrides,
    Restriction,
    Schedule,
    Swap,
    SwapState,
    TemporarySchedule,
    TemporaryShift,
    always,
)
from bot.oncall.rotation import Rotation, Unit
from bot.oncall.schedule import gaps, layer_shifts, next_change, shifts, who

START = datetime.fromisoformat("2026-03-02T09:00")  # a wall time
WEEKLY = Layer(Rotation("payments-primary", "UTC", START, (("ana",), ("bo",), ("kim",))))
NIGHTS = Layer(Rotation("nights", "UTC", START, (("lee",),)), (Restriction(time(22), time(6)),), priority=1)
PAYMENTS = always("payments", "UTC", WEEKLY)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def people(definition: Schedule, moment: str, *changes: Override, temporary: tuple[TemporarySchedule, ...] = ()) -> tuple[str, ...]:
    return who(definition, Overrides(changes, temporary), at(moment)).people


def test_it_says_who_why_and_how_long_at_least() -> None:
    found = who(PAYMENTS, NONE, at("2026-03-10T12:00"))
    assert (found.people, found.until) == (("bo",), at("2026-03-16T09:00"))
    assert found.duties[0].why("UTC") == "weekly rotation payments-primary"


def test_an_override_tells_by_whom_and_until_when_on_the_readers_clock() -> None:
    stand_in = Override(Op.REPLACE_ALL, at("2026-03-10T10:00"), at("2026-03-10T17:00"), "lee", by="ana")
    found = who(PAYMENTS, Overrides((stand_in,)), at("2026-03-10T12:00"))
    assert (found.people, found.until) == (("lee",), at("2026-03-10T17:00"))
    assert found.duties[0].why("Europe/Berlin", str.title) == (
        "weekly rotation payments-primary, override by Ana for Bo until Tue 10 Mar 18:00"
    )


def test_nobody_is_told_with_a_reason() -> None:
    assert who(PAYMENTS, NONE, at("2026-03-01T12:00")).nobody == "payments-primary has not begun"
    empty = always("payments", "UTC", Layer(Rotation("alone", "UTC", START, (("ana",), ()))))
    assert who(empty, NONE, at("2026-03-10T12:00")).nobody == "alone has nobody in this turn"
    assert who(always("s", "UTC", NIGHTS), NONE, at("2026-03-10T12:00")).nobody == "nights does not hold at this time"
    gone = Override(Op.REMOVE, at("2026-03-10T10:00"), at("2026-03-10T17:00"), instead_of="bo")
    assert who(PAYMENTS, Overrides((gone,)), at("2026-03-10T12:00")).nobody == "an override took bo off call"


def test_the_highest_layer_that_has_somebody_wins() -> None:
    both = always("payments", "UTC", WEEKLY, NIGHTS)
    assert [people(both, f"2026-03-10T{hour}:00") for hour in ("21", "22", "05", "06")] == [("bo",), ("lee",), ("lee",), ("bo",)]


def test_together_everybody_of_every_layer_is_on_call_once() -> None:
    both = always("payments", "UTC", WEEKLY, NIGHTS, Layer(Rotation("again", "UTC", START, (("bo", "kim"),))), combine=Combine.TOGETHER)
    assert people(both, "2026-03-10T23:00") == ("bo", "lee", "kim")


def test_a_night_belongs_to_its_first_day() -> None:
    friday_night = always("s", "UTC", Layer(WEEKLY.rotation, (Restriction(time(20), time(8), frozenset({4})),)))
    assert [
        bool(people(friday_night, moment)) for moment in ("2026-03-13T07:00", "2026-03-13T20:00", "2026-03-14T07:59", "2026-03-14T08:00")
    ] == [
        False,
        True,
        True,
        False,
    ]


def test_a_window_over_a_repeated_hour_is_longer_and_one_in_a_gap_is_none() -> None:
    rotation = Rotation("r", "America/Chicago", datetime.fromisoformat("2018-01-01T00:00"), (("ana",),))
    autumn = always("s", "America/Chicago", Layer(rotation, (Restriction(time(1), time(1, 30)),)))
    (shift,) = shifts(autumn, NONE, at("2018-11-04T00:00"), at("2018-11-05T00:00"))
    assert shift.end - shift.start == timedelta(minutes=90)
    spring = always("s", "America/Chicago", Layer(rotation, (Restriction(time(2, 10), time(2, 40)),)))
    assert shifts(spring, NONE, at("2018-03-11T00:00"), at("2018-03-12T00:00")) == ()


def test_each_change_applies_to_what_the_ones_before_it_left() -> None:
    week = at("2026-03-09T09:00"), at("2026-03-16T09:00")
    swap = Override(Op.REPLACE, *week, "kim", instead_of="bo")
    assert people(PAYMENTS, "2026-03-10T12:00", swap) == ("kim",)
    assert people(PAYMENTS, "2026-03-10T12:00", swap, Override(Op.REPLACE, *week, "lee", instead_of="kim")) == ("lee",)
    assert people(PAYMENTS, "2026-03-10T12:00", swap, Override(Op.ADD, *week, "ana")) == ("kim", "ana")
    assert people(PAYMENTS, "2026-03-10T12:00", Override(Op.ADD, *week, "kim"), swap) == ("kim",)
    whole = Override(Op.REPLACE_ALL, *week, "lee")
    assert people(PAYMENTS, "2026-03-10T12:00", swap, whole) == ("lee",)
    assert people(PAYMENTS, "2026-03-10T12:00", Override(Op.REPLACE_ALL, *week, "max", priority=2), whole) == ("max",)
    assert people(PAYMENTS, "2026-03-10T12:00", Override(Op.REPLACE_ALL, *week)) == ()


def test_to_replace_somebody_changes_nothing_while_they_are_not_on_call() -> None:
    two_weeks = Override(Op.REPLACE, at("2026-03-02T09:00"), at("2026-03-16T09:00"), "lee", instead_of="bo")
    assert [people(PAYMENTS, f"2026-03-{day:02}T12:00", two_weeks) for day in (3, 10)] == [("ana",), ("lee",)]


def test_a_temporary_schedule_stands_in_place_of_the_layers() -> None:
    hours = tuple(at(f"2026-03-10T{hour}:00") for hour in (10, 12, 14))
    temporary = TemporarySchedule(hours[0], hours[2], (TemporaryShift("max", hours[0], hours[1]),))
    assert [people(PAYMENTS, f"2026-03-10T{hour:02}:30", temporary=(temporary,)) for hour in (9, 10, 12, 14)] == [
        ("bo",),
        ("max",),
        (),
        ("bo",),
    ]
    late = Override(Op.REPLACE_ALL, hours[1], hours[2], "lee")
    assert people(PAYMENTS, "2026-03-10T12:30", late, temporary=(temporary,)) == ("lee",)


def test_a_swap_changes_nothing_until_it_is_taken_and_then_both_times() -> None:
    monday, tuesday = (at("2026-03-09T18:00"), at("2026-03-10T02:00")), (at("2026-03-17T18:00"), at("2026-03-18T02:00"))
    asked = Swap("bo", *monday, asked="kim", return_start=tuesday[0], return_end=tuesday[1])
    assert asked.overrides() == ()
    taken = Swap("bo", *monday, SwapState.ACCEPTED, "kim", "kim", *tuesday)
    assert people(PAYMENTS, "2026-03-09T20:00", *taken.overrides()) == ("kim",)
    assert people(PAYMENTS, "2026-03-17T20:00", *taken.overrides()) == ("bo",)
    found = who(PAYMENTS, Overrides(taken.overrides()), at("2026-03-09T20:00"))
    assert found.duties[0].why("UTC") == "weekly rotation payments-primary, swap for bo until Tue 10 Mar 02:00"


def test_an_override_of_24_hours_over_a_night_of_changing_clocks_lasts_24_hours() -> None:
    berlin = always("s", "Europe/Berlin", Layer(Rotation("r", "Europe/Berlin", START, (("ana",), ("bo",)), unit=Unit.DAY)))
    stand_in = Override(Op.REPLACE_ALL, at("2026-03-28T17:00"), at("2026-03-29T17:00"), "lee")
    found = [
        shift for shift in shifts(berlin, Overrides((stand_in,)), at("2026-03-28T00:00"), at("2026-03-31T00:00")) if shift.person == "lee"
    ]
    assert [(found[0].start, found[-1].end)] == [(stand_in.start, stand_in.end)]


def test_epochs_follow_each_other() -> None:
    later = Epoch(at("2026-03-16T09:00"), (Layer(Rotation("new", "UTC", START, (("max",),))),))
    edited = Schedule("payments", "UTC", (*PAYMENTS.epochs, later))
    assert [people(edited, f"2026-03-16T{hour:02}:00") for hour in (8, 9)] == [("bo",), ("max",)]
    assert who(edited, NONE, at("2026-03-15T00:00")).until == later.since


def test_shifts_are_cut_to_the_time_asked_for_and_one_persons_turns_are_one() -> None:
    found = shifts(PAYMENTS, NONE, at("2026-03-08T00:00"), at("2026-03-20T00:00"))
    assert [(shift.person, shift.start, shift.end) for shift in found] == [
        ("ana", at("2026-03-08T00:00"), at("2026-03-09T09:00")),
        ("bo", at("2026-03-09T09:00"), at("2026-03-16T09:00")),
        ("kim", at("2026-03-16T09:00"), at("2026-03-20T00:00")),
    ]
    alone = always("s", "UTC", Layer(Rotation("r", "UTC", START, (("ana",),))))
    assert len(shifts(alone, NONE, at("2026-03-08T00:00"), at("2026-06-20T00:00"))) == 1
    assert layer_shifts(WEEKLY, at("2026-03-08T00:00"), at("2026-03-20T00:00")) == found


def test_gaps_and_the_next_change() -> None:
    nights = always("s", "UTC", NIGHTS)
    assert gaps(nights, NONE, at("2026-03-10T00:00"), at("2026-03-11T00:00")) == ((at("2026-03-10T06:00"), at("2026-03-10T22:00")),)
    assert next_change(nights, NONE, at("2026-03-10T00:00")) == at("2026-03-10T06:00")
    alone = always("s", "UTC", Layer(Rotation("r", "UTC", START, (("ana",),))))
    assert next_change(alone, NONE, at("2026-03-10T00:00")) is None


@pytest.mark.parametrize(("op", "who_is_on", "instead_of"), [(Op.ADD, None, None), (Op.REPLACE, "ana", None), (Op.REMOVE, None, None)])
def test_an_override_that_says_too_little_is_refused(op: Op, who_is_on: str | None, instead_of: str | None) -> None:
    with pytest.raises(InvalidInput, match="Say who"):
        Override(op, at("2026-03-10T00:00"), at("2026-03-11T00:00"), who_is_on, instead_of)
    with pytest.raises(InvalidInput, match="end after it starts"):
        Override(Op.ADD, at("2026-03-10T00:00"), at("2026-03-10T00:00"), "ana")
