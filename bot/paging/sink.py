"""Where the watchdog's synthetic pages end: with nobody. No configuration can name this person, this method or this target."""

from datetime import timedelta
from typing import cast

from bot.config.escalation import Method
from bot.paging.notice import Accepted, Notice, Receipt

INCIDENT = 0
"""Synthetic pages are about no incident; those of people count from 1."""
PERSON = "tocsin:watchdog"
TARGET = f"person:{PERSON}"
METHOD = cast("Method", "sink")
DELAYS = {METHOD: timedelta(0)}
ADDRESS = "the sink"


class SinkChannel:
    """Takes every page at once and shows it to nobody."""

    method = METHOD

    async def send(self, notice: Notice) -> Receipt:
        """It has arrived."""
        return Accepted(f"sink:{notice.attempt_id}")

    async def earlier(self, notice: Notice, known: frozenset[str]) -> None:
        """Nothing is remembered: to arrive twice disturbs nobody."""
        return
