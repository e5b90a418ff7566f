"""The log of every Web API call, as GET /control/calls shows it, and of what else passes between Tocsin and the outside."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Literal

from bot.clock import Clock, WallClock

Passing = Literal["sms", "call", "mail", "push", "webhook", "http", "github"]

next_number = count(1).__next__
"""The next number of whatever is logged: one count for all, so that the console can name a line."""

SECRET_ARGUMENTS = frozenset({"token", "client_secret"})


@dataclass
class Call:
    """One call. `start` and `end` are wall-clock seconds, `at` is the beginning by the bot's clock; `end` and `result` are None while it is
    under way or when it was cut off."""

    method: str
    args: dict[str, object]
    caller: str
    start: float
    at: datetime
    end: float | None = None
    result: Mapping[str, object] | None = None
    number: int = field(default_factory=next_number)

    def finish(self, result: Mapping[str, object] | None) -> None:
        self.end, self.result = time.time(), result

    def to_json(self) -> dict[str, object]:
        return {
            "method": self.method,
            "args": self.args,
            "caller": self.caller,
            "start": self.start,
            "at": self.at.isoformat(),
            "end": self.end,
            "result": self.result,
        }


@dataclass
class CallLog:
    """The last calls, oldest first, in the order in which they began."""

    clock: Clock = field(default_factory=WallClock)
    limit: int = 20_000
    calls: deque[Call] = field(default_factory=deque)

    def begin(self, method: str, args: Mapping[str, object], caller: str = "") -> Call:
        """Note a call as it begins; `caller` is the app's or the person's name. Its secrets are left out."""
        shown = {name: value for name, value in args.items() if name not in SECRET_ARGUMENTS}
        call = Call(method, shown, caller, time.time(), self.clock.now())
        self.calls.append(call)
        while len(self.calls) > self.limit:
            self.calls.popleft()
        return call

    def clear(self) -> None:
        self.calls.clear()

    def to_json(self) -> list[dict[str, object]]:
        return [call.to_json() for call in self.calls]


@dataclass
class Passage:
    """Something between Tocsin and the outside that is no call of Slack's: `detail` is what was sent, `error` what became of it."""

    kind: Passing
    what: str
    who: str
    detail: dict[str, object]
    start: float
    end: float | None = None
    error: str | None = None
    number: int = field(default_factory=next_number)

    def finish(self, error: str | None = None, **more: object) -> None:
        self.end, self.error = time.time(), error
        self.detail |= more


@dataclass
class Traffic:
    """The last passages, oldest first: pages to the carrier and the mailbox, the carrier's webhooks, requests to the bot."""

    passages: deque[Passage] = field(default_factory=lambda: deque(maxlen=5000))

    def begin(self, kind: Passing, what: str, who: str = "", **detail: object) -> Passage:
        passage = Passage(kind, what, who, detail, time.time())
        self.passages.append(passage)
        return passage
