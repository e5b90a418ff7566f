"""Freezing a policy: what configuration says now becomes the page's own copy, so that an edit cannot derail a running page."""

import json
from datetime import timedelta

from bot.config.escalation import EscalationPolicy as ConfiguredPolicy
from bot.paging.policy import EscalationPolicy, Step

ONE_PERSON = timedelta(minutes=5)
"""How long one person called by name has before the channel hears that they did not answer: SEV1's own time to answer."""


def configured(policy: ConfiguredPolicy) -> EscalationPolicy:
    """The policy that configuration describes."""
    steps = tuple(Step(step.after, tuple(str(target) for target in step.targets)) for step in policy.steps)
    return EscalationPolicy(policy.id, steps, policy.repeats, policy.last_wait)


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
