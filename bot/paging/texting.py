"""Answers by SMS: what a person's text does to their pages, and what they are told back."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.db import ActorId, Tx
from bot.directory.messages import TellPerson
from bot.directory.service import Directory
from bot.errors import NotFound, Refusal
from bot.paging import codes, story
from bot.paging.actions import PageActions
from bot.paging.answers import (
    Ack,
    Ambiguous,
    Answer,
    DeclareBySms,
    Decline,
    Escalate,
    Help,
    NoSuchPage,
    NothingOpen,
    OpenPage,
    Resolve,
    Snooze,
    Start,
    Stop,
    WhoElse,
    parse_answer,
)
from bot.paging.deliveries import Deliveries
from bot.paging.holding import Holding
from bot.paging.models import Page, PageCode, number
from bot.paging.notice import gsm, shorten
from bot.paging.service import Paging
from bot.paging.states import PageState, needs_answer
from bot.work import inbox, queue

REPLY_LIMIT = 320
SURE_WITHIN = timedelta(minutes=5)
HELPS_AN_HOUR = 5
HELP = (
    "Reply 4a to take page 4, 4e for the next person, 4n if you can't, 4s30 to snooze, 4r to resolve, ? for who else was paged. "
    "sev1 and words: declare."
)
RESOLVE = "resolve"
STOPPED = "You sent STOP: no SMS reaches you any more, and pages ring your phone instead. Text START to our number to have SMS again."
STARTED = "You get pages by SMS again."


@dataclass(frozen=True)
class Mine:
    """A page of the person who writes, under its code."""

    code: PageCode
    page: Page


class Texting:
    """Reads a person's SMS. The actor of the transaction is who wrote."""

    def __init__(self, paging: Paging, holding: Holding, deliveries: Deliveries, actions: PageActions, directory: Directory) -> None:
        self._paging = paging
        self._holding = holding
        self._deliveries = deliveries
        self._actions = actions
        self._directory = directory

    async def answer(self, tx: Tx, text: str) -> str:
        """Do what the text says and return the reply; "" is silence."""
        await self._holding.heard_from(tx, tx.actor)
        mine = await self._mine(tx)
        open_now = [one for one in mine if needs_answer(one.page.state)]
        running = [one for one in mine if one.page.state != PageState.CLOSED]
        confirming = self._confirming(tx, running)
        answer = parse_answer(text, choices(open_now), confirming)
        if isinstance(answer, Resolve | NoSuchPage | NothingOpen | Start):  # those already taken can be resolved, or were meant
            answer = parse_answer(text, choices(running), confirming)
        return shorten(gsm(await self._do(tx, answer, mine)), REPLY_LIMIT)

    async def _do(self, tx: Tx, answer: Answer, mine: Sequence[Mine]) -> str:
        match answer:
            case Ack(chosen, others):
                return await self._acknowledge(tx, chosen, others, mine)
            case Escalate(code):
                page = page_of(code, mine)
                return await self._try(
                    tx, lambda: self._paging.escalate_page(tx, number(page)), f"#{page.incident_id}: the next step is being paged."
                )
            case Decline(code):
                page = page_of(code, mine)
                return await self._try(
                    tx, lambda: self._paging.decline(tx, number(page)), f"#{page.incident_id}: the next person is being paged. Rest well."
                )
            case Resolve(code, confirmed):
                return await self._resolve(tx, code, confirmed, mine)
            case Snooze(code, wait):
                return await self._snooze(tx, page_of(code, mine), wait)
            case WhoElse(code):
                return await self._who_else(tx, code, mine)
            case DeclareBySms(severity, title):
                return await self._declare(tx, severity, title)
            case NoSuchPage(code, open_codes):
                return self._no_such_page(tx, code, open_codes, mine)
            case Ambiguous(text):
                return text
            case NothingOpen():
                return "No page waits for your answer."
            case Stop():
                await self._deliveries.sms_stopped(tx, tx.actor)
                await self._tell(tx, STOPPED)
                return ""  # the carrier has answered, and would block ours
            case Start():
                await self._tell(tx, STARTED)
                return "You get pages by SMS."
            case Help():
                return await self._help(tx)

    async def _acknowledge(self, tx: Tx, chosen: Sequence[int], others: Sequence[int], mine: Sequence[Mine]) -> str:
        said = []
        for code in chosen:
            page = page_of(code, mine)
            said.append(await self._take(tx, page))
        if others:
            said.append(f"Still open: {', '.join(f'{code} (#{page_of(code, mine).incident_id})' for code in others)}.")
        return " ".join(said)

    async def _take(self, tx: Tx, page: Page) -> str:
        return await self._try(tx, lambda: self._paging.acknowledge(tx, number(page)), f"#{page.incident_id} is yours.")

    async def _snooze(self, tx: Tx, page: Page, wait: timedelta) -> str:
        async def snoozed() -> str:
            until = await self._holding.snooze(tx, number(page), wait)
            at = self._directory.wall_time(tx.actor, until, tx.now)
            return f"#{page.incident_id}: you are paged again at {at}, unless somebody takes it."

        return await self._try_saying(tx, snoozed)

    async def _resolve(self, tx: Tx, code: int, confirmed: bool, mine: Sequence[Mine]) -> str:
        chosen = next(one for one in mine if one.code.code == code)
        incident = chosen.page.incident_id
        action = self._actions.find(RESOLVE)
        if action is None:
            return f"Nothing was done: resolve #{incident} in Slack."
        if not confirmed and action.must_confirm(chosen.page.severity):
            chosen.code.asked_at = tx.now
            return f"Resolve SEV{chosen.page.severity} #{incident}? Reply yes, or {code}r once more, within 5 min."
        chosen.code.asked_at = None
        return await self._try_saying(tx, lambda: action.run(tx, incident, ""))

    async def _who_else(self, tx: Tx, code: int | None, mine: Sequence[Mine]) -> str:
        if code is None:
            return "No page waits for your answer."
        page = page_of(code, mine)
        people = story.by_person(await self._paging.story(tx, page.incident_id))
        others = [f"{self._directory.name(person)} {state}" for person, state in people.items() if person != tx.actor]
        return f"#{page.incident_id}: {'; '.join(others) or 'nobody else was paged yet'}. {self._paging.standing(page, tx.actor, tx.now)}"

    async def _declare(self, tx: Tx, severity: int, title: str) -> str:
        return await self._try_saying(tx, lambda: self._actions.declare(tx, severity, title))

    def _no_such_page(self, tx: Tx, code: int, open_codes: Sequence[int], mine: Sequence[Mine]) -> str:
        once = next((one for one in mine if one.code.code == code), None)
        if once is not None:
            return str(self._paging.not_needed(once.page, tx.actor, tx.now))
        return (
            f"You have no page {code}. Open: {', '.join(map(str, open_codes))}."
            if open_codes
            else f"You have no page {code}, nor any other."
        )

    async def _tell(self, tx: Tx, text: str) -> None:
        """Say it in Slack: after STOP the carrier blocks our answer, and START is worth reading there, too."""
        await queue.schedule(tx, TellPerson(actor=tx.actor, text=text), key=f"sms-switch:{tx.actor}:{tx.now.timestamp():.0f}")

    async def _help(self, tx: Tx) -> str:
        """The help text, at most five times an hour: two machines must not talk to each other for ever."""
        for number_ in range(HELPS_AN_HOUR):
            if await inbox.first_time(tx, f"sms-help:{tx.actor}:{tx.now:%Y%m%d%H}:{number_}"):
                return HELP
        return ""

    async def _try(self, tx: Tx, verb: Callable[[], Awaitable[None]], done: str) -> str:
        async def said() -> str:
            await verb()
            return done

        return await self._try_saying(tx, said)

    async def _try_saying(self, tx: Tx, verb: Callable[[], Awaitable[str]]) -> str:
        """A refusal undoes only what it refused, and is itself the reply."""
        try:
            async with tx.savepoint():
                return await verb()
        except Refusal as refusal:
            return str(refusal)

    async def _mine(self, tx: Tx) -> list[Mine]:
        """The person's pages by code, oldest first: those that run, and those over for less than a day."""
        return [Mine(code, await self._paging.page(tx, code.page_id, hold=False)) for code in reversed(await codes.of_person(tx, tx.actor))]

    def _confirming(self, tx: Tx, running: Sequence[Mine]) -> int | None:
        asked = [one.code for one in running if one.code.asked_at is not None and tx.now - one.code.asked_at <= SURE_WITHIN]
        return asked[-1].code if asked else None


def choices(pages: Sequence[Mine]) -> list[OpenPage]:
    """Pages as the grammar takes them."""
    return [OpenPage(one.code.code, one.page.severity) for one in pages]


def page_of(code: int, mine: Sequence[Mine]) -> Page:
    """The page under this code: where the number had two within a day, the newer."""
    found = next((one.page for one in reversed(mine) if one.code.code == code), None)
    if found is None:
        raise NotFound(f"You have no page {code}.")
    return found


def writer(directory: Directory, phone: str) -> ActorId | None:
    """Who has this number."""
    person = directory.config.person_by_phone(phone)
    return ActorId(person.id) if person else None
