"""Answers by SMS: what a person's text does to their pages, and what they are told back."""

import re
from datetime import timedelta

from sqlalchemy import func, select
from sqlmodel import col

from bot.db import ActorId, Tx
from bot.directory.service import Directory
from bot.errors import Refusal
from bot.paging import codes
from bot.paging.actions import PageActions
from bot.paging.answering import Answering, Mine, choices
from bot.paging.answers import (
    Ack,
    Answer,
    DeclareBySms,
    Decline,
    Escalate,
    Help,
    NoSuchPage,
    NothingOpen,
    Resolve,
    Snooze,
    Start,
    Stop,
    opens_sms,
    parse_answer,
)
from bot.paging.checks import WRONG_CODE, Checks
from bot.paging.contacts import Contacts
from bot.paging.deliveries import Deliveries
from bot.paging.holding import Holding
from bot.paging.models import PageAttempt
from bot.paging.notice import gsm, shorten
from bot.paging.numbers import OurNumbers
from bot.paging.service import Paging
from bot.paging.states import PageState, needs_answer
from bot.work import inbox

REPLY_LIMIT = 320
CODE = re.compile(r"\W*(\d{3})[ -]?(\d{3})\W*")
HELPS_AN_HOUR = 5
TOLD_LATELY = timedelta(days=1)
HELP = (
    "Reply 4a to take page 4, 4e for the next person, 4n if you can't, 4s30 to snooze, 4r to resolve, ? for who else was paged. "
    "sev1 and words: declare."
)


class Texting:
    """Reads a person's SMS. The actor of the transaction is who wrote."""

    def __init__(
        self,
        paging: Paging,
        holding: Holding,
        deliveries: Deliveries,
        actions: PageActions,
        answering: Answering,
        checks: Checks,
        numbers: OurNumbers,
    ) -> None:
        self._paging = paging
        self._holding = holding
        self._deliveries = deliveries
        self._actions = actions
        self._answering = answering
        self._contacts = Contacts(paging.directory)
        self._checks = checks
        self._numbers = numbers

    async def answer(self, tx: Tx, text: str) -> str:
        """Do what the text says and return the reply; "" is silence."""
        reply = await self._reply(tx, text)
        await self._holding.heard_from(tx, tx.actor)  # last: it waits for pages whose incidents are not held here
        return reply

    async def _reply(self, tx: Tx, text: str) -> str:
        if opens_sms(text):
            await self._contacts.start(tx, tx.actor)
        mine = await self._mine(tx)
        open_now = [one for one in mine if needs_answer(one.page.state)]
        running = [one for one in mine if one.page.state != PageState.CLOSED]
        confirming = self._answering.confirming(tx, running)
        bundles = await self._bundles(tx)
        answer = parse_answer(text, choices(open_now, bundles), confirming)
        if (said := await self._of_check(tx, text, answer)) is not None:
            return said
        if isinstance(answer, Resolve | NoSuchPage | NothingOpen | Start):  # those already taken can be resolved, or were meant
            answer = parse_answer(text, choices(running, bundles), confirming)
        if isinstance(answer, Ack | Decline | Escalate | Snooze):
            await self._contacts.proved(tx, tx.actor, "sms")
        return shorten(gsm(await self._do(tx, answer, mine)), REPLY_LIMIT)

    async def _of_check(self, tx: Tx, text: str, answer: Answer) -> str | None:
        """The reply, where the text answers a code or, while no page waits for one, a test page."""
        code = CODE.fullmatch(text.strip())
        said = await self._checks.code_came(tx, code[1] + code[2]) if code else None
        if isinstance(answer, NothingOpen | Start) and code is None:
            said = await self._checks.text_came(tx)
        if said is None or said == WRONG_CODE or not (card := self._numbers.link(tx.actor)):
            return said
        return f"{said} Save our numbers, and let them through Do Not Disturb: {card}"

    async def _do(self, tx: Tx, answer: Answer, mine: list[Mine]) -> str:
        match answer:
            case DeclareBySms(severity, title):
                return await self._declare(tx, severity, title)
            case Stop():
                await self._deliveries.sms_stopped(tx, tx.actor)
                return ""  # the carrier has answered, and would block ours
            case Start():
                await self._contacts.start(tx, tx.actor)
                return "You get pages by SMS."
            case Help():
                return await self._help(tx)
            case _:
                return await self._answering.do(tx, answer, mine)

    async def _declare(self, tx: Tx, severity: int, title: str) -> str:
        try:
            async with tx.savepoint():
                return await self._actions.declare(tx, severity, title)
        except Refusal as refusal:
            return str(refusal)

    async def _help(self, tx: Tx) -> str:
        """The help text, at most five times an hour: two machines must not talk to each other for ever."""
        for number_ in range(HELPS_AN_HOUR):
            if await inbox.first_time(tx, f"sms-help:{tx.actor}:{tx.now:%Y%m%d%H}:{number_}"):
                return HELP
        return ""

    async def _mine(self, tx: Tx) -> list[Mine]:
        """The person's pages by code, oldest first: those that run, and those over for less than a day."""
        return [Mine(code, await self._paging.page(tx, code.page_id, hold=False)) for code in reversed(await codes.of_person(tx, tx.actor))]

    async def _bundles(self, tx: Tx) -> dict[int, str]:
        """The newest text that told each page together with others."""
        told = select(col(PageAttempt.page_id), func.max(col(PageAttempt.bundle))).where(
            col(PageAttempt.person) == tx.actor, col(PageAttempt.method) == "sms", col(PageAttempt.bundle).is_not(None)
        )
        rows = await tx.session.execute(told.where(col(PageAttempt.due_at) > tx.now - TOLD_LATELY).group_by(col(PageAttempt.page_id)))
        return {row[0]: str(row[1]) for row in rows}


def writer(directory: Directory, phone: str) -> ActorId | None:
    """Who has this number."""
    person = directory.config.person_by_phone(phone)
    return ActorId(person.id) if person else None
