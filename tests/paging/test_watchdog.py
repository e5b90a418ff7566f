"""The watchdog: synthetic pages arrive and leave no trace, and when the engine breaks the alarm comes and the heartbeat stays away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import func, select, text
from sqlmodel import SQLModel

from bot.clock import FakeClock
from bot.db import BOT
from bot.paging.models import SyntheticPage
from bot.paging.watchdog import last_arrival, standing
from bot.work.audit import Finding
from tests.world import World, running_world


@pytest.fixture
async def beats() -> AsyncIterator[tuple[str, list[str]]]:
    """The outside that expects a sign of life: its address, and what came."""
    seen: list[str] = []

    async def beat(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response()

    app = web.Application()
    app.router.add_get("/beat", beat)
    async with TestServer(app) as server:
        yield str(server.make_url("/beat")), seen


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: FakeClock, beats: tuple[str, list[str]]) -> AsyncIterator[World]:
    async with running_world(database_url, tmp_path, clock, TOCSIN_HEARTBEAT_URL=beats[0]) as world:
        yield world


MINUTE = timedelta(minutes=1)


async def a_minute_passes(world: World, patience_s: float = 10.0) -> tuple[Finding, ...]:
    """A minute of the process's own ticks: the watchdog's order, what follows, and the auditor's look."""
    world.clock.advance(MINUTE)
    try:
        await world.bot.rooms.watchdog.order()
        await world.bot.worker.drain(patience_s)
        return await world.bot.rooms.auditor.audit()
    except Exception as error:  # what the processes' own loops make of it
        return (Finding(f"{type(error).__name__}", "audit"),)


async def rows(world: World) -> dict[str, int]:
    """How many rows each table holds."""
    async with world.bot.database.read() as tx:
        return {
            table.name: int((await tx.session.execute(select(func.count()).select_from(table))).scalar_one())
            for table in SQLModel.metadata.sorted_tables
        }


async def test_every_minute_a_synthetic_page_arrives_and_leaves_no_trace(world: World, beats: tuple[str, list[str]]) -> None:
    for _ in range(2):
        assert await a_minute_passes(world) == ()
    before, said = await rows(world), world.sandbox.calls()
    for _ in range(3):
        assert await a_minute_passes(world) == ()
    assert len(beats[1]) == 5

    async with world.bot.database.read() as tx:
        known = (await tx.session.execute(select(SyntheticPage))).scalars().all()
        assert await standing(tx) == (True, "the last synthetic page arrived 0 s ago")
    assert len(known) == 5
    assert all(page.arrived_at == page.ordered_at for page in known)
    assert await rows(world) == before | {"synthetic_page": 5}, "each removes the one before"
    assert before["incident"] == before["alert"] == before["alert_event"] == 0
    assert world.sandbox.calls() == said, "nobody is told"
    assert not any(world.phone(name).received for name in ("ana", "bo", "kim", "max"))


async def test_several_replicas_send_one_a_minute(world: World) -> None:
    await asyncio.gather(*(world.bot.rooms.watchdog.order() for _ in range(3)))
    await world.settled()
    assert (await rows(world))["synthetic_page"] == 1


async def test_it_is_forgotten_after_an_hour(world: World) -> None:
    await a_minute_passes(world)
    world.clock.advance(timedelta(hours=1))
    await a_minute_passes(world)
    assert (await rows(world))["synthetic_page"] == 1


async def test_ready_and_doctor_tell_of_the_last_one(world: World) -> None:
    assert (await world.bot.checks())["watchdog"].says.startswith("no synthetic page has arrived yet")
    await a_minute_passes(world)
    world.clock.advance(timedelta(seconds=12))
    assert (await world.bot.checks())["watchdog"].says == "the last synthetic page arrived 12 s ago"
    world.clock.advance(timedelta(seconds=90))
    check = (await world.bot.checks())["watchdog"]
    assert (check.ok, check.is_needed) == (False, False)


async def the_worker_hangs(world: World) -> None:
    """It claims nothing any more."""
    await world.bot.worker.stop(0)


async def a_table_is_gone(world: World) -> None:
    async with world.bot.database.begin(actor=BOT) as tx:
        await tx.session.execute(text("ALTER TABLE page_attempt RENAME TO gone"))


async def the_lane_is_full(world: World) -> None:
    """Whatever steps and alerts would run in waits for something that never comes."""
    for kind in ("send_synthetic_page", "deliver_page"):
        order, _ = world.bot.worker._handlers[kind]
        world.bot.worker._handlers[kind] = (order, hang)


async def hang(*_: object) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("break_it", [the_worker_hangs, a_table_is_gone, the_lane_is_full])
async def test_a_broken_engine_is_known_within_three_minutes(
    world: World, beats: tuple[str, list[str]], break_it: Callable[[World], Awaitable[None]]
) -> None:
    assert await a_minute_passes(world) == ()
    assert len(beats[1]) == 1
    async with world.bot.database.read() as tx:
        assert await last_arrival(tx) == world.clock.now()

    await break_it(world)
    found = [await a_minute_passes(world, 0.5) for _ in range(2)]
    assert found[-1], "two minutes later the alarm is there"
    alarmed = len(beats[1])
    assert alarmed <= 2
    await a_minute_passes(world, 0.5)
    assert len(beats[1]) == alarmed, "and the heartbeat is not"
    await world.bot.worker.stop(0)


async def test_the_alarm_is_said_in_ops_by_an_engine_that_still_can(world: World) -> None:
    await a_minute_passes(world)
    order, _ = world.bot.worker._handlers["send_synthetic_page"]
    world.bot.worker._handlers["send_synthetic_page"] = (order, hang)  # the intake takes nothing any more
    for _ in range(2):
        await a_minute_passes(world, 0.5)

    async def is_said() -> bool:
        said = "\n".join(await world.sandbox.channel("ops").texts())
        return "*Alarm:* No synthetic page has arrived since 09:01:00 UTC" in said

    await world.sandbox.until(is_said)
    await world.bot.worker.stop(0)
