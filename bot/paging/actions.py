"""What rooms above let a page do besides being answered (resolve, declare …): they fill this in, phones and the page offer it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.db import ActorId, Tx
from bot.errors import NotFound
from bot.web.links import PageLink

OnIncident = Callable[[Tx, int, str], Awaitable[str]]
"""(tx, incident, text) → a sentence for who asked. A refusal undoes it and is the sentence."""
Declare = Callable[[Tx, int | None, str], Awaitable[str]]
"""(tx, severity or None, text) → a sentence for who asked."""

LinksOf = Callable[[Tx, int, ActorId], Awaitable[Sequence[PageLink]]]
"""(tx, incident, person) → ways to pages of the room's own, for this person."""


@dataclass(frozen=True)
class PageAction:
    """A button of the page. `asks_again`: a second tap is wanted for SEV1 and SEV2."""

    name: str
    label: str
    run: OnIncident
    asks_again: bool = True

    def must_confirm(self, severity: int) -> bool:
        """Whether this severity wants a second tap."""
        return self.asks_again and severity <= 2


class PageActions:
    """The registry, filled once when the program is put together."""

    def __init__(self) -> None:
        self._by_name: dict[str, PageAction] = {}
        self._declare: Declare | None = None
        self._links: list[LinksOf] = []

    def offer(self, action: PageAction) -> None:
        """Offer an action on the page, and by its name in an SMS ("resolve") and on the keypad."""
        self._by_name[action.name] = action

    def offer_declare(self, declare: Declare) -> None:
        """Let a known phone declare by SMS."""
        self._declare = declare

    def offer_links(self, links: LinksOf) -> None:
        """Let the page show what a room above has for its reader."""
        self._links.append(links)

    async def links(self, tx: Tx, incident_id: int, person: ActorId) -> list[PageLink]:
        """All of them, in the order offered."""
        return [link for links in self._links for link in await links(tx, incident_id, person)]

    @property
    def offered(self) -> tuple[PageAction, ...]:
        """Every action, in the order offered."""
        return tuple(self._by_name.values())

    def find(self, name: str) -> PageAction | None:
        """The action of this name."""
        return self._by_name.get(name)

    async def run(self, tx: Tx, name: str, incident_id: int, text: str = "") -> str:
        """Do it. `NotFound` when nobody offers it."""
        action = self._by_name.get(name)
        if action is None:
            raise NotFound(f"{name.capitalize()} is not possible from here. Use Slack.")
        return await action.run(tx, incident_id, text)

    async def declare(self, tx: Tx, severity: int | None, text: str) -> str:
        """Declare an incident."""
        if self._declare is None:
            raise NotFound("Incidents cannot be declared by SMS here. Use /inc in Slack.")
        return await self._declare(tx, severity, text)
