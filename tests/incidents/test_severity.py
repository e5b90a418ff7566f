"""The decision table: every row, both sides of every boundary, the seed's incidents, and what must always hold."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import InvalidInput
from bot.incidents.severity import (
    ComponentStatus,
    Decision,
    Observation,
    Origin,
    Severity,
    SeverityPolicy,
    WordRule,
    decide,
)

SEV1, SEV2, SEV3, SEV4 = Severity
MIN = timedelta(minutes=1)


def seen(**values: object) -> Observation:
    return Observation(**values)  # type: ignore[arg-type]


def alert(**values: object) -> Observation:
    return seen(origin=Origin.ALERT, **values)


SEED_2023 = [
    pytest.param(seen(tier=0, users_affected_percent=30), SEV2, id="Mar 15: 30 % sync failures"),
    pytest.param(alert(tier=1, slo_page=True, alert_label="page"), SEV2, id="Jun 22: API gateway errors"),
    pytest.param(seen(tier=0, region_down=True), SEV1, id="Sep 8: West Coast outage"),
    pytest.param(seen(tier=1, component_status=ComponentStatus.DEGRADED), SEV3, id="Nov 14: slow file downloads"),
]


@pytest.mark.parametrize(("observed", "expected"), SEED_2023)
def test_the_seeds_incidents_of_2023(observed: Observation, expected: Severity) -> None:
    decision = decide(observed)
    assert decision.severity is expected
    assert decision.confirmed
    assert decision.rule


def test_slow_downloads_are_sev3_by_any_road() -> None:
    for observed in (
        seen(tier=2),
        alert(tier=2, slo_page=True),
        alert(tier=1, slo_ticket=True),
        seen(tier=0, core_function_unusable=True, workaround=True),
    ):
        assert decide(observed).severity is SEV3


ROWS = [
    # data and security
    (seen(data_exposed=True), SEV1),
    (seen(data_loss_confirmed=True), SEV1),
    (seen(tier=3, data_exposed=True, users_affected_percent=0.01), SEV1),
    # half of the users
    (seen(tier=0, users_affected_percent=50), SEV1),
    (seen(tier=1, users_affected_percent=50), SEV1),
    (seen(tier=2, users_affected_percent=50), SEV2),
    (seen(tier=1, users_affected_percent=49.9), SEV2),
    # success
    (seen(tier=1, success_percent=49.9, success_low_for=2 * MIN), SEV1),
    (seen(tier=0, success_percent=50, success_low_for=2 * MIN), SEV2),
    (alert(tier=0, success_percent=49.9, success_low_for=2 * MIN - timedelta(seconds=1)), SEV3),
    (alert(tier=0, success_percent=10), SEV3),
    # region
    (seen(tier=0, region_down=True), SEV1),
    (alert(tier=1, region_down=True), SEV3),
    # burn
    (alert(tier=0, burn_5m=100, burn_1h=14.4), SEV1),
    (alert(tier=0, burn_5m=99.9, burn_1h=14.4), SEV3),
    (alert(tier=0, burn_5m=100, burn_1h=14.3), SEV3),
    (alert(tier=1, burn_5m=1000, burn_1h=1000), SEV3),
    # a tenth of the users
    (seen(tier=3, users_affected_percent=10), SEV2),
    (seen(tier=0, users_affected_percent=9.9), SEV3),
    # SLO
    (alert(tier=0, slo_page=True), SEV2),
    (alert(tier=1, slo_page=True), SEV2),
    (alert(tier=2, slo_page=True), SEV3),
    (alert(tier=3, slo_page=True), SEV4),
    (alert(tier=1, slo_ticket=True), SEV3),
    (alert(tier=2, slo_ticket=True), SEV4),
    # core function
    (seen(core_function_unusable=True, workaround=False), SEV2),
    (seen(core_function_unusable=True), SEV2),
    (seen(core_function_unusable=True, workaround=True), SEV3),
    # reports
    (seen(customer_reports_15m=10, reports_improbable=True), SEV2),
    (seen(customer_reports_15m=9, reports_improbable=True), SEV3),
    (seen(customer_reports_15m=500, reports_improbable=False), SEV3),
    # redundancy
    (alert(tier=0, redundancy_lost=True), SEV2),
    (alert(tier=1, redundancy_lost=True), SEV3),
    # one in a hundred
    (seen(tier=0, users_affected_percent=1), SEV3),
    (seen(tier=0, users_affected_percent=0.99), SEV4),
    (seen(tier=0, users_affected_percent=0), SEV4),
    # canary
    (alert(tier=3, canary_reached_customers=True), SEV3),
    # the small ones
    (alert(tier=0, anomaly=True), SEV4),
    (alert(tier=0, single_host=True), SEV4),
    (seen(tier=3), SEV4),
    (alert(tier=0, anomaly=True, slo_page=True), SEV2),
    # labels
    (alert(tier=1, alert_label="critical"), SEV2),
    (alert(tier=0, alert_label="page"), SEV2),
    (alert(tier=2, alert_label="critical"), SEV3),
    (alert(alert_label="page"), SEV3),
    (alert(tier=0, alert_label=" Warning "), SEV4),
    (alert(tier=0, alert_label="warning", users_affected_percent=60), SEV1),
    # the form's component and status
    (seen(tier=1, component_status=ComponentStatus.MAJOR), SEV2),
    (seen(tier=1, component_status=ComponentStatus.PARTIAL), SEV2),
    (seen(tier=0, component_status=ComponentStatus.DEGRADED), SEV3),
    (seen(tier=2, component_status=ComponentStatus.MAJOR), SEV3),
    # nothing known
    (seen(tier=0), SEV2),
    (seen(tier=1), SEV2),
    (seen(tier=2), SEV3),
    (seen(), SEV3),
    (alert(tier=0), SEV3),
    (alert(), SEV3),
]


@pytest.mark.parametrize(("observed", "expected"), ROWS)
def test_every_row_and_both_sides_of_its_boundary(observed: Observation, expected: Severity) -> None:
    decision = decide(observed)
    assert decision.severity is expected, decision.reason
    assert decision.opens_incident


def test_the_decision_names_its_rule_and_values() -> None:
    decision = decide(seen(tier=0, users_affected_percent=62))
    assert decision.reason == "at least 50 % of users of a tier-0/1 service (62 % of users, tier 0)"


@pytest.mark.parametrize("observed", [seen(), seen(tier=0), seen(tier=2), alert()])
def test_with_nothing_known_the_decision_waits_for_a_person(observed: Observation) -> None:
    assert not decide(observed).confirmed
    assert "unconfirmed" in decide(observed).reason


@pytest.mark.parametrize("label", ["info", "INFO", "none"])
def test_an_info_alert_is_recorded_and_opens_nothing(label: str) -> None:
    assert not decide(alert(tier=3, alert_label=label)).opens_incident


def test_an_info_alert_with_measured_harm_is_an_incident() -> None:
    decision = decide(alert(tier=0, alert_label="info", users_affected_percent=12))
    assert decision.severity is SEV2
    assert decision.opens_incident


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        (seen(tier=0, users_affected_percent=60), SEV1),
        (seen(tier=0, region_down=True), SEV1),
        (seen(data_exposed=True), SEV1),
        (seen(data_loss_confirmed=True), SEV1),
        (alert(tier=0, slo_page=True), SEV2),
        (alert(tier=0, burn_5m=120, burn_1h=20), SEV1),
        (seen(tier=0, core_function_unusable=True), SEV3),
        (seen(tier=0), SEV3),
        (seen(tier=1, component_status=ComponentStatus.MAJOR), SEV3),
        (alert(tier=1, alert_label="critical"), SEV3),
        (alert(alert_label="critical"), SEV4),
        (alert(alert_label="warning"), SEV4),
    ],
)
def test_a_workaround_lowers_by_one_but_never_what_was_measured(observed: Observation, expected: Severity) -> None:
    assert decide(replace(observed, workaround=True)).severity is expected


def test_a_typed_severity_stands_and_the_table_only_suggests() -> None:
    decision = decide(seen(typed=SEV3, tier=0, users_affected_percent=60))
    assert decision == Decision(SEV3, "as typed", suggests=SEV1)
    assert decide(seen(typed=SEV1)).suggests is None


def test_every_number_can_be_configured() -> None:
    policy = SeverityPolicy(sev2_users_percent=25, sev1_success_for=5 * MIN, labels=(WordRule(("P0",), SEV1),))
    assert decide(seen(tier=0, users_affected_percent=20), policy).severity is SEV3
    assert decide(alert(tier=0, success_percent=1, success_low_for=4 * MIN), policy).severity is SEV3
    assert decide(alert(alert_label="p0"), policy).severity is SEV1
    assert "25 %" in decide(seen(users_affected_percent=26), policy).rule
    hourly = SeverityPolicy(sev2_customer_reports=30, sev2_customer_reports_within=60 * MIN)
    assert "30 customer reports in 60 min" in decide(seen(customer_reports_15m=30), hourly).rule


@pytest.mark.parametrize(
    "wrong", [{"users_affected_percent": 101}, {"success_percent": float("nan")}, {"burn_5m": float("nan")}, {"burn_1h": -1}]
)
def test_impossible_measurements_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidInput):
        seen(**wrong)


maybe = st.none() | st.booleans()
percent = st.none() | st.sampled_from([0.0, 0.5, 1.0, 9.0, 10.0, 49.0, 50.0, 100.0])
burn = st.none() | st.sampled_from([0.0, 14.3, 14.4, 99.0, 100.0])
observations = st.builds(
    Observation,
    origin=st.sampled_from(Origin),
    tier=st.none() | st.integers(0, 4),
    data_exposed=maybe,
    data_loss_confirmed=maybe,
    users_affected_percent=percent,
    success_percent=percent,
    success_low_for=st.none() | st.sampled_from([MIN, 2 * MIN, 9 * MIN]),
    region_down=maybe,
    burn_5m=burn,
    burn_1h=burn,
    slo_page=maybe,
    slo_ticket=maybe,
    core_function_unusable=maybe,
    workaround=maybe,
    customer_reports_15m=st.none() | st.integers(0, 20),
    reports_improbable=maybe,
    redundancy_lost=maybe,
    canary_reached_customers=maybe,
    anomaly=maybe,
    single_host=maybe,
    component_status=st.none() | st.sampled_from(ComponentStatus),
    alert_label=st.none() | st.sampled_from(["critical", "page", "warning", "info", "odd"]),
)


@given(observations)
def test_every_observation_gets_a_severity_with_a_rule(observed: Observation) -> None:
    decision = decide(observed)
    assert decision.rule
    assert decision.opens_incident or decision.severity is SEV4


@given(observations)
def test_exposed_or_lost_data_is_always_sev1(observed: Observation) -> None:
    assert decide(replace(observed, data_exposed=True)).severity is SEV1
    assert decide(replace(observed, data_loss_confirmed=True)).severity is SEV1


@given(observations, st.sampled_from([one.name for one in fields(Observation) if one.name not in {"origin", "typed", "tier"}]))
def test_a_false_answer_never_makes_it_more_severe_than_an_unknown_one(observed: Observation, name: str) -> None:
    """Unknown inputs never lower: learning that the worst is not so may lower, not learning it may not."""
    if getattr(observed, name) is False:
        unknown = decide(replace(observed, **{name: None}))
        assert unknown.severity <= decide(observed).severity


@given(observations)
def test_an_unknown_workaround_counts_as_none(observed: Observation) -> None:
    without, unknown = decide(replace(observed, workaround=False)), decide(replace(observed, workaround=None))
    assert unknown.severity is without.severity
    assert unknown.severity <= decide(replace(observed, workaround=True)).severity


@given(observations.filter(lambda one: one.alert_label is None and one.component_status is None), st.integers(0, 4))
def test_an_unknown_tier_never_lowers_what_was_measured(observed: Observation, tier: int) -> None:
    unknown = decide(replace(observed, tier=None))
    if "impact unknown" not in unknown.values:
        assert unknown.severity <= decide(replace(observed, tier=tier)).severity
