"""The buttons of a page in Slack."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from bot.db import Tx
from bot.errors import AlreadyDone, InvalidInput
from bot.paging.blocks import ACKNOWLEDGE, ACKNOWLEDGE_ALL, APPLY, DECLINE, ESCALATE, OPEN
from bot.paging.models import number
from bot.paging.policies import Policies
from bot.paging.service import Paging
from bot.paging.states import needs_answer
from bot.slack.replies import Nothing, Reply, Say
from bot.slack.requests import Click

OnClick = Callable[[Tx, Click], Awaitable[Reply]]


class ClickDoor(Protocol):
    """What the door offers that this room needs."""

    def click(self, action_id: str, listener: OnClick) -> None:
        """Call `listener` for every click with this action id."""
        ...


class PageButtons:
    """Acknowledge, Escalate, I can't. The value is the page's id, for Escalate with the version that the reader saw."""

    def __init__(self, paging: Paging) -> None:
        self._paging = paging

    def register(self, door: ClickDoor) -> None:
        """Put the listeners on the door."""
        door.click(ACKNOWLEDGE, self.acknowledge)
        door.click(ACKNOWLEDGE_ALL, self.acknowledge_all)
        door.click(ESCALATE, self.escalate)
        door.click(DECLINE, self.decline)
        door.click(OPEN, self.open)

    async def acknowledge(self, tx: Tx, click: Click) -> Reply:
        """The first wins; the message itself shows who."""
        await self._paging.acknowledge(tx, page_in(click)[0])
        return Nothing()

    async def acknowledge_all(self, tx: Tx, click: Click) -> Reply:
        """All that one message tells, the oldest incident first. Those that others took meanwhile stay theirs."""
        numbers = [page_id for page_id in click.value.split(",") if page_id.isdecimal()]
        pages = [await self._paging.page(tx, int(page_id), hold=False) for page_id in numbers]
        for page in sorted(pages, key=lambda page: page.incident_id):
            if needs_answer(page.state):
                with suppress(AlreadyDone):
                    await self._paging.acknowledge(tx, number(page))
        return Nothing()

    async def escalate(self, tx: Tx, click: Click) -> Reply:
        """Page the next step now."""
        page_id, version = page_in(click)
        await self._paging.escalate_page(tx, page_id, version)
        return Say("The next step is being paged now.")

    async def decline(self, tx: Tx, click: Click) -> Reply:
        """Page the next person now."""
        await self._paging.decline(tx, page_in(click)[0])
        return Say("Thank you. The next person is being paged now.")

    async def open(self, tx: Tx, click: Click) -> Reply:
        """A link button: the browser is on its way already."""
        return Nothing()


class PolicyButton:
    """On an incident's card: let its page follow the policy as it is now."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    def register(self, door: ClickDoor) -> None:
        """Put the listener on the door."""
        door.click(APPLY, self.apply)

    async def apply(self, tx: Tx, click: Click) -> Reply:
        """Apply it, unless the page has moved on since the reader saw the card."""
        page_id, version = page_in(click)
        return Say(await self._policies.apply(tx, page_id, version))


def page_in(click: Click) -> tuple[int, int | None]:
    """The page and, where the button carries it, the version."""
    page, _, version = click.value.partition(":")
    if not page.isdecimal() or (version and not version.isdecimal()):
        raise InvalidInput("This button is from another time. Open the newest message about the incident.")
    return int(page), int(version) if version else None
