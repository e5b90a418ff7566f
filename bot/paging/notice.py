"""What a page says, in each medium. A private incident's title and service stay inside Slack and behind the link."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bot.config.escalation import Method
from bot.web.pages import render
from bot.work import orders
from bot.work.orders import Refused

SMS_LIMIT = 320
"""Two segments: longer texts arrive in pieces, and late."""
SHORTEST_TITLE = 12
TITLES = (40, 24, SHORTEST_TITLE)
"""Rooms for each title where an SMS tells several pages."""
MOST_NAMED = 20
"""Of more pages in one message, the rest is only counted."""
MOST_SPOKEN = 3
DRILL = "DRILL "
TOGETHER = frozenset({"sms", "voice", "slack"})
"""The methods by which several pages can be told, and answered, in one message."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà^{}[]~|\\€"
)
PLAIN = {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " ", "•": "-", "→": "->"}


@dataclass(frozen=True)
class Notice:
    """Everything that a channel needs to tell one person. Times are texts on that person's clock."""

    attempt_id: int
    page_id: int
    version: int
    incident: int
    severity: int
    title: str
    service: str | None
    private: bool
    since: str
    lasting: str
    person: str
    address: str
    why: str
    code: int
    link: str
    status_url: str
    voice_url: str
    standing: str
    wants_answer: bool
    reply_to: str = ""
    """The address at which this person answers this page by e-mail, "" where answers by e-mail do not arrive."""
    bridge: str | None = None
    dial_in: str | None = None
    channel_id: str | None = None
    words: str = ""
    asked_by: str | None = None
    late: str = ""
    possible_duplicate: bool = False
    slack_is_away: bool = False
    """Slack does not answer us just now: the reader must not look for anything there."""
    since_at: datetime | None = None
    """`since` for programs."""
    check: str = ""
    """The code that must come back: this is no page, but a test or a question whether the address is right. `title` says which."""
    called_at: datetime | None = None
    """When the first try began; for telling it from other messages to the same person."""
    held_back: int = 0
    """How many messages to the same phone a cap held back since the last."""
    bundle: tuple["Notice", ...] = ()
    """The pages that this message tells, the most urgent first, where they are several. Without address and attempt."""
    drill: bool = False

    @property
    def label(self) -> str:
        """What every message begins with: `SEV1`, or `DRILL SEV1`."""
        return f"{DRILL}SEV{self.severity}" if self.drill else f"SEV{self.severity}"

    @property
    def headline(self) -> str:
        """`SEV1 #42 Checkout is down`, or what a private incident may show outside Slack."""
        if self.check:
            return self.title
        return f"{self.label} #{self.incident}" + (", private" if self.private else f" {one_line(self.title)}")

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the reader must know about this message itself."""
        held_back = f"{self.held_back} more held back by your cap" if self.held_back else ""
        ours = "" if self.asked_by or self.check else one_line(self.words)
        found = (ours, self.late, "possible duplicate" if self.possible_duplicate else "", held_back)
        return tuple(remark for remark in found if remark)

    @property
    def about(self) -> str:
        """What a message of several pages is about: `3 pages`, or `14 pages of Checkout` when all are of one service."""
        services = {None if one.private else one.service for one in self.bundle}
        service = services.pop() if len(services) == 1 else None
        drill = DRILL if all(one.drill for one in self.bundle) else ""
        return f"{drill}{len(self.bundle)} pages" + (f" of {one_line(service)}" if service else "")


@dataclass(frozen=True)
class Accepted:
    """The outside took it, under this id of its own."""

    provider_id: str
    possible_duplicate: bool = False
    """Another provider may have sent it before, and this one said so."""
    remark: str = ""
    """What else there is to say: of a person's several addresses, one failed."""


@dataclass(frozen=True)
class TryLater(orders.TryLater):
    """Not now. With `maybe_sent` it may have gone out all the same: ask before sending again."""

    maybe_sent: bool = False


@dataclass(frozen=True)
class Stopped(Refused):
    """The number has sent STOP, so no text will ever get through until it sends START."""


Receipt = Accepted | TryLater | Refused


class PageChannel(Protocol):
    """One way to reach a person."""

    @property
    def method(self) -> Method:
        """The notification method that it serves."""
        ...

    async def send(self, notice: Notice) -> Receipt:
        """Send it, once."""
        ...

    async def earlier(self, notice: Notice, known: frozenset[str]) -> Accepted | TryLater | None:
        """Did an earlier try get through? `known` are ids that belong to other attempts. None: no, or there is no way to tell."""
        ...


def one_line(text: str) -> str:
    """A text from people on one line, without what would reverse, hide or ring."""
    kept = "".join(" " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in text)
    kept = "".join(letter for letter in kept if unicodedata.category(letter) not in ("Cf", "Cs", "Co", "Cn"))
    return " ".join(kept.split())


def gsm(text: str) -> str:
    """The text in the alphabet of plain SMS, where that keeps it readable: accents fall, emoji go. Otherwise as it is."""
    plain = "".join(PLAIN.get(letter, letter) for letter in text)
    letters = [letter if letter in GSM else _without_accent(letter) for letter in plain]
    kept = " ".join("".join(letters).split())
    wanted = sum(letter.isalpha() for letter in text)
    return kept if sum(letter.isalpha() for letter in kept) * 2 >= wanted else text


def _without_accent(letter: str) -> str:
    return "".join(part for part in unicodedata.normalize("NFKD", letter) if part in GSM)


def shorten(text: str, room: int) -> str:
    """At most `room` characters, cut at a word where one ends near."""
    if len(text) <= room:
        return text
    cut = text[: max(0, room - 3)]
    at_word = cut.rsplit(" ", 1)[0]
    return (at_word if len(at_word) * 4 >= len(cut) * 3 else cut).rstrip() + "..."


def check_text(notice: Notice, *, can_reply: bool) -> str:
    """A test or a question whether the address is right, in plain text."""
    return render("paging/check.txt", notice=notice, can_reply=can_reply).strip()


def sms_text(notice: Notice) -> str:
    """The page as an SMS: at most 320 characters; the title gives way first, then the dial-in number, then the service."""
    if notice.check:
        return check_text(notice, can_reply=True)
    if notice.bundle:
        return _bundle_text(notice)
    title = "" if notice.private else gsm(one_line(notice.title))
    service = "" if notice.private or notice.service is None else gsm(one_line(notice.service))
    words = "" if notice.private or not notice.asked_by else gsm(one_line(notice.words))
    for dial_in, kept_service in ((notice.dial_in, service), (None, service), (None, "")):
        bare = _sms(notice, "", kept_service, dial_in, "")
        room = SMS_LIMIT - len(bare) - 1
        if room >= SHORTEST_TITLE or (not kept_service and dial_in is None):
            break
    shown = shorten(title, max(room, SHORTEST_TITLE))
    said = shorten(words, room - len(shown) - 3) if room - len(shown) > SHORTEST_TITLE else ""
    return _sms(notice, shown, kept_service, dial_in, said)


def spoken(notice: Notice) -> str:
    """The page in a call, without what is around it."""
    title = "private" if notice.private else gsm(one_line(notice.title))
    drill = "Drill. " if notice.drill else ""
    return f"{drill}Sev {notice.severity}, incident {notice.incident}: {title}"


def _bundle_text(notice: Notice) -> str:
    """Several pages as one SMS: as many as fit are named with their codes, the most urgent first; shorter titles before fewer names."""
    for shown in range(min(len(notice.bundle), MOST_NAMED), 0, -1):
        for title in TITLES if shown > 1 else (*TITLES, 0):
            named = [f"{one.code} {one.label} #{one.incident} {_short_title(one, title)}".strip() for one in notice.bundle[:shown]]
            text = _tidy(render("paging/sms_bundle.txt", notice=notice, named=named, left_out=len(notice.bundle) - shown))
            if len(text) <= SMS_LIMIT:
                return text
    return text


def _short_title(notice: Notice, room: int) -> str:
    return shorten("private" if notice.private else gsm(one_line(notice.title)), room) if room else ""


def _tidy(text: str) -> str:
    return re.sub(r"\n{2,}", "\n", text).strip()


def _sms(notice: Notice, title: str, service: str, dial_in: str | None, words: str) -> str:
    text = render("paging/sms.txt", notice=notice, title=title, service=service, dial_in=dial_in, words=words)
    return _tidy(text)


def duration(start: datetime, now: datetime) -> str:
    """How long something lasts, in words for a screen: `5 min`, `2 h 10 min`, `1 d 3 h`."""
    minutes = max(0, int((now - start).total_seconds() // 60))
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def span(time: timedelta) -> str:
    """A length of time, in words: `10 min`, `1 h`, `1 d`."""
    return duration(EPOCH, EPOCH + time)


METHOD_NAMES = {"slack": "Slack", "sms": "SMS", "voice": "phone", "email": "e-mail", "push": "push notification", "webhook": "webhook"}
"""What people call the methods."""
