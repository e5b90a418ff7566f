"""Keeping within Slack's budgets without asking it first: a message a second and channel, and each method's tier."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import timedelta

from bot.slack.outcomes import METHODS

SHORT_WAIT_S = 1.5
"""Up to here a call waits in its place; for longer it is put back, so that it holds up nothing else."""
MESSAGE_BURST = 3
"""Slack tolerates short bursts above one message a second in a channel."""
REMEMBERED = 1000


@dataclass
class Bucket:
    """A budget that fills up again: `size` calls at once, `per_second` on average."""

    size: float
    per_second: float
    left: float = field(init=False)
    at: float = field(init=False)

    def __post_init__(self) -> None:
        self.left, self.at = self.size, time.monotonic()

    def wait_s(self) -> float:
        """Seconds until the next call is within the budget; 0 now."""
        now = time.monotonic()
        self.left, self.at = min(self.size, self.left + (now - self.at) * self.per_second), now
        return max(0.0, (1 - self.left) / self.per_second)

    def take(self) -> None:
        """Spend one call, at once or in advance."""
        self.left -= 1


class Pace:
    """When the next call of a method, to a channel, may go out."""

    def __init__(self) -> None:
        self._methods: dict[str, Bucket] = {}
        self._channels: dict[str, Bucket] = {}

    async def turn(self, method: str, channel: str) -> timedelta | None:
        """Wait for this call's turn if it is near; otherwise return how long until then, and the call is not counted."""
        buckets = [bucket for bucket in (self._of_method(method), self._of_channel(method, channel)) if bucket is not None]
        wait = max((bucket.wait_s() for bucket in buckets), default=0.0)
        if wait > SHORT_WAIT_S:
            return timedelta(seconds=wait)
        for bucket in buckets:
            bucket.take()
        if wait > 0:
            await asyncio.sleep(wait)
        return None

    def _of_method(self, method: str) -> Bucket | None:
        known = METHODS.get(method)
        if known is None or known.per_minute is None:
            return None
        return self._methods.setdefault(method, Bucket(known.per_minute, known.per_minute / 60))

    def _of_channel(self, method: str, channel: str) -> Bucket | None:
        if method != "chat.postMessage" or not channel:
            return None
        if len(self._channels) > REMEMBERED:
            self._channels = {name: bucket for name, bucket in self._channels.items() if bucket.wait_s() > 0}
        return self._channels.setdefault(channel, Bucket(MESSAGE_BURST, 1.0))
