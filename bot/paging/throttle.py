"""Throttling: when a message to one person by one method may go out, and whether at all. Values in, values out, told the time.

Three things hold a message back. The *sender's limit* (a number sends one text a second): what waits goes by urgency, and the first page
of an incident does not wait. A *storm* on one phone: after a few messages within a minute the rest is told together, a few seconds later.
A *cap*: of what is not urgent a person gets so many messages an hour, and the rest is counted instead of sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.paging.policy import URGENT

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LONGEST_DEBT = timedelta(seconds=30)
"""What does not wait for its turn is paid for afterwards, but nobody else waits longer than this for it."""
GRACE = timedelta(seconds=2)
"""So long a free turn is kept for the more urgent; then anybody takes it, since theirs may be in the hands of a process that died."""
AHEAD = timedelta(seconds=10)
"""What was sent, or is owed, further ahead than this is of a time before the clock was set back, and counts for nothing."""
WAITS_FOR_STORM = "waits a few seconds, to be told together with others"
WAITS_FOR_SENDER = "waits for its turn: its sender may only send so many a second"
WAITING = frozenset({WAITS_FOR_STORM, WAITS_FOR_SENDER})
OVER_CAP = "held back by the cap of messages in an hour"


@dataclass(frozen=True)
class Sent:
    """A message that went out to the same person by the same method: when, and the severity of the gravest page in it."""

    at: datetime
    severity: int


@dataclass(frozen=True)
class Bounds:
    """What one person is told by one method at most. `most_per_hour` None: no cap; `together_after` 0: nothing waits for others."""

    together_after: int
    together_every: timedelta
    most_per_hour: int | None


@dataclass(frozen=True)
class Go:
    """Now."""


@dataclass(frozen=True)
class Wait:
    """Not before `until`."""

    until: datetime
    why: str


@dataclass(frozen=True)
class HoldBack:
    """Not at all."""

    why: str


def decide(severity: int, sent: Sequence[Sent], bounds: Bounds, now: datetime) -> Go | Wait | HoldBack:
    """Whether a page of this severity may be told a person by one method now, after what they were `sent` by it in the last hour.

    A cap never touches SEV1 and SEV2. A storm only counts what is at least as severe: a SEV1 does not wait behind a heap of SEV3.
    """
    if bounds.most_per_hour is not None and severity > URGENT and is_capped(bounds.most_per_hour, [one.at for one in sent], now):
        return HoldBack(OVER_CAP)
    as_severe = [one.at for one in sent if one.severity <= severity and now - MINUTE < one.at < now + AHEAD]
    if bounds.together_after and len(as_severe) >= bounds.together_after:
        until = max(as_severe) + bounds.together_every
        if until > now:
            return Wait(until, WAITS_FOR_STORM)
    return Go()


def is_capped(most: int, sent: Sequence[datetime], now: datetime) -> bool:
    """Whether so many were sent within the last hour that one more is too many."""
    return sum(now - HOUR < at < now + AHEAD for at in sent) >= most


def owed(free_at: datetime, interval: timedelta, now: datetime) -> datetime:
    """When a limited sender is free, by what was written down; at once, if that lies further ahead than it can owe."""
    return now if free_at > now + max(LONGEST_DEBT, interval) + AHEAD else free_at


def turn(rank: int, free_at: datetime, interval: timedelta, now: datetime) -> datetime | None:
    """When to ask a limited sender again; None when the turn is ours. `rank`: how many people's messages are more urgent than ours;
    `free_at`: since when the sender could have taken the first of them."""
    if free_at > now:
        return free_at + rank * interval
    if rank == 0 or now - free_at > GRACE:
        return None
    return now + rank * interval


def after_sending(free_at: datetime, interval: timedelta, now: datetime) -> datetime:
    """When a sender is free again after one more message."""
    return min(max(free_at, now) + interval, now + max(LONGEST_DEBT, interval))
