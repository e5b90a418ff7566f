"""Answers about pages: what each does, and the sentence for whoever gave it, whatever road it came by (SMS, keypad, e-mail)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from bot.db import Tx
from bot.directory.service import Directory
from bot.errors import NotFound, Refusal
from bot.paging import story
from bot.paging.actions import PageActions
from bot.paging.answers import (
    Ack,
    Ambiguous,
    Decline,
    Escalate,
    NoSuchPage,
    NothingOpen,
    OpenPage,
    Resolve,
    Snooze,
    WhoElse,
)
from bot.paging.holding import Holding
from bot.paging.models import Page, PageCode, number
from bot.paging.notice import DRILL
from bot.paging.service import Paging

SURE_WITHIN = timedelta(minutes=5)
RESOLVE = "resolve"
AboutPages = Ack | Escalate | Decline | Snooze | Resolve | WhoElse | NoSuchPage | Ambiguous | NothingOpen


@dataclass(frozen=True)
class Mine:
    """A page of the person who answers, under its code."""

    code: PageCode
    page: Page


class Answering:
    """Does what was answered. The actor of the transaction is who answers; a refusal undoes only what it refused, and is the sentence."""

    def __init__(self, paging: Paging, holding: Holding, actions: PageActions, directory: Directory) -> None:
        self._paging = paging
        self._holding = holding
        self._actions = actions
        self._directory = directory

    async def do(self, tx: Tx, answer: AboutPages, mine: Sequence[Mine]) -> str:
        """Do what an answer in words says about one of the person's pages; returns the reply."""
        match answer:
            case Ack(chosen, others):
                return await self._acknowledge(tx, chosen, others, mine)
            case Escalate(code):
                return await self.escalate(tx, page_of(code, mine))
            case Decline(code):
                return await self._decline(tx, page_of(code, mine))
            case Resolve(code, confirmed):
                return await self._resolve(tx, code, confirmed, mine)
            case Snooze(code, wait):
                return await self._snooze(tx, page_of(code, mine), wait)
            case WhoElse(code):
                return await self._who_else(tx, code, mine)
            case NoSuchPage(code, open_codes):
                return self._no_such_page(tx, code, open_codes, mine)
            case Ambiguous(text):
                return text
            case NothingOpen():
                return "No page waits for your answer."

    async def take(self, tx: Tx, page: Page) -> str:
        """The page is theirs."""
        return told(page, await _try(tx, lambda: self._paging.acknowledge(tx, number(page)), f"#{page.incident_id} is yours."))

    async def escalate(self, tx: Tx, page: Page) -> str:
        """The next step is paged now."""
        done = f"#{page.incident_id}: the next step is being paged."
        return told(page, await _try(tx, lambda: self._paging.escalate_page(tx, number(page)), done))

    async def resolve(self, tx: Tx, page: Page) -> str:
        """It is over, as far as the rooms above agree. Whether they mean it was asked before."""
        return told(page, await _try_saying(tx, lambda: self._actions.run(tx, RESOLVE, page.incident_id)))

    def must_confirm(self, page: Page) -> bool:
        """Whether resolving this page's incident wants a second yes."""
        action = self._actions.find(RESOLVE)
        return action is not None and action.must_confirm(page.severity)

    def confirming(self, tx: Tx, mine: Sequence[Mine]) -> int | None:
        """The code of the page whose resolving was questioned just now."""
        asked = [one.code for one in mine if one.code.asked_at is not None and tx.now - one.code.asked_at <= SURE_WITHIN]
        return asked[-1].code if asked else None

    async def _acknowledge(self, tx: Tx, chosen: Sequence[int], others: Sequence[int], mine: Sequence[Mine]) -> str:
        said = [await self.take(tx, page_of(code, mine)) for code in chosen]
        if others:
            said.append(f"Still open: {', '.join(f'{code} (#{page_of(code, mine).incident_id})' for code in others)}.")
        return " ".join(said)

    async def _decline(self, tx: Tx, page: Page) -> str:
        done = f"#{page.incident_id}: the next person is being paged. Rest well."
        return told(page, await _try(tx, lambda: self._paging.decline(tx, number(page)), done))

    async def _snooze(self, tx: Tx, page: Page, wait: timedelta) -> str:
        async def snoozed() -> str:
            until = await self._holding.snooze(tx, number(page), wait)
            at = self._directory.wall_time(tx.actor, until, tx.now)
            return f"#{page.incident_id}: you are paged again at {at}, unless somebody takes it."

        return told(page, await _try_saying(tx, snoozed))

    async def _resolve(self, tx: Tx, code: int, confirmed: bool, mine: Sequence[Mine]) -> str:
        chosen = next(one for one in mine if one.code.code == code)
        incident = chosen.page.incident_id
        if self._actions.find(RESOLVE) is None:
            return f"Nothing was done: resolve #{incident} in Slack."
        if not confirmed and self.must_confirm(chosen.page):
            chosen.code.asked_at = tx.now
            return told(chosen.page, f"Resolve SEV{chosen.page.severity} #{incident}? Reply yes, or {code}r once more, within 5 min.")
        chosen.code.asked_at = None
        return await self.resolve(tx, chosen.page)

    async def _who_else(self, tx: Tx, code: int | None, mine: Sequence[Mine]) -> str:
        if code is None:
            return "No page waits for your answer."
        page = page_of(code, mine)
        people = story.by_person(await self._paging.story(tx, page.incident_id))
        others = [f"{self._directory.name(person)} {state}" for person, state in people.items() if person != tx.actor]
        return f"#{page.incident_id}: {'; '.join(others) or 'nobody else was paged yet'}. {self._paging.standing(page, tx.actor, tx.now)}"

    def _no_such_page(self, tx: Tx, code: int, open_codes: Sequence[int], mine: Sequence[Mine]) -> str:
        once = next((one for one in mine if one.code.code == code), None)
        if once is not None:
            return str(self._paging.not_needed(once.page, tx.actor, tx.now))
        if not open_codes:
            return f"You have no page {code}, nor any other."
        return f"You have no page {code}. Open: {', '.join(map(str, open_codes))}."


def told(page: Page, text: str) -> str:
    """A reply; about a drill it begins so, as everything about it does."""
    return f"{DRILL}{text}" if page.drill else text


async def _try(tx: Tx, verb: Callable[[], Awaitable[None]], done: str) -> str:
    async def said() -> str:
        await verb()
        return done

    return await _try_saying(tx, said)


async def _try_saying(tx: Tx, verb: Callable[[], Awaitable[str]]) -> str:
    try:
        async with tx.savepoint():
            return await verb()
    except Refusal as refusal:
        return str(refusal)


def choices(pages: Sequence[Mine], bundles: Mapping[int, str] = MappingProxyType({})) -> list[OpenPage]:
    """Pages as the grammar takes them, with the message in which each was told together with others."""
    return [OpenPage(one.code.code, one.page.severity, bundles.get(number(one.page))) for one in pages]


def page_of(code: int, mine: Sequence[Mine]) -> Page:
    """The page under this code: where the number had two within a day, the newer."""
    found = next((one.page for one in reversed(mine) if one.code.code == code), None)
    if found is None:
        raise NotFound(f"You have no page {code}.")
    return found
