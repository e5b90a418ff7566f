"""Flapping: an alert that fires and stops again and again. Once that is known it pages a last time, saying so, until it has been quiet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Flaps:
    """How often an alert has fired, and since when."""

    times: int
    since: datetime

    def sentence(self, now: datetime) -> str:
        """`flapping: 6 times in 20 min`."""
        return f"flapping: {self.times} times in {max(1, round((now - self.since) / timedelta(minutes=1)))} min"


def flaps(fired_at: Sequence[datetime], after: int, within: timedelta, now: datetime) -> Flaps | None:
    """Whether an alert that fired at these moments flaps: `after` times `within` this time. 0: no alert is ever called so."""
    lately = [moment for moment in fired_at if moment > now - within]
    return Flaps(len(lately), min(lately)) if after and len(lately) >= after else None


def is_quiet(last_change: datetime, quiet_for: timedelta, now: datetime) -> bool:
    """Whether what flapped has been quiet for long enough to believe it."""
    return now - last_change >= quiet_for
