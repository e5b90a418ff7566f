"""The picture of a run at work, folded from its events one by one. The same events give the same picture, however often they are read."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType

from bot.runbooks.events import Ended, HostDone, Outcome, RunEvent, TaskStarted

FAILURES_KEPT = 20
PLAN_KEPT = 60
CAUTIONS_KEPT = 10
ALL = ""
"""In place of a host: reported of the whole run."""
BAD = frozenset({Outcome.FAILED, Outcome.UNREACHABLE})


@dataclass(frozen=True)
class Host:
    """How far one host is."""

    tasks: int = 0
    changed: int = 0
    failed: bool = False
    unreachable: bool = False


@dataclass(frozen=True)
class Progress:
    """What is known of a run. `seen` is the number of the newest event; those before it count for nothing when they are told again."""

    seen: int = 0
    task: str = ""
    tasks: int = 0
    hosts: Mapping[str, Host] = field(default_factory=lambda: MappingProxyType({}))
    failures: tuple[str, ...] = ()
    plan: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    """What whoever approves must know, by the dry run."""
    reports: Mapping[str, Mapping[str, str | int]] = field(default_factory=lambda: MappingProxyType({}))
    """What the playbook reports, by name and host."""
    ended: bool = False
    """The playbook told how all hosts fared: without that, an exit status means little."""

    @property
    def succeeded(self) -> bool:
        """Every host came to the end."""
        return self.ended and bool(self.hosts) and not any(host.failed or host.unreachable for host in self.hosts.values())


def outcome(progress: Progress) -> dict[str, str | int]:
    """What the playbook reports, where all hosts that came to the end say the same; what differs has no one value."""
    bad = {name for name, host in progress.hosts.items() if host.failed or host.unreachable}
    found = {name: {value for host, value in by_host.items() if host not in bad} for name, by_host in progress.reports.items()}
    return {name: values.pop() for name, values in found.items() if len(values) == 1}


def fates(progress: Progress) -> str:
    """How each host fared, in one line: `failed: web2; changed: web1, web3`. Of one that is not through, as far as it came."""
    found: dict[str, list[str]] = {"failed": [], "out of reach": [], "changed": [], "unchanged": []}
    for name, host in sorted(progress.hosts.items()):
        fate = "failed" if host.failed else "out of reach" if host.unreachable else "changed" if host.changed else "unchanged"
        found[fate].append(name)
    return "; ".join(f"{fate}: {', '.join(names)}" for fate, names in found.items() if names)


def written(progress: Progress) -> str:
    """The picture as JSON text, for the run's row."""
    plain = asdict(replace(progress, hosts={}, reports={}))
    hosts = {name: asdict(host) for name, host in progress.hosts.items()}
    return json.dumps({**plain, "hosts": hosts, "reports": {name: dict(by_host) for name, by_host in progress.reports.items()}})


def read(text: str) -> Progress:
    """The picture back from a run's row."""
    raw = json.loads(text)
    hosts = MappingProxyType({name: Host(**host) for name, host in raw.pop("hosts").items()})
    listed = {name: tuple(raw.pop(name, ())) for name in ("failures", "plan", "cautions")}
    return Progress(**{**raw, **listed, "hosts": hosts})


def started(hosts: Iterable[str]) -> Progress:
    """The picture before the first event."""
    return Progress(hosts=MappingProxyType({host: Host() for host in hosts}))


def fold(progress: Progress, events: Iterable[RunEvent]) -> Progress:
    """The picture after these events."""
    for event in events:
        if event.number > progress.seen:
            progress = replace(_after(progress, event), seen=event.number)
    return progress


def _after(progress: Progress, event: RunEvent) -> Progress:
    match event:
        case TaskStarted(name=name):
            return replace(progress, task=name, tasks=progress.tasks + 1)
        case HostDone():
            return _host_done(progress, event)
        case Ended(failed=failed, unreachable=unreachable, reports=reports):
            # What a playbook rescued, or was told to ignore, is no failure in the end, and only Ansible's own count knows it.
            hosts = {name: replace(host, failed=name in failed, unreachable=name in unreachable) for name, host in progress.hosts.items()}
            told = reported(progress.reports, ALL, reports)
            return replace(progress, hosts=MappingProxyType(hosts), reports=told, ended=True, task="")
        case _:
            return progress


def _host_done(progress: Progress, event: HostDone) -> Progress:
    before = progress.hosts.get(event.host, Host())
    is_bad = event.outcome in BAD and not event.ignored
    host = Host(
        before.tasks + 1,
        before.changed + (event.outcome == Outcome.CHANGED),
        before.failed or (is_bad and event.outcome == Outcome.FAILED),
        before.unreachable or (is_bad and event.outcome == Outcome.UNREACHABLE),
    )
    failures = progress.failures
    if is_bad and len(failures) < FAILURES_KEPT:
        failures = (*failures, f"{event.host}: {event.task}: {event.says or event.outcome.value}")
    plan = tuple(f"{event.host}: {line}" for line in event.plan or ((event.task,) if event.outcome == Outcome.CHANGED else ()))
    return replace(
        progress,
        hosts=MappingProxyType({**progress.hosts, event.host: host}),
        failures=failures,
        plan=(*progress.plan, *plan)[:PLAN_KEPT],
        cautions=tuple(dict.fromkeys([*progress.cautions, *event.cautions]))[:CAUTIONS_KEPT],
        reports=reported(progress.reports, event.host, event.reports),
    )


def reported(
    before: Mapping[str, Mapping[str, str | int]], host: str, values: Mapping[str, str | int]
) -> Mapping[str, Mapping[str, str | int]]:
    """The reports with these of a host added; the newest of a host counts."""
    return {**before, **{name: {**before.get(name, {}), host: value} for name, value in values.items()}} if values else before
