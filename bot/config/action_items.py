"""Until when action items are to be done, and when somebody is reminded of them."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from bot.config.values import Duration, Strict


class DueByPriority(Strict):
    """How long an action item may take when nobody names a day, by its priority. `0`: it has no day then."""

    # What is p0 would let the same incident happen again tomorrow; it comes before all other work, and three days are a weekend and a day.
    p0: Duration = Field(default=timedelta(days=3), description="Before all other work.")
    p1: Duration = Field(default=timedelta(weeks=2), description="Within the present iteration.")
    p2: Duration = Field(default=timedelta(days=30), description="Planned.")
    p3: Duration = Field(default=timedelta(days=90), description="Worth doing; a quarter, or it will not be done.")

    def of(self, priority: str) -> timedelta | None:
        """How long an item of this priority has; None: as long as it likes."""
        found: timedelta = getattr(self, priority)
        return found or None


class ActionItemDefaults(Strict):
    """What becomes of action items."""

    due: DueByPriority = Field(default=DueByPriority(), description="Until when they are to be done, where nobody names a day.")
    # Late enough to have read one's mail, early enough to do something about it on the same day.
    remind_at: Annotated[int, Field(ge=9, le=16)] = Field(
        default=10, description="The hour at which people are reminded, from Monday to Friday, each on their own clock."
    )
    # A repository has more readers than the channel of a private incident.
    private_in_tracker: bool = Field(
        default=False, description="Whether action items of private incidents become issues, too, with their words."
    )
