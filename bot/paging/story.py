"""Who was told of an incident, how, and how that went: for the card, the page's mobile view and `?` by SMS."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from bot.db import Tx
from bot.directory.service import Directory
from bot.paging.models import Page, PageAttempt
from bot.paging.notice import METHOD_NAMES
from bot.paging.states import AttemptState
from bot.paging.throttle import OVER_CAP

CANNOT = "said that they cannot"
"""The reason on the attempts of somebody who declined."""


@dataclass(frozen=True)
class StoryLine:
    """One attempt, for people. `at` is when it was accepted, or is due; `reason` why it failed or was held back. `text` is plain."""

    page_id: int
    person: str
    method: str
    state: AttemptState
    step: int
    why: str
    at: datetime
    reason: str | None
    possible_duplicate: bool
    text: str


ORDER = [
    AttemptState.SUPPRESSED,
    AttemptState.FAILED,
    AttemptState.PLANNED,
    AttemptState.CLAIMED,
    AttemptState.CALLING,
    AttemptState.ACCEPTED,
    AttemptState.DELIVERED,
    AttemptState.SEEN,
    AttemptState.ANSWERED,
]
SENTENCES = {
    AttemptState.SUPPRESSED: "was not needed",
    AttemptState.FAILED: "could not be reached",
    AttemptState.PLANNED: "is about to be paged",
    AttemptState.CLAIMED: "is being paged",
    AttemptState.CALLING: "is being paged",
    AttemptState.ACCEPTED: "was paged",
    AttemptState.DELIVERED: "has the page on their phone",
    AttemptState.SEEN: "has seen the page",
    AttemptState.ANSWERED: "answered",
}


async def of_incident(tx: Tx, directory: Directory, incident_id: int) -> list[StoryLine]:
    """Every attempt for an incident, in the order made."""
    made = (select(PageAttempt).join(Page, col(Page.id) == col(PageAttempt.page_id)).where(col(Page.incident_id) == incident_id)).order_by(
        col(PageAttempt.id)
    )
    return [_line(attempt, directory.name(attempt.person)) for attempt in (await tx.session.execute(made)).scalars()]


def _line(attempt: PageAttempt, name: str) -> StoryLine:
    words = _words(attempt.state, attempt.reason)
    trouble = f": {attempt.reason}" if attempt.state == AttemptState.FAILED and attempt.reason else ""
    return StoryLine(
        attempt.page_id,
        attempt.person,
        attempt.method,
        attempt.state,
        attempt.step,
        attempt.why,
        attempt.accepted_at or attempt.due_at,
        attempt.reason,
        attempt.possible_duplicate,
        f"{name} {words} ({METHOD_NAMES[attempt.method]}){trouble}",
    )


def by_person(lines: list[StoryLine]) -> dict[str, str]:
    """How each person stands, in a few words, in the order in which they were first paged."""
    best: dict[str, StoryLine] = {}
    for line in lines:
        before = best.get(line.person)
        if before is None or ORDER.index(line.state) >= ORDER.index(before.state):
            best[line.person] = line
    return {person: _words(line.state, line.reason) for person, line in best.items()}


def _words(state: AttemptState, reason: str | None) -> str:
    if reason == CANNOT:
        return CANNOT
    return f"was {OVER_CAP}" if reason == OVER_CAP else SENTENCES[state]
