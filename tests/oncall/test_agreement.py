"""Random schedules over eight weeks: `who`, the list of shifts, the iCal feed and a rehearsed page never disagree."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import icalendar
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.config.models import Config
from bot.oncall.definition import (
    BEGINNING,
    Combine,
    Epoch,
    Layer,
    Op,
    Override,
    Overrides,
    Restriction,
    Schedule,
    Shift,
    Swap,
    SwapState,
    TemporarySchedule,
    TemporaryShift,
)
from bot.oncall.feed import Event, feed
from bot.oncall.roster import Board, Roster
from bot.oncall.rotation import Rotation, Unit
from bot.oncall.schedule import gaps, next_change, shifts, who
from bot.paging.rehearsal import Moment, Question, Rehearsal
from bot.paging.simulate import Told

START = datetime(2026, 9, 28, tzinfo=UTC)  # the clocks change in these weeks, north and south
WEEKS = timedelta(weeks=8)
END = START + WEEKS
SECOND = timedelta(seconds=1)
PEOPLE = ("ana", "bo", "kim", "lee", "max")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Chatham", "Africa/Casablanca")
Interval = tuple[datetime, datetime, str]
CONFIG = Config.model_validate(
    {
        "people": {name: {"name": name.title(), "slack": f"U0{name.upper()}"} for name in PEOPLE},
        "services": {"shop": {"name": "Shop"}},
        "rotations": {"r": {"start": "2026-01-05 09:00", "participants": ["ana"]}},
        "schedules": {"s": {"layers": [{"rotation": "r"}]}},
        "policies": {"sev1": {"steps": [{"after": "0", "targets": ["schedule:s"]}]}},
    }
)

person = st.sampled_from(PEOPLE)
groups = st.lists(st.lists(person, max_size=2, unique=True).map(tuple), min_size=1, max_size=5).map(tuple)
quarters = st.integers(0, 95).map(lambda number: time(number // 4, number % 4 * 15))
restrictions = st.builds(
    Restriction,
    start=quarters,
    end=quarters,
    days=st.frozensets(st.integers(0, 6), min_size=1),
    month_days=st.just(frozenset()) | st.frozensets(st.integers(1, 31), min_size=1, max_size=20),
)
lengths = st.sampled_from([(Unit.HOUR, 5), (Unit.HOUR, 12), (Unit.DAY, 1), (Unit.DAY, 3), (Unit.WEEK, 1), (Unit.WEEK, 2), (Unit.MONTH, 1)])


@st.composite
def layer(draw: st.DrawFn) -> Layer:
    unit, count = draw(lengths)
    start = datetime.fromisoformat("2026-08-01T00:00") + timedelta(minutes=15 * draw(st.integers(0, 80 * 96)))
    rotation = Rotation(draw(st.sampled_from(["r1", "r2"])), draw(st.sampled_from(ZONES)), start, draw(groups), count, unit)
    zone = draw(st.none() | st.sampled_from(ZONES))
    return Layer(rotation, tuple(draw(st.lists(restrictions, max_size=2))), draw(st.integers(0, 1)), draw(st.booleans()), zone)


moments = st.integers(-7 * 96, 63 * 96).map(lambda number: START + timedelta(minutes=15 * number))
spans = st.tuples(moments, st.integers(1, 10 * 96)).map(lambda pair: (pair[0], pair[0] + timedelta(minutes=15 * pair[1])))


@st.composite
def overriding(draw: st.DrawFn) -> Override:
    (start, end), op = draw(spans), draw(st.sampled_from(Op))
    other = draw(person) if op in (Op.REPLACE, Op.REMOVE) else None
    someone = None if op is Op.REMOVE else draw(person) if op is not Op.REPLACE_ALL else draw(st.none() | person)
    return Override(op, start, end, someone, other, by="ana", priority=draw(st.integers(0, 1)))


@st.composite
def swapping(draw: st.DrawFn) -> Swap:
    there, back = draw(spans), draw(st.none() | spans)
    state = draw(st.sampled_from(SwapState))
    return Swap(draw(person), *there, state, taker=draw(person), return_start=back and back[0], return_end=back and back[1])


@st.composite
def temporary(draw: st.DrawFn) -> TemporarySchedule:
    start, end = draw(spans)
    inside = [TemporaryShift(draw(person), *draw(spans)) for _ in range(draw(st.integers(0, 3)))]
    return TemporarySchedule(start, end, tuple(inside))


@st.composite
def boards(draw: st.DrawFn) -> Board:
    dates = sorted({BEGINNING, *draw(st.lists(moments, max_size=2))})
    epochs = tuple(Epoch(date, tuple(draw(st.lists(layer(), max_size=3))), draw(st.sampled_from(Combine))) for date in dates)
    swaps = [override for swap in draw(st.lists(swapping(), max_size=2)) for override in swap.overrides()]
    changes = Overrides((*draw(st.lists(overriding(), max_size=3)), *swaps), tuple(draw(st.lists(temporary(), max_size=1))))
    return Board(Schedule("s", draw(st.sampled_from(ZONES)), epochs), changes)


def on_call(intervals: list[Interval], at: datetime) -> set[str]:
    return {name for start, end, name in intervals if start <= at < end}


def as_intervals(found: tuple[Shift, ...]) -> list[Interval]:
    return [(shift.start, shift.end, shift.person) for shift in found]


def through_a_calendar(found: tuple[Shift, ...]) -> list[Interval]:
    """The shifts as a calendar program reads them from the feed."""
    events = [Event(f"{number}@tocsin", shift.start, shift.end, shift.person) for number, shift in enumerate(found)]
    read = icalendar.Calendar.from_ical(feed("s", events, START)).walk("VEVENT")
    return [(event.start.astimezone(UTC), event.end.astimezone(UTC), str(event["SUMMARY"])) for event in read]


def asked_at(intervals: list[Interval], extra: list[datetime]) -> Iterator[datetime]:
    """Around the hand-offs, the first and last above all, and at moments of no meaning."""
    edges = sorted({edge for start, end, _ in intervals for edge in (start, end)})
    for edge in [*edges[:25], *edges[-10:]]:
        yield from (moment for moment in (edge - SECOND, edge, edge + SECOND) if START <= moment < END)
    yield from extra


def never_disagree(board: Board, extra: list[datetime]) -> None:
    definition, overrides = board.definition, board.overrides
    listed = shifts(definition, overrides, START, END)
    intervals, read = as_intervals(listed), through_a_calendar(listed)
    assert read == intervals
    holes = gaps(definition, overrides, START, END)
    rehearsal = Rehearsal(CONFIG, Roster(CONFIG, {"s": board}))
    for number, at in enumerate(asked_at(intervals, extra)):
        found = who(definition, overrides, at)
        people = set(found.people)
        assert people == on_call(intervals, at), at
        assert len(people) == len(found.people)
        assert bool(people) != any(start <= at < end for start, end in holes), at
        assert found.until is None or found.until > at
        if found.until is not None and found.until < END:
            assert on_call(intervals, found.until - SECOND) == people, at
        if number % 5 == 0:
            told = rehearsal.happenings(Question("shop", "1", Moment(at, UTC)))
            assert {one.person for one in told if isinstance(one, Told) and one.step == 0} == people, at
    # What is listed in two parts is what is listed in one, and a shift ends where the next change is.
    middle = extra[0]
    halves = [*as_intervals(shifts(definition, overrides, START, middle)), *as_intervals(shifts(definition, overrides, middle, END))]
    assert all(on_call(halves, at) == on_call(intervals, at) for at in extra)
    change = next_change(definition, overrides, middle, within=END - middle)
    before = on_call(intervals, middle)
    if change is not None and change < END:
        assert on_call(intervals, change) != before == on_call(intervals, change - SECOND)


def everything(examples: int, is_sample: bool) -> None:
    @settings(max_examples=examples, deadline=None, derandomize=is_sample, database=None, suppress_health_check=list(HealthCheck))
    @given(boards(), st.lists(st.integers(0, int(WEEKS.total_seconds()) - 1), min_size=5, max_size=5, unique=True))
    def agree(board: Board, seconds: list[int]) -> None:
        never_disagree(board, [START + timedelta(seconds=number) for number in seconds])

    agree()


def test_who_shifts_feed_and_rehearsal_agree() -> None:
    everything(60, is_sample=True)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(20))
def test_who_shifts_feed_and_rehearsal_agree_about_ten_thousand_schedules(part: int) -> None:
    everything(500, is_sample=False)
