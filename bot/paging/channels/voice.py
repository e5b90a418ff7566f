"""Pages by phone call. What is said comes from `/hooks/twilio/voice/…` when the call is answered."""

from dataclasses import replace
from datetime import timedelta

from bot.config.escalation import Method
from bot.paging.channels.backup import Backup, is_broken
from bot.paging.channels.twilio import Made, Twilio
from bot.paging.notice import MOST_SPOKEN, Accepted, Notice, Receipt, TryLater, spoken

SAME_CALL = timedelta(hours=1)
"""Calls carry no text of ours: one to this number from about that time, which belongs to no other attempt, is the earlier try."""
RING_S = 40


class VoiceChannel:
    """One call."""

    method: Method = "voice"

    def __init__(self, twilio: Twilio, backup: Backup | None = None) -> None:
        self._twilio = twilio
        self._backup = backup if backup is not None and backup.calls else None

    async def send(self, notice: Notice) -> Receipt:
        """Start the call; by the second provider when the first does not answer."""
        fields: dict[str, str | tuple[str, ...]] = {
            "To": notice.address,
            "Url": notice.voice_url,
            "StatusCallback": notice.status_url,
            "StatusCallbackEvent": ("initiated", "answered", "completed"),
            "Timeout": str(RING_S),
        }
        first = await self._twilio.make("Calls", fields)
        if self._backup is None or not is_broken(first):
            return first
        may_be_second = notice.possible_duplicate or (isinstance(first, TryLater) and first.maybe_sent)
        if notice.check:
            return await self._backup.call(notice.address, f"{notice.title}. {notice.title}.")
        pages = ". ".join(spoken(one) for one in notice.bundle[:MOST_SPOKEN] or (notice,))
        about = f"{notice.about}. " if notice.bundle else ""
        speech = f"Tocsin. {about}{pages}. Answer by the text message or in Slack."
        second = await self._backup.call(notice.address, f"{speech} {speech}")
        return replace(second, possible_duplicate=may_be_second) if isinstance(second, Accepted) else first

    async def earlier(self, notice: Notice, known: frozenset[str]) -> Accepted | TryLater | None:
        """The newest call to this number that no other attempt made."""
        made = await self._twilio.made("Calls", notice.address)
        if isinstance(made, TryLater):
            return None if self._backup is not None else made
        return next((Accepted(call.sid) for call in made if call.sid not in known and _is_from_then(call, notice)), None)


def _is_from_then(call: Made, notice: Notice) -> bool:
    if call.created_at is None or notice.called_at is None:
        return False
    return abs(call.created_at - notice.called_at) <= SAME_CALL
