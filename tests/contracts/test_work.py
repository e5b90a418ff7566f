"""What the post room promises, on SQLite and on PostgreSQL alike: ordering, cancelling, leases, each thing once."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from bot.clock import FakeClock
from bot.db import BOT, Database
from bot.errors import NotAllowed
from bot.events import Listeners
from bot.work import inbox, queue
from bot.work.models import WorkItem
from bot.work.orders import Done, Outcome, Refused, TryLater, WorkState
from bot.work.queue import Claim
from bot.work.worker import Worker
from tests.contracts.post_room import SOON, Doer, Draw, Greet, Wake, at_work, claim_one, eventually, item, order, refresh

# Ordering


async def test_what_is_ordered_is_done_once(database: Database, worker: Worker) -> None:
    doer = Doer()
    worker.handles(Greet, doer)
    assert await order(database, Greet(who="ana"), key="greet:ana")
    assert not await order(database, Greet(who="bo"), key="greet:ana")
    assert await worker.drain()
    assert not await order(database, Greet(who="bo"), key="greet:ana")  # also after it was done
    await worker.drain()
    assert doer.done == ["ana"]
    assert (await item(database, "greet:ana")).state is WorkState.DONE


async def test_an_order_arrives_as_it_was_made(database: Database, worker: Worker, clock: FakeClock) -> None:
    sent, arrived = Greet(who="a\x7f🔥‮<!channel>", at=clock.now(), tags=("x", "y")), []

    async def keep(order: Greet, _: Claim) -> None:
        arrived.append(order)

    worker.handles(Greet, keep)
    await order(database, sent, key="k")
    await worker.drain()
    assert arrived == [sent]


async def test_ordering_is_undone_with_its_transaction(database: Database, worker: Worker) -> None:
    doer = Doer()
    worker.handles(Greet, doer)
    with pytest.raises(NotAllowed):
        async with database.begin(actor=BOT) as tx:
            await queue.schedule(tx, Greet(who="ana"), key="k")
            raise NotAllowed("No.")
    await worker.drain()
    assert doer.done == []


async def test_work_waits_for_its_time_and_only_the_clock_moves_it(database: Database, worker: Worker, clock: FakeClock) -> None:
    doer = Doer()
    worker.handles(Greet, doer)
    await order(database, Greet(who="ana"), key="k", due=clock.now() + SOON)
    clock.advance(SOON - timedelta(microseconds=1))
    await worker.drain()
    assert doer.done == []
    assert await worker.next_due() == clock.now() + timedelta(microseconds=1)
    clock.advance(timedelta(microseconds=1))
    await worker.drain()
    assert doer.done == ["ana"]


async def test_work_that_orders_more_is_drained_to_its_end(database: Database, worker: Worker) -> None:
    seen = []

    async def count_down(order_: Greet, _: Claim) -> None:
        seen.append(order_.who)
        if (left := int(order_.who)) > 0:
            await order(database, Greet(who=str(left - 1)), key=f"k{left - 1}")

    worker.handles(Greet, count_down)
    await order(database, Greet(who="3"), key="k3")
    assert await worker.drain()
    assert seen == ["3", "2", "1", "0"]


# Cancelling


async def test_what_is_cancelled_is_not_done(database: Database, worker: Worker, clock: FakeClock) -> None:
    doer = Doer()
    worker.handles(Greet, doer)
    worker.handles(Wake, doer)
    for name, about in (("ana", "page:1"), ("bo", "page:2"), ("kim", "page:1")):
        await order(database, Greet(who=name), key=name, about=about)
    await order(database, Wake(who="lee"), key="lee", about="page:1")
    async with database.begin(actor=BOT) as tx:
        assert await queue.cancel(tx, about="page:1", kind=Greet) == 2
        assert await queue.cancel(tx, key="bo") == 1
        assert await queue.cancel(tx, key="bo") == 0
    await worker.drain()
    assert doer.done == ["lee"]


async def test_a_handler_that_looks_again_sees_that_it_was_cancelled(database: Database, worker: Worker) -> None:
    seen = []

    async def look_again(_: Greet, claim: Claim) -> Outcome:
        for _again in range(2):
            async with database.read() as tx:
                seen.append(await queue.holds(tx, claim))
            async with database.begin(actor=BOT) as tx:
                await queue.cancel(tx, key=claim.key)
        return TryLater("its lease is gone")

    worker.handles(Greet, look_again)
    await order(database, Greet(who="ana"), key="k")
    await worker.drain()
    assert seen == [True, False]
    assert (await item(database, "k")).state is WorkState.CANCELLED


# Refreshing


async def test_many_refreshes_while_one_waits_are_done_once_with_the_newest(database: Database, worker: Worker) -> None:
    doer = Doer()
    worker.handles(Greet, doer)
    for name in ("ana", "bo", "kim"):
        await refresh(database, Greet(who=name), key="card")
    await worker.drain()
    assert doer.done == ["kim"]
    await refresh(database, Greet(who="lee"), key="card")  # and again after it was done
    await worker.drain()
    assert doer.done == ["kim", "lee"]


async def test_a_refresh_during_the_work_is_done_afterwards_never_beside_it(
    database: Database, clock: FakeClock, database_url: str
) -> None:
    other_replica = database if database.is_sqlite else Database(database_url, clock, Listeners())
    first, second = Worker(database, clock), Worker(other_replica, clock)
    busy, most_at_once, done = 0, 0, []

    async def draw(order: Greet, _: Claim) -> None:
        nonlocal busy, most_at_once
        busy += 1
        most_at_once = max(most_at_once, busy)
        if order.who == "old":
            await refresh(database, Greet(who="new"), key="card")
            await second.drain(timeout_s=0.2)
        done.append(order.who)
        busy -= 1

    first.handles(Greet, draw)
    second.handles(Greet, draw)
    await refresh(database, Greet(who="old"), key="card")
    await first.drain()
    assert (done, most_at_once) == (["old", "new"], 1)
    await other_replica.close()


async def test_a_refresh_does_not_cut_a_back_off_short(database: Database, worker: Worker, clock: FakeClock) -> None:
    doer = Doer(TryLater("429", timedelta(seconds=30)))
    worker.handles(Greet, doer)
    await refresh(database, Greet(who="ana"), key="card")
    await worker.drain()
    await refresh(database, Greet(who="bo"), key="card")
    await worker.drain()
    assert doer.done == ["ana"]
    clock.advance(timedelta(seconds=30))
    await worker.drain()
    assert doer.done == ["ana", "bo"]


async def test_what_backs_off_is_hurried_when_what_it_waited_for_has_come(database: Database, worker: Worker, clock: FakeClock) -> None:
    doer = Doer(TryLater("not yet", timedelta(minutes=1)), Done())
    worker.handles(Greet, doer)
    await order(database, Greet(who="ana"), key="k", about="incident:1")
    await worker.drain()
    async with database.begin(actor=BOT) as tx:
        assert await queue.hurry(tx, about="incident:2", kind=Greet) == 0
        assert await queue.hurry(tx, about="incident:1", kind=Wake) == 0
    await worker.drain()
    assert (await item(database, "k")).state is WorkState.WAITING
    async with database.begin(actor=BOT) as tx:
        assert await queue.hurry(tx, about="incident:1", kind=Greet) == 1
    await worker.drain()
    assert (await item(database, "k")).state is WorkState.DONE


async def test_a_refresh_at_the_latest_then_puts_off_nothing(database: Database, worker: Worker, clock: FakeClock) -> None:
    doer = Doer(Done(), TryLater("429", SOON))
    worker.handles(Greet, doer)
    for at in (clock.now() + SOON, clock.now() + SOON / 2, clock.now() + SOON):
        async with database.begin(actor=BOT) as tx:
            await queue.refresh(tx, Greet(who="card"), key="card", due=at, at_latest=True)
    assert await worker.next_due() == clock.now() + SOON / 2
    await refresh(database, Greet(who="card"), key="card")
    assert await worker.next_due() == clock.now()
    await worker.drain()
    await refresh(database, Greet(who="card"), key="card")
    await worker.drain()
    async with database.begin(actor=BOT) as tx:
        await queue.refresh(tx, Greet(who="card"), key="card", due=clock.now() + SOON / 2, at_latest=True)
    assert await worker.next_due() == clock.now() + SOON, "a budget that is used up comes first"


async def test_a_refresh_with_a_time_moves_what_waits(database: Database, worker: Worker, clock: FakeClock) -> None:
    doer = Doer()
    worker.handles(Greet, doer)
    await refresh(database, Greet(who="nag"), key="nag", due=clock.now() + SOON)
    clock.advance(timedelta(minutes=4))
    await refresh(database, Greet(who="nag"), key="nag", due=clock.now() + SOON)
    clock.advance(timedelta(minutes=4))
    await worker.drain()
    assert doer.done == []
    clock.advance(timedelta(minutes=1))
    await worker.drain()
    assert doer.done == ["nag"]


# Order and isolation


async def test_pages_go_first_then_urgency_then_age(database: Database, clock: FakeClock) -> None:
    worker = Worker(database, clock, widths={"sms": 1})
    started = []

    async def note(order: Wake | Draw, _: Claim) -> None:
        started.append(order.who)

    worker.handles(Draw, note)
    worker.handles(Wake, note)
    await order(database, Draw(who="card 2"), key="d2", due=clock.now() + timedelta(seconds=2))
    await order(database, Draw(who="card 1"), key="d1", due=clock.now() + timedelta(seconds=1))
    await order(database, Wake(who="page"), key="p", due=clock.now() + timedelta(seconds=3))
    clock.advance(SOON)
    await worker.drain()
    assert started == ["page", "card 1", "card 2"]


async def test_an_outside_that_hangs_delays_no_other_and_no_page(database: Database, clock: FakeClock) -> None:
    worker = Worker(database, clock, widths={"sms": 2})
    database.wake = worker.wake
    free, started, done = asyncio.Event(), [], []

    async def hang(order: Draw, _: Claim) -> None:
        started.append(order.who)
        await free.wait()

    async def note(order: Greet | Wake, _: Claim) -> None:
        done.append(order.who)

    worker.handles(Draw, hang)
    worker.handles(Greet, note)
    worker.handles(Wake, note)
    async with at_work(worker):
        for number in range(20):
            await order(database, Draw(who=str(number)), key=f"d{number}")
        await eventually(lambda: len(started) == 2)
        await order(database, Greet(who="elsewhere"), key="g")
        await order(database, Wake(who="page"), key="p")
        await eventually(lambda: sorted(done) == ["elsewhere", "page"])
        assert len(started) == 2  # no more than its width
        assert await worker.next_due() is None  # what waits for room does not keep the worker spinning
        free.set()
        await eventually(lambda: len(started) == 20)


# Leases and several workers


async def test_each_item_is_done_once_by_many_workers(database_url: str, database: Database, clock: FakeClock) -> None:
    replicas = [database if database.is_sqlite else Database(database_url, clock, Listeners()) for _ in range(4)]
    done: list[str] = []

    async def note(order: Greet, _: Claim) -> None:
        await asyncio.sleep(0)
        done.append(order.who)

    workers = [Worker(replica, clock) for replica in replicas]
    for worker in workers:
        worker.handles(Greet, note)
    async with database.begin(actor=BOT) as tx:
        for number in range(200):
            await queue.schedule(tx, Greet(who=str(number)), key=f"k{number}")
    async with at_work(*workers):
        await eventually(lambda: len(done) >= 200, within_s=15)
    assert sorted(done, key=int) == [str(number) for number in range(200)]
    for replica in replicas:
        await replica.close()


async def test_what_a_dead_worker_held_is_done_by_another_after_its_lease(database: Database, worker: Worker, clock: FakeClock) -> None:
    doer = Doer()
    worker.handles(Greet, doer)
    await order(database, Greet(who="ana"), key="k")
    (lost,) = await claim_one(database, lease="of a worker that was killed")
    clock.advance(queue.LEASE - timedelta(microseconds=1))
    await worker.drain()
    assert doer.done == []
    assert await worker.next_due() == clock.now() + timedelta(microseconds=1)
    clock.advance(timedelta(microseconds=1))
    await worker.drain()
    assert (doer.done, doer.attempts) == (["ana"], [2])
    async with database.begin(actor=BOT) as tx:  # should it come back to life, it changes nothing
        assert not await queue.holds(tx, lost)
        assert not await queue.finish(tx, lost, WorkState.DEAD, "too late")
        await queue.put_back(tx, lost, tx.now, "too late")
    assert (await item(database, "k")).state is WorkState.DONE


async def test_a_renewed_lease_holds(database: Database, clock: FakeClock) -> None:
    await order(database, Greet(who="ana"), key="k")
    (mine,) = await claim_one(database, lease="mine")
    for _ in range(3):
        clock.advance(timedelta(seconds=8))
        async with database.begin(actor=BOT) as tx:
            await queue.renew(tx, [mine])
            assert await queue.holds(tx, mine)
        assert await claim_one(database, lease="other") == []
    clock.advance(queue.LEASE)
    assert len(await claim_one(database, lease="other")) == 1


async def test_a_worker_renews_what_it_works_on(database: Database, clock: FakeClock) -> None:
    worker = Worker(database, clock, renew_every_s=0.02)
    free, is_held = asyncio.Event(), []

    async def take_long(_: Greet, claim: Claim) -> None:
        await free.wait()
        async with database.read() as tx:
            is_held.append(await queue.holds(tx, claim))

    worker.handles(Greet, take_long)
    await order(database, Greet(who="ana"), key="k")
    async with at_work(worker):
        for _ in range(4):
            wanted = clock.now() + queue.LEASE
            async with asyncio.timeout(3):
                while (until := (await item(database, "k")).lease_until) is None or until < wanted:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            clock.advance(timedelta(seconds=9))
        free.set()
        await eventually(lambda: is_held == [True])


async def test_a_process_that_is_alone_frees_what_its_predecessor_held(database: Database, worker: Worker) -> None:
    doer = Doer()
    worker.handles(Greet, doer)
    await order(database, Greet(who="ana"), key="k")
    await claim_one(database, lease="of the process before")
    async with database.begin(actor=BOT) as tx:
        assert await queue.free_all(tx) == 1
    await worker.drain()
    assert doer.done == ["ana"]


# The inbox and retention


async def test_what_came_in_twice_is_taken_once_however_it_is_delivered(database: Database) -> None:
    async def deliver() -> bool:
        async with database.begin(actor=BOT) as tx:
            return await inbox.first_time(tx, "slack:Ev1")

    assert sorted(await asyncio.gather(*(deliver() for _ in range(8)))) == [False] * 7 + [True]


async def test_a_delivery_that_failed_is_taken_when_it_comes_again(database: Database) -> None:
    with pytest.raises(NotAllowed):
        async with database.begin(actor=BOT) as tx:
            await inbox.first_time(tx, "slack:Ev1")
            raise NotAllowed("No.")
    async with database.begin(actor=BOT) as tx:
        assert await inbox.first_time(tx, "slack:Ev1")


async def test_old_entries_are_forgotten_and_young_ones_kept(database: Database, worker: Worker, clock: FakeClock) -> None:
    worker.handles(Greet, Doer(Done(), Refused("no")))
    for key in ("old", "dead"):
        await order(database, Greet(who="ana"), key=key)
    await worker.drain()
    await order(database, Greet(who="ana"), key="waits", due=clock.now() + timedelta(days=90))
    clock.advance(timedelta(days=30, seconds=1))
    await order(database, Greet(who="ana"), key="young")
    await worker.drain()
    async with database.begin(actor=BOT) as tx:
        assert await queue.forget_finished(tx) == 2
        kept = (await tx.session.execute(select(col(WorkItem.key)).order_by(col(WorkItem.key)))).scalars().all()
    assert kept == ["waits", "young"]
