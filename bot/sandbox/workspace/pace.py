"""How long Slack waits. One value, so that a test of an expiry need not wait for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """Seconds: for an app's answer, between the tries of an event, the life of a trigger and of a response_url, and between pings."""

    answer_s: float = 3.0
    retries_s: tuple[float, ...] = (0.0, 60.0, 300.0)
    trigger_s: float = 3.0
    response_url_s: float = 1800.0
    response_url_uses: int = 5
    ping_s: float = 10.0
