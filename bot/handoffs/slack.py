"""Slack's side of hand-offs: "I have it", and what who leaves wants to add."""

from bot.db import Tx
from bot.errors import InvalidInput
from bot.handoffs import blocks
from bot.handoffs.service import Handoffs
from bot.slack.door import Door
from bot.slack.replies import OpenModal, Reply, Say
from bot.slack.requests import Click, Submission


class HandoffButtons:
    """Listeners of the note's buttons."""

    def __init__(self, handoffs: Handoffs) -> None:
        self._handoffs = handoffs

    def register(self, door: Door) -> None:
        """Tell the door what comes here."""
        door.click(blocks.CONFIRM, self.confirm)
        door.click(blocks.ADD_WORDS, self.open_words)
        door.submission(blocks.WORDS, self.submit_words)

    async def confirm(self, tx: Tx, click: Click) -> Reply:
        """I have it."""
        await self._handoffs.confirm(tx, number_in(click.value))
        return Say("Thank you: you have it. `/oncall` shows your shifts; who left was told.")

    async def open_words(self, tx: Tx, click: Click) -> Reply:
        """The form for what is to be added."""
        row = await self._handoffs.get(tx, number_in(click.value))
        return OpenModal(blocks.words_form(row.number, row.words))

    async def submit_words(self, tx: Tx, form: Submission) -> Reply:
        """It is told whoever comes."""
        words = form.values.get("words", {}).get("value")
        await self._handoffs.add_words(tx, number_in(form.private_metadata), words if isinstance(words, str) else "")
        return Say("They were told.")


def number_in(value: str) -> int:
    """The number a button carries."""
    if not value.isascii() or not value.isdecimal() or len(value) > 12:
        raise InvalidInput("This button is of another version of the bot. Nothing was changed.")
    return int(value)
