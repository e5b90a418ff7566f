"""When somebody is awake, and how a hand-off may move."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.handoffs.states import ALLOWED, SENTENCES, HandoffState
from bot.oncall.walltime import SLEEPS, WAKES, when_awake

SEOUL, LISBON = "Asia/Seoul", "Europe/Lisbon"


@pytest.mark.parametrize(
    ("at", "zone", "then"),
    [
        ("2026-03-02T09:00", SEOUL, "2026-03-02T09:00"),  # 18:00 there
        ("2026-03-02T13:00", SEOUL, "2026-03-02T23:00"),  # 22:00 there: next morning at eight
        ("2026-03-02T20:00", SEOUL, "2026-03-02T23:00"),  # 05:00 there: the same morning
        ("2026-03-28T23:00", LISBON, "2026-03-29T07:00"),  # over the night in which the clock is set forward
    ],
)
def test_nobody_is_nudged_at_night(at: str, zone: str, then: str) -> None:
    assert when_awake(datetime.fromisoformat(at + "+00:00"), zone) == datetime.fromisoformat(then + "+00:00")


@given(
    st.integers(0, 600_000_000).map(lambda seconds: datetime.fromtimestamp(1_420_070_400 + seconds, UTC)),
    st.sampled_from([SEOUL, LISBON, "Pacific/Apia", "Australia/Lord_Howe", "America/New_York"]),
)
def test_it_is_always_day_there_and_never_more_than_a_night_later(at: datetime, zone: str) -> None:
    then = when_awake(at, zone)
    assert WAKES <= then.astimezone(ZoneInfo(zone)).time() < SLEEPS
    assert 0 <= (then - at).total_seconds() <= 11 * 3600


def test_every_state_has_a_sentence_and_silence_can_still_be_broken() -> None:
    assert SENTENCES.keys() == ALLOWED.keys() == set(HandoffState)
    assert HandoffState.CONFIRMED in ALLOWED[HandoffState.SILENT]
    assert ALLOWED[HandoffState.VOID] == frozenset()
