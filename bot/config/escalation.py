"""Escalation policies (whom to page, and when) and a person's notification rules (how, and when)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from bot.config.values import Duration, Id, Strict, Target, clip, duration_text

Method = Literal["slack", "sms", "voice", "email", "push", "webhook"]


class NotificationRule(Strict):
    """One way a person is told of a page, and how long after the page."""

    method: Method = Field(description="`slack` (direct message), `sms`, `voice` (a call), `email`, `push` or `webhook`.")
    after: Duration = Field(default=timedelta(0), description="How long after the page; an acknowledgement cancels what is still to come.")

    @property
    def after_s(self) -> float:
        """The delay in seconds."""
        return self.after.total_seconds()


# Urgent: SMS leaves at once beside Slack, since Slack may be what is down; a phone rings two minutes later, before SEV1's secondary.
URGENT_RULES = (
    NotificationRule(method="slack"),
    NotificationRule(method="sms"),
    NotificationRule(method="push"),
    NotificationRule(method="email"),
    NotificationRule(method="webhook"),
    NotificationRule(method="voice", after=timedelta(minutes=2)),
)
# Normal: an hour to answer, so the phone stays quiet for the first ten minutes and never rings.
NORMAL_RULES = (
    NotificationRule(method="slack"),
    NotificationRule(method="push"),
    NotificationRule(method="email"),
    NotificationRule(method="webhook"),
    NotificationRule(method="sms", after=timedelta(minutes=10)),
)

Rules = Annotated[tuple[NotificationRule, ...], Field(min_length=1)]


class NotificationRules(Strict):
    """How a person is told, by the group of the severity (by default SEV1 and SEV2 are urgent, SEV3 and SEV4 normal)."""

    urgent: Rules = Field(default=URGENT_RULES, description="For severities whose level says `rules: urgent`.")
    normal: Rules = Field(default=NORMAL_RULES, description="For severities whose level says `rules: normal`.")

    def group(self, name: Literal["urgent", "normal"]) -> tuple[NotificationRule, ...]:
        """The rules of one group, in the order written."""
        return self.urgent if name == "urgent" else self.normal


FOR_EVER = -1


def repetitions(value: object) -> object:
    """A number of repetitions, or `forever`."""
    if value == "forever":
        return FOR_EVER
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100:
        raise ValueError(f"'{clip(str(value))}' is no number of repetitions; write 0 to 100, or forever.")
    return value


Repeats = Annotated[
    int, BeforeValidator(repetitions), WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0, "maximum": 100}, {"const": "forever"}]})
]


class EscalationStep(Strict):
    """Whom to page when nobody has acknowledged by then."""

    after: Duration = Field(description="Minutes from the start of the escalation (not from the step before).")
    targets: Annotated[tuple[Target, ...], Field(min_length=1)] = Field(
        description="Who is paged: `primary` and `secondary` (on call for the owning team), `lead`, `manager`, `expert` (of the service), "
        "`executive`, `fallback`; `person:<id>`, `team:<id>` (its primary), `rotation:<id>`, `schedule:<id>` (who is on call); "
        "`everybody:<schedule>`, `members:<team>`, `usergroup:<handle>` (all of them); `channel:<name>` (the page is posted there with its "
        "buttons, and anybody may answer; private incidents are not), `webhook:<id>`. A step that finds nobody is skipped."
    )


class EscalationPolicy(Strict):
    """A ladder of steps. An acknowledgement stops it; it is frozen when an escalation starts."""

    id: Id = Field(description="Its name.")
    steps: tuple[EscalationStep, ...] = Field(description="The steps in order. No steps: nobody is paged.")
    repeats: Repeats = Field(
        default=0, description="How often the whole ladder starts again before it is exhausted: a number up to 100, or `forever`."
    )
    # Five minutes is what SEV1 gives its first answer: the last step deserves no less before the channel hears that nobody answered.
    last_wait: Duration = Field(
        default=timedelta(minutes=5),
        description="How long the last step has before the ladder repeats, or the channel is told that nobody answered.",
    )

    @model_validator(mode="after")
    def climb(self) -> Self:
        """Steps come one after the other."""
        for earlier, later in zip(self.steps, self.steps[1:], strict=False):
            if later.after <= earlier.after:
                raise ValueError(
                    f"step at {duration_text(later.after)} comes after the step at {duration_text(earlier.after)}; "
                    "'after' counts from the start, so each step needs a later time than the one before."
                )
        if self.repeats and not self.last_wait:
            raise ValueError("'last_wait' is 0, so a repeated ladder would page without a pause; give the last step some minutes.")
        return self

    def shortest_wait(self) -> timedelta | None:
        """The least time any step has before the next one is due (`None`: there are no steps)."""
        if not self.steps:
            return None
        waits = [later.after - earlier.after for earlier, later in zip(self.steps, self.steps[1:], strict=False)]
        return min([*waits, self.last_wait])


def ladder(name: str, *steps: tuple[int, tuple[str, ...]]) -> EscalationPolicy:
    """A policy from (minutes, targets) pairs."""
    made = [
        EscalationStep(after=timedelta(minutes=minutes), targets=tuple(Target(kind="role", name=role) for role in roles))
        for minutes, roles in steps
    ]
    return EscalationPolicy(id=name, steps=tuple(made))


# SEV2 is the seed's 5 → 15 → 30 → executive. SEV1 must have paged the secondary before its own 5 minutes to answer are over.
# SEV3 has an hour: the same person twice, then the secondary, and nobody above. SEV4 pages nobody.
DEFAULT_POLICIES: Mapping[str, EscalationPolicy] = {
    policy.id: policy
    for policy in (
        ladder("sev1", (0, ("primary",)), (3, ("secondary",)), (8, ("manager", "expert")), (15, ("executive",))),
        ladder("sev2", (0, ("primary",)), (5, ("secondary",)), (15, ("manager", "expert")), (30, ("executive",))),
        ladder("sev3", (0, ("primary",)), (30, ("primary",)), (60, ("secondary",))),
        ladder("sev4"),
    )
}
