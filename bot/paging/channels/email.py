"""Pages by e-mail."""

from email.headerregistry import Address
from email.message import EmailMessage
from hashlib import sha256
from urllib.parse import unquote, urlsplit

import aiosmtplib

from bot.config.escalation import Method
from bot.paging.notice import Accepted, Notice, Receipt, TryLater, check_text, one_line
from bot.web.pages import render
from bot.work.orders import Refused

TIMEOUT_S = 8.0
PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


class EmailChannel:
    """One message as text and HTML. `smtp_url` as in SMTP_URL, `sender` the address it comes from."""

    method: Method = "email"

    def __init__(self, smtp_url: str, sender: str) -> None:
        parts = urlsplit(smtp_url)
        self._host, self._port, self._scheme = parts.hostname or "localhost", parts.port or PORTS[parts.scheme], parts.scheme
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._sender = sender

    async def send(self, notice: Notice) -> Receipt:
        """Send the page."""
        return await self._send(self.message(notice), notice.address)

    async def reply(self, notice: Notice, text: str, in_reply_to: str, key: str) -> Receipt:
        """Tell a person what became of their answer. `key` is the same for every try."""
        mail = self._addressed(
            notice.address, f"Re: {one_line(notice.headline)}", f"reply-{sha256(key.encode()).hexdigest()[:24]}", notice.reply_to
        )
        mail["Auto-Submitted"] = "auto-replied"
        if in_reply_to:
            mail["In-Reply-To"] = mail["References"] = in_reply_to
        mail.set_content(render("paging/email_reply.txt", notice=notice, text=text))
        return await self._send(mail, notice.address)

    async def tell(self, to: str, subject: str, text: str, key: str) -> Receipt:
        """Send any other text. `key` is the same for every try."""
        mail = self._addressed(to, subject, f"told-{sha256(key.encode()).hexdigest()[:24]}")
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(text)
        return await self._send(mail, to)

    async def _send(self, message: EmailMessage, to: str) -> Receipt:
        try:
            await aiosmtplib.send(
                message,
                sender=self._sender,
                recipients=[to],
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=self._password,
                use_tls=self._scheme == "smtps",
                start_tls=self._scheme == "smtp+starttls",
                timeout=TIMEOUT_S,
            )
        except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPResponseException) as answer:
            return _answered(answer)
        except aiosmtplib.SMTPConnectError:
            return TryLater("The mail server cannot be reached.")
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as broken:
            return TryLater(f"The mail server did not answer ({type(broken).__name__}).", maybe_sent=True)
        return Accepted(str(message["Message-ID"]))

    async def probe(self) -> str:
        """Whether the server takes our greeting and password now: "" when it does, otherwise what is wrong."""
        server = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._user,
            password=self._password,
            use_tls=self._scheme == "smtps",
            start_tls=self._scheme == "smtp+starttls",
            timeout=TIMEOUT_S,
        )
        try:
            async with server:
                await server.noop()
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as broken:
            return f"the mail server at {self._host}:{self._port} does not take us ({type(broken).__name__}); see SMTP_URL"
        return ""

    async def earlier(self, notice: Notice, known: frozenset[str]) -> Accepted | TryLater | None:
        """Nobody can be asked. The repeat carries the same Message-ID, by which most mailboxes drop the second."""
        return None

    def message(self, notice: Notice) -> EmailMessage:
        """The mail as it is sent."""
        remarks = f" ({', '.join(notice.remarks)})" if notice.remarks else ""
        message_id = f"check-{notice.attempt_id}" if notice.check else f"page-{notice.page_id}-{notice.attempt_id}"
        mail = self._addressed(notice.address, one_line(notice.headline + remarks), message_id, notice.reply_to)
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Priority"] = "1"
        if notice.check:
            mail.set_content(check_text(notice, can_reply=False))
            return mail
        mail.set_content(render("paging/email.txt", notice=notice))
        mail.add_alternative(render("paging/email.html", notice=notice), subtype="html")
        return mail

    def _addressed(self, to: str, subject: str, message_id: str, reply_to: str | None = None) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = Address("Tocsin", addr_spec=self._sender)
        mail["To"] = to
        if reply_to:
            mail["Reply-To"] = reply_to
        mail["Subject"] = subject
        mail["Message-ID"] = f"<{message_id}@{self._sender.rpartition('@')[2]}>"
        return mail


def _answered(answer: aiosmtplib.SMTPRecipientsRefused | aiosmtplib.SMTPResponseException) -> Receipt:
    first = answer.recipients[0] if isinstance(answer, aiosmtplib.SMTPRecipientsRefused) else answer
    if 400 <= first.code < 500:
        return TryLater(f"The mail server said {first.code}: {one_line(str(first.message))}")
    if first.code < 0 or first.code >= 600:
        return TryLater("The mail server broke off.", maybe_sent=True)
    return Refused(f"The mail server refused it: {first.code} {one_line(str(first.message))}")
