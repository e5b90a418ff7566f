"""The mailbox: a real SMTP server on this machine that accepts everything and shows it to whom it was sent."""

import asyncio
import contextlib
import email
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import getaddresses, make_msgid, parseaddr

import aiosmtplib
from aiosmtpd.smtp import SMTP, Envelope, Session

from bot.clock import Clock
from bot.errors import NotFound
from bot.sandbox.calls import Traffic
from bot.sandbox.faults import Fault, FaultBoard
from bot.sandbox.phones import nobody_watches

LARGEST = 10 * 1024 * 1024


@dataclass(frozen=True)
class Mail:
    """One message as one person received it. `headers` in the order in which they were written."""

    recipient: str
    sender: str
    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]
    at: datetime

    def to_json(self) -> dict[str, object]:
        return {
            "from": self.sender,
            "to": self.recipient,
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "headers": dict(self.headers),
            "at": self.at.isoformat(),
        }


class Mailbox:
    """Receives for the people in `addresses` (person to e-mail address) and keeps what goes to anybody else, too."""

    def __init__(self, addresses: Mapping[str, str], faults: FaultBoard, clock: Clock, traffic: Traffic | None = None) -> None:
        self.addresses = {user: address.lower() for user, address in addresses.items()}
        self.faults, self.clock = faults, clock
        self.mails: list[Mail] = []
        self.traffic = traffic or Traffic()
        self.port = 0
        self.bot_port = 0
        """Where the bot takes mail; 0: nowhere."""
        self.on_change: Callable[[], None] = nobody_watches
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Transport] = set()

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1; 0 takes any free port, which `port` then tells."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Door(self), "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for transport in list(self._open):
            transport.abort()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._server.wait_closed(), 2)

    def of(self, user: str) -> list[Mail]:
        """What a person received, oldest first. Raises `NotFound`."""
        if user not in self.addresses:
            raise NotFound(f"Nobody called {user} has a mailbox here. Known are {', '.join(self.addresses)}.")
        return [mail for mail in self.mails if mail.recipient.lower() == self.addresses[user]]

    async def reply(self, user: str, text: str, position: int = -1, headers: Mapping[str, str] | None = None) -> str:
        """Answer a mail (the newest unless told) as a mail program does, by SMTP to the bot; its answer, "" when it took the mail.

        `headers` stand in for its own or add to them; an empty one is left out. Raises `NotFound` when there is no such mail.
        """
        mails = self.of(user)
        if not -len(mails) <= position < len(mails):
            raise NotFound(f"{user} has {len(mails)} mails; there is none at position {position}.")
        return await self.post(answer_to(mails[position], text, headers or {}))

    async def post(self, mail: EmailMessage) -> str:
        """Send any mail to the bot; its answer, "" when it took it. `Return-Path: <>` makes it a bounce."""
        if not self.bot_port:
            raise NotFound("The bot takes no mail: nothing listens for it.")
        passage = self.traffic.begin("mail", "reply", str(mail["To"]), content=bytes(mail).decode(errors="replace"))
        sender = "" if mail["Return-Path"] == "<>" else parseaddr(str(mail["From"]))[1]
        recipients = [address for _, address in getaddresses([str(mail["To"])])]
        trouble = ""
        try:
            async with aiosmtplib.SMTP(hostname="127.0.0.1", port=self.bot_port, use_tls=False, start_tls=False, timeout=20) as bot:
                await bot.sendmail(sender, recipients, bytes(mail))
        except aiosmtplib.SMTPRecipientsRefused as refused:
            trouble = str(refused.recipients[0])
        except (aiosmtplib.SMTPException, OSError) as refused:
            trouble = str(refused)
        passage.finish(trouble or None)
        return trouble

    def keep(self, recipients: list[str], content: bytes) -> None:
        """File a message once for each recipient."""
        message = email.message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        for recipient in recipients:
            self.mails.append(
                Mail(
                    recipient=recipient,
                    sender=str(message.get("From", "")),
                    subject=str(message.get("Subject", "")),
                    text=part(message, "plain"),
                    html=part(message, "html"),
                    headers=tuple((name, str(value)) for name, value in message.items()),
                    at=self.clock.now(),
                )
            )
        self.on_change()

    def opened(self, transport: asyncio.Transport) -> None:
        self._open.add(transport)

    def closed(self, transport: asyncio.Transport) -> None:
        self._open.discard(transport)


class Door(SMTP):
    """One SMTP connection."""

    def __init__(self, mailbox: Mailbox) -> None:
        super().__init__(Postman(mailbox), hostname="mail.sandbox", data_size_limit=LARGEST, enable_SMTPUTF8=True)
        self.mailbox = mailbox

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.mailbox.opened(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        assert isinstance(self.transport, asyncio.Transport)
        self.mailbox.closed(self.transport)
        super().connection_lost(error)


class Postman:
    """What aiosmtpd asks at each step; the fault of a message is met when its data has arrived."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (the name aiosmtpd looks for)
        content = envelope.content
        assert isinstance(content, bytes)
        passage = self.mailbox.traffic.begin("mail", "DATA", ", ".join(envelope.rcpt_tos), content=content.decode(errors="replace"))
        answer = await self.delivered(server, envelope, content)
        passage.finish(None if answer.startswith("2") else answer)
        return answer

    async def delivered(self, server: SMTP, envelope: Envelope, content: bytes) -> str:
        """Keep it, unless a fault is to be met; the answer."""
        fault = self.mailbox.faults.take("smtp", "DATA")
        await self.mailbox.faults.hold(fault)
        if fault is not None and fault.reset == "before":
            return cut(server)
        if fault is not None and (refused := ordered(fault)):
            return refused
        self.mailbox.keep(list(envelope.rcpt_tos), content)
        if fault is not None and fault.reset == "after":
            return cut(server)
        return "250 OK"


def answer_to(mail: Mail, text: str, headers: Mapping[str, str]) -> EmailMessage:
    """A reply as mail programs write it: above what is quoted."""
    got = dict(mail.headers)
    answer = EmailMessage()
    written = {
        "From": mail.recipient,
        "To": got.get("Reply-To", mail.sender),
        "Subject": mail.subject if mail.subject.lower().startswith("re:") else f"Re: {mail.subject}",
        "Message-ID": make_msgid(domain="phone.sandbox"),
        "In-Reply-To": got.get("Message-ID", ""),
    }
    for name, value in (written | dict(headers)).items():
        if value:
            answer[name] = value
    quoted = "\n".join(f"> {line}" for line in mail.text.splitlines())
    answer.set_content(f"{text}\n\nOn {mail.at:%a, %d %b %Y at %H:%M} {mail.sender} wrote:\n{quoted}\n")
    return answer


def ordered(fault: Fault) -> str:
    """The SMTP answer that a fault asks for: its status (451 if only words were given), then its words."""
    if fault.status is None and fault.error is None and fault.retry_after_s is None:
        return ""
    return f"{fault.status or 451} {fault.error or 'the sandbox was told to fail here'}"


def cut(server: SMTP) -> str:
    """Drop the connection; the answer is never sent."""
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()
    return "421 closed"


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    content = body.get_content() if body is not None else ""
    return content if isinstance(content, str) else ""
