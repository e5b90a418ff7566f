"""Three replicas on one PostgreSQL: one is paused, one dies, and whoever is paged hears of it once, or is told that it may be twice."""

import asyncio
import re
import time
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from bot.paging.models import PageAttempt
from tests.faults.conftest import Build
from tests.faults.house import House
from tests.faults.story import LABEL, direct_messages, post

pytestmark = pytest.mark.asyncio(loop_scope="module")

SKEWS = (timedelta(seconds=2.5), timedelta(seconds=5))
"""How far the clocks of the second and the third are ahead of the first's."""
PAUSE_S = 15.0
"""Longer than a lease (10 s), so that the others take over what the paused one holds; `make soak` pauses for the 90 s of the promise."""
LONG_PAUSE_S = 90.0
TAKEN_OVER_WITHIN_S = 15.0
TROUBLES = ("checkout is down", "storage is full", "the job queue is stuck", "sign-in fails")
PEOPLE = ("ana", "bo", "kim", "bea", "lee", "max")


async def pages(house: House) -> dict[tuple[str, str, str], list[str]]:
    """Everything that reached people about an incident, by its number, the person and the method."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for person in PEOPLE:
        sent = [("sms", text) for text in house.sandbox.phone(person).received if "a to take it" in text]
        sent += [("email", mail.subject) for mail in house.sandbox.mailbox(person)]
        sent += [("slack", message["text"]) for message in await direct_messages(house, person)]
        for method, text in sent:
            number = re.search(r"SEV\d #(\d+)", text)
            if number is not None:
                found.setdefault((number[1], person, method), []).append(text)
    return found


async def at_rest(house: House, within_s: float) -> None:
    """Wait until nothing is under way any more."""
    async with asyncio.timeout(within_s):
        quiet = 0
        while quiet < 5:
            quiet = 0 if await house.unfinished() else quiet + 1
            await asyncio.sleep(0.1)
    await house.sandbox.settled()


async def is_paged(house: House, person: str, method: str) -> bool:
    """Whether it is written down that a provider took a page for a person."""
    async with house.database.read() as tx:
        mine = select(col(PageAttempt.id)).where(
            col(PageAttempt.person) == person, col(PageAttempt.method) == method, col(PageAttempt.accepted_at).is_not(None)
        )
        return (await tx.session.execute(mine.limit(1))).first() is not None


async def paused_in_the_middle(house: House, pause_s: float) -> None:
    """Each replica in turn is paused while pages are on their way; afterwards everybody was paged, nobody needlessly twice."""
    lives = [await house.start(), *[await house.replica(ahead=skew) for skew in SKEWS]]
    house.sandbox.fault(service="sms", delay_s=1.5, count=0)
    house.sandbox.fault(service="smtp", delay_s=1.0, count=0)
    for trouble in TROUBLES:
        assert (await house.sandbox.user("kim").command(f"/inc new sev1 {trouble}"))["ok"]
    for life in lives[:2]:
        life.pause()
    await asyncio.sleep(pause_s)
    for life in lives[:2]:
        life.resume()
    house.sandbox.clear_faults()
    await at_rest(house, within_s=90)

    found = await pages(house)
    assert len({number for number, _, _ in found}) == len(TROUBLES), "every incident has paged somebody"
    assert {method for _, _, method in found} >= {"sms", "slack", "email"}
    twice = {where: texts for where, texts in found.items() if len(texts) > 1}
    assert all(len(texts) == 2 for texts in twice.values()), "at most one more"
    assert all(Counter(LABEL in text for text in texts)[True] >= 1 for texts in twice.values()), f"and it says so: {twice}"
    assert not any(life.is_over for life in lives)


async def test_two_of_three_are_paused_for_longer_than_a_lease_with_clocks_five_seconds_apart(build: Build) -> None:
    async with build("postgresql") as house:
        await paused_in_the_middle(house, PAUSE_S)


@pytest.mark.soak
async def test_two_of_three_are_paused_for_ninety_seconds(build: Build) -> None:
    async with build("postgresql") as house:
        await paused_in_the_middle(house, LONG_PAUSE_S)


@pytest.mark.parametrize("die_at", ["page sms: marked as being called", "page sms: accepted, not recorded", "deliver_page: claimed"])
async def test_when_one_dies_the_others_take_over_within_fifteen_seconds(build: Build, die_at: str) -> None:
    async with build("postgresql") as house:
        others = [await house.replica() for _ in range(2)]
        dying = await house.start(die_at=die_at)
        for life in others:
            life.pause()  # so that it is the third that has the page in its hands
        await post(house, "storage", "critical")
        await asyncio.wait_for(dying.died, 20)
        died = time.monotonic()
        for life in others:
            life.resume()
        await house.sandbox.until(lambda: is_paged(house, "bea", "sms"), within_s=60)
        assert time.monotonic() - died <= TAKEN_OVER_WITHIN_S
        await at_rest(house, within_s=60)
        found = await pages(house)
        assert {(person, method) for _, person, method in found} >= {("bea", "sms"), ("bea", "slack"), ("bea", "email")}
        assert all(len(texts) == 1 for (_, _, method), texts in found.items() if method != "email"), found
