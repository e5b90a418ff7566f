"""The auditor: each thing that should never be is found, said once, forgotten when it is over; the heartbeat stops meanwhile."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import text

from bot.clock import FakeClock
from bot.db import BOT, Database, Tx
from bot.events import Listeners
from bot.work import queue
from bot.work.audit import AlarmRaised, Auditor, Finding
from bot.work.orders import Refused
from bot.work.worker import Worker
from tests.contracts.post_room import Doer, Greet, Wake, claim_one, order


@pytest.fixture
def raised(listeners: Listeners) -> list[AlarmRaised]:
    """Every alarm announced in this test."""
    alarms: list[AlarmRaised] = []

    async def hear(_: Tx, alarm: AlarmRaised) -> None:
        alarms.append(alarm)

    listeners.on(AlarmRaised, hear)
    return alarms


@pytest.fixture
def auditor(database: Database) -> Auditor:
    return Auditor(database)


async def test_all_is_well_at_first(auditor: Auditor, raised: list[AlarmRaised]) -> None:
    assert await auditor.audit() == ()
    assert raised == []


async def test_work_that_nobody_takes_is_found_and_forgotten_once_done(
    auditor: Auditor, raised: list[AlarmRaised], database: Database, clock: FakeClock
) -> None:
    await order(database, Greet(who="ana"), key="k")
    clock.advance(timedelta(minutes=2))
    assert await auditor.audit() == ()
    clock.advance(timedelta(seconds=1))
    (finding,) = await auditor.audit()
    assert finding == Finding("1 × 'greet' due since 09:00 UTC, and nobody takes them.", "work:greet")
    await order(database, Greet(who="bo"), key="k2", due=clock.now() - timedelta(hours=1))
    await auditor.audit()  # worse, but the same
    assert [alarm.about for alarm in raised] == ["work:greet"]

    worker = Worker(database, clock)
    worker.handles(Greet, Doer())
    await worker.drain()
    assert await auditor.audit() == ()
    await order(database, Greet(who="kim"), key="k3", due=clock.now() - timedelta(hours=1))
    await auditor.audit()  # anew: said again
    assert [alarm.about for alarm in raised] == ["work:greet", "work:greet"]


async def test_a_lease_that_its_owner_dropped_is_overdue(auditor: Auditor, database: Database, clock: FakeClock) -> None:
    await order(database, Greet(who="ana"), key="k")
    await claim_one(database, lease="of a worker that was killed")
    clock.advance(queue.LEASE + timedelta(minutes=2, seconds=1))
    assert [finding.about for finding in await auditor.audit()] == ["work:greet"]


async def test_a_lease_that_never_ends_is_found(auditor: Auditor, database: Database, clock: FakeClock) -> None:
    await order(database, Greet(who="ana"), key="k")
    (held,) = await claim_one(database, lease="of a handler that hangs")
    for _ in range(16):
        assert auditor.findings == ()
        await auditor.audit()
        clock.advance(timedelta(minutes=1))
        async with database.begin(actor=BOT) as tx:
            await queue.renew(tx, [held])
    (finding,) = await auditor.audit()
    assert finding.sentence == "Work 'greet' (k) has been under way for more than 15 minutes: it hangs."


async def test_work_that_was_given_up_is_shown_for_an_hour(
    auditor: Auditor, raised: list[AlarmRaised], database: Database, clock: FakeClock
) -> None:
    worker = Worker(database, clock)
    worker.handles(Greet, Doer(Refused("no such channel")))
    await order(database, Greet(who="ana"), key="k")
    await worker.drain()
    (finding,) = await auditor.audit()
    assert finding.sentence == "Work 'greet' (k) was given up: no such channel"
    clock.advance(timedelta(hours=1))
    assert await auditor.audit() == ()
    assert len(raised) == 1


async def test_a_check_of_another_room_is_asked_and_one_with_a_bug_hides_none(auditor: Auditor, raised: list[AlarmRaised]) -> None:
    async def broken(_: Tx) -> list[Finding]:
        raise KeyError("boom")

    async def incident_without_channel(_: Tx) -> list[Finding]:
        return [Finding("Incident 7 has no channel.", "incident:7")]

    auditor.add("broken", broken)
    auditor.add("channels", incident_without_channel)
    found = await auditor.audit()
    assert {finding.about for finding in found} == {"check:broken", "incident:7"}
    assert len(raised) == 2


async def test_replicas_say_it_once(database: Database, raised: list[AlarmRaised], clock: FakeClock) -> None:
    await order(database, Greet(who="ana"), key="k")
    clock.advance(timedelta(hours=1))
    for _ in range(3):
        replica = Auditor(database)
        assert len(await replica.audit()) == 1
    assert len(raised) == 1


@pytest.fixture
async def pings() -> AsyncIterator[tuple[str, list[str]]]:
    """An outside that expects a sign of life: its address, and what came."""
    seen: list[str] = []

    async def ping(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response(status=200 if len(seen) < 3 else 500)

    app = web.Application()
    app.router.add_get("/beat", ping)
    server = TestServer(app)
    await server.start_server()
    yield str(server.make_url("/beat")), seen
    await server.close()


async def test_the_heartbeat_is_pinged_while_all_is_well(sqlite_database: Database, clock: FakeClock, pings: tuple[str, list[str]]) -> None:
    url, seen = pings
    auditor = Auditor(sqlite_database, heartbeat_url=url)
    await auditor.audit()
    assert len(seen) == 1
    await order(sqlite_database, Greet(who="ana"), key="k")
    clock.advance(timedelta(hours=1))
    await auditor.audit()
    assert len(seen) == 1
    async with sqlite_database.begin(actor=BOT) as tx:
        await queue.cancel(tx, key="k")
    for _ in range(2):  # the second is answered 500: no reason to fail
        assert await auditor.audit() == ()
    assert len(seen) == 3


async def test_a_heartbeat_that_nobody_answers_breaks_nothing(sqlite_database: Database) -> None:
    assert await Auditor(sqlite_database, heartbeat_url="http://127.0.0.1:1/beat").audit() == ()


async def test_a_database_that_fails_is_no_heartbeat(sqlite_database: Database, pings: tuple[str, list[str]]) -> None:
    url, seen = pings
    async with sqlite_database.begin(actor=BOT) as tx:
        await tx.session.execute(text("ALTER TABLE work_item RENAME TO gone"))
    with pytest.raises(Exception, match="no such table"):
        await Auditor(sqlite_database, heartbeat_url=url).audit()
    assert seen == []


async def test_a_page_that_fails_each_time_is_found_until_it_goes_out(auditor: Auditor, database: Database, clock: FakeClock) -> None:
    worker = Worker(database, clock)
    worker.handles(Wake, Doer(*(RuntimeError("words of a private incident") for _ in range(3))))
    await order(database, Wake(who="ana"), key="k")
    for _ in range(3):
        assert await auditor.audit() == ()
        await worker.drain()
        clock.advance(timedelta(minutes=1))
    (finding,) = await auditor.audit()
    assert finding.sentence == "Work 'wake' (k) fails each time, and is tried again: RuntimeError; the log has the rest"
    await worker.drain()
    assert await auditor.audit() == ()
