"""The life of an incident: legal moves, undo, milestones and durations."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidInput, InvalidTransition
from bot.incidents.lifecycle import (
    ALLOWED,
    SENTENCES,
    Durations,
    IncidentState,
    Milestone,
    MilestoneKind,
    after_mitigated,
    after_reopen,
    can_undo,
    durations,
    humane,
    is_open,
    is_worked_on,
    state_named,
    undo,
)
from bot.states import move

S = IncidentState
START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
MIN = timedelta(minutes=1)

LEGAL = {
    (S.TRIAGE, S.INVESTIGATING),
    (S.TRIAGE, S.CANCELLED),
    (S.TRIAGE, S.MERGED),
    *((a, b) for a in (S.INVESTIGATING, S.MITIGATING, S.MONITORING) for b in (S.INVESTIGATING, S.MITIGATING, S.MONITORING) if a is not b),
    *((a, b) for a in (S.INVESTIGATING, S.MITIGATING, S.MONITORING) for b in (S.RESOLVED, S.CANCELLED, S.MERGED)),
    (S.RESOLVED, S.CLOSED),
    (S.RESOLVED, S.INVESTIGATING),
    (S.CLOSED, S.INVESTIGATING),
    (S.CANCELLED, S.INVESTIGATING),
}


@pytest.mark.parametrize("current", S)
@pytest.mark.parametrize("wanted", S)
def test_a_move_is_legal_exactly_where_the_product_says_so(current: IncidentState, wanted: IncidentState) -> None:
    if (current, wanted) in LEGAL:
        assert move(ALLOWED, current, wanted) is wanted
    else:
        with pytest.raises(InvalidTransition):
            move(ALLOWED, current, wanted)


@given(st.lists(st.sampled_from(S)))
def test_however_people_click_nothing_leaves_merged_and_nobody_returns_to_triage(wishes: list[IncidentState]) -> None:
    path = [S.TRIAGE]
    for wish in wishes:
        try:
            path.append(move(ALLOWED, path[-1], wish))
        except InvalidTransition:
            continue
    assert S.TRIAGE not in path[1:]
    assert S.MERGED not in path[:-1]
    assert all(before is S.RESOLVED for before, after in pairwise(path) if after is S.CLOSED)


def test_every_state_has_its_sentence() -> None:
    assert set(SENTENCES) == set(S) == set(ALLOWED)


def test_predicates() -> None:
    assert [state for state in S if is_open(state)] == [S.TRIAGE, S.INVESTIGATING, S.MITIGATING, S.MONITORING]
    assert not is_worked_on(S.TRIAGE)
    assert state_named(" Monitoring ") is S.MONITORING
    assert state_named("page is down") is None


def test_mitigated_moves_to_monitoring_and_may_be_said_twice() -> None:
    assert after_mitigated(S.INVESTIGATING) is S.MONITORING
    assert after_mitigated(S.MONITORING) is S.MONITORING
    for state in (S.TRIAGE, S.RESOLVED, S.MERGED):
        with pytest.raises(InvalidTransition):
            after_mitigated(state)


def test_only_what_is_over_can_be_reopened() -> None:
    assert after_reopen(S.CLOSED) is S.INVESTIGATING
    for state in (S.MITIGATING, S.TRIAGE, S.MERGED):
        with pytest.raises(InvalidTransition):
            after_reopen(state)


def test_a_resolve_can_be_undone_for_five_minutes() -> None:
    assert undo(S.RESOLVED, S.MONITORING, START, START + 5 * MIN) is S.MONITORING
    assert undo(S.CANCELLED, S.TRIAGE, START, START + MIN) is S.TRIAGE
    with pytest.raises(InvalidTransition, match="Reopen it instead"):
        undo(S.RESOLVED, S.MONITORING, START, START + 5 * MIN + timedelta(seconds=1))
    for state in (S.CLOSED, S.MERGED, S.MONITORING):
        with pytest.raises(InvalidTransition):
            undo(state, S.MONITORING, START, START)
    assert can_undo(START, START + 5 * MIN)


def at(kind: MilestoneKind, minutes: float, recorded: float | None = None) -> Milestone:
    return Milestone(kind, START + minutes * MIN, START + (minutes if recorded is None else recorded) * MIN)


K = MilestoneKind
USUAL = [
    at(K.IMPACT_STARTED, 0, recorded=40),
    at(K.DETECTED, 3),
    at(K.DECLARED, 5),
    at(K.PAGED, 5),
    at(K.PAGED, 10),
    at(K.ACKNOWLEDGED, 11),
    at(K.ACKNOWLEDGED, 12),
    at(K.MITIGATED, 60),
    at(K.RESOLVED, 126),
]


def test_the_four_durations() -> None:
    assert durations(USUAL) == Durations(mttd=3 * MIN, mtta=6 * MIN, mttm=60 * MIN, mttr=126 * MIN)


def test_the_last_resolve_counts() -> None:
    assert durations([*USUAL, at(K.RESOLVED, 3064)]).mttr == 3064 * MIN


def test_a_reopened_incident_has_not_been_resolved_yet() -> None:
    reopened = START + 200 * MIN
    assert durations(USUAL, reopened).mttr is None
    assert durations([*USUAL, at(K.RESOLVED, 300)], reopened).mttr == 300 * MIN


def test_a_corrected_start_of_impact_replaces_the_first_guess() -> None:
    assert durations([*USUAL, at(K.IMPACT_STARTED, -30, recorded=500)]).mttr == 156 * MIN


def test_without_a_known_start_resolution_counts_from_detection() -> None:
    known = durations([one for one in USUAL if one.kind is not K.IMPACT_STARTED])
    assert (known.mttd, known.mttr) == (None, 123 * MIN)


def test_contradictions_and_gaps_have_no_duration() -> None:
    assert durations([]) == Durations()
    assert durations([at(K.PAGED, 5), at(K.ACKNOWLEDGED, 4)]).mtta is None


milestones = st.builds(at, st.sampled_from(K), st.integers(-10_000, 10_000), st.none() | st.integers(-10_000, 10_000))


@given(st.lists(milestones), st.randoms())
def test_durations_are_never_negative_and_do_not_depend_on_the_order_of_rows(rows: list[Milestone], random: object) -> None:
    shuffled = sorted(rows, key=lambda _: random.random())  # type: ignore[attr-defined]
    found = durations(rows)
    assert found == durations(shuffled)
    assert all(one is None or one >= timedelta(0) for one in (found.mttd, found.mtta, found.mttm, found.mttr))


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=59, milliseconds=999), "59 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(seconds=90), "1 min 30 s"),
        (timedelta(seconds=605), "10 min"),
        (timedelta(minutes=45), "45 min"),
        (timedelta(minutes=126), "2 h 06 min"),
        (timedelta(hours=3.5), "3 h 30 min"),
        (timedelta(hours=23, minutes=59, seconds=59), "23 h 59 min"),
        (timedelta(hours=24), "1 d 0 h 00 min"),
        (timedelta(hours=51, minutes=4), "2 d 3 h 04 min"),
        (timedelta(days=400), "400 d 0 h 00 min"),
    ],
)
def test_durations_read_well_beyond_a_day(span: timedelta, text: str) -> None:
    assert humane(span) == text


def test_a_negative_duration_is_refused() -> None:
    with pytest.raises(InvalidInput):
        humane(timedelta(seconds=-1))


UNITS = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}


@given(st.integers(0, 10**8))
def test_the_text_of_a_duration_is_off_by_less_than_its_smallest_unit(seconds: int) -> None:
    words = humane(timedelta(seconds=seconds)).split()
    total = sum(int(number) * UNITS[unit] for number, unit in zip(words[::2], words[1::2], strict=True))
    assert 0 <= seconds - total < 60
