"""What an organisation wants to learn from its incidents, and who reads of it."""

from typing import Annotated

from pydantic import Field, field_validator

from bot.config.values import SlackChannel, Strict

Tag = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9][a-z0-9 '&+./-]*$")]


class Learning(Strict):
    """Tags of postmortems, and the report of each quarter."""

    # What the field's own studies of postmortems count; a dozen, since nobody chooses well among fifty.
    tags: tuple[Tag, ...] = Field(
        default=(
            "deploy", "configuration", "capacity", "dependency", "database", "network", "certificate", "hardware", "code defect",
            "human process", "monitoring gap", "security",
        ),
        description="Contributing factors that are offered, in this order. Others can be typed; these are the ones that are suggested.",
    )  # fmt: skip
    report_channel: SlackChannel | None = Field(
        default=None, description="Channel in which each quarter's report is posted, on its first working day. Empty: on request alone."
    )
    # Nine: when people read; the numbers are of a quarter and need no hurry.
    report_hour: Annotated[int, Field(ge=0, le=23)] = Field(default=9, description="The hour of that, on the company's clock.")
    team_reports: bool = Field(default=False, description="Whether each team's own report is posted in its `channel` at the same time.")

    @field_validator("tags")
    @classmethod
    def each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Twice the same would be counted twice."""
        return tuple(dict.fromkeys(value))
