"""What a webhook means for incidents: a group of alerts is one incident, told once however often it is delivered.

Told what is known of the group (its alerts, its latest incident), it answers with a plan that a service carries out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.alerts.sources import AlertStatus, Signal, Webhook, one_line
from bot.incidents.lifecycle import ALERT_REOPENS_WITHIN

TITLE_LENGTH = 150
FLAPS = 3  # so many starts within the time below are flapping
FLAPS_WITHIN = timedelta(hours=1)


@dataclass(frozen=True)
class KnownAlert:
    """An alert of the group as we last recorded it, and when it started firing lately (newest last)."""

    fingerprint: str
    status: AlertStatus
    started: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class GroupIncident:
    """The latest incident of the group; of a merged one, the incident it went on in. `touched`: a person has acted on it."""

    number: int
    is_open: bool
    resolved_at: datetime | None = None  # None unless it was resolved: a cancelled one is not reopened by an alert
    touched: bool = False


class Action(StrEnum):
    OPEN = "open"  # a new incident
    OPEN_LINKED = "open linked"  # a new incident, linked to the earlier one
    REOPEN = "reopen"
    JOIN = "join"  # more alerts for the open incident
    RESOLVE = "resolve"  # the last alert is over and no person has touched it
    TELL = "tell"  # the last alert is over; the people on it decide
    NOTHING = "nothing"


@dataclass(frozen=True)
class Plan:
    """What to record and what to do. Each signal of the webhook is in exactly one of `new`, `again`, `resolved` and `unmatched`."""

    action: Action
    incident: int | None = None  # the incident to act on or to link to
    title: str = ""
    new: tuple[Signal, ...] = ()  # started firing
    again: tuple[Signal, ...] = ()  # as already recorded
    resolved: tuple[Signal, ...] = ()  # stopped firing
    unmatched: tuple[Signal, ...] = ()  # resolved, but never seen to fire: recorded, opens nothing
    firing: int = 0  # alerts of the group that fire once this is recorded
    flapping: tuple[str, ...] = ()  # names of alerts that start again and again
    notes: tuple[str, ...] = ()  # sentences for the timeline


def plan(webhook: Webhook, known: Iterable[KnownAlert], incident: GroupIncident | None, now: datetime) -> Plan:
    """Decide what a delivery changes. The same delivery a second time changes nothing."""
    before = {alert.fingerprint: alert for alert in known}
    firing_before = {name for name, alert in before.items() if alert.status is AlertStatus.FIRING}
    new, again, resolved, unmatched = sorted_out(webhook, before, firing_before)
    firing = (firing_before | {one.fingerprint for one in new}) - {one.fingerprint for one in resolved}
    flapping = flapping_names(new, before, now)
    action, number = decided(new, resolved, len(firing) + webhook.truncated, incident, now)
    return Plan(
        action=action,
        incident=number,
        title=title_of(new, webhook.truncated) if new else "",
        new=new,
        again=again,
        resolved=resolved,
        unmatched=unmatched,
        firing=len(firing),
        flapping=flapping,
        notes=notes(webhook, flapping, incident if again and not new else None),
    )


def sorted_out(
    webhook: Webhook, before: Mapping[str, KnownAlert], firing: set[str]
) -> tuple[tuple[Signal, ...], tuple[Signal, ...], tuple[Signal, ...], tuple[Signal, ...]]:
    """The signals as new, again, resolved and unmatched. A fingerprint that comes twice counts as it comes last."""
    new, again, resolved, unmatched = list[Signal](), list[Signal](), list[Signal](), list[Signal]()
    for signal in {one.fingerprint: one for one in webhook.signals}.values():
        if signal.is_firing:
            (again if signal.fingerprint in firing else new).append(signal)
        elif signal.fingerprint in firing:
            resolved.append(signal)
        else:
            (again if signal.fingerprint in before else unmatched).append(signal)
    return tuple(new), tuple(again), tuple(resolved), tuple(unmatched)


def decided(
    new: tuple[Signal, ...], resolved: tuple[Signal, ...], still_firing: int, incident: GroupIncident | None, now: datetime
) -> tuple[Action, int | None]:
    """What to do about incidents. Alerts that were left out of the webhook count as firing, since nobody knows."""
    if incident is None:
        return (Action.OPEN if new else Action.NOTHING), None
    if new:
        if incident.is_open:
            return Action.JOIN, incident.number
        recent = incident.resolved_at is not None and now - incident.resolved_at <= ALERT_REOPENS_WITHIN
        return (Action.REOPEN if recent else Action.OPEN_LINKED), incident.number
    if resolved and not still_firing and incident.is_open:
        return (Action.TELL if incident.touched else Action.RESOLVE), incident.number
    return Action.NOTHING, incident.number


def flapping_names(new: Iterable[Signal], before: Mapping[str, KnownAlert], now: datetime) -> tuple[str, ...]:
    """The names of alerts that have now started too often within an hour."""
    found = dict[str, None]()
    for signal in new:
        alert = before.get(signal.fingerprint)
        recent = sum(now - start <= FLAPS_WITHIN for start in alert.started) if alert else 0
        if recent + 1 >= FLAPS:
            found[signal.name] = None
    return tuple(found)


def notes(webhook: Webhook, flapping: tuple[str, ...], repeated_after: GroupIncident | None) -> tuple[str, ...]:
    """Sentences that the timeline should not miss."""
    said = list[str]()
    if webhook.truncated:
        more = "1 more alert" if webhook.truncated == 1 else f"{webhook.truncated} more alerts"
        said.append(f"Alertmanager left {more} of this group out of its message, so the count here is a lower bound.")
    said.extend(f"{name} is flapping: it started at least {FLAPS} times within an hour." for name in flapping)
    if repeated_after and not repeated_after.is_open and any(one.is_firing for one in webhook.signals):
        said.append(f"Alertmanager repeats that alerts of #{repeated_after.number} still fire, though it is over.")
    return tuple(said)


def title_of(signals: Iterable[Signal], truncated: int = 0) -> str:
    """A title for the incident: `DiskAlmostFull: Disk / is almost full` for one alert, `QueueBacklog ×40 on queue` for many."""
    alerts = tuple(signals)
    if len(alerts) == 1 and not truncated:
        return cut(one_line(alerts[0].title))
    names = Counter(one_line(alert.name) for alert in alerts).most_common()
    more = "+" if truncated else ""
    if len(names) == 1:
        text = f"{names[0][0]} ×{len(alerts)}{more}"
    elif len(names) == 2:
        text = ", ".join(f"{name} ×{count}" for name, count in names) + (" and more" if truncated else "")
    else:
        text = f"{names[0][0]} and {len(alerts) - names[0][1]}{more} other alerts"
    service = service_of(alerts)
    return cut(f"{text} on {one_line(service)}" if service else text)


def service_of(signals: Iterable[Signal]) -> str | None:
    """The service that most of the alerts name."""
    named = Counter(signal.service for signal in signals if signal.service)
    return named.most_common(1)[0][0] if named else None


def labels_of(signals: Iterable[Signal]) -> tuple[str, ...]:
    """The different severity labels, so that the worst decides."""
    return tuple(dict.fromkeys(signal.severity_label for signal in signals if signal.severity_label))


def cut(text: str) -> str:
    return text if len(text) <= TITLE_LENGTH else text[: TITLE_LENGTH - 1].rstrip() + "…"
