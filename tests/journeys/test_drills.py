"""Drills on the sandbox's fleet: something breaks for real, an alert fires, a runbook is approved and run, and customers are well again."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import FakeClock
from bot.sandbox import drills
from bot.sandbox.drills import Drill
from tests.journeys.stories import run_card
from tests.world import CONFIG, World, running_world


@pytest.fixture
async def world(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """A bot whose configuration stands beside the fleet, as in `tocsin sandbox`."""
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    async with running_world(sqlite_url, tmp_path, clock, config=config, TOCSIN_RUNS=str(tmp_path / "runs")) as world:
        yield world


async def customers(world: World, *, well: bool) -> None:
    """Wait until customers got nothing but answers for two seconds on end, or something else."""
    for _ in range(300):
        seconds = (await world.sandbox.get("/fleet"))["seconds"][-3:-1]  # the newest is not over
        if len(seconds) == 2 and all((one["failed"] == 0) == well for one in seconds):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"customers are not {'well' if well else 'failing'}: {seconds}")


async def serving(world: World, hosts: list[str]) -> None:
    """Wait until HAProxy sends customers to exactly these."""
    for _ in range(300):
        if (found := (await world.sandbox.get("/fleet"))["serving"]) == hosts:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"customers are served by {found}")


@pytest.mark.parametrize(
    ("fault", "line", "says"),
    [
        ("bad_release", "rollback to=v41", "Recovered"),
        ("dead_region", "reroute region=us", "Recovered"),
        ("bad_flag", "flag flag=new-checkout", "Recovered"),
        ("leak", "rolling-restart", "Recovered"),
        ("overloaded_backend", "scale to=8", "Recovered"),
    ],
)
async def test_what_broke_is_mended_by_the_runbook_that_somebody_else_approved(world: World, fault: str, line: str, says: str) -> None:
    await world.sandbox.post(f"/scenarios/{fault}", on=True)
    await world.settled()
    await customers(world, well=False)
    channel = await world.channel_name(1)
    await world.user("kim").command(f"/inc run {line}", channel)
    await run_card(world, 1, "waiting")
    await world.user("ana").press("Approve", channel)
    assert says in await run_card(world, 1, "succeeded")
    await customers(world, well=True)


async def test_a_bad_canary_is_aborted_by_who_sees_it_alone(world: World) -> None:
    await world.sandbox.post("/scenarios/bad_canary", on=True)
    await world.settled()
    await customers(world, well=False)
    await world.user("kim").command("/inc run canary-abort", await world.channel_name(1))
    await run_card(world, 1, "succeeded")
    await customers(world, well=True)


async def played(world: World, drill: Drill, number: int) -> str:
    """The drill's runbook is asked for in the channel of its incident, approved by somebody else, and run; its card."""
    await world.user("kim").command(f"/inc #{number} run {drill.run}")
    await run_card(world, number, "waiting", number)
    await world.user("ana").press("Approve", await world.channel_name(number))
    return await run_card(world, number, "succeeded", number)


async def test_the_major_incidents_of_2023_are_each_mitigated_by_a_shipped_runbook(world: World) -> None:
    for number, drill in enumerate(drills.OF_2023, 1):
        await world.sandbox.post(f"/scenarios/{drill.name}", on=True)
        await world.settled()
        await customers(world, well=False)
        card = await played(world, drill, number)
        assert "Recovered" in card or drill.name == "memory_leak_2023"  # a first look may meet only those that still answer in time
        await customers(world, well=True)
        await world.sandbox.post(f"/scenarios/{drill.name}", on=False)


async def test_a_hung_instance_is_restarted_and_serves_again(world: World) -> None:
    [hangs] = [drill for drill in drills.ALL if drill.name == "hung_instance"]
    await world.sandbox.post(f"/scenarios/{hangs.name}", on=True)
    await world.settled()
    await serving(world, ["web2", "web3", "web4", "web5"])
    await played(world, hangs, 1)
    await serving(world, ["web1", "web2", "web3", "web4", "web5"])
    await customers(world, well=True)
