"""Drills on the sandbox's fleet: something breaks for real, an alert fires, a runbook is approved and run, and customers are well again."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import FakeClock
from bot.sandbox import drills
from bot.sandbox.drills import Drill
from tests.journeys.stories import run_card, told
from tests.world import CONFIG, World, running_world

TOGETHER = (
    ("bad_release", "dead_region", "bad_flag", "wrong_configuration"),
    ("overloaded_backend", "bad_canary", "poisoned_cache", "dead_primary", "leak"),
)
"""Faults that one bot meets one after the other: all are about checkout, so it is one incident."""
HANGS = "hung_instance"


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


async def played(world: World, drill: Drill, run: int, incident: int = 1) -> str:
    """The drill's runbook is asked for in the channel of its incident, approved by somebody else, and run; its card."""
    await world.user("kim").command(f"/inc #{incident} run {drill.run}")
    if drill.is_approved:
        await run_card(world, run, "waiting", incident)
        await world.user("ana").press("Approve", await world.channel_name(incident))
    return await run_card(world, run, "succeeded", incident)


def test_every_fault_of_the_fleet_is_drilled() -> None:
    assert {name for names in TOGETHER for name in names} | {HANGS} == {drill.name for drill in drills.ALL}


async def test_the_major_incidents_of_2023_are_each_mitigated_by_a_shipped_runbook(world: World) -> None:
    for number, drill in enumerate(drills.OF_2023, 1):
        await world.sandbox.post(f"/scenarios/{drill.name}", on=True)
        await world.settled()
        await customers(world, well=False)
        card = await played(world, drill, number, number)
        assert "Recovered" in card, card
        await customers(world, well=True)
        await world.sandbox.post(f"/scenarios/{drill.name}", on=False)


@pytest.mark.parametrize("names", TOGETHER)
async def test_what_breaks_is_mended_by_the_runbook_that_the_scenario_names(world: World, names: tuple[str, ...]) -> None:
    for run, name in enumerate(names, 1):
        [drill] = [one for one in drills.ALL if one.name == name]
        await world.sandbox.post(f"/scenarios/{name}", on=True)
        await world.settled()
        await customers(world, well=False)
        card = await played(world, drill, run)
        assert "Recovered" in card or not drill.is_approved, card
        await customers(world, well=True)
        await world.sandbox.post(f"/scenarios/{name}", on=False)


async def test_a_hung_instance_is_restarted_and_serves_again(world: World) -> None:
    [hangs] = [drill for drill in drills.ALL if drill.name == HANGS]
    await world.sandbox.post(f"/scenarios/{hangs.name}", on=True)
    await world.settled()
    await serving(world, ["web2", "web3", "web4", "web5"])
    await played(world, hangs, 1)
    await serving(world, ["web1", "web2", "web3", "web4", "web5"])
    await customers(world, well=True)


async def test_a_drill_that_is_typed_breaks_the_fleet_and_its_end_mends_it(world: World) -> None:
    await world.stop()
    await world.start(TOCSIN_SANDBOX_TOKEN="a token of these tests")
    kim = world.user("kim")
    await kim.command("/inc drill checkout-outage")
    await world.settled()
    assert "DRILL #1 SEV2 Every payment fails since release v42" in await world.card(1)
    assert (await world.sandbox.get("/fleet"))["fault"] == "bad_release"
    await customers(world, well=False)
    assert "DRILL" in world.phone("ana").last_sms, "an alert would have woken somebody for a real one"

    await kim.command("/inc resolve we rolled it back", await world.channel_name(1))
    await world.settled()
    assert (await world.sandbox.get("/fleet"))["fault"] is None
    await customers(world, well=True)
    assert "the fleet is as it was before" in told(await kim.command("/inc #1 timeline"))
