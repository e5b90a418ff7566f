"""What the worker promises, on SQLite and on PostgreSQL alike: tries, deaths, waking and stopping."""

import asyncio
from datetime import timedelta

from bot.clock import FakeClock
from bot.db import BOT, Database, Tx
from bot.events import Listeners
from bot.work import queue
from bot.work.orders import Done, Refused, TryLater, WorkDied, WorkState, at_queue, back_off
from bot.work.queue import Claim
from bot.work.worker import Worker
from tests.contracts.post_room import Doer, Draw, Greet, Wake, at_work, eventually, item, order
from tests.postgres import Postgres

# On machines of their own


async def test_work_of_a_queue_is_done_by_that_queues_workers_alone(database: Database, worker: Worker, clock: FakeClock) -> None:
    done: dict[str | None, Doer] = {name: Doer() for name in (None, "far", "other")}
    workers = {None: worker} | {name: Worker(database, clock, queue=name) for name in ("far", "other")}
    for name, one in workers.items():
        one.handles(Greet, done[name])
    async with database.begin(actor=BOT) as tx:
        for name in (None, "far", "other"):
            where = None if name is None else at_queue(Greet.destination, name)
            await queue.schedule(tx, Greet(who=name or "here"), key=f"k-{name}", destination=where, due=clock.now() + timedelta(seconds=5))
    clock.advance(timedelta(seconds=5))
    for name in ("other", None, "far"):
        assert await workers[name].next_due() is not None
        await workers[name].drain()
        assert done[name].done == [name or "here"]
        assert await workers[name].next_due() is None, "what others do keeps nobody awake"


# Failing


async def test_what_cannot_be_done_now_is_tried_again_with_growing_pauses(database: Database, worker: Worker, clock: FakeClock) -> None:
    doer = Doer(*(TryLater("busy") for _ in range(9)))
    worker.handles(Greet, doer)
    await order(database, Greet(who="ana"), key="k")
    pauses = []
    while not pauses or (await item(database, "k")).state is WorkState.WAITING:
        await worker.drain()
        due = await worker.next_due()
        if due is None:
            break
        pauses.append((due - clock.now()).total_seconds())
        clock.advance(due - clock.now())
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert doer.attempts == list(range(1, 11))


async def test_a_named_pause_is_kept(database: Database, worker: Worker, clock: FakeClock) -> None:
    worker.handles(Greet, Doer(TryLater("429", timedelta(seconds=17))))
    await order(database, Greet(who="ana"), key="k")
    await worker.drain()
    assert await worker.next_due() == clock.now() + timedelta(seconds=17)


async def test_a_refusal_kills_the_item_and_somebody_is_told(database: Database, worker: Worker, listeners: Listeners) -> None:
    deaths: list[WorkDied] = []

    async def hear(tx: Tx, death: WorkDied) -> None:
        deaths.append(death)
        await queue.schedule(tx, Wake(who="operator"), key="told")

    listeners.on(WorkDied, hear)
    doer = Doer()
    worker.handles(Wake, doer)
    worker.handles(Greet, Doer(Refused("no such channel")))
    await order(database, Greet(who="ana"), key="k", about="incident:7")
    await worker.drain()
    assert deaths == [WorkDied("greet", "k", "incident:7", "no such channel")]
    assert doer.done == ["operator"]
    assert (await item(database, "k")).state is WorkState.DEAD


async def test_a_bug_is_tried_again_and_given_up_after_its_attempts(
    database: Database, worker: Worker, clock: FakeClock, listeners: Listeners
) -> None:
    deaths: list[WorkDied] = []

    async def hear(_: Tx, death: WorkDied) -> None:
        deaths.append(death)

    listeners.on(WorkDied, hear)
    doer = Doer(*(RuntimeError("boom") for _ in range(9)))
    worker.handles(Draw, doer)
    await order(database, Draw(who="card"), key="k")
    for _ in range(5):
        await worker.drain()
        clock.advance(timedelta(minutes=1))
    assert doer.attempts == [1, 2, 3]
    assert [death.why for death in deaths] == ["RuntimeError; the log has the rest"]


async def test_waiting_for_an_outside_uses_up_none_of_the_tries(database: Database, worker: Worker, clock: FakeClock) -> None:
    doer = Doer(*(TryLater("away") for _ in range(5)), RuntimeError("boom"), RuntimeError("boom"), TryLater("away"), RuntimeError("boom"))
    worker.handles(Draw, doer)
    await order(database, Draw(who="card"), key="k")
    for _ in range(10):
        await worker.drain()
        clock.advance(timedelta(minutes=1))
    assert (await item(database, "k")).state is WorkState.DONE
    assert doer.attempts == list(range(1, 11))


async def test_a_page_is_not_given_up_for_a_bug_that_may_pass(database: Database, worker: Worker, clock: FakeClock) -> None:
    worker.handles(Wake, Doer(*(RuntimeError("boom") for _ in range(20))))
    await order(database, Wake(who="ana"), key="k")
    for _ in range(21):
        await worker.drain()
        clock.advance(timedelta(minutes=1))
    assert (await item(database, "k")).state is WorkState.DONE


async def test_a_bug_that_passes_is_no_death(database: Database, worker: Worker, clock: FakeClock) -> None:
    worker.handles(Draw, Doer(RuntimeError("boom"), RuntimeError("boom"), Done()))
    await order(database, Draw(who="card"), key="k")
    for _ in range(3):
        await worker.drain()
        clock.advance(timedelta(minutes=1))
    assert (await item(database, "k")).state is WorkState.DONE


async def test_a_death_whose_listener_fails_stays_a_death(
    database: Database, worker: Worker, clock: FakeClock, listeners: Listeners
) -> None:
    async def fail(tx: Tx, _: WorkDied) -> None:
        await queue.schedule(tx, Wake(who="nobody"), key="half done")
        raise RuntimeError("boom")

    listeners.on(WorkDied, fail)
    doer = Doer(Refused("no"))
    worker.handles(Greet, doer)
    worker.handles(Wake, doer)
    await order(database, Greet(who="ana"), key="k")
    await worker.drain()
    clock.advance(timedelta(minutes=5))
    await worker.drain()
    assert doer.done == ["ana"]
    assert (await item(database, "k")).state is WorkState.DEAD


async def test_an_outside_that_stays_away_for_a_day_is_given_up(database: Database, worker: Worker, clock: FakeClock) -> None:
    worker.handles(Greet, Doer(*(TryLater("away", timedelta(hours=5)) for _ in range(9))))
    await order(database, Greet(who="ana"), key="k")
    for _ in range(5):
        await worker.drain()
        assert (await item(database, "k")).state is WorkState.WAITING
        clock.advance(timedelta(hours=5))
    await worker.drain()
    assert (await item(database, "k")).state is WorkState.DEAD


async def test_work_ordered_long_ahead_gets_its_full_day_of_tries(database: Database, worker: Worker, clock: FakeClock) -> None:
    worker.handles(Greet, Doer(TryLater("away")))
    await order(database, Greet(who="ana"), key="k", due=clock.now() + timedelta(days=7))
    clock.advance(timedelta(days=7))
    await worker.drain()
    assert (await item(database, "k")).state is WorkState.WAITING
    clock.advance(back_off(1))
    await worker.drain()
    assert (await item(database, "k")).state is WorkState.DONE


async def test_an_order_of_another_version_waits_for_a_process_that_knows_it(database: Database, worker: Worker, clock: FakeClock) -> None:
    await order(database, Greet(who="ana"), key="k")
    await worker.drain()
    newer, doer = Worker(database, clock), Doer()
    newer.handles(Greet, doer)
    clock.advance(timedelta(seconds=30))
    await newer.drain()
    assert doer.done == ["ana"]


# The loop


async def test_a_commit_wakes_the_worker_at_once(database: Database, worker: Worker) -> None:
    doer = Doer()
    worker.handles(Greet, doer)
    async with at_work(worker):
        await asyncio.sleep(0.05)  # it has looked, and found nothing
        await order(database, Greet(who="ana"), key="k")
        await eventually(lambda: doer.done == ["ana"], within_s=1)


async def test_stopping_lets_finish_what_runs_and_starts_nothing_more(database: Database, worker: Worker) -> None:
    started, free, done = [], asyncio.Event(), []

    async def take_long(order: Greet, _: Claim) -> None:
        started.append(order.who)
        await free.wait()
        done.append(order.who)

    worker.handles(Greet, take_long)
    running = asyncio.create_task(worker.run())
    await order(database, Greet(who="ana"), key="ana")
    await eventually(lambda: started == ["ana"])
    stopping = asyncio.create_task(worker.stop(grace_s=3))
    await asyncio.sleep(0)
    await order(database, Greet(who="bo"), key="bo")
    free.set()
    await stopping
    await running
    assert done == ["ana"]
    assert [(await item(database, key)).state for key in ("ana", "bo")] == [WorkState.DONE, WorkState.WAITING]


async def test_what_may_still_finish_keeps_its_lease(database: Database, clock: FakeClock) -> None:
    worker, started, free = Worker(database, clock, renew_every_s=0.01), [], asyncio.Event()
    database.wake = worker.wake

    async def take_long(order: Greet, _: Claim) -> None:
        started.append(order.who)
        await free.wait()

    worker.handles(Greet, take_long)
    running = asyncio.create_task(worker.run())
    await order(database, Greet(who="ana"), key="k")
    await eventually(lambda: started == ["ana"])
    stopping = asyncio.create_task(worker.stop(grace_s=3))
    await asyncio.sleep(0.05)
    clock.advance(timedelta(seconds=8))
    await asyncio.sleep(0.05)
    assert (await item(database, "k")).lease_until == clock.now() + queue.LEASE
    free.set()
    await asyncio.gather(stopping, running)


async def test_what_does_not_finish_in_time_is_left_to_its_lease(database: Database, worker: Worker, clock: FakeClock) -> None:
    started = []

    async def hang(order: Greet, _: Claim) -> None:
        started.append(order.who)
        await asyncio.Event().wait()

    worker.handles(Greet, hang)
    running = asyncio.create_task(worker.run())
    await order(database, Greet(who="ana"), key="k")
    await eventually(lambda: started == ["ana"])
    await worker.stop(grace_s=0.02)
    await running
    clock.advance(queue.LEASE)
    doer = Doer()
    next_process = Worker(database, clock)
    next_process.handles(Greet, doer)
    await next_process.drain()
    assert doer.done == ["ana"]


async def test_drain_says_when_something_does_not_end(database: Database, worker: Worker) -> None:
    async def hang(_: Greet, __: Claim) -> None:
        await asyncio.Event().wait()

    worker.handles(Greet, hang)
    await order(database, Greet(who="ana"), key="k")
    assert not await worker.drain(timeout_s=0.05)
    await worker.stop(grace_s=0)


async def test_what_was_done_while_the_database_went_away_is_not_done_again(
    postgres_url: str, postgres_server: Postgres, clock: FakeClock
) -> None:
    database = Database(postgres_url, clock, Listeners())
    worker, sent, gone = Worker(database, clock), [], asyncio.Event()
    name = postgres_server.name(postgres_url)

    async def send(order: Greet, _: Claim) -> None:
        sent.append(order.who)
        await postgres_server.admit(name, False)
        await postgres_server.cut_off(name)
        gone.set()

    worker.handles(Greet, send)
    async with at_work(worker):
        await order(database, Greet(who="ana"), key="k")
        await asyncio.wait_for(gone.wait(), 30)
        await asyncio.sleep(0.05)
        await postgres_server.admit(name, True)
        clock.advance(queue.LEASE)
        async with asyncio.timeout(10):
            while (await item(database, "k")).state is not WorkState.DONE:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert sent == ["ana"]
    await database.close()
