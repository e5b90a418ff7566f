"""Twenty runs at once: each takes its host for itself, and all of them come to their end."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from bot.clock import FakeClock
from bot.runbooks.models import Run
from bot.runbooks.states import IS_OVER, RunState
from tests.journeys.runbooks import written
from tests.world import World, running_world

PEOPLE = ("kim", "ana", "bo", "lee")
HOSTS = tuple(f"web{number}" for number in range(1, 6))
# A host that is worked on twice at once refuses: its directory is there already.
PLAYBOOK = """
- hosts: web
  gather_facts: false
  tasks:
    - ansible.builtin.raw: mkdir {{ place }}/busy-{{ inventory_hostname }}
    - ansible.builtin.raw: sleep 0.2
    - ansible.builtin.raw: rmdir {{ place }}/busy-{{ inventory_hostname }}
"""


@pytest.fixture
async def world(database_url: str, tmp_path: Path, clock: FakeClock, runbook_config: Path) -> AsyncIterator[World]:
    """A bot whose one runbook works on one host at a time and needs nobody's approval."""
    host = {"host": {"type": "host", "group": "web"}}
    written(runbook_config, HOSTS, parameters=host, limit="host", approvals=[{"needs": 0}], check_mode=False, reverse=None)
    (runbook_config / "playbooks" / "release.yml").write_text(PLAYBOOK)
    async with running_world(database_url, tmp_path, clock, config=runbook_config, TOCSIN_RUNS=str(tmp_path / "runs")) as world:
        yield world


async def runs(world: World) -> list[Run]:
    async with world.bot.database.read() as tx:
        return list((await tx.session.execute(select(Run).order_by(col(Run.id)))).scalars())


async def test_twenty_runs_at_once_share_five_hosts_and_none_meets_another(world: World) -> None:
    for number, person in enumerate(PEOPLE, start=1):  # in a channel each, for Slack takes one message a second in a channel
        await world.user(person).command(f"/inc sev2 trouble {number}")
        await world.settled()
    channels = {person: await world.channel_name(number) for number, person in enumerate(PEOPLE, start=1)}
    asked = (world.user(person).command(f"/inc run release host={host}", channels[person]) for person in PEOPLE for host in HOSTS)
    await asyncio.gather(*asked)
    most: Counter[str] = Counter()
    for _ in range(600):
        found = await runs(world)
        working = Counter(run.words for run in found if run.state is RunState.RUNNING)
        most = Counter({host: max(most[host], working[host]) for host in {*most, *working}})
        if len(found) == 20 and all(run.state in IS_OVER for run in found):
            break
        await world.advance(seconds=0.5)
    assert Counter(run.state for run in found) == {RunState.SUCCEEDED: 20}, [run.remark for run in found]
    assert len(most) == len(HOSTS) and set(most.values()) == {1}
