"""What Ansible tells while it works: its events, read from the dictionaries that a runner writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LONGEST = 2_000
"""Characters of one host's message that are kept; the whole stands in the log."""
LONGEST_VALUE = 200


class Outcome(StrEnum):
    OK = "ok"
    CHANGED = "changed"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True)
class TaskStarted:
    """A task begins, on all hosts that are still with it."""

    number: int
    name: str


@dataclass(frozen=True)
class HostDone:
    """One host is through with the task. `plan` is what changed, or in check mode would; `cautions` what whoever approves must know
    besides; `reports` values for what comes after the run."""

    number: int
    host: str
    task: str
    outcome: Outcome
    says: str = ""
    plan: tuple[str, ...] = ()
    ignored: bool = False
    cautions: tuple[str, ...] = ()
    reports: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """The playbook is through: for each host whether it came to the end of it, and what it reports of them all (`set_stats`)."""

    number: int
    failed: tuple[str, ...]
    unreachable: tuple[str, ...]
    reports: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Other:
    """Something that changes no picture; its number counts."""

    number: int


RunEvent = TaskStarted | HostDone | Ended | Other
OUTCOMES = {
    "runner_on_ok": Outcome.OK,
    "runner_on_failed": Outcome.FAILED,
    "runner_on_skipped": Outcome.SKIPPED,
    "runner_on_unreachable": Outcome.UNREACHABLE,
}


def read_event(raw: Mapping[str, object]) -> RunEvent:
    """One event as ansible-runner writes it. What is missing or odd makes it `Other`: output must never break a run's picture."""
    number = raw.get("counter")
    number = number if isinstance(number, int) else 0
    kind, data = str(raw.get("event")), _mapping(raw.get("event_data"))
    if kind in ("playbook_on_task_start", "playbook_on_handler_task_start"):
        return TaskStarted(number, str(data.get("name") or data.get("task") or "a task"))
    if kind == "playbook_on_stats":
        return Ended(number, _names(data.get("failures")), _names(data.get("dark")), _reports(data.get("artifact_data")))
    if kind not in OUTCOMES or not data.get("host"):
        return Other(number)
    result, outcome = _mapping(data.get("res")), OUTCOMES[kind]
    if outcome == Outcome.OK and result.get("changed") is True:
        outcome = Outcome.CHANGED
    says = str(result.get("msg") or result.get("stderr") or "")[:LONGEST] if outcome in (Outcome.FAILED, Outcome.UNREACHABLE) else ""
    plan = _plan(result) if outcome == Outcome.CHANGED else ()
    return HostDone(
        number,
        str(data["host"]),
        str(data.get("task") or ""),
        outcome,
        says,
        plan,
        data.get("ignore_errors") is True,
        _lines(result.get("cautions")),
        _reports(result.get("reports")),
    )


def _plan(result: Mapping[str, object]) -> tuple[str, ...]:
    """What a task says that it changes: our own plugins list it; stock modules show what was before and after."""
    own = result.get("plan")
    if isinstance(own, list):
        return _lines(own)
    shown = result.get("diff")
    found = []
    for one in shown if isinstance(shown, list) else [shown]:
        diff = _mapping(one)
        before, after = str(diff.get("before") or "").strip(), str(diff.get("after") or "").strip()
        if before != after and "\n" not in before + after:
            found.append(f"{before or 'nothing'} → {after or 'nothing'}"[:LONGEST])
    return tuple(found)


def _lines(value: object) -> tuple[str, ...]:
    return tuple(str(line)[:LONGEST] for line in value) if isinstance(value, list) else ()


def _reports(value: object) -> Mapping[str, str | int]:
    """Plain values under plain names; whatever else a playbook reports is its own affair."""
    found = _mapping(value).items()
    return {str(name): one for name, one in found if (isinstance(one, str) and len(one) <= LONGEST_VALUE) or type(one) is int}


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _names(value: object) -> tuple[str, ...]:
    return tuple(sorted(str(name) for name, count in _mapping(value).items() if count))
