"""Medians with exact intervals, and half-lives with what is still open: known values, and what always holds."""

from datetime import timedelta
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.learning.estimates import Change, Lifetime, Median, compared, half_life, interval_rank, median

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
spans = st.integers(0, 10_000).map(lambda number: number * MINUTE)


def minutes(*numbers: int) -> list[timedelta]:
    return [number * MINUTE for number in numbers]


@pytest.mark.parametrize(
    ("n", "rank"), [(0, 0), (1, 0), (5, 0), (6, 1), (8, 1), (9, 2), (10, 2), (15, 4), (20, 6), (25, 8), (50, 18), (100, 40)]
)
def test_the_interval_is_between_the_values_that_the_tables_of_the_sign_test_name(n: int, rank: int) -> None:
    assert interval_rank(n) == rank


@given(st.integers(6, 400))
def test_the_interval_is_sure_enough_and_no_wider_than_that_takes(n: int) -> None:
    rank = interval_rank(n)
    sure = 1 - 2 * sum(comb(n, k) for k in range(rank)) / 2**n
    surer = 1 - 2 * sum(comb(n, k) for k in range(rank + 1)) / 2**n
    assert sure >= 0.95 > surer


def test_a_median_of_few_has_no_interval() -> None:
    assert median([]) == Median()
    assert median(minutes(7)) == Median(1, 7 * MINUTE)
    assert median(minutes(9, 1, 4, 2)) == Median(4, 3 * MINUTE)
    assert median(minutes(5, 1, 4, 2, 3)).low is None
    assert median(minutes(6, 5, 1, 4, 2, 3)) == Median(6, timedelta(minutes=3, seconds=30), 1 * MINUTE, 6 * MINUTE)
    assert median(minutes(*range(1, 21))) == Median(20, timedelta(minutes=10, seconds=30), 6 * MINUTE, 15 * MINUTE)


@given(st.lists(spans, min_size=1, max_size=60), st.randoms(use_true_random=False), st.integers(2, 9))
def test_a_median_lies_in_its_interval_whatever_the_order_and_the_unit(values: list[timedelta], random: st.DataObject, factor: int) -> None:
    found = median(values)
    assert found.middle is not None
    assert sum(value <= found.middle for value in values) * 2 >= len(values) <= sum(value >= found.middle for value in values) * 2
    if found.low is not None and found.high is not None:
        assert found.low <= found.middle <= found.high and {found.low, found.high} <= set(values)
    random.shuffle(values)  # type: ignore[attr-defined]
    assert median(values) == found
    larger = median(value * factor for value in values)
    assert larger.middle == found.middle * factor and larger.n == found.n


def test_a_change_is_claimed_only_where_the_intervals_lie_apart() -> None:
    fast, slow = median(minutes(*range(1, 9))), median(minutes(*range(101, 109)))
    assert (compared(fast, slow), compared(slow, fast)) == (Change.SHORTER, Change.LONGER)
    assert compared(fast, median(minutes(*range(5, 13)))) is Change.UNCLEAR
    assert compared(median(minutes(1, 1, 1, 1, 1)), slow) is Change.FEW
    assert compared(fast, Median()) is Change.FEW


@given(st.lists(spans, max_size=30), st.lists(spans, max_size=30))
def test_nothing_is_claimed_of_few_and_a_claim_is_the_same_from_both_sides(one: list[timedelta], other: list[timedelta]) -> None:
    there, back = compared(median(one), median(other)), compared(median(other), median(one))
    assert (there is Change.FEW) == (min(len(one), len(other)) < 6)
    opposite = {Change.SHORTER: Change.LONGER, Change.LONGER: Change.SHORTER}
    assert back is opposite.get(there, there)


def lives(*days: int, still_open: tuple[int, ...] = ()) -> list[Lifetime]:
    return [*(Lifetime(day * DAY, True) for day in days), *(Lifetime(day * DAY, False) for day in still_open)]


def test_the_half_life_of_what_is_all_done_is_when_half_of_it_was() -> None:
    assert half_life(lives(1, 2, 3, 4)) == 2 * DAY
    assert half_life(lives(5, 1, 3)) == 3 * DAY
    assert half_life([]) is None


def test_what_is_still_open_counts_for_as_long_as_it_was_open() -> None:
    # 6-MP against placebo (Freireich 1963), as in every textbook of survival: the medians are 23 and 8 weeks
    treated = lives(6, 6, 6, 7, 10, 13, 16, 22, 23, still_open=(6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35))
    placebo = lives(1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)
    assert (half_life(treated), half_life(placebo)) == (23 * DAY, 8 * DAY)
    assert half_life(lives(1, still_open=(30, 30, 30))) is None, "less than half is done"
    assert half_life(lives(1, 2, still_open=(1,))) == 2 * DAY, "to leave out the open one would say a day"


@given(st.lists(st.integers(0, 50), max_size=20), st.lists(st.integers(0, 50), max_size=20))
def test_open_ones_never_make_the_half_life_shorter(done: list[int], still_open: list[int]) -> None:
    with_open = half_life(lives(*done, still_open=tuple(still_open)))
    if with_open is not None:
        without = half_life(lives(*done))
        assert without is not None and without <= with_open
        assert with_open in {day * DAY for day in done}
