"""Freezing a policy: what configuration says now becomes the page's own copy, so that an edit cannot derail a running page."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.config.escalation import EscalationPolicy as ConfiguredPolicy
from bot.config.models import Service
from bot.oncall.walltime import instant
from bot.paging.policy import URGENT, EscalationPolicy, Step

ON_CALL = frozenset({"primary", "secondary", "team", "rotation", "schedule"})
"""Targets that mean whoever has the shift."""
ONE_PERSON = timedelta(minutes=5)
"""How long one person called by name has before the channel hears that they did not answer: SEV1's own time to answer."""


def configured(policy: ConfiguredPolicy) -> EscalationPolicy:
    """The policy that configuration describes."""
    steps = tuple(Step(step.after, tuple(str(target) for target in step.targets)) for step in policy.steps)
    return EscalationPolicy(policy.id, steps, policy.repeats, policy.last_wait)


def for_drill(policy: EscalationPolicy) -> EscalationPolicy:
    """What a drill takes of a policy: those who are on call, and once. Nobody above them is woken for an exercise."""
    rungs = ((step, tuple(target for target in step.targets if _is_on_call(target))) for step in policy.steps)
    return replace(policy, steps=tuple(replace(step, targets=targets) for step, targets in rungs if targets), repeats=0)


def _is_on_call(target: str) -> bool:
    return target in ON_CALL or target.partition(":")[0] in ON_CALL


def quiet_until(service: Service | None, severity: int, at: datetime) -> datetime:
    """When the first step of a page that starts `at` is taken: then, or for what is not urgent when the service's quiet hours end."""
    quiet = service.quiet_hours if service else None
    if quiet is None or severity <= URGENT:
        return at
    now = at.astimezone(ZoneInfo(quiet.zone))
    is_overnight = quiet.end <= quiet.start
    is_quiet = (now.time() >= quiet.start or now.time() < quiet.end) if is_overnight else quiet.start <= now.time() < quiet.end
    if not is_quiet:
        return at
    day = now.date() + timedelta(days=1) if is_overnight and now.time() >= quiet.start else now.date()
    return instant(datetime.combine(day, quiet.end), quiet.zone)


def only(target: str) -> EscalationPolicy:
    """One step: for paging somebody by name."""
    return EscalationPolicy(target, (Step(timedelta(0), (target,)),), last_wait=ONE_PERSON)


def freeze(policy: EscalationPolicy) -> str:
    """The policy as JSON text, for the page's row."""
    steps = [[step.after.total_seconds(), list(step.targets)] for step in policy.steps]
    return json.dumps({"id": policy.id, "steps": steps, "repeats": policy.repeats, "last_wait_s": policy.last_wait.total_seconds()})


def thaw(frozen: str) -> EscalationPolicy:
    """The policy back from a page's row."""
    raw = json.loads(frozen)
    steps = tuple(Step(timedelta(seconds=after), tuple(targets)) for after, targets in raw["steps"])
    return EscalationPolicy(raw["id"], steps, raw["repeats"], timedelta(seconds=raw["last_wait_s"]))
