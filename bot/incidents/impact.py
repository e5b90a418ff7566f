"""What people say of the harm that an incident does: `/inc impact users 4,000 in EU`, `/inc impact since 08:40`."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from bot.errors import InvalidInput


class Aspect(StrEnum):
    """One measure of the harm."""

    USERS = "users"
    REQUESTS = "requests"
    BUDGET = "budget"
    SUPPORT = "support"


SINCE = "since"
KIND = "impact"
"""Of the timeline's entries that say it."""
SAID: Mapping[Aspect, str] = MappingProxyType(
    {
        Aspect.USERS: "said how many users were affected: ",
        Aspect.REQUESTS: "said how many requests failed: ",
        Aspect.BUDGET: "said how much of the error budget was spent: ",
        Aspect.SUPPORT: "said how much support had to do: ",
    }
)
"""How an entry begins; the person's words follow."""
EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        SINCE: "since 08:40",
        Aspect.USERS: "users 4,000 in EU",
        Aspect.REQUESTS: "requests 2 % failed",
        Aspect.BUDGET: "budget 12 % of the month's",
        Aspect.SUPPORT: "support 60 tickets",
    }
)
_SPELLINGS = {
    "user": Aspect.USERS, "customers": Aspect.USERS, "customer": Aspect.USERS, "request": Aspect.REQUESTS, "errors": Aspect.REQUESTS,
    "slo": Aspect.BUDGET, "tickets": Aspect.SUPPORT, "started": SINCE, "from": SINCE,
} | {aspect.value: aspect for aspect in Aspect} | {SINCE: SINCE}  # fmt: skip


def understood(words: str) -> tuple[Aspect | None, str]:
    """What is told of, and the words about it; None: when it began. Raises `InvalidInput` for anything else."""
    first, _, rest = words.strip().partition(" ")
    found = _SPELLINGS.get(first.lower().rstrip(":"))
    if found is None or not rest.strip():
        ways = ", ".join(f"`/inc impact {example}`" for example in EXAMPLES.values())
        raise InvalidInput(f"Say of what, and how much: {ways}.")
    return (None if found is SINCE or found == SINCE else Aspect(found)), rest.strip()


def said(text: str) -> tuple[Aspect, str] | None:
    """What an entry says, and of what; None when it is not about one of these."""
    return next(((aspect, text.removeprefix(begins)) for aspect, begins in SAID.items() if text.startswith(begins)), None)
