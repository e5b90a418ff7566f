"""Rate limits of the Web API: per method and app by tier, and one message a second in each channel.

`commercial` is what an app gets that is sold outside Slack's marketplace: a history a minute, of 15 messages, everything else as usual.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

Mode = Literal["off", "realistic", "harsh", "commercial"]
MODES: tuple[Mode, ...] = get_args(Mode)

PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}
# Slack's tiers tolerate bursts and postMessage a short run of more than one a second; harsh leaves next to nothing of either.
BURST_SHARE = {"realistic": 1.0, "harsh": 0.1, "commercial": 1.0}
MESSAGE_BURST = {"realistic": 5, "harsh": 1, "commercial": 5}
HISTORY = ("conversations.history", "conversations.replies")
MOST_MESSAGES, MOST_MESSAGES_COMMERCIAL = 999, 15


@dataclass
class Bucket:
    level: float
    at: float


class RateLimits:
    """Token buckets, off at first. `now` is a clock in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.mode: Mode = "off"
        self._now = now
        self._buckets: dict[tuple[str, ...], Bucket] = {}

    def switch(self, mode: Mode) -> None:
        self.mode = mode
        self._buckets.clear()

    @property
    def most_messages(self) -> int:
        """How many messages of a history one call may have."""
        return MOST_MESSAGES_COMMERCIAL if self.mode == "commercial" else MOST_MESSAGES

    def wait(self, app_id: str, method: str, tier: int | None) -> int | None:
        """Count a call; the seconds to wait when it is one too many. No tier: not limited."""
        if self.mode == "off" or tier is None:
            return None
        per_minute = 1 if self.mode == "commercial" and method in HISTORY else PER_MINUTE[tier]
        size = max(1.0, per_minute * BURST_SHARE[self.mode])
        return self._take((app_id, method), size, per_minute / 60)

    def wait_to_post(self, app_id: str, channel: str) -> int | None:
        """Count a message to a channel; the seconds to wait when it is one too many."""
        if self.mode == "off":
            return None
        return self._take((app_id, "post", channel), MESSAGE_BURST[self.mode], 1.0)

    def _take(self, key: tuple[str, ...], size: float, per_second: float) -> int | None:
        now = self._now()
        bucket = self._buckets.setdefault(key, Bucket(size, now))
        bucket.level = min(size, bucket.level + (now - bucket.at) * per_second)
        bucket.at = now
        if bucket.level >= 1:
            bucket.level -= 1
            return None
        return max(1, math.ceil((1 - bucket.level) / per_second))
