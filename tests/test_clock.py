"""Clocks tell aware UTC, and do not go back by themselves."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import Clock, FakeClock, ShiftedClock, WallClock


@pytest.mark.parametrize("clock", [WallClock(), FakeClock(), ShiftedClock()], ids=lambda clock: type(clock).__name__)
def test_every_clock_tells_aware_utc(clock: Clock) -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_the_fake_clock_moves_only_when_told() -> None:
    clock = FakeClock()
    before = clock.now()
    assert clock.now() == before
    clock.advance(timedelta(minutes=5))
    assert clock.now() - before == timedelta(minutes=5)


def test_the_fake_clock_can_be_set_back_as_a_machines_can() -> None:
    clock = FakeClock()
    before = clock.now()
    clock.set_back(timedelta(hours=1))
    assert before - clock.now() == timedelta(hours=1)


def test_the_shifted_clock_runs_on_with_the_wall() -> None:
    clock = ShiftedClock(timedelta(hours=1))
    clock.advance(timedelta(minutes=5))
    ahead = clock.now() - datetime.now(UTC)
    assert abs(ahead - timedelta(hours=1, minutes=5)) < timedelta(seconds=5)


@pytest.mark.parametrize("clock", [FakeClock(), ShiftedClock()], ids=lambda clock: type(clock).__name__)
def test_no_clock_goes_back(clock: FakeClock | ShiftedClock) -> None:
    with pytest.raises(ValueError, match="never goes back"):
        clock.advance(timedelta(seconds=-1))
