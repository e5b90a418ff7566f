"""Alertmanager's webhooks as a real one sent them, and everything malformed that may arrive instead."""

import copy
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alerts.sources import AlertStatus, Webhook, alertmanager
from bot.errors import InvalidInput

PAYLOADS = Path(__file__).parent.parent / "data" / "alertmanager"


def payload(name: str) -> dict[str, object]:
    loaded = json.loads((PAYLOADS / f"alertmanager-{name}.json").read_text())
    assert isinstance(loaded, dict)
    return loaded


def counted(webhook: Webhook) -> tuple[int, int, int]:
    firing = sum(signal.is_firing for signal in webhook.signals)
    return firing, len(webhook.signals) - firing, webhook.truncated


@pytest.mark.parametrize(
    ("name", "firing", "resolved", "truncated"),
    [
        ("single-firing", 1, 0, 0),
        ("single-firing-groupby-all", 1, 0, 0),
        ("single-resolved", 0, 1, 0),
        ("grouped-firing-40", 40, 0, 0),
        ("grouped-mixed-20firing-20resolved", 20, 20, 0),
        ("grouped-resolved-20", 0, 20, 0),
        ("truncated-firing-10-of-40", 10, 0, 30),
    ],
)
def test_each_alerts_own_status_counts(name: str, firing: int, resolved: int, truncated: int) -> None:
    webhook = alertmanager(payload(name))
    assert counted(webhook) == (firing, resolved, truncated)
    assert len({signal.fingerprint for signal in webhook.signals}) == firing + resolved
    assert all((signal.ends_at is None) is signal.is_firing for signal in webhook.signals)


def test_what_is_read_of_one_alert() -> None:
    webhook = alertmanager(payload("single-firing"))
    (disk,) = webhook.signals
    assert (webhook.receiver, webhook.external_url) == ("single", "http://vm:19193")
    assert webhook.group_key == '{}/{alertname="DiskAlmostFull"}:{alertname="DiskAlmostFull"}'
    assert (disk.fingerprint, disk.name, disk.service, disk.severity_label) == ("41be63938acb4fa9", "DiskAlmostFull", "storage", "critical")
    assert disk.title == 'DiskAlmostFull: Disk /var/lib/"odd" ümläut on 127.0.0.1:19101 is almost full'
    assert disk.starts_at == datetime(2026, 11, 22, 21, 40, 4, 568_000, tzinfo=UTC)
    assert disk.runbook_url == "https://runbooks.example.invalid/disk"


def test_the_same_bytes_give_the_same_value() -> None:
    assert alertmanager(payload("grouped-firing-40")) == alertmanager(payload("grouped-firing-40"))


def changed(**fields: object) -> dict[str, object]:
    return payload("single-firing") | fields


def with_alert(**fields: object) -> dict[str, object]:
    body = copy.deepcopy(payload("single-firing"))
    alerts = body["alerts"]
    assert isinstance(alerts, list)
    alerts[0] |= fields
    return body


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (None, "must be a JSON object"),
        ([], "must be a JSON object, not a list"),
        ("firing", "must be a JSON object, not 'firing'"),
        ({}, '"version"'),
        (changed(version="3"), '"version"'),
        (changed(version=4), '"version"'),
        (changed(groupKey=""), '"groupKey"'),
        (changed(groupKey=7), '"groupKey"'),
        (changed(alerts={}), '"alerts" must be a list, not an object'),
        (changed(alerts=["x"]), "Alert 1 must be a JSON object"),
        (changed(truncatedAlerts=-1), '"truncatedAlerts"'),
        (changed(truncatedAlerts=True), '"truncatedAlerts"'),
        (changed(groupLabels=[]), '"groupLabels"'),
        (with_alert(status="maybe"), '"status" of alert 1'),
        (with_alert(status=None), '"status" of alert 1'),
        (with_alert(labels={"a": 1}), "The value of 'a' in \"labels\" of alert 1 must be a text"),
        (with_alert(labels={}), "Alert 1 has no labels"),
        (with_alert(annotations="x"), '"annotations" of alert 1'),
        (with_alert(startsAt=None), '"startsAt" of alert 1 is missing'),
        (with_alert(startsAt="yesterday"), '"startsAt" of alert 1'),
        (with_alert(startsAt="2026-11-22T21:40:04"), "with its zone"),
        (with_alert(startsAt=1700000000), '"startsAt" of alert 1'),
        (with_alert(endsAt="9999-12-31T23:59:59-23:59"), '"endsAt" of alert 1'),
        (with_alert(generatorURL=[]), '"generatorURL" of alert 1'),
    ],
)
def test_what_is_malformed_is_refused_with_a_sentence(body: object, sentence: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        alertmanager(body)
    assert sentence in str(refused.value)
    assert str(refused.value).endswith(".")


def test_what_other_versions_leave_out_is_no_reason_to_lose_an_alert() -> None:
    body = payload("single-firing")
    del body["truncatedAlerts"], body["externalURL"], body["groupLabels"]
    alerts = body["alerts"]
    assert isinstance(alerts, list)
    for field in ("fingerprint", "annotations", "endsAt", "generatorURL"):
        del alerts[0][field]
    del alerts[0]["labels"]["alertname"]
    (signal,) = alertmanager(body).signals
    assert signal.title == "Unnamed alert"
    assert signal.fingerprint == alertmanager(body).signals[0].fingerprint != ""


@pytest.mark.parametrize("text", ["2026-11-22T21:40:04Z", "2026-11-22T22:40:04.000000000+01:00", "2026-11-22T21:40:04.0Z"])
def test_times_are_utc_however_they_are_written(text: str) -> None:
    assert alertmanager(with_alert(startsAt=text)).signals[0].starts_at == datetime(2026, 11, 22, 21, 40, 4, tzinfo=UTC)


def test_labels_of_one_s_own_name_the_service_and_the_severity() -> None:
    body = with_alert(labels={"app": "checkout", "prio": "P1"})
    (signal,) = alertmanager(body, service_label="app", severity_label="prio").signals
    assert (signal.service, signal.severity_label) == ("checkout", "P1")


def test_what_no_database_stores_is_replaced() -> None:
    (signal,) = alertmanager(with_alert(labels={"a\0": "b\ud800\0"}, annotations={"summary": "line\r\nline"})).signals
    assert signal.labels == {"a�": "b?�"}
    assert signal.summary == "line line"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
bodies = st.one_of(
    json_values,
    st.builds(changed, alerts=json_values, version=st.just("4")),
    st.sampled_from(["status", "labels", "annotations", "startsAt", "endsAt", "fingerprint", "generatorURL"]).flatmap(
        lambda field: json_values.map(lambda value: with_alert(**{field: value}))
    ),
    st.sampled_from(["groupKey", "receiver", "truncatedAlerts", "groupLabels", "externalURL"]).flatmap(
        lambda field: json_values.map(lambda value: changed(**{field: value}))
    ),
)


@given(bodies)
def test_whatever_arrives_is_parsed_or_refused(body: object) -> None:
    try:
        webhook = alertmanager(body)
    except InvalidInput:
        return
    assert all(signal.status in AlertStatus and signal.fingerprint and signal.title for signal in webhook.signals)
    repr(webhook).encode()
