"""How far a rule may go with nobody asking: often enough to help, never so often that it does harm unseen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

AN_HOUR = timedelta(hours=1)


class Step(Enum):
    """What a rule does about an alert."""

    RUN = "run"
    PROPOSE = "propose"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Bounds:
    """What the configuration allows it."""

    is_automatic: bool
    most_per_hour: int
    cool_down: timedelta
    may_sev1: bool


@dataclass(frozen=True)
class Standing:
    """How things stand. Texts are sentences, "" where there is nothing to say."""

    severity: int
    asked: Sequence[datetime] = ()
    """When the rule asked for runs, in whichever incident."""
    asked_here: bool = False
    """It did so in this incident."""
    stopped: str = ""
    """Somebody stopped or declined a run in this incident."""
    busy: str = ""
    """A run of this incident is not over, or one of the rule's is lost."""
    off: str = ""
    """The rule, or all of them, may start nothing by themselves."""


@dataclass(frozen=True)
class Decision:
    """What the rule does, and why no more than that; `again_at` when it would, if the alert still fires then."""

    step: Step
    why: str = ""
    again_at: datetime | None = None


def decide(bounds: Bounds, standing: Standing, now: datetime) -> Decision:
    """What the rule may do now."""
    if standing.asked_here:
        return Decision(Step.NOTHING)  # which everybody has seen
    if standing.stopped or standing.busy:
        return Decision(Step.NOTHING, standing.stopped or standing.busy)
    if standing.asked and (cool_at := max(standing.asked) + bounds.cool_down) > now:
        return Decision(Step.NOTHING, f"it asked at {max(standing.asked):%H:%M} UTC and cools down until {cool_at:%H:%M}", cool_at)
    of_the_hour = sorted(asked for asked in standing.asked if now - asked < AN_HOUR)
    if len(of_the_hour) >= bounds.most_per_hour:
        again_at = of_the_hour[-bounds.most_per_hour] + AN_HOUR
        return Decision(Step.NOTHING, f"it asked {bounds.most_per_hour} times within the hour, which is its most", again_at)
    if not bounds.is_automatic:
        return Decision(Step.PROPOSE)
    if why := alone(bounds, standing):
        return Decision(Step.PROPOSE, why)
    return Decision(Step.RUN)


def alone(bounds: Bounds, standing: Standing) -> str:
    """Why a run must not start with nobody having approved it; "" when it may. Asked again right before it starts."""
    if standing.severity == 1 and not bounds.may_sev1:
        return "in a SEV1 it starts nothing by itself"
    return standing.off or standing.stopped or standing.busy
