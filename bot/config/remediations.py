"""Remediations: which runbook an alert asks for with nobody asking, and how far a rule may go alone."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from bot.config.labels import LabelMatch
from bot.config.runbooks import Name
from bot.config.values import Duration, Id, Line, SeverityNumber, Strict, clip

LABEL = re.compile(r"\{labels\.([A-Za-z_][A-Za-z0-9_]*)\}")
"""A label of the alert, in a parameter."""


class When(LabelMatch):
    """Which alert asks for the run, and in which incidents."""

    alerts: tuple[Line, ...] = Field(default=(), description="Names of alerts (`alertname`). Empty: any that the labels match.")
    services: tuple[Id, ...] = Field(default=(), description="Services of the incident. Empty: any.")
    severities: tuple[SeverityNumber, ...] = Field(
        default=(),
        description="Severities of the incident, such as `[2, 3]`. Empty: any; but by itself it starts in a SEV1 only if 1 stands here.",
    )

    @model_validator(mode="after")
    def is_about_something(self) -> Self:
        """Not every alert."""
        if not self.alerts and not self.match and not self.match_re:
            raise ValueError("a rule without 'alerts', 'match' or 'match_re' would answer every alert; say which.")
        return self

    def is_met(self, labels: Mapping[str, str], service: str | None, severity: int) -> bool:
        """Whether an alert with these labels asks for the run, in an incident of this service and severity."""
        in_place = (not self.services or service in self.services) and (not self.severities or severity in self.severities)
        return in_place and (not self.alerts or labels.get("alertname") in self.alerts) and self.matches(labels)


class Remediation(Strict):
    """A rule: when such an alert fires, this runbook is asked for, rehearsed and shown; or run."""

    id: Id = Field(description="Its name.")
    when: When = Field(description="Which alert asks for it.")
    runbook: Id = Field(description="The runbook.")
    environment: Id | None = Field(default=None, description="Where it runs. Empty: the runbook's default.")
    parameters: Mapping[Name, Line] = Field(
        default_factory=dict,
        description="The runbook's parameters: plain values, or `{labels.instance}` for a label of the alert. They are checked like what a "
        "person types.",
    )
    # `propose`: what a rule would have done is seen for a while before it does it alone.
    run: Literal["propose", "automatic"] = Field(
        default="propose",
        description="`propose`: a dry run, and a card on which somebody approves it. `automatic`: it starts by itself, if nobody needs to "
        "approve it (`approvals`).",
    )
    approvals: Annotated[int, Field(ge=0, le=2)] | None = Field(
        default=None, description="How many people must approve an `automatic` run; 0 lets it start alone. Empty: as the runbook says."
    )
    # Long enough to read the announcement and press Cancel.
    starts_after: Duration = Field(
        default=timedelta(seconds=30), description="How long an `automatic` run that nobody approves is announced before it starts."
    )
    most_per_hour: Annotated[int, Field(ge=1, le=60)] = Field(
        default=2, description="How often the rule may ask in an hour, all incidents together. In one incident it asks once."
    )
    cool_down: Duration = Field(
        default=timedelta(minutes=10), description="How long the rule then asks for nothing; if the alert still fires after that, it asks."
    )

    @field_validator("parameters")
    @classmethod
    def names_labels_only(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        """Braces that are no label of the alert are a slip."""
        for name, text in value.items():
            if (odd := re.search(r"\{[^{}]*\}", LABEL.sub("", text))) is not None:
                raise ValueError(f"'{name}' has {clip(odd[0])}, which is no label of the alert; write it like {{labels.instance}}.")
        return value

    def words(self, labels: Mapping[str, str]) -> dict[str, str]:
        """The parameters for an alert with these labels, as a person would type them. A label that is missing leaves its parameter out."""
        return {
            name: LABEL.sub(lambda found: labels[found[1]], text)
            for name, text in self.parameters.items()
            if all(label in labels for label in LABEL.findall(text))
        }
