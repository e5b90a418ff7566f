"""Pages by SMS."""

import re
from dataclasses import replace

from bot.config.escalation import Method
from bot.paging.channels.backup import Backup, is_broken
from bot.paging.channels.twilio import Twilio
from bot.paging.notice import Accepted, Notice, Receipt, TryLater, sms_text


class SmsChannel:
    """One text with the link and the short code."""

    method: Method = "sms"

    def __init__(self, twilio: Twilio, backup: Backup | None = None) -> None:
        self._twilio = twilio
        self._backup = backup if backup is not None and backup.texts else None

    async def send(self, notice: Notice) -> Receipt:
        """Send the page; by the second provider when the first does not answer, labelled if the first may have sent it."""
        fields = {"To": notice.address, "Body": sms_text(notice), "StatusCallback": notice.status_url}
        first = await self._twilio.make("Messages", fields)
        if self._backup is None or not is_broken(first):
            return first
        may_be_second = notice.possible_duplicate or (isinstance(first, TryLater) and first.maybe_sent)
        second = await self._backup.text(notice.address, sms_text(replace(notice, possible_duplicate=may_be_second)))
        return replace(second, possible_duplicate=may_be_second) if isinstance(second, Accepted) else first

    async def earlier(self, notice: Notice, known: frozenset[str]) -> Accepted | TryLater | None:
        """The earlier try is the text that names this page by number and code; of several pages, one that offers to take all."""
        made = await self._twilio.made("Messages", notice.address)
        if isinstance(made, TryLater):
            return None if self._backup is not None else made  # the second provider sends it, and says that it may be a duplicate
        for message in made:
            if names(message.body, notice) and message.sid not in known and message.status not in ("failed", "canceled"):
                return Accepted(message.sid)
        return None

    async def tell(self, to: str, text: str) -> Receipt:
        """Send any other text, such as a stand-down."""
        first = await self._twilio.make("Messages", {"To": to, "Body": text})
        return await self._backup.text(to, text) if self._backup is not None and is_broken(first) else first

    async def told(self, to: str, text: str) -> Accepted | TryLater | None:
        """Did this very text go out before?"""
        made = await self._twilio.made("Messages", to)
        if isinstance(made, TryLater):
            return made
        return next((Accepted(message.sid) for message in made if message.body == text), None)


def names(text: str, notice: Notice) -> bool:
    """Whether a text is the one that this notice would be."""
    if notice.bundle:
        return "Reply aa for all" in text and any(re.search(rf"#{one.incident}\b", text) for one in notice.bundle)
    return f"#{notice.incident}" in text and f"Reply {notice.code}a" in text
