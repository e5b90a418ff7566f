"""Who may do what in a browser, once they have signed in with Slack."""

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from bot.config.oncall import Grade
from bot.config.values import Duration, Id, Strict


class AccessPolicy(Strict):
    """Who may do what in a browser. People of the directory are responders; each access includes those before it."""

    viewers: Literal["workspace", "directory"] = Field(
        default="workspace",
        description="Who may sign in: every full member of the workspace (who is not in the directory only looks), or people of the "
        "directory alone. Guests never, unless the directory has them.",
    )
    commanders: Grade = Field(
        default="lead", description="The least standing of a commander, who may also publish and withdraw what others own."
    )
    admins: tuple[Id, ...] = Field(default=(), description="People who may do all of that, and sign others out.")
    # A working day: whoever reviews in the morning and in the afternoon signs in once.
    idle: Duration = Field(default=timedelta(hours=12), description="How long somebody stays signed in without opening a page.")
    # Somebody who leaves the company is out at the latest then; `idle` is usually sooner.
    longest: Duration = Field(default=timedelta(days=7), description="How long somebody stays signed in at most.")

    @model_validator(mode="after")
    def lasts(self) -> Self:
        if self.idle <= timedelta(0) or self.longest < self.idle:
            raise ValueError("'idle' must be longer than nothing, and 'longest' at least as long as 'idle'.")
        return self
