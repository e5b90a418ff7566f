"""Other rules for people and other ladders for severities, in the room's configuration, and what then leaves the house by the minute."""

from datetime import timedelta

from bot.config.escalation import EscalationPolicy, EscalationStep, NotificationRule, NotificationRules
from bot.config.models import Config
from bot.config.values import Target
from tests.paging.conftest import Room

Sent = dict[int, list[str]]


async def played(room: Room, minutes: int, start: int = 0) -> Sent:
    """Everything that leaves the house in these minutes, under the minute in which it did."""
    sent: Sent = {start: room.new()}
    for minute in range(start + 1, start + minutes + 1):
        await room.advance(1)
        sent[minute] = room.new()
    return {minute: what for minute, what in sent.items() if what}


def with_rules(room: Room, person: str, *rules: tuple[str, float]) -> None:
    """Give somebody other rules: (method, minutes)."""
    urgent = tuple(NotificationRule.model_validate({"method": method, "after": f"{int(after * 60)}s"}) for method, after in rules)
    changed = room.config.people[person].model_copy(update={"rules": NotificationRules(urgent=urgent)})
    config: Config = room.config.model_copy(update={"people": {**room.config.people, person: changed}})
    room.paging.directory.config = config


def with_ladder(room: Room, *steps: tuple[int, str], repeats: int = 0, last_wait: int = 5, severity: int = 1) -> None:
    """Give SEV1, or another severity, another ladder: (minute, targets)."""
    made = [
        EscalationStep(after=timedelta(minutes=minute), targets=tuple(map(Target.model_validate, targets.split())))
        for minute, targets in steps
    ]
    policy = EscalationPolicy(id=f"sev{severity}", steps=tuple(made), repeats=repeats, last_wait=timedelta(minutes=last_wait))
    config = room.paging.directory.config
    room.paging.directory.config = config.model_copy(update={"policies": {**config.policies, policy.id: policy}})


def with_only_texts(room: Room, *people: str) -> None:
    for person in people:
        room.config = room.paging.directory.config
        with_rules(room, person, ("sms", 0))
