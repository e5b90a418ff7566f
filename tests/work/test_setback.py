"""The clock is set back by an hour: what was leased or due before must not stick for that hour. On both databases."""

from datetime import timedelta

from bot.clock import FakeClock
from bot.db import Database
from bot.paging.messages import TakeStep
from bot.work.orders import Priority
from bot.work.queue import LEASE, Lane
from bot.work.setback import AHEAD, Setback
from tests.contracts.post_room import Greet, claim_one, item, order

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
PAGES = Lane("inside", Priority.PAGE)


async def test_what_a_process_that_died_had_leased_is_free_ten_seconds_later(database: Database, clock: FakeClock) -> None:
    await order(database, Greet(who="ana"), key="k")
    await claim_one(database, lease="of a process that was killed")
    clock.set_back(HOUR)
    await Setback(database).look()
    assert not await claim_one(database, lease="ours"), "whoever holds it, and lives, goes on renewing it"
    clock.advance(LEASE)
    assert await claim_one(database, lease="ours")


async def test_a_page_waits_no_longer_than_it_was_ordered_to(database: Database, clock: FakeClock) -> None:
    await order(database, TakeStep(1, 1), key="k", due=clock.now() + 3 * MINUTE)
    clock.advance(MINUTE)
    clock.set_back(HOUR)
    for _ in range(2):  # another replica looks as well
        await Setback(database).look()
    clock.advance(3 * MINUTE - SECOND)
    assert not await claim_one(database, lease="ours", lane=PAGES)
    clock.advance(SECOND)
    [claim] = await claim_one(database, lease="ours", lane=PAGES)
    assert claim.wanted_at == claim.due_at == clock.now(), "it is not late"


async def test_what_is_planned_by_the_calendar_stays_where_it_is(database: Database, clock: FakeClock) -> None:
    due = clock.now() + 3 * MINUTE
    await order(database, Greet(who="ana"), key="k", due=due)
    clock.set_back(HOUR)
    await Setback(database).look()
    assert (await item(database, "k")).due_at == due


async def test_clocks_of_replicas_that_differ_a_little_are_no_setback(database: Database, clock: FakeClock) -> None:
    await order(database, TakeStep(1, 1), key="k", due=clock.now() + 3 * MINUTE)
    before = await item(database, "k")
    await order(database, Greet(who="ana"), key="leased")
    await claim_one(database, lease="of the one that is ahead")
    leased = await item(database, "leased")
    clock.set_back(AHEAD)
    await Setback(database).look()
    assert (await item(database, "k")).due_at == before.due_at
    assert (await item(database, "leased")).lease_until == leased.lease_until
