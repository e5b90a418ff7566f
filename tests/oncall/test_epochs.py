"""Edits: at the next hand-off or their date, never in the past, never cutting a shift in progress."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.oncall.definition import NONE, Combine, Epoch, Layer, Restriction, Schedule, Shift
from bot.oncall.epochs import Held, Wanted, WantedLayer, end_of_shifts, planned
from bot.oncall.rotation import Group, Rotation, Unit
from bot.oncall.schedule import gaps, shifts, who

START = datetime.fromisoformat("2026-03-02T09:00")  # a Monday; a wall time
ANA, BO, KIM, LEE = ("ana",), ("bo",), ("kim",), ("lee",)
WEDNESDAY = datetime(2026, 3, 11, 12, tzinfo=UTC)  # bo's turn, until Monday 16th at 09:00


def layer(*participants: Group, starting_with: str | None = None, **fields: object) -> WantedLayer:
    values: dict[str, object] = {"id": "payments", "zone": "UTC", "start": START, "participants": participants}
    return WantedLayer(Rotation(**(values | fields)), starting_with)  # type: ignore[arg-type]


def wish(*layers: WantedLayer, since: datetime | None = None, combine: Combine = Combine.PRIORITY) -> Wanted:
    return Wanted(since, repr((layers, combine)), layers, combine)


BEFORE = planned((), [wish(layer(ANA, BO, KIM))], WEDNESDAY)


def as_schedule(held: tuple[Held, ...]) -> Schedule:
    return Schedule("payments", "UTC", tuple(one.epoch for one in held))


def mondays(held: tuple[Held, ...], *days: int) -> list[str]:
    """Whose week it is on these days of March (32: the 1st of April)."""
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    return ["".join(who(as_schedule(held), NONE, noon + timedelta(days=day - 1)).people) for day in days]


def test_what_is_said_first_holds_from_the_beginning() -> None:
    assert mondays(BEFORE, 2, 9, 16, 23) == ["ana", "bo", "kim", "ana"]
    assert mondays(planned((), [wish(layer(ANA, BO, starting_with="bo"))], WEDNESDAY), 2, 9) == ["bo", "ana"]


def test_the_same_wish_is_no_edit() -> None:
    assert planned(BEFORE, [wish(layer(ANA, BO, KIM))], WEDNESDAY + timedelta(days=20)) == BEFORE


def test_somebody_new_comes_in_at_the_next_handoff_and_the_order_goes_on() -> None:
    after = planned(BEFORE, [wish(layer(ANA, BO, LEE, KIM))], WEDNESDAY)
    assert after[-1].since == datetime(2026, 3, 16, 9, tzinfo=UTC)
    assert mondays(after, 2, 9, 15, 16, 23, 30) == ["ana", "bo", "bo", "kim", "ana", "bo"]


def test_whoever_leaves_finishes_their_shift_and_the_next_who_is_still_there_takes_over() -> None:
    assert mondays(planned(BEFORE, [wish(layer(ANA, KIM))], WEDNESDAY), 9, 15, 16, 23) == ["bo", "bo", "kim", "ana"]
    assert mondays(planned(BEFORE, [wish(layer(ANA, BO))], WEDNESDAY), 15, 16, 23) == ["bo", "ana", "bo"]
    assert mondays(planned(BEFORE, [wish(layer(LEE))], WEDNESDAY), 15, 16) == ["bo", "lee"]


def test_a_new_order_begins_with_whoever_would_have_been_next_or_who_is_named() -> None:
    assert mondays(planned(BEFORE, [wish(layer(KIM, BO, ANA))], WEDNESDAY), 15, 16, 23, 30) == ["bo", "kim", "bo", "ana"]
    assert mondays(planned(BEFORE, [wish(layer(KIM, BO, ANA, starting_with="ana"))], WEDNESDAY), 15, 16, 23) == ["bo", "ana", "kim"]


def test_a_new_rhythm_waits_for_the_old_handoff_and_its_first_turn_may_be_short() -> None:
    tuesdays = layer(ANA, BO, KIM, start=datetime.fromisoformat("2026-03-03T10:00"))
    after = as_schedule(planned(BEFORE, [wish(tuesdays)], WEDNESDAY))
    found = shifts(after, NONE, datetime(2026, 3, 15, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC))
    assert [(shift.person, shift.end.strftime("%d %H:%M")) for shift in found] == [
        ("bo", "16 09:00"),
        ("kim", "17 10:00"),
        ("ana", "24 10:00"),
        ("bo", "31 00:00"),
    ]


def test_a_new_zone_moves_the_handoffs_to_come_and_no_other() -> None:
    after = as_schedule(planned(BEFORE, [wish(layer(ANA, BO, KIM, zone="Asia/Kathmandu"))], WEDNESDAY))
    found = shifts(after, NONE, datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 24, tzinfo=UTC))
    assert [shift.end.strftime("%d %H:%M") for shift in found] == ["09 09:00", "16 09:00", "23 03:15", "24 00:00"]


def test_a_dated_edit_takes_effect_at_its_date_but_never_within_a_shift_in_progress() -> None:
    wanted = [wish(layer(ANA, BO, KIM)), wish(layer(LEE, ANA), since=datetime(2026, 3, 25, 9, tzinfo=UTC))]
    after = planned(BEFORE, wanted, WEDNESDAY)
    assert after[-1].since == datetime(2026, 3, 25, 9, tzinfo=UTC)
    soon = [wanted[0], replace(wanted[1], since=datetime(2026, 3, 13, tzinfo=UTC))]
    assert planned(BEFORE, soon, WEDNESDAY)[-1].since == datetime(2026, 3, 16, 9, tzinfo=UTC)
    past = [wanted[0], replace(wanted[1], since=datetime(2026, 3, 3, tzinfo=UTC))]
    assert planned(BEFORE, past, WEDNESDAY)[-1].since == datetime(2026, 3, 16, 9, tzinfo=UTC)


def test_an_edit_that_waits_is_neither_moved_nor_kept_against_a_second_thought() -> None:
    wanted = [wish(layer(ANA, LEE))]
    waiting = planned(BEFORE, wanted, WEDNESDAY)
    assert planned(waiting, wanted, WEDNESDAY + timedelta(days=2)) == waiting
    assert planned(waiting, [wish(layer(ANA, BO, KIM))], WEDNESDAY + timedelta(days=2)) == BEFORE
    assert planned(waiting, wanted, WEDNESDAY + timedelta(days=9)) == waiting


def test_monthly_turns_on_the_31st_stay_on_the_last_day_after_an_edit() -> None:
    monthly = layer(ANA, BO, start=datetime.fromisoformat("2026-01-31T09:00"), unit=Unit.MONTH)
    before = planned((), [wish(monthly)], WEDNESDAY)
    after = as_schedule(
        planned(before, [wish(replace(monthly, rotation=replace(monthly.rotation, participants=(ANA, LEE, BO))))], WEDNESDAY)
    )
    found = shifts(after, NONE, datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))
    assert [shift.end.strftime("%m-%d %H") for shift in found] == ["03-31 09", "04-30 09", "05-31 09", "06-30 09", "07-01 00"]


def test_zone_data_that_moves_a_handoff_leaves_no_hole_before_it() -> None:
    """The epoch began at a moment; by newer zone data its first hand-off is an hour later."""
    late = Layer(Rotation("payments", "UTC", datetime.fromisoformat("2026-03-16T10:00"), (KIM, ANA)), is_continued=True)
    edited = Schedule("payments", "UTC", (*as_schedule(BEFORE).epochs, Epoch(datetime(2026, 3, 16, 9, tzinfo=UTC), (late,))))
    assert who(edited, NONE, datetime(2026, 3, 16, 9, 30, tzinfo=UTC)).people == ("kim",)
    assert gaps(edited, NONE, datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 4, 10, tzinfo=UTC)) == ()


zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu"])
group = st.sampled_from([ANA, BO, KIM, LEE, (), ("ana", "kim")])
rotations = st.builds(
    Rotation,
    id=st.sampled_from(["one", "two"]),
    zone=zones,
    start=st.datetimes(datetime(2025, 12, 1), datetime(2026, 4, 1)).map(lambda at: at.replace(second=0, microsecond=0)),  # noqa: DTZ001
    participants=st.lists(group, min_size=1, max_size=4).map(tuple),
    count=st.integers(1, 3),
    unit=st.sampled_from(Unit),
)
restriction = st.builds(
    Restriction,
    start=st.sampled_from([time(0), time(8), time(2, 30), time(20)]),
    end=st.sampled_from([time(0), time(8), time(2, 30), time(20)]),
    days=st.sampled_from([frozenset(range(7)), frozenset({5, 6}), frozenset({0, 2, 4})]),
)
layers = st.builds(WantedLayer, rotations, st.none(), st.lists(restriction, max_size=2).map(tuple), st.integers(0, 1), st.none())
wishes = st.builds(
    lambda found, combine: wish(*{one.rotation.id: one for one in found}.values(), combine=combine),
    st.lists(layers, min_size=1, max_size=2),
    st.sampled_from(Combine),
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 6, 1), timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=0))  # noqa: DTZ001


def people_and_times(found: tuple[Shift, ...]) -> list[tuple[datetime, datetime, str]]:
    return [(shift.start, shift.end, shift.person) for shift in found]


def hers(start: datetime, unit: Unit, *restrictions: Restriction) -> Wanted:
    """Ana alone, in this rhythm."""
    return wish(WantedLayer(Rotation("one", "UTC", start, (ANA,), 1, unit), None, restrictions))


MONTHLY, HOURLY = hers(datetime(2025, 12, 1, 0, 1), Unit.MONTH), hers(datetime(2025, 12, 1), Unit.HOUR)  # noqa: DTZ001
WEEKENDS = hers(datetime(2025, 12, 1), Unit.HOUR, Restriction(time(0), time(0), frozenset({5, 6})))  # noqa: DTZ001


@settings(max_examples=40, deadline=None)
@given(wishes, st.lists(st.tuples(wishes, st.none() | moments, moments), min_size=1, max_size=4))
@example(  # a shift that begins this very moment, since nobody is on call, is in progress too
    MONTHLY, [(WEEKENDS, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
              (HOURLY, datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 5, 4, tzinfo=UTC))],
)  # fmt: skip
def test_an_edit_never_changes_the_past_nor_a_shift_in_progress(
    first: Wanted, edits: list[tuple[Wanted, datetime | None, datetime]]
) -> None:
    long_ago = datetime(2025, 12, 1, tzinfo=UTC)
    held = planned((), [first], long_ago)
    wanted = [first]
    for edit, since, now in sorted(edits, key=lambda one: one[2]):
        wanted = [wanted[0], replace(edit, since=since)] if since else [edit]
        after = planned(held, wanted, now)
        running = [one for one in held if one.since <= now][-1]
        until = end_of_shifts(running.epoch, now)
        if not any(now < one.since < until for one in held):  # nothing was announced to come sooner
            before = people_and_times(shifts(as_schedule(held), NONE, long_ago, until))
            assert people_and_times(shifts(as_schedule(after), NONE, long_ago, until)) == before
        past = people_and_times(shifts(as_schedule(held), NONE, long_ago, now))
        assert people_and_times(shifts(as_schedule(after), NONE, long_ago, now)) == past
        assert [one.since for one in after] == sorted({one.since for one in after})
        assert planned(after, wanted, now) == after
        held = after
