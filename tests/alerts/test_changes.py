"""What is new is told from what is repeated, whatever comes twice, late, or out of order."""

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.alerts.changes import Change, Known, change_of
from bot.alerts.sources import AlertStatus, Signal, alertmanager

PAYLOADS = Path(__file__).parents[1] / "data" / "alertmanager"
START = datetime(2026, 11, 22, 21, 40, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def signal(status: AlertStatus, starts_at: datetime = START, ends_at: datetime | None = None) -> Signal:
    """The real alert, with these times."""
    real = alertmanager(json.loads((PAYLOADS / "alertmanager-single-firing.json").read_text())).signals[0]
    return dataclasses.replace(real, status=status, starts_at=starts_at, ends_at=ends_at)


def known(status: AlertStatus, starts_at: datetime = START) -> Known:
    return Known(status, starts_at, None if status is AlertStatus.FIRING else starts_at + 5 * MINUTE, 1)


def test_the_first_firing_counts_and_its_copies_do_not() -> None:
    assert change_of(signal(AlertStatus.FIRING), None) is Change.FIRES
    assert change_of(signal(AlertStatus.FIRING), known(AlertStatus.FIRING)) is Change.NOTHING


def test_the_end_counts_once() -> None:
    assert change_of(signal(AlertStatus.RESOLVED), known(AlertStatus.FIRING)) is Change.STOPS
    assert change_of(signal(AlertStatus.RESOLVED), known(AlertStatus.RESOLVED)) is Change.NOTHING


def test_an_alert_that_is_back_fires_again_even_with_its_old_start() -> None:
    assert change_of(signal(AlertStatus.FIRING), known(AlertStatus.RESOLVED)) is Change.FIRES
    assert change_of(signal(AlertStatus.FIRING, START + 9 * MINUTE), known(AlertStatus.RESOLVED)) is Change.FIRES


def test_old_copies_from_before_the_last_beginning_change_nothing() -> None:
    newer = START + 9 * MINUTE
    assert change_of(signal(AlertStatus.FIRING), known(AlertStatus.RESOLVED, newer)) is Change.NOTHING
    assert change_of(signal(AlertStatus.RESOLVED), known(AlertStatus.FIRING, newer)) is Change.NOTHING


def test_an_end_that_was_never_seen_to_begin_is_recorded() -> None:
    assert change_of(signal(AlertStatus.RESOLVED), None) is Change.STOPS


@given(st.sampled_from(AlertStatus), st.integers(-60, 60), st.one_of(st.none(), st.sampled_from(AlertStatus)))
def test_the_same_signal_always_changes_nothing_the_second_time(status: AlertStatus, minutes: int, before: AlertStatus | None) -> None:
    heard = signal(status, START + minutes * MINUTE)
    first = change_of(heard, known(before) if before else None)
    after = Known(heard.status, heard.starts_at, heard.ends_at, 1) if first is not Change.NOTHING else known(before) if before else None

    assert change_of(heard, after) is Change.NOTHING
