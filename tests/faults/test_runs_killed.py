"""`kill -9` of what runs playbooks, as people see it: the bot that comes after that says of every run what is true."""

import asyncio
import os
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import select
from sqlmodel import col

from bot import faultpoints
from bot.clock import FakeClock
from bot.incidents import timeline
from bot.runbooks import processes
from bot.runbooks.forkserver import SHARED
from bot.runbooks.homes import BEGINS_WITHIN_S
from bot.runbooks.models import Run, RunLock
from bot.runbooks.records import run_id
from bot.runbooks.states import RunState
from tests.faults.test_engine import ANSIBLE, COUNTS, SERVER, SUPERVISOR
from tests.journeys.runbooks import written
from tests.journeys.stories import run_card
from tests.world import CONFIG, World, running_world

LOST, FAILED, SUCCEEDED = RunState.LOST, RunState.FAILED, RunState.SUCCEEDED
KNOWN_AT_THE_END = ("supervisor: ansible ended, nothing written", "supervisor: status written, no end", "supervisor: end written")
"""By then Ansible has told how all hosts fared."""
ENDS: dict[str, RunState] = {
    **{point: SUCCEEDED if point in KNOWN_AT_THE_END else LOST for point in SUPERVISOR},
    **dict.fromkeys(ANSIBLE, FAILED),
    "ansible: told playbook_on_stats": SUCCEEDED,
    "ansible: played, not ended": SUCCEEDED,
    **dict.fromkeys(SERVER, SUCCEEDED),
    "supervisor: alone, order not taken": SUCCEEDED,  # by the plain door
}
POINTS = sorted(ENDS, key=lambda point: point == "supervisor: alone, order not taken")
"""The last one makes the bot distrust the engine."""
SAYS = {
    LOST: "Its process ended without a word.",
    FAILED: "Ansible ended before the playbook was through; the log says why.",
    SUCCEEDED: "answers 200, 1 times in a row, before the run:",
}
IN_A_CHANNEL = 4
PLAYBOOK = """
- hosts: web
  gather_facts: false
  tasks:
    - count: {file: '{{ place }}/counted'}
    - ansible.builtin.debug: {msg: on}
    - name: Be there when the blow comes
      ansible.builtin.raw: sleep 600
      when: inventory_hostname in HOSTS
"""


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    faultpoints.arm("")


class Service:
    """What a verification asks: well, once somebody says so."""

    def __init__(self) -> None:
        self.status = 500
        self.address = ""

    async def answer(self, request: web.Request) -> web.Response:
        return web.Response(status=self.status)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    one = Service()
    front = web.Application()
    front.router.add_get("/", one.answer)
    runner = web.AppRunner(front)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    one.address = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield one
    await runner.cleanup()


@pytest.fixture
async def world(sqlite_url: str, tmp_path: Path, clock: FakeClock, service: Service) -> AsyncIterator[World]:
    """A bot with a runbook that leaves a line on the one host it is told, and asks the service whether that helped."""
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    written(
        config,
        tuple(host(point) for point in POINTS),
        parameters={"host": {"type": "host", "group": "web"}},
        limit="host",
        approvals=[{"needs": 0}],
        check_mode=False,
        reverse=None,
        verify={"url": service.address, "times": 1, "every": "1s", "within": "10s"},
    )
    (config / "playbooks" / "release.yml").write_text(
        PLAYBOOK.replace("HOSTS", str([host(point) for point in ANSIBLE if ENDS[point] == FAILED]))
    )
    (config / "playbooks" / "action_plugins").mkdir()
    (config / "playbooks" / "action_plugins" / "count.py").write_text(COUNTS)
    async with running_world(sqlite_url, tmp_path, clock, config=config, TOCSIN_RUNS=str(tmp_path / "runs")) as world:
        yield world


def host(point: str) -> str:
    """Each run has a host of its own."""
    return f"h{POINTS.index(point) + 1}"


def incident(point: str) -> int:
    """Slack takes a message a second in a channel, so there are several."""
    return POINTS.index(point) // IN_A_CHANNEL + 1


async def killed(world: World, point: str) -> None:
    """A run of which somebody is killed there, before the bot has looked at it once."""
    channel = await world.channel_name(incident(point))
    faultpoints.arm(point)
    if point in SERVER:
        await asyncio.to_thread(SHARED.close)
        await asyncio.to_thread(SHARED.ready)
        faultpoints.arm("")
    await world.user("kim").command(f"/inc run release host={host(point)}", channel)
    await world.settled()
    faultpoints.arm("")


async def rows(world: World) -> list[Run]:
    async with world.bot.database.read() as tx:
        return list((await tx.session.execute(select(Run).order_by(col(Run.id)))).scalars())


async def test_a_bot_that_comes_back_says_of_every_run_what_became_of_it(world: World, service: Service, tmp_path: Path) -> None:
    for number in range(1, incident(POINTS[-1]) + 1):
        await world.user("kim").command(f"/inc sev2 trouble {number}")
        await world.settled()
    await world.bot.rooms.runner.inventory(tmp_path / "config" / "hosts.ini")  # the engine is tried before anybody dies
    for point in POINTS:
        await killed(world, point)
    runs = await rows(world)
    assert [run.state for run in runs] == [RunState.RUNNING] * len(POINTS)
    await world.stop()
    past = time.time() - BEGINS_WITHIN_S - 1
    for run in runs:
        if (home := tmp_path / "runs" / run_id(run)).joinpath("taken").exists():  # time passes; whoever took it will never come
            os.utime(home, (past, past))
    service.status = 200
    await world.start()

    wrong = []
    for number, point in enumerate(POINTS, 1):
        shown = await run_card(world, number, ENDS[point].value, incident(point))
        if SAYS[ENDS[point]] not in shown:
            wrong.append((point, shown))
    assert wrong == []
    runs = await rows(world)
    assert {point: run.state for point, run in zip(POINTS, runs, strict=True)} == ENDS
    async with world.bot.database.read() as tx:
        locks = {lock.target.partition("/")[2] for lock in (await tx.session.execute(select(RunLock))).scalars()}
        written_down = [entry.text for number in range(1, incident(POINTS[-1]) + 1) for entry in await timeline.entries(tx, number)]
    assert locks == {host(point) for point, end in ENDS.items() if end == LOST}
    for number, point in enumerate(POINTS, 1):
        assert [text.partition(" on ")[0] for text in written_down if text.startswith(f"run {number} starts")] == [f"run {number} starts"]
        ended = "is lost" if ENDS[point] == LOST else ENDS[point].value
        assert len([text for text in written_down if text.startswith(f"run {number} {ended}")]) == 1, point
    counted = Counter((tmp_path / "released" / "counted").read_text().split())
    assert set(counted.values()) == {1}, "nothing is done twice"
    assert {host(point) for point, end in ENDS.items() if end == SUCCEEDED} <= counted.keys()
    assert [found for run in runs for found in processes.belonging(tmp_path / "runs" / run_id(run))] == []
