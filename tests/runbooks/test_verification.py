"""Whether a run helped is said by comparing with how things stood before it, and never by one answer alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config.runbooks import Verification
from bot.runbooks.checks import filled
from bot.runbooks.verification import (
    Reading,
    Verdict,
    Watch,
    is_worse,
    is_worse_so_far,
    judged,
    noted,
    read,
    sentence,
    verdict,
    written,
)

GOOD, BAD, DARK = Reading(True, "200"), Reading(False, "500"), Reading(False, "Prometheus does not answer", is_known=False)
READINGS = st.builds(Reading, st.booleans(), st.just("?"), st.none() | st.floats(allow_nan=False), st.booleans())


def watched(before: Reading | None, *readings: Reading, less_is_better: bool = True) -> Watch:
    watch = Watch(before=before)
    for reading in readings:
        watch = noted(watch, reading, less_is_better=less_is_better)
    return watch


def value(number: float, below: float = 1) -> Reading:
    return judged((number,), below, None)


@pytest.mark.parametrize(
    ("before", "since", "expected"),
    [
        (BAD, [GOOD, GOOD, GOOD], Verdict.RECOVERED),
        (None, [GOOD, GOOD, GOOD], Verdict.RECOVERED),
        (GOOD, [GOOD, GOOD, GOOD], Verdict.WELL),
        (BAD, [GOOD, GOOD, BAD], Verdict.NOT_RECOVERED),
        (BAD, [BAD, BAD, BAD], Verdict.NOT_RECOVERED),
        (GOOD, [BAD, BAD, BAD], Verdict.WORSE),
        (GOOD, [BAD, GOOD, BAD], Verdict.NOT_RECOVERED),  # one bad answer is as little as one good one
        (DARK, [BAD, BAD, BAD], Verdict.NOT_RECOVERED),
        (GOOD, [DARK, DARK, DARK], Verdict.UNKNOWN),
        (GOOD, [], Verdict.UNKNOWN),
        (value(5), [value(9), value(9), value(9)], Verdict.WORSE),
        (value(5), [value(5.4), value(5.4), value(5.4)], Verdict.NOT_RECOVERED),  # noise
        (value(5), [value(2), value(2), value(2)], Verdict.NOT_RECOVERED),  # better, not good
        (value(float("inf")), [value(9)] * 3, Verdict.NOT_RECOVERED),
    ],
)
def test_what_it_showed_by_the_end(before: Reading | None, since: list[Reading], expected: Verdict) -> None:
    watch = watched(before, *since)
    assert verdict(watch, 3, is_over=True) == expected
    assert sentence(expected, watch)


def test_until_its_time_is_over_only_recovery_is_certain() -> None:
    assert verdict(watched(BAD, GOOD, GOOD), 3, is_over=False) is None
    assert verdict(watched(BAD, GOOD, GOOD, GOOD), 3, is_over=False) == Verdict.RECOVERED
    worse = watched(GOOD, BAD, BAD, BAD)
    assert verdict(worse, 3, is_over=False) is None
    assert is_worse_so_far(worse, 3)


def test_where_more_is_better_less_is_worse() -> None:
    before, now = judged((50,), None, 90), judged((20,), None, 90)
    assert is_worse(before, now, less_is_better=False)
    assert not is_worse(now, before, less_is_better=False)


def test_of_several_series_the_worst_counts_and_none_is_no_answer() -> None:
    assert judged((0.1, 3), 1, None) == Reading(False, "3 (good: below 1)", 3)
    assert judged((95, 80), None, 90).value == 80
    assert not judged((), 1, None).is_known


@given(READINGS | st.none(), st.lists(READINGS, max_size=8), st.integers(1, 4))
def test_a_row_keeps_everything_and_a_verdict_comes_always_by_the_end(before: Reading | None, since: list[Reading], times: int) -> None:
    watch = watched(before, *since)
    assert read(written(watch)) == watch
    assert verdict(watch, times, is_over=True) is not None
    assert not (watch.good and watch.worse)


def test_parameters_stand_in_a_query_as_text_that_no_quotation_mark_ends() -> None:
    query = 'rate(errors{region="$region",path=~"/pay$"}[1m]) > $limit + $nobody'
    told = filled(query, {"region": 'eu"} or vector(0) #\\', "limit": 3})
    assert told == 'rate(errors{region="eu\\"} or vector(0) #\\\\",path=~"/pay$"}[1m]) > 3 + $nobody'


def test_a_verification_says_what_it_looks_at() -> None:
    assert Verification(query="up", above=0.5, shows="hosts that are up").name == "hosts that are up"
    assert Verification(url="https://shop.example.com/").name == "https://shop.example.com/"
