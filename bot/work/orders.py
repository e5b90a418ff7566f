"""What rooms order, and how it can end: values only."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum, StrEnum
from typing import ClassVar


class Priority(IntEnum):
    """Lower goes first. Pages outrank everything."""

    PAGE = 0
    URGENT = 10
    NORMAL = 50
    REFRESH = 80


class WorkState(StrEnum):
    """waiting: due at a time; leased: somebody works on it; done, dead (given up, a human was told) and cancelled are final."""

    WAITING = "waiting"
    LEASED = "leased"
    DONE = "done"
    DEAD = "dead"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class Order:
    """Something to do later or outside. Subclasses are frozen dataclasses of plain values (str, int, bool, datetime, tuples of these)."""

    destination: ClassVar[str] = "inside"
    """Which outside it goes to ("slack", "sms", …); each has its own bounded concurrency, so none delays another."""
    priority: ClassVar[Priority] = Priority.NORMAL
    attempts: ClassVar[int] = 12
    """How many tries in a row may end in an error of ours before it is given up and a human is told. Pages are not given up for that."""

    @classmethod
    def kind(cls) -> str:
        """The name its rows carry: `DeliverPage` is `deliver_page`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


@dataclass(frozen=True)
class Done:
    """It happened, or need not happen any more."""


@dataclass(frozen=True)
class TryLater:
    """The outside could not do it now; try again in `after` (None: back off)."""

    why: str
    after: timedelta | None = None


@dataclass(frozen=True)
class Refused:
    """The outside said no for good. A human is told why."""

    why: str


Outcome = Done | TryLater | Refused


@dataclass(frozen=True)
class WorkDied:
    """Fact: an item of due work was given up."""

    kind: str
    key: str
    about: str
    why: str


def at_queue(destination: str, queue: str) -> str:
    """The lane of this destination that only workers of a queue, on machines of their own, work in."""
    return f"{destination}@{queue}"


def back_off(attempt: int) -> timedelta:
    """How long to wait after try number `attempt` (1 is the first): 1 s, 2 s, 4 s … at most a minute."""
    return timedelta(seconds=min(60, 2 ** min(attempt - 1, 6)))
