"""State machines: an enum, a table of legal moves, and one function that enforces it.

Every room with a life cycle (incident, page, postmortem, work item …) declares `ALLOWED` as a mapping from a state to the
states it may move to. The database write repeats the guard (`UPDATE … WHERE state = :from`), so two clicks cannot both win.
"""

from collections.abc import Mapping, Set
from enum import StrEnum
from typing import TypeVar

from bot.errors import InvalidTransition

S = TypeVar("S", bound=StrEnum)
Allowed = Mapping[S, Set[S]]


def move(allowed: Allowed[S], current: S, wanted: S) -> S:
    """Return `wanted` if the move is legal, otherwise raise `InvalidTransition` naming the legal moves."""
    if wanted in allowed[current]:
        return wanted
    legal = sorted(state.value for state in allowed[current])
    if wanted == current:
        reason = f"It is already {current.value}."
    else:
        reason = f"It is {current.value} and cannot go to {wanted.value} from there."
    offer = f" From here it can go to {', '.join(legal)}." if legal else " Nothing follows that state."
    raise InvalidTransition(reason + offer)
