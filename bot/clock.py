"""Time, as a seam: the wall clock, a clock that tests move, and the sandbox's clock, which runs ahead of the wall."""

import zoneinfo
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time. Everything that decides by time is told it by one of these."""

    def now(self) -> datetime:
        """The current moment, aware, in UTC."""
        ...


class WallClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FakeClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, start: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def advance(self, step: timedelta) -> None:
        """Move forward by `step`; a clock never goes back."""
        if step < timedelta(0):
            raise ValueError("a clock never goes back")
        self._now += step

    def set_back(self, step: timedelta) -> None:
        """Let it be `step` earlier: what a machine's clock does when somebody, or a time server, sets it right."""
        self._now -= step


class ShiftedClock:
    """The wall clock plus an offset that only grows: the clock that the sandbox's bot obeys."""

    def __init__(self, offset: timedelta = timedelta(0)) -> None:
        self.offset = offset

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def advance(self, step: timedelta) -> None:
        """Move forward by `step`; a clock never goes back."""
        if step < timedelta(0):
            raise ValueError("a clock never goes back")
        self.offset += step


def pin_zones() -> None:
    """Take time zones from the pinned `tzdata` package, never from the machine: replicas must not differ about a hand-off."""
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()
