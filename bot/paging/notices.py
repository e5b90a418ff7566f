"""Writes notices: a page and an attempt become what one person is told, with that person's link, code and clock."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import cast

from sqlalchemy import select
from sqlmodel import col

from bot.config.escalation import Method
from bot.db import ActorId, Tx
from bot.directory.service import Directory
from bot.paging import codes, sink
from bot.paging.models import Page, PageAttempt, number
from bot.paging.notice import Notice, duration
from bot.paging.policy import is_place, lateness
from bot.paging.service import Paging
from bot.paging.states import needs_answer
from bot.web.signing import Links

PURPOSE = "p"
"""Pages are at `/p/<page>?k=…`: short, for an SMS."""
HOOK = "twilio"
MAIL = "mail"
REPLY_ADDRESS = re.compile(r"ack\+([0-9]{1,15})-([a-z2-7]{20})@(.+)")
LINKS_LAST = timedelta(days=3)
"""Longer than nearly every incident; whoever needs it later opens Slack."""


@dataclass(frozen=True)
class Place:
    """Where people meet about a page."""

    bridge: str | None = None
    dial_in: str | None = None
    channel_id: str | None = None


def place_of(page: Page) -> Place:
    """Where people meet, from the page's row."""
    raw = json.loads(page.place)
    return Place(raw.get("bridge"), raw.get("dial_in"), raw.get("channel_id"))


class Notices:
    """Knows the directory, the public address and how to sign. `url` is TOCSIN_URL."""

    def __init__(
        self,
        directory: Directory,
        paging: Paging,
        links: Links,
        url: str,
        slack_is_away: Callable[[], bool] = lambda: False,
        mail_domain: str = "",
    ) -> None:
        self._directory = directory
        self._paging = paging
        self._links = links
        self._url = url.rstrip("/")
        self._slack_is_away = slack_is_away
        self._mail_domain = mail_domain.lower()

    def link(self, page_id: int, person: str, *asking: str) -> str:
        """The address at which this person answers this page, or is asked once more whether they mean it. At a place's it is only shown."""
        holder = None if is_place(person) else ActorId(person)
        return self._links.link(PURPOSE, str(page_id), *asking, person=holder, lasts=LINKS_LAST)

    def hook(self, kind: str, attempt_id: int) -> str:
        """The address at which Twilio tells us of an attempt: `status` or `voice`."""
        key = self._links.token(HOOK, str(attempt_id), person=None, lasts=LINKS_LAST)
        return f"{self._url}/hooks/twilio/{kind}/{attempt_id}/{key}"

    def reply_address(self, attempt_id: int) -> str:
        """The address that answers this attempt: its seal says that we made it, so whoever was sent it may answer with it."""
        return f"ack+{attempt_id}-{self._links.seal(MAIL, str(attempt_id))}@{self._mail_domain}" if self._mail_domain else ""

    def answered_attempt(self, address: str) -> int | None:
        """The attempt that an address answers; None for every address that we did not make."""
        found = REPLY_ADDRESS.fullmatch(address.strip().lower())
        if found is None or not self._mail_domain or found[3] != self._mail_domain:
            return None
        return int(found[1]) if self._links.is_sealed(found[2], MAIL, found[1]) else None

    def service_name(self, page: Page) -> str | None:
        """The service's name for people."""
        service = self._directory.service(page.service) if page.service else None
        return service.name if service else page.service

    async def write(self, tx: Tx, page: Page, attempt: PageAttempt) -> Notice | None:
        """The notice for this attempt as things stand now. None when the person cannot be reached that way any more."""
        address = await self._address(tx, page, attempt)
        if address is None:
            return None
        screen = await self.for_screen(tx, page, attempt.person, attempt.why)
        return replace(
            screen,
            attempt_id=number(attempt),
            address=address,
            status_url=self.hook("status", number(attempt)),
            voice_url=self.hook("voice", number(attempt)),
            reply_to="" if is_place(attempt.person) else self.reply_address(number(attempt)),
            late=lateness((attempt.accepted_at or tx.now) - attempt.due_at),
            possible_duplicate=attempt.possible_duplicate,
            called_at=attempt.calling_at,
        )

    async def write_all(self, tx: Tx, page: Page, attempt: PageAttempt, company: Sequence[tuple[Page, PageAttempt]]) -> Notice | None:
        """The notice for an attempt and what is told in the same message. Two attempts for one page tell it once."""
        notice = await self.write(tx, page, attempt)
        others = {other_page.id: other_page for other_page, _ in company if other_page.id != page.id}
        if notice is None or not others:
            return notice
        told = [await self.for_screen(tx, one, attempt.person) for one in (page, *others.values())]
        return replace(notice, bundle=tuple(sorted(told, key=lambda one: (one.drill, one.severity, one.code))))

    async def _address(self, tx: Tx, page: Page, attempt: PageAttempt) -> str | None:
        """Where this attempt goes. None when the person cannot be reached that way any more."""
        if attempt.person == sink.PERSON:
            return sink.ADDRESS
        methods: list[str] = [rule.method for rule in self._directory.rules(attempt.person, page.severity)]
        if attempt.method not in methods and not is_place(attempt.person):
            return None
        return await self._directory.address(tx, attempt.person, cast("Method", attempt.method))

    async def for_screen(self, tx: Tx, page: Page, person: str, why: str | None = None) -> Notice:
        """The notice as a person sees it in a browser, where it goes to no address. `why` they were paged, where that is known already."""
        place = place_of(page)
        return Notice(
            attempt_id=0,
            page_id=number(page),
            version=page.version,
            incident=page.incident_id,
            severity=page.severity,
            title=page.title,
            service=self.service_name(page),
            private=page.private,
            drill=page.drill,
            since=self._directory.wall_time(person, page.since, tx.now),
            lasting=duration(page.since, tx.now),
            person=person,
            address="",
            why=await self._why(tx, page, person) if why is None else why,
            code=await self._code(tx, page, person),
            link=self.link(number(page), person),
            status_url="",
            voice_url="",
            standing=self._paging.standing(page, person, tx.now),
            wants_answer=needs_answer(page.state),
            bridge=place.bridge,
            dial_in=place.dial_in,
            channel_id=place.channel_id,
            words=page.words,
            asked_by=self._directory.name(page.asked_by) if page.asked_by else None,
            slack_is_away=self._slack_is_away(),
            since_at=page.since,
        )

    async def _why(self, tx: Tx, page: Page, person: str) -> str:
        mine = select(col(PageAttempt.why)).where(col(PageAttempt.page_id) == page.id, col(PageAttempt.person) == person)
        why: str | None = (await tx.session.execute(mine.order_by(col(PageAttempt.id).desc()).limit(1))).scalar()
        return why or "not paged yourself"

    async def _code(self, tx: Tx, page: Page, person: str) -> int:
        given = await codes.code_of(tx, person, number(page))
        return given.code if given else 1
