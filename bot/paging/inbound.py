"""What a mail that came in says: whose address it went to, who wrote it, its first line, and whether a machine wrote it.

Only the beginning is read, so that pictures cost nothing; whatever is broken in it, something is returned.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parseaddr
from hashlib import sha256
from html.parser import HTMLParser

READ = 256 * 1024
"""Bytes. An answer stands at the beginning; what follows is quoted or attached."""
LONGEST_LINE = 400
RECIPIENTS = ("Delivered-To", "X-Original-To", "To", "Cc")
OUT_OF_OFFICE = re.compile(
    r"^\W*(auto(matic)?[- ]?(reply|response|matisch)|out of (the )?office|abwesen|absence|réponse automatique|respuesta automática"
    r"|fuera de la oficina|undeliver|delivery status|mail delivery failed|returned mail)",
    re.IGNORECASE,
)
QUOTED = re.compile(r"^(>|\||»|-{2,}|_{5,}|(on|am|le|el|op) .{4,}:$|(from|von|de|sent|gesendet): )", re.IGNORECASE)
INVISIBLE = re.compile("[\u00a0\u200b-\u200f\u2060\ufeff]")
BLOCKS = frozenset({"br", "p", "div", "tr", "li", "ul", "ol", "table", "blockquote", "h1", "h2", "h3", "hr", "pre"})
HIDDEN = frozenset({"head", "style", "script", "title"})


@dataclass(frozen=True)
class Inbound:
    """A mail as far as it can be an answer. `key` is the same for every delivery; `automatic` why no person wrote it, "" if one did."""

    recipients: tuple[str, ...]
    sender: str
    line: str
    message_id: str
    key: str
    automatic: str


def read(content: bytes, envelope_sender: str | None, recipients: Sequence[str]) -> Inbound:
    """Read a mail. `envelope_sender` is "" for a bounce, None where only the mail itself is known."""
    mail = parsed(content[:READ])
    message_id = header(mail, "Message-ID").strip()[:200]
    named = [address for _, address in getaddresses([header(mail, name) for name in RECIPIENTS])]
    return Inbound(
        recipients=tuple(dict.fromkeys(one.lower() for one in (*recipients, *named) if one)),
        sender=parseaddr(header(mail, "From"))[1].lower(),
        line=first_line(mail),
        message_id=message_id if re.fullmatch(r"<[!-~]+>", message_id) else "",
        key=sha256(message_id.encode("utf-8", "replace") or content).hexdigest(),
        automatic=automatic(mail, envelope_sender),
    )


def parsed(content: bytes) -> Message:
    """The mail, or its headers alone where parts are nested beyond all reason."""
    try:
        return message_from_bytes(content)
    except RecursionError:
        return BytesHeaderParser().parsebytes(content)


def automatic(mail: Message, envelope_sender: str | None) -> str:
    """Why no person wrote this; "" when one did. Machines must never take a page."""
    return_path = header(mail, "Return-Path").strip() if envelope_sender is None else f"<{envelope_sender.strip('<>')}>"
    if return_path == "<>" or mail.get_content_type() == "multipart/report":
        return "it is a bounce"
    if header(mail, "Auto-Submitted").strip().lower() not in ("", "no"):
        return "it is marked as sent by a machine"
    if header(mail, "Precedence").strip().lower() in ("bulk", "list", "junk", "auto_reply"):
        return "it is bulk mail"
    for name in ("X-Auto-Response-Suppress", "X-Autoreply", "X-Autorespond", "List-Id", "List-Unsubscribe"):
        if name in mail:
            return f"it carries {name}"
    return "it is an out-of-office reply" if OUT_OF_OFFICE.match(header(mail, "Subject")) else ""


def first_line(mail: Message) -> str:
    """The first line that says something, "" when that is quoted or there is none."""
    for line in text_of(mail).splitlines():
        said = INVISIBLE.sub(" ", line).strip()
        if said:
            return "" if QUOTED.match(said) else said[:LONGEST_LINE]
    return ""


def text_of(mail: Message) -> str:
    """The text that a person would see: plain, else the HTML's."""
    for kind in ("plain", "html"):
        for part in leaves(mail):
            if part.get_content_type() == f"text/{kind}" and part.get_content_disposition() != "attachment":
                text = decoded(part)
                return text if kind == "plain" else visible(text)
    return ""


def leaves(mail: Message) -> list[Message]:
    """Every part that has no parts, in order; not by recursion, since parts can be nested for ever."""
    found: list[Message] = []
    waiting: list[Message] = [mail]
    while waiting:
        part = waiting.pop()
        payload = part.get_payload()
        if isinstance(payload, list):
            waiting += [one for one in reversed(payload) if isinstance(one, Message)]
        else:
            found.append(part)
    return found


def decoded(part: Message) -> str:
    """A part's text, whatever its encoding claims to be."""
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    try:
        return raw.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):  # a charset that does not exist
        return raw.decode("utf-8", "replace")


def header(mail: Message, name: str) -> str:
    """A header's text, decoded where it can be."""
    raw = str(mail.get(name, ""))
    try:
        return str(make_header(decode_header(raw)))
    except (LookupError, ValueError, MessageError):
        return raw


class Visible(HTMLParser):
    """Collects the text of a page by its lines; quoted lines begin with `>`."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.hidden = self.quoted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in HIDDEN
        self.quoted += tag == "blockquote"
        if tag in BLOCKS:
            self.text.append("\n> " if self.quoted else "\n")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in HIDDEN and self.hidden > 0
        self.quoted -= tag == "blockquote" and self.quoted > 0
        if tag in BLOCKS:
            self.text.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.text.append(" ".join(data.split()) + " " if data.strip() else " ")


def visible(html: str) -> str:
    """What an HTML mail shows, as lines."""
    page = Visible()
    page.feed(html[: READ // 4])
    page.close()
    return "".join(page.text)
