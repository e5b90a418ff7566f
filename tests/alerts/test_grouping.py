"""A group of alerts is one incident: what each delivery changes, and that the second time it changes nothing."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alerts.grouping import Action, GroupIncident, KnownAlert, Plan, labels_of, plan, service_of, title_of
from bot.alerts.sources import AlertStatus, Signal, Webhook, alertmanager

PAYLOADS = Path(__file__).parent.parent / "data" / "alertmanager"
NOW = datetime(2026, 11, 22, 21, 41, tzinfo=UTC)
MIN = timedelta(minutes=1)
OPEN = GroupIncident(7, is_open=True)


def delivered(name: str) -> Webhook:
    return alertmanager(json.loads((PAYLOADS / f"alertmanager-{name}.json").read_text()))


FIRING, RESOLVED = delivered("single-firing"), delivered("single-resolved")


def recorded(known: list[KnownAlert], done: Plan, now: datetime = NOW) -> list[KnownAlert]:
    """What a service has on record once it carried a plan out."""
    alerts = {alert.fingerprint: alert for alert in known}
    for signal in (*done.new, *done.resolved, *done.unmatched):
        before = alerts.get(signal.fingerprint)
        started = (*(before.started if before else ()), *((now,) if signal.is_firing else ()))
        alerts[signal.fingerprint] = KnownAlert(signal.fingerprint, signal.status, started)
    return list(alerts.values())


@pytest.mark.parametrize(
    ("name", "title", "firing", "unmatched"),
    [
        ("single-firing", 'DiskAlmostFull: Disk /var/lib/"odd" ümläut on 127.0.0.1:19101 is almost full', 1, 0),
        ("single-firing-groupby-all", 'DiskAlmostFull: Disk /var/lib/"odd" ümläut on 127.0.0.1:19101 is almost full', 1, 0),
        ("grouped-firing-40", "QueueBacklog ×40 on queue", 40, 0),
        ("grouped-mixed-20firing-20resolved", "QueueBacklog ×20 on queue", 20, 20),
        ("truncated-firing-10-of-40", "QueueBacklog ×10+ on queue", 10, 0),
    ],
)
def test_a_group_is_one_incident_with_its_alerts_counted(name: str, title: str, firing: int, unmatched: int) -> None:
    found = plan(delivered(name), [], None, NOW)
    assert (found.action, found.title, found.firing, len(found.unmatched)) == (Action.OPEN, title, firing, unmatched)


@pytest.mark.parametrize("path", sorted(PAYLOADS.glob("*.json")), ids=lambda path: path.stem)
def test_the_same_delivery_again_changes_nothing(path: Path) -> None:
    webhook = alertmanager(json.loads(path.read_text()))
    first = plan(webhook, [], None, NOW)
    incident = OPEN if first.action is Action.OPEN else None
    second = plan(webhook, recorded([], first), incident, NOW + MIN)
    assert second.action is Action.NOTHING
    assert (second.new, second.resolved, second.unmatched) == ((), (), ())
    assert second.firing == first.firing


@pytest.mark.parametrize("name", ["single-resolved", "grouped-resolved-20"])
def test_resolved_without_a_firing_one_is_recorded_and_opens_nothing(name: str) -> None:
    found = plan(delivered(name), [], None, NOW)
    assert (found.action, found.new, found.resolved) == (Action.NOTHING, (), ())
    assert len(found.unmatched) == len(delivered(name).signals)


def test_what_was_left_out_is_said() -> None:
    (note,) = plan(delivered("truncated-firing-10-of-40"), [], None, NOW).notes
    assert note == "Alertmanager left 30 more alerts of this group out of its message, so the count here is a lower bound."


def test_more_alerts_of_the_group_join_its_open_incident() -> None:
    half = delivered("grouped-firing-40")
    first = plan(replace(half, signals=half.signals[:20]), [], None, NOW)
    found = plan(half, recorded([], first), OPEN, NOW)
    assert (found.action, found.incident, len(found.new), len(found.again), found.firing) == (Action.JOIN, 7, 20, 20, 40)


def test_the_last_resolved_alert_closes_only_what_nobody_has_touched() -> None:
    known = recorded([], plan(FIRING, [], None, NOW))
    assert plan(RESOLVED, known, OPEN, NOW).action is Action.RESOLVE
    assert plan(RESOLVED, known, replace(OPEN, touched=True), NOW).action is Action.TELL
    assert plan(RESOLVED, known, GroupIncident(7, is_open=False), NOW).action is Action.NOTHING


def test_while_one_still_fires_or_may_fire_nothing_is_resolved() -> None:
    all_firing = delivered("grouped-firing-40")
    known = recorded([], plan(all_firing, [], None, NOW))
    over = tuple(replace(one, status=AlertStatus.RESOLVED, ends_at=NOW) for one in all_firing.signals)
    assert plan(replace(all_firing, signals=over[:39]), known, OPEN, NOW).action is Action.NOTHING
    assert plan(replace(all_firing, signals=over, truncated=1), known, OPEN, NOW).action is Action.NOTHING
    assert plan(replace(all_firing, signals=over), known, OPEN, NOW).action is Action.RESOLVE


@pytest.mark.parametrize(
    ("ago", "action"),
    [(30 * MIN, Action.REOPEN), (30 * MIN + timedelta(seconds=1), Action.OPEN_LINKED), (timedelta(days=40), Action.OPEN_LINKED)],
)
def test_the_same_alert_soon_after_resolving_reopens_and_later_is_a_new_incident(ago: timedelta, action: Action) -> None:
    known = recorded([], plan(FIRING, [], None, NOW))
    known = recorded(known, plan(RESOLVED, known, OPEN, NOW))
    found = plan(FIRING, known, GroupIncident(7, is_open=False, resolved_at=NOW - ago), NOW)
    assert (found.action, found.incident) == (action, 7)


def test_an_alert_never_reopens_what_people_cancelled() -> None:
    known = [KnownAlert(FIRING.signals[0].fingerprint, AlertStatus.RESOLVED)]
    assert plan(FIRING, known, GroupIncident(7, is_open=False), NOW).action is Action.OPEN_LINKED


def test_a_repeat_after_people_resolved_it_is_only_said() -> None:
    known = recorded([], plan(FIRING, [], None, NOW))
    found = plan(FIRING, known, GroupIncident(7, is_open=False, resolved_at=NOW), NOW + 5 * MIN)
    assert found.action is Action.NOTHING
    assert found.notes == ("Alertmanager repeats that alerts of #7 still fire, though it is over.",)


def test_an_alert_that_starts_again_and_again_is_flapping() -> None:
    known, now = list[KnownAlert](), NOW
    said = []
    for _ in range(4):
        for webhook in (FIRING, RESOLVED):
            found = plan(webhook, known, replace(OPEN, touched=True), now)
            known, now = recorded(known, found, now), now + 5 * MIN
            said.append(found.flapping)
    assert said == [(), (), (), (), ("DiskAlmostFull",), (), ("DiskAlmostFull",), ()]
    assert plan(FIRING, known, OPEN, now + 60 * MIN).flapping == ()


def signal(name: str, service: str | None = None, label: str | None = None) -> Signal:
    return replace(FIRING.signals[0], name=name, service=service, severity_label=label, fingerprint=name)


def test_titles_of_mixed_groups() -> None:
    assert title_of([signal("A", "s"), signal("A", "s"), signal("B", "s")]) == "A ×2, B ×1 on s"
    assert title_of([signal("A"), signal("A"), signal("B"), signal("C")], truncated=2) == "A and 2+ other alerts"
    long = title_of([replace(signal("A"), summary="x" * 500 + "\nline")])
    assert len(long) == 150
    assert long.endswith("…")


def test_the_service_and_the_labels_of_a_group() -> None:
    group = [signal("A", "s", "critical"), signal("B", "t", "warning"), signal("C", "s", "critical"), signal("D")]
    assert service_of(group) == "s"
    assert labels_of(group) == ("critical", "warning")
    assert service_of([signal("A")]) is None


deliveries = st.lists(
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from(AlertStatus)), max_size=6).map(
        lambda pairs: replace(
            FIRING, signals=tuple(replace(FIRING.signals[0], fingerprint=str(number), status=status) for number, status in pairs)
        )
    ),
    max_size=8,
)


@given(deliveries)
def test_whatever_is_delivered_the_record_follows_the_last_word_on_each_alert(webhooks: list[Webhook]) -> None:
    known: list[KnownAlert] = []
    last: dict[str, AlertStatus] = {}
    for webhook in webhooks:
        found = plan(webhook, known, OPEN, NOW)
        sorted_into = [one.fingerprint for group in (found.new, found.again, found.resolved, found.unmatched) for one in group]
        last |= {one.fingerprint: one.status for one in webhook.signals}
        assert sorted(sorted_into) == sorted({one.fingerprint for one in webhook.signals})
        known = recorded(known, found)
        assert {alert.fingerprint: alert.status for alert in known} == last
        assert found.firing == sum(status is AlertStatus.FIRING for status in last.values())
        assert plan(webhook, known, OPEN, NOW).action is Action.NOTHING
