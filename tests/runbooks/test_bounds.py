"""However alerts come, a rule asks once in an incident, never oftener than its bounds, and starts nothing where a person must look."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.runbooks.bounds import AN_HOUR, Bounds, Decision, Standing, Step, alone, decide

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BOUNDS = Bounds(is_automatic=True, most_per_hour=2, cool_down=timedelta(minutes=10), may_sev1=False)
FREE = Standing(severity=2)


@pytest.mark.parametrize(
    ("standing", "step", "why"),
    [
        (FREE, Step.RUN, ""),
        (replace(FREE, severity=1), Step.PROPOSE, "in a SEV1 it starts nothing by itself"),
        (replace(FREE, off="Kim switched all rules off"), Step.PROPOSE, "Kim switched all rules off"),
        (replace(FREE, asked_here=True), Step.NOTHING, ""),
        (replace(FREE, stopped="Kim stopped run 3 here"), Step.NOTHING, "Kim stopped run 3 here"),
        (replace(FREE, busy="run 3 is running"), Step.NOTHING, "run 3 is running"),
        (replace(FREE, asked=[NOW - timedelta(minutes=9)]), Step.NOTHING, "cools down until 09:01"),
        (replace(FREE, asked=[NOW - timedelta(minutes=10)]), Step.RUN, ""),
        (replace(FREE, asked=[NOW - timedelta(minutes=11), NOW - timedelta(minutes=59)]), Step.NOTHING, "2 times within the hour"),
        (replace(FREE, asked=[NOW - timedelta(minutes=11), NOW - timedelta(minutes=60)]), Step.RUN, ""),
    ],
)
def test_what_a_rule_may_do(standing: Standing, step: Step, why: str) -> None:
    found = decide(BOUNDS, standing, NOW)
    assert found.step is step
    assert why in found.why


def test_a_rule_that_proposes_never_runs_and_one_that_says_sev1_may() -> None:
    assert decide(replace(BOUNDS, is_automatic=False), FREE, NOW) == Decision(Step.PROPOSE)
    assert decide(replace(BOUNDS, may_sev1=True), replace(FREE, severity=1), NOW).step is Step.RUN


@given(
    st.lists(st.tuples(st.integers(0, 900), st.integers(1, 6), st.integers(1, 4)), max_size=60),
    st.integers(1, 4),
    st.integers(0, 40),
    st.booleans(),
)
def test_its_bounds_hold_whenever_alerts_come(alerts: list[tuple[int, int, int]], most: int, cool_down: int, is_automatic: bool) -> None:
    """Alerts as (seconds since the one before, incident, severity), all decided in turn as the database has them decided."""
    bounds = Bounds(is_automatic, most, timedelta(minutes=cool_down), may_sev1=False)
    now, asked = NOW, list[tuple[datetime, int]]()
    for passed, number, severity in alerts:
        now += timedelta(seconds=passed)
        standing = Standing(severity, asked=[at for at, _ in asked], asked_here=any(where == number for _, where in asked))
        step = (decision := decide(bounds, standing, now)).step
        if decision.again_at:
            assert step is Step.NOTHING and decision.again_at > now
            assert decide(bounds, standing, decision.again_at).again_at != decision.again_at, "it is over by then"
            assert decide(bounds, standing, decision.again_at - timedelta(microseconds=1)).step is Step.NOTHING
        assert step is not Step.RUN or (is_automatic and severity > 1)
        if step is not Step.NOTHING:
            asked.append((now, number))
    times = [at for at, _ in asked]
    assert len({number for _, number in asked}) == len(asked)
    assert all(later - earlier >= bounds.cool_down for earlier, later in pairwise(times))
    assert all(sum(at <= other < at + AN_HOUR for other in times) <= most for at in times)


@given(st.builds(Standing, st.integers(1, 4), off=st.sampled_from(["", "off"]), stopped=st.sampled_from(["", "stopped"])), st.booleans())
def test_what_may_be_decided_alone_may_still_be_prevented_right_before_it_starts(standing: Standing, may_sev1: bool) -> None:
    bounds = replace(BOUNDS, may_sev1=may_sev1)
    assert (decide(bounds, standing, NOW).step is Step.RUN) == (alone(bounds, standing) == "")
