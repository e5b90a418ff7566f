"""What comes after a run: whether it helped, by Prometheus or by a playbook that looks; and what takes it back."""

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from bot.clock import FakeClock
from tests.journeys.stories import incident, run_card
from tests.prometheus.server import prometheus, until
from tests.world import CONFIG, World, running_world

HOST = "ansible_connection=local ansible_python_interpreter='{{ ansible_playbook_python }}'"
RELEASE = {
    "title": "Write a release",
    "playbook": "release.yml",
    "group": "web",
    "environments": ["production"],
    "parameters": {"to": {"type": "version"}},
    "approvals": [{"needs": 0}],
    "outcome": {"left": "the release that was left"},
    "reverse": {"runbook": "release", "parameters": {"to": "{outcome.left}"}},
}
PLAYBOOK = """
- hosts: web
  gather_facts: false
  vars: {before: "{{ lookup('ansible.builtin.file', place ~ '/' ~ inventory_hostname, errors='ignore') }}"}
  tasks:
    - name: Report what was there
      ansible.builtin.set_stats: {data: {left: "{{ before }}"}, aggregate: false}
      when: before is truthy
    - name: Write the release
      ansible.builtin.copy: {content: '{{ rb.to }}', dest: '{{ place }}/{{ inventory_hostname }}'}
"""
LOOK = """
- hosts: web
  gather_facts: false
  tasks:
    - name: Look at the release
      ansible.builtin.assert: {that: "lookup('ansible.builtin.file', place ~ '/' ~ inventory_hostname, errors='ignore') == rb.to"}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """One runbook on two hosts that are this machine."""
    made = tmp_path / "config"
    shutil.copytree(CONFIG, made)
    for folder in (made / "runbooks", made / "playbooks", tmp_path / "released"):
        folder.mkdir()
    (made / "hosts.ini").write_text(f"[web]\nweb1 {HOST}\nweb2 {HOST}\n[web:vars]\nplace={tmp_path / 'released'}\n")
    (made / "fleet.yaml").write_text("environments:\n  production:\n    inventory: hosts.ini\n    prometheus: {url_env: GRAPHS}\n")
    (made / "playbooks" / "release.yml").write_text(PLAYBOOK)
    (made / "playbooks" / "look.yml").write_text(LOOK)
    return made


def verified(config: Path, **verify: object) -> None:
    """The runbook with this verification."""
    (config / "runbooks" / "release.yaml").write_text(yaml.safe_dump(RELEASE | {"verify": verify}))


@pytest.fixture
async def world(sqlite_url: str, tmp_path: Path, clock: FakeClock, config: Path) -> AsyncIterator[World]:
    """A bot with that runbook; databases make no difference to it."""
    verified(config, playbook="look.yml", times=2, every="1s", mitigates=True)
    async with running_world(sqlite_url, tmp_path, clock, config=config, TOCSIN_RUNS=str(tmp_path / "runs")) as world:
        await world.user("kim").command("/inc sev2 checkout is down service:checkout")
        await world.settled()
        yield world


async def test_a_run_that_recovers_marks_mitigated_and_one_that_makes_it_worse_is_taken_back(
    world: World, config: Path, tmp_path: Path
) -> None:
    kim, channel = world.user("kim"), await world.channel_name(1)
    gauges = {'failing{host="web1"}': 0.25, 'failing{host="web2"}': 0.5}
    (tmp_path / "graphs").mkdir()
    async with prometheus(tmp_path / "graphs", gauges) as address:
        await kim.command("/inc run release to=v41", channel)  # verified by a playbook on its hosts, meanwhile
        shown = await run_card(world, 1, "succeeded, recovered")
        found = "Recovered: look.yml finds all well, 2 times in a row, before the run: "
        assert re.search(rf"{re.escape(found)}web[12]: Look at the release: ", shown), "whichever failed first"
        assert (await incident(world)).state == "monitoring"
        await world.heard(1, "*Mitigated* by Tocsin")

        verified(config, query='max(failing{host=~"web.*"})', below=0.01, shows="failing requests", within="15s", every="1s", times=2)
        await world.stop()
        await world.start(GRAPHS=address)
        await until(address, "failing > 0.4", tmp_path / "graphs")
        await kim.command("/inc run release to=v42", channel)
        shown = await run_card(world, 2, "verifying")
        assert "before the run 0.5 (good: below 0.01)" in shown
        gauges['failing{host="web2"}'] = 0.9
        await until(address, "max(failing) > 0.8", tmp_path / "graphs")
        shown = await run_card(world, 2, "Worse than before the run, so far.")
        assert "failing requests: now 0.9" in shown.replace("*", "")
        assert "0 of 2 good answers in a row" in shown
        shown = await run_card(world, 2, "succeeded, worse")
        assert "Worse: 0.9 (good: below 0.01), before the run: 0.5 (good: below 0.01)." in shown
        told = await world.heard(1, "Run 2 (Write a release): worse.")
        assert f"<@{world.bot.directory.config.people['kim'].slack}>" in told.shown
        assert "_Write a release_ would take it back" in told.shown

        await kim.press("Take back: Write a release", channel)
        await run_card(world, 3, "verifying")
        await kim.command("/inc resolve taken back", channel)
        await world.settled()
        document = (await world.postmortem(1)).replace("\\", "")
        runs = document.partition("## Mitigation")[2].partition("## ")[0]
        assert "Run 1, Write a release (release to=v41) in production: succeeded, recovered. Asked for by Kim Ji-woo." in runs
        assert "It needed no approval. It worked on web1, web2 from" in runs
        assert "Run 2, Write a release (release to=v42) in production: succeeded, worse." in runs
        assert "Worse: 0.9 (good: below 0.01), before the run: 0.5 (good: below 0.01)." in runs
        assert "Run 3, Write a release (release to=v41) in production: verifying. Asked for by Kim Ji-woo. It took back run 2." in runs
        assert "[run](/runs/2)" in runs, "each with a way to its page"
        assert "- Write a release (run 1): " in document.partition("## What went well")[2].partition("## ")[0]
        assert "- Write a release (run 2): Worse" in document.partition("## What did not go well")[2].partition("## ")[0]
        assert {path.read_text() for path in (tmp_path / "released").iterdir()} == {"v41"}
