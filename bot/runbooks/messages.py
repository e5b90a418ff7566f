"""What the runbooks room announces, and the due work it orders."""

from dataclasses import dataclass
from typing import ClassVar

from bot.work.orders import Order, Priority

RUNS = "runs"
"""The destination of everything that touches Ansible: slow dry runs keep no page and no card waiting."""


@dataclass(frozen=True)
class RunEnded:
    """Fact: a run came to its end, whichever."""

    run_id: int
    incident_id: int


@dataclass(frozen=True, kw_only=True)
class PrepareRun(Order):
    """Find out what would happen: hosts, versions, the dry run."""

    destination: ClassVar[str] = RUNS
    run_id: int


@dataclass(frozen=True, kw_only=True)
class BeginRun(Order):
    """It is approved: look whether it still is what was approved, and start it."""

    destination: ClassVar[str] = RUNS
    priority: ClassVar[Priority] = Priority.URGENT
    run_id: int


@dataclass(frozen=True, kw_only=True)
class FollowRun(Order):
    """Look how far it is; ordered again until it has ended."""

    destination: ClassVar[str] = RUNS
    priority: ClassVar[Priority] = Priority.URGENT
    run_id: int


@dataclass(frozen=True, kw_only=True)
class VerifyRun(Order):
    """Ask whether it helped; ordered again until that is known."""

    destination: ClassVar[str] = RUNS
    run_id: int


@dataclass(frozen=True, kw_only=True)
class ExpireRun(Order):
    """Its time to be approved is over."""

    run_id: int


@dataclass(frozen=True, kw_only=True)
class AskApprover(Order):
    """Tell somebody that a run waits for their approval, or edit what they were told to what is true now."""

    destination: ClassVar[str] = "slack"
    priority: ClassVar[Priority] = Priority.URGENT
    run_id: int
    person: str


@dataclass(frozen=True, kw_only=True)
class PageApprovers(Order):
    """Nobody has approved it from Slack: those who could are paged."""

    priority: ClassVar[Priority] = Priority.URGENT
    run_id: int


@dataclass(frozen=True, kw_only=True)
class ConsiderRules(Order):
    """See whether a rule has something to do in an incident whose alerts, channel or severity have changed."""

    incident_id: int


@dataclass(frozen=True, kw_only=True)
class ShowRun(Order):
    """Post the run's card, or edit it to what is true now."""

    destination: ClassVar[str] = "slack"
    run_id: int


@dataclass(frozen=True, kw_only=True)
class TakeReport(Order):
    """A worker on another machine found something out: do what follows from it."""

    priority: ClassVar[Priority] = Priority.URGENT
    run_id: int
    what: str
    found: str
    """JSON, by what was found."""


@dataclass(frozen=True, kw_only=True)
class MissWorker(Order):
    """Look whether the worker that a run waits for, or runs on, is there."""

    run_id: int


@dataclass(frozen=True, kw_only=True)
class PostFiles(Order):
    """Post what a run printed and left as files in the incident's channel."""

    destination: ClassVar[str] = "slack-files"
    run_id: int
