"""Our own SMTP server for answers by e-mail. It is nobody's relay, and a mail is taken only once it is committed."""

import asyncio
from collections.abc import Sequence

from aiosmtpd.smtp import SMTP, Envelope, Session

from bot import log
from bot.errors import NotFound
from bot.paging import inbound
from bot.paging.mail import OUT_OF_ORDER, MailDoor

LARGEST = 20 * 1024 * 1024
"""Bytes of a mail: an answer with a picture in its signature still arrives. A larger one goes back to its sender."""
LONGEST_LINE = 64 * 1024
MOST_AT_ONCE = 50
"""Connections; more are turned away, and mail servers come again."""
NOT_AN_ANSWER = "550 5.1.1 Nobody answers a page at this address. Answer the newest mail, or open the link in it."
NOT_NOW = "451 4.3.0 Tocsin cannot reach its database. Try again in a minute."
logger = log.get(__name__)


class Connection(SMTP):
    """One SMTP connection."""

    line_length_limit = LONGEST_LINE

    def __init__(self, door: MailDoor) -> None:
        super().__init__(Receiver(door), hostname="tocsin", ident="Tocsin", data_size_limit=LARGEST, enable_SMTPUTF8=True, timeout=60)
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        if len(self._door.open) >= MOST_AT_ONCE:
            transport.abort()
        self._door.open.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        assert isinstance(self.transport, asyncio.Transport)
        self._door.open.discard(self.transport)
        super().connection_lost(error)


class Receiver:
    """What aiosmtpd asks at each step; its methods have the names that it looks for."""

    def __init__(self, door: MailDoor) -> None:
        self._door = door

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Sequence[str]) -> str:  # noqa: N802
        """Only addresses that we made: we are nobody's relay."""
        if not self._door.is_ours(address):
            return NOT_AN_ANSWER
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The mail. 250 only after its commit."""
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode("utf-8", "replace")
        try:
            mail = await asyncio.to_thread(inbound.read, content, envelope.mail_from or "", envelope.rcpt_tos)
            await self._door.take(mail)
        except NotFound:
            return NOT_AN_ANSWER
        except OUT_OF_ORDER as broken:
            logger.exception("mail not taken", error=type(broken).__name__)
            return NOT_NOW
        return "250 2.0.0 Taken"

    async def handle_exception(self, error: Exception) -> str:
        """A bug of ours: the sender keeps the mail and comes again."""
        logger.error("mail not taken", exc_info=error)
        return NOT_NOW
