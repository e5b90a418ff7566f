"""How well the automatic timeline agrees with the one that people wrote: `python -m bench.timeline FILE`, one line a channel.

FILE is JSON: channel name → `messages` (`at`, `user`, `text`, `bot`) and `gold_timeline` (`at`, `text`). An entry that people wrote is
covered when a message within two minutes of it is kept; entries near which nobody said anything are not counted.
"""

import json
import sys
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bench.table import Row
from bot.postmortems.selection import Message, select

CHANNELS = Path("tests/data/timelines/slack-channels-with-human-timeline.json")
NEAR_S = 120.0


@dataclass(frozen=True)
class Agreement:
    """Of the entries that could be covered, how many are; of the messages, how many are kept."""

    channel: str
    covered: int
    coverable: int
    kept: int
    messages: int

    @property
    def recall(self) -> float:
        """The share of people's entries that is covered."""
        return self.covered / self.coverable if self.coverable else 1.0

    @property
    def share(self) -> float:
        """The share of messages that is kept."""
        return self.kept / self.messages if self.messages else 0.0

    def line(self) -> str:
        """As it is printed."""
        return (
            f"{self.channel}  recall {self.recall:.2f}  kept {self.share:.2f}  "
            f"({self.covered} of {self.coverable} entries, {self.kept} of {self.messages} messages)"
        )


async def measure(_: Path) -> list[Row]:
    """T1, for `make bench`: the channels that come with the tests."""
    found = read(CHANNELS)
    recalls, shares = [one.recall for one in found], [one.share for one in found]
    return [
        Row("T1", "people's entries covered, worst channel", f"{min(recalls):.2f}", "", min(recalls), spread(recalls), 0.7, 0.8, True),
        Row("T1", "messages kept for it, worst channel", f"{max(shares):.2f}", "", max(shares), spread(shares), 0.45, 0.45),
    ]


def spread(values: Sequence[float]) -> str:
    """The least and the most."""
    return f"{min(values):.2f} to {max(values):.2f}"


def read(file: Path) -> list[Agreement]:
    """Every channel of a file."""
    return [agreement(name, channel["messages"], channel["gold_timeline"]) for name, channel in json.loads(file.read_text()).items()]


def agreement(name: str, raw: Sequence[dict[str, object]], gold: Sequence[dict[str, object]]) -> Agreement:
    """How the selection of a channel agrees with people's own timeline of it."""
    said = sorted((as_said(message) for message in raw), key=lambda message: message.at)
    kept = sorted(said[place].at for place in select(said).kept)
    times, wanted = [message.at for message in said], [seconds(entry["at"]) for entry in gold]
    coverable = [at for at in wanted if near(times, at)]
    return Agreement(name, sum(near(kept, at) for at in coverable), len(coverable), len(kept), len(said))


def as_said(raw: dict[str, object]) -> Message:
    """A message of the file's form."""
    ts, thread = str(raw.get("ts") or ""), str(raw.get("thread_ts") or "")
    by_bot, thread = bool(raw.get("bot")), thread if thread != ts else ""
    return Message(seconds(raw["at"]), str(raw.get("user", "")), str(raw.get("text", "")), by_bot=by_bot, ts=ts, thread=thread)


def seconds(at: object) -> float:
    """An ISO 8601 time with its zone, as seconds since the epoch."""
    return datetime.fromisoformat(str(at)).timestamp()


def near(times: Sequence[float], at: float) -> bool:
    """Is one of the times, which are in order, near `at`?"""
    first = bisect_left(times, at - NEAR_S)
    return first < len(times) and times[first] <= at + NEAR_S


if __name__ == "__main__":
    for one in read(Path(sys.argv[1])):
        print(one.line())
