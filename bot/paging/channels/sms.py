"""Pages by SMS."""

from bot.config.escalation import Method
from bot.paging.channels.twilio import Twilio
from bot.paging.notice import Accepted, Notice, Receipt, TryLater, sms_text


class SmsChannel:
    """One text with the link and the short code."""

    method: Method = "sms"

    def __init__(self, twilio: Twilio) -> None:
        self._twilio = twilio

    async def send(self, notice: Notice) -> Receipt:
        """Send the page."""
        return await self._twilio.make("Messages", {"To": notice.address, "Body": sms_text(notice), "StatusCallback": notice.status_url})

    async def earlier(self, notice: Notice, known: frozenset[str]) -> Accepted | TryLater | None:
        """The earlier try is the text that names this page by number and code."""
        made = await self._twilio.made("Messages", notice.address)
        if isinstance(made, TryLater):
            return made
        for message in made:
            names_it = f"#{notice.incident}" in message.body and f"Reply {notice.code}a" in message.body
            if names_it and message.sid not in known and message.status not in ("failed", "canceled"):
                return Accepted(message.sid)
        return None

    async def tell(self, to: str, text: str) -> Receipt:
        """Send any other text, such as a stand-down."""
        return await self._twilio.make("Messages", {"To": to, "Body": text})

    async def told(self, to: str, text: str) -> Accepted | TryLater | None:
        """Did this very text go out before?"""
        made = await self._twilio.made("Messages", to)
        if isinstance(made, TryLater):
            return made
        return next((Accepted(message.sid) for message in made if message.body == text), None)
