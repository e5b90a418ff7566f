"""How a group of alerts is called."""

import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alerts.grouping import TITLE_LENGTH, service_of, title_of
from bot.alerts.sources import Signal, alertmanager

PAYLOADS = Path(__file__).parents[1] / "data" / "alertmanager"


def delivered(name: str) -> tuple[Signal, ...]:
    return alertmanager(json.loads((PAYLOADS / f"alertmanager-{name}.json").read_text())).signals


DISK = delivered("single-firing")[0]


@pytest.mark.parametrize(
    ("signals", "truncated", "title"),
    [
        ((DISK,), 0, 'DiskAlmostFull: Disk /var/lib/"odd" ümläut on 127.0.0.1:19101 is almost full'),
        (delivered("grouped-firing-40"), 0, "QueueBacklog ×40 on queue"),
        (delivered("truncated-firing-10-of-40"), 30, "QueueBacklog ×10+ on queue"),
        ((*delivered("grouped-firing-40"), DISK), 0, "QueueBacklog ×40, DiskAlmostFull ×1 on queue"),
        (
            (DISK, dataclasses.replace(DISK, name="A"), dataclasses.replace(DISK, name="B")),
            0,
            "DiskAlmostFull and 2 other alerts on storage",
        ),
    ],
)
def test_a_title_says_what_and_how_many(signals: tuple[Signal, ...], truncated: int, title: str) -> None:
    assert title_of(signals, truncated) == title


def test_the_service_is_the_one_that_most_alerts_name() -> None:
    assert service_of((*delivered("grouped-firing-40"), DISK)) == "queue"
    assert service_of((dataclasses.replace(DISK, service=None),)) is None


@given(st.text(), st.text(), st.integers(1, 5))
def test_a_title_always_fits_on_one_line(name: str, summary: str, count: int) -> None:
    title = title_of([dataclasses.replace(DISK, name=name, summary=summary)] * count)

    assert len(title) <= TITLE_LENGTH
    assert "\n" not in title
