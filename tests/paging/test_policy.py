"""Escalation: the ladders, their minutes, what an outage of ours collapses, and when nobody is left."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import values
from bot.config.escalation import DEFAULT_POLICIES
from bot.errors import InvalidInput
from bot.incidents.severity import Severity
from bot.paging.ladders import configured
from bot.paging.policy import (
    FOR_EVER,
    KINDS,
    PLACES,
    ROLES,
    EscalationPolicy,
    Exhausted,
    PageNow,
    Step,
    Wait,
    escalate_now,
    has_told,
    ladder,
    lateness,
    next_step,
    ways,
)

START = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
MIN = timedelta(minutes=1)


def test_configuration_and_the_ladder_know_the_same_targets() -> None:
    assert set(values.ROLES) == ROLES
    assert set(values.NAMED_TARGETS) == KINDS
    assert set(PLACES) < KINDS


@pytest.mark.parametrize(
    ("targets", "reached", "told"),
    [
        (("primary",), ("ana",), True),
        (("primary",), (), False),
        (("channel:sre",), ("channel:sre",), True),
        (("channel:sre", "webhook:x"), ("webhook:x",), True),
        (("channel:sre",), (), False),
        (("primary", "channel:sre"), ("channel:sre",), False),
        (("primary", "channel:sre"), ("ana", "channel:sre"), True),
    ],
)
def test_a_channel_beside_people_does_not_stand_in_for_them(targets: tuple[str, ...], reached: tuple[str, ...], told: bool) -> None:
    assert has_told(targets, reached) is told


def played(policy: EscalationPolicy, minutes: int) -> list[tuple[int, tuple[str, ...]]]:
    """Whom an unanswered escalation pages, looking every minute."""
    pages, taken = [], 0
    for minute in range(minutes + 1):
        decision = next_step(policy, taken, START, START + minute * MIN)
        if isinstance(decision, PageNow):
            pages.append((minute, decision.targets))
            taken = decision.taken
    return pages


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        (Severity.SEV1, [(0, ("primary",)), (3, ("secondary",)), (8, ("manager", "expert")), (15, ("executive",))]),
        (Severity.SEV2, [(0, ("primary",)), (5, ("secondary",)), (15, ("manager", "expert")), (30, ("executive",))]),
        (Severity.SEV3, [(0, ("primary",)), (30, ("primary",)), (60, ("secondary",))]),
        (Severity.SEV4, []),
    ],
)
def test_each_severity_climbs_its_ladder_to_the_minute(severity: Severity, expected: list[tuple[int, tuple[str, ...]]]) -> None:
    assert played(configured(DEFAULT_POLICIES[severity.name.lower()]), 200) == expected


SEV2 = configured(DEFAULT_POLICIES["sev2"])


def test_between_two_steps_it_waits_for_the_next_ones_time() -> None:
    assert next_step(SEV2, 1, START, START + 4 * MIN) == Wait(START + 5 * MIN)


def test_the_last_step_has_its_time_before_nobody_has_answered() -> None:
    assert next_step(SEV2, 4, START, START + 31 * MIN) == Wait(START + 35 * MIN)
    assert next_step(SEV2, 4, START, START + 35 * MIN) == Exhausted()


def test_a_policy_without_steps_is_exhausted_at_once() -> None:
    assert next_step(EscalationPolicy("nobody"), 0, START, START) == Exhausted()
    assert next_step(EscalationPolicy("nobody", repeats=FOR_EVER), 0, START, START) == Exhausted()


def test_after_an_outage_of_ours_only_the_newest_step_is_paged_and_says_how_late() -> None:
    decision = next_step(SEV2, 1, START, START + 20 * MIN)
    assert decision == PageNow(2, ("manager", "expert"), due=START + 15 * MIN, skipped=1, late=5 * MIN)
    assert lateness(42 * MIN + timedelta(seconds=59)) == "late by 42 min"
    assert lateness(timedelta(seconds=59)) == ""


def test_a_repeating_policy_begins_again_after_the_last_step_had_its_time() -> None:
    twice = EscalationPolicy("twice", (Step(0 * MIN, ("primary",)), Step(10 * MIN, ("secondary",))), repeats=1, last_wait=5 * MIN)
    assert [minute for minute, _ in played(twice, 100)] == [0, 10, 15, 25]
    assert next_step(twice, 4, START, START + 30 * MIN) == Exhausted()


def test_a_policy_without_end_goes_on_for_days() -> None:
    endless = EscalationPolicy("endless", (Step(0 * MIN, ("primary",)),), repeats=FOR_EVER, last_wait=60 * MIN)
    decision = next_step(endless, 1, START, START + timedelta(days=3, minutes=7))
    assert decision == PageNow(72, ("primary",), due=START + timedelta(days=3), skipped=71, late=7 * MIN)


def test_escalating_by_hand_takes_the_next_step_now_and_keeps_the_distances() -> None:
    now = START + 2 * MIN
    decision, started_at = escalate_now(SEV2, 1, START, now)
    assert decision == PageNow(1, ("secondary",), due=now)
    assert next_step(SEV2, 2, started_at, now) == Wait(now + 10 * MIN)
    assert escalate_now(SEV2, 4, START, now)[0] == Exhausted()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: ladder("p", [(5, ("primary",)), (5, ("secondary",))]),
        lambda: ladder("p", [(5, ("primary",)), (0, ("secondary",))]),
        lambda: ladder("p", [(-1, ("primary",))]),
        lambda: ladder("p", [(0, ("ana",))]),
        lambda: ladder("p", [(0, ("person:",))]),
        lambda: ladder("p", [], repeats=-2),
        lambda: EscalationPolicy("p", repeats=1, last_wait=timedelta(0)),
    ],
)
def test_a_policy_that_cannot_work_is_refused(wrong: type) -> None:
    with pytest.raises(InvalidInput, match="p"):
        wrong()


@st.composite
def policies(draw: st.DrawFn) -> EscalationPolicy:
    minutes = sorted(draw(st.sets(st.integers(0, 90), max_size=5)))
    repeats = draw(st.integers(FOR_EVER, 3))
    last_wait = draw(st.integers(1, 30)) * MIN
    return EscalationPolicy("any", tuple(Step(minute * MIN, (f"person:p{minute}",)) for minute in minutes), repeats, last_wait)


@given(policies(), st.lists(st.integers(0, 200), max_size=30))
def test_whenever_we_look_no_step_is_early_and_none_is_taken_twice(policy: EscalationPolicy, gaps: list[int]) -> None:
    now, taken = START, 0
    for gap in gaps:
        now += gap * MIN
        decision = next_step(policy, taken, START, now)
        if isinstance(decision, PageNow):
            assert decision.number >= taken
            assert decision.due <= now
            assert decision.late == now - decision.due
            assert decision.skipped == decision.number - taken
            taken = decision.taken
            assert not isinstance(next_step(policy, taken, START, now), PageNow)
        elif isinstance(decision, Wait):
            assert decision.until > now
        else:
            assert policy.total is not None
            assert taken == policy.total


@given(policies().filter(lambda policy: policy.total is not None))
def test_a_finite_policy_always_comes_to_its_end(policy: EscalationPolicy) -> None:
    taken, now, paged = 0, START, []
    while not isinstance(decision := next_step(policy, taken, START, now), Exhausted):
        if isinstance(decision, PageNow):
            paged.append(decision.targets)
            taken = decision.taken
        else:
            now = decision.until
    assert paged == [step.targets for step in policy.steps] * (policy.repeats + 1)


def test_what_a_person_has_stopped_makes_way_for_the_next_method_and_what_they_never_had_moves_all_up() -> None:
    minutes = [timedelta(minutes=minute) for minute in (0, 2, 10)]
    urgent = [("slack", minutes[0]), ("sms", minutes[0]), ("email", minutes[0]), ("voice", minutes[1])]
    everything = ("slack", "sms", "email", "voice")
    assert ways(urgent, everything) == dict(urgent)
    assert ways(urgent, everything, ("sms",)) == {"slack": minutes[0], "email": minutes[0], "voice": minutes[0]}
    assert ways(urgent, ("voice",)) == {"voice": minutes[0]}
    assert ways([("sms", minutes[0]), ("voice", minutes[2])], ("sms", "voice"), ("sms",)) == {"voice": minutes[0]}
    assert ways([("slack", minutes[0]), ("sms", minutes[2])], ("slack", "sms"), ("sms",)) == {"slack": minutes[0]}
    assert ways(urgent, ("sms",), ("sms",)) == {}
