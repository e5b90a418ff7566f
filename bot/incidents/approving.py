"""Slack's side of customer notices: approve, edit, or not needed."""

from bot.db import Tx
from bot.errors import InvalidInput
from bot.incidents import blocks, forms
from bot.incidents.customers import NOT_SENT, Customers
from bot.slack.door import Door
from bot.slack.replies import OpenModal, Reply, Say
from bot.slack.requests import Click, Submission
from bot.slack.text import escape


class NoticeButtons:
    """Listeners of a draft's buttons and form."""

    def __init__(self, customers: Customers) -> None:
        self._customers = customers

    def register(self, door: Door) -> None:
        """Tell the door what comes here."""
        door.click("notice.approve", self.approve)
        door.click("notice.edit", self.open_form)
        door.click("notice.discard", self.discard)
        door.submission(forms.NOTICE, self.edit)

    async def approve(self, tx: Tx, click: Click) -> Reply:
        """These words, as they stand in this message."""
        notice = await self._customers.approve(tx, *numbers_in(click.value))
        text = f"You approved the customer notice for #{notice.incident_id}. {NOT_SENT}\n>{escape(notice.text)}"
        return Say(text, blocks=blocks.sentence(text), replace=True)

    async def discard(self, tx: Tx, click: Click) -> Reply:
        """Customers need not hear of it."""
        notice = await self._customers.discard(tx, *numbers_in(click.value))
        text = f"No customer notice for #{notice.incident_id}, then."
        return Say(text, blocks=blocks.sentence(text), replace=True)

    async def open_form(self, tx: Tx, click: Click) -> Reply:
        """Other words."""
        notice_id, version = numbers_in(click.value)
        notice = await self._customers.to_decide(tx, notice_id, version)
        return OpenModal(forms.notice_form(notice))

    async def edit(self, tx: Tx, form: Submission) -> Reply:
        """What was typed is the draft now."""
        notice_id, version = numbers_in(form.private_metadata)
        await self._customers.to_decide(tx, notice_id, version)
        notice = await self._customers.edit(tx, notice_id, forms.value(form, "words"))
        return Say(f"The draft for #{notice.incident_id} has these words now. Everybody who may approve it is asked anew.")


def numbers_in(value: str) -> tuple[int, int]:
    """A notice and its version, as a button carries them."""
    notice, _, version = value.partition(":")
    if not (notice.isdecimal() and version.isdecimal() and len(value) < 20):
        raise InvalidInput("This button is of another version of the bot. Nothing was changed.")
    return int(notice), int(version)
