"""Short codes: the number by which a person names one of their pages in an SMS ("4a")."""

import itertools
from datetime import timedelta

from sqlalchemy import select, update
from sqlmodel import col

from bot.db import Tx
from bot.paging.models import PageCode

RESTS_FOR = timedelta(days=1)
"""An old SMS answered late must not acknowledge somebody else's page."""


async def give(tx: Tx, person: str, page_id: int) -> int:
    """The person's code for this page: the smallest number that neither is in use nor was within a day."""
    known = await code_of(tx, person, page_id)
    if known is not None and known.released_at is None:
        return known.code
    resting = (col(PageCode.released_at).is_(None)) | (col(PageCode.released_at) > tx.now - RESTS_FOR)
    of_others = select(col(PageCode.code)).where(col(PageCode.person) == person, col(PageCode.page_id) != page_id, resting)
    taken = set((await tx.session.execute(of_others)).scalars())
    if known is not None:  # the page was over and is open again
        number = known.code if known.code not in taken else _smallest_free(taken)
        again = update(PageCode).where(col(PageCode.id) == known.id)
        await tx.changed(again.values(code=number, released_at=None, given_at=tx.now))
        return number
    while True:
        number = _smallest_free(taken)
        if await tx.insert_new(PageCode, person=person, code=number, page_id=page_id, given_at=tx.now):
            return number
        taken.add(number)  # somebody else's transaction was faster


def _smallest_free(taken: set[int]) -> int:
    return next(number for number in itertools.count(1) if number not in taken)


async def code_of(tx: Tx, person: str, page_id: int) -> PageCode | None:
    """The code that was given to a person for a page."""
    found = select(PageCode).where(col(PageCode.person) == person, col(PageCode.page_id) == page_id)
    return (await tx.session.execute(found)).scalars().first()


async def of_person(tx: Tx, person: str) -> list[PageCode]:
    """The person's codes that still mean something, newest page first: in use, or released within a day."""
    meaning = (col(PageCode.released_at).is_(None)) | (col(PageCode.released_at) > tx.now - RESTS_FOR)
    found = select(PageCode).where(col(PageCode.person) == person, meaning).order_by(col(PageCode.given_at).desc(), col(PageCode.id).desc())
    return list((await tx.session.execute(found)).scalars())


async def release(tx: Tx, page_id: int) -> None:
    """The page is over: its codes rest, then are free."""
    await tx.changed(
        update(PageCode).where(col(PageCode.page_id) == page_id, col(PageCode.released_at).is_(None)).values(released_at=tx.now)
    )
