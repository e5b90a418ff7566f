"""Labels of alerts, and what matches them."""

import re
from collections.abc import Mapping

from pydantic import Field, field_validator

from bot.config.values import Strict


class LabelMatch(Strict):
    """Which alerts are meant, by their labels. A missing label counts as empty."""

    match: Mapping[str, str] = Field(default_factory=dict, description="Labels with exactly these values.")
    match_re: Mapping[str, str] = Field(default_factory=dict, description="Labels whose whole value matches these regular expressions.")

    @field_validator("match_re")
    @classmethod
    def compiles(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for label, pattern in value.items():
            try:
                re.compile(pattern)
            except (re.error, RecursionError, OverflowError) as error:
                raise ValueError(f"the expression for label '{label}' does not compile ({error}); mend it.") from None
        return value

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert with these labels is meant."""
        exact = all(labels.get(label, "") == value for label, value in self.match.items())
        return exact and all(re.fullmatch(pattern, labels.get(label, "")) for label, pattern in self.match_re.items())
