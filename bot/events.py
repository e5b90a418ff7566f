"""Facts: what a room announces upward, heard inside the same transaction.

Down is a call, up is a fact. A room states `PageAcknowledged(...)` with `tx.announce`; `app.py` holds the one list of who listens.
A refusal raised by a listener undoes the whole transaction and reaches the person who asked.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from bot.db import Tx

F = TypeVar("F")
Listener = Callable[["Tx", F], Awaitable[None]]


class Listeners:
    """Who hears which kind of fact, in the order they were added."""

    def __init__(self) -> None:
        self._by_fact: dict[type, list[Listener[object]]] = defaultdict(list)

    def on(self, fact: type[F], listener: Listener[F]) -> None:
        """Call `listener(tx, fact)` for every announced fact of exactly this type."""
        self._by_fact[fact].append(cast("Listener[object]", listener))

    async def announce(self, tx: "Tx", fact: object) -> None:
        """Tell everybody who listens, one after the other, inside the transaction."""
        for listener in self._by_fact[type(fact)]:
            await listener(tx, fact)
