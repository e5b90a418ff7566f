"""A channel as a person scrolls through it: one stretch at a time, replies left in their threads."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from bot.sandbox.workspace.model import Channel, Message


@dataclass(frozen=True)
class Stretch:
    """Messages in their order, and whether there are others before and after them."""

    messages: list[Message]
    older: bool
    newer: bool


def stretch(channel: Channel, viewer: str | None, limit: int, before: str = "", since: str = "", around: str = "") -> Stretch:
    """The last `limit` messages; those before a ts; those from a ts on; or those around a ts, half of them on either side."""
    seen = top_level(channel, viewer)
    times = [message.ts for message in seen]
    start, end = max(0, len(seen) - limit), len(seen)
    if before:
        end = bisect_left(times, before)
        start = max(0, end - limit)
    elif since:
        start = bisect_left(times, since)
        end = min(len(seen), start + limit)
    elif around:
        end = min(len(seen), bisect_right(times, around) + limit // 2)
        start = max(0, end - limit)
    return Stretch(seen[start:end], older=start > 0, newer=end < len(seen))


def top_level(channel: Channel, viewer: str | None) -> list[Message]:
    """What stands in the channel itself, oldest first, with what only this viewer sees."""
    shown = [message for message in channel.messages.values() if not message.is_reply or message.broadcast]
    own = [m for m in channel.ephemerals.values() if viewer is not None and m.hidden_to_all_but == viewer and not m.thread_ts]
    return sorted([*shown, *own], key=lambda message: message.ts)
