"""Rules that run a runbook with nobody asking: announced, bounded, off once they fail, and paused by a word."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import yaml

from bot.clock import FakeClock
from bot.incidents import timeline
from bot.sandbox.scenarios import webhook
from tests.journeys.stories import run_card, told
from tests.world import CONFIG, World, running_world

HOST = "ansible_connection=local ansible_python_interpreter='{{ ansible_playbook_python }}'"
RESTART = {
    "title": "Restart what leaks",
    "playbook": "restart.yml",
    "group": "web",
    "environments": ["production"],
    "parameters": {"what": {"type": "text", "pattern": "[a-z-]+[0-9-]+"}},
}
# It fails where `broken` stands, and its dry run where `locked` does.
PLAYBOOK = """
- hosts: web
  gather_facts: false
  tasks:
    - name: Look whether it can be restarted
      ansible.builtin.assert: {that: "not lookup('ansible.builtin.fileglob', place ~ '/broken')"}
      when: not ansible_check_mode
    - name: Look whether it may be
      ansible.builtin.assert: {that: "not lookup('ansible.builtin.fileglob', place ~ '/locked')"}
    - name: Restart
      ansible.builtin.copy: {content: '{{ rb.what }}', dest: '{{ place }}/restarted'}
"""
RULE = {
    "when": {"match_re": {"alertname": "Leak.*"}, "severities": [2, 3]},
    "runbook": "restart",
    "parameters": {"what": "{labels.instance}"},
    "run": "automatic",
    "approvals": 0,
    "starts_after": "15s",
    "cool_down": "2m",
    "most_per_hour": 9,
}


@pytest.fixture
async def world(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """A bot with one rule, whose runbook works on one host that is this machine."""
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    for folder in (config / "runbooks", config / "playbooks", tmp_path / "place"):
        folder.mkdir()
    (config / "hosts.ini").write_text(f"[web]\nweb1 {HOST}\n[web:vars]\nplace={tmp_path / 'place'}\n")
    rules = {"environments": {"production": {"inventory": "hosts.ini"}}, "remediations": {"restart-leaky": RULE}}
    (config / "rules.yaml").write_text(yaml.safe_dump(rules))
    (config / "runbooks" / "restart.yaml").write_text(yaml.safe_dump(RESTART))
    (config / "playbooks" / "restart.yml").write_text(PLAYBOOK)
    async with running_world(sqlite_url, tmp_path, clock, config=config, TOCSIN_RUNS=str(tmp_path / "runs")) as world:
        yield world


async def fires(world: World, service: str, turn: int, *, name: str = "Leak", no_more: bool = False) -> None:
    """An alert, of a name that the rule is about unless told, or its end."""
    body = dict(webhook([(f"{name}{turn}", service, "memory grows")], world.clock.now(), turn).body)
    if no_more:
        over = {"status": "resolved", "endsAt": world.clock.now().isoformat()}
        body |= {"status": "resolved", "alerts": [one | over for one in body["alerts"]]}
    async with aiohttp.ClientSession() as session, session.post(f"{world.sandbox.url}/hooks/alertmanager/sandbox", json=body) as answer:
        assert answer.status < 300, await answer.text()
    await world.settled()


async def written_down(world: World, incident: int) -> str:
    """The timeline."""
    async with world.bot.database.read() as tx:
        return "\n".join(entry.text for entry in await timeline.entries(tx, incident))


async def test_a_rule_runs_by_itself_is_off_once_it_fails_and_stays_within_its_bounds(world: World, tmp_path: Path) -> None:
    kim, ana = world.user("kim"), world.user("ana")
    restarted, broken = tmp_path / "place" / "restarted", tmp_path / "place" / "broken"
    broken.touch()
    await fires(world, "checkout", 1)
    said = (await world.heard(1, "Rule restart-leaky starts run 1 (Restart what leaks) by itself")).shown
    assert "15s after its dry run" in said
    assert "Leak1 fires (instance=checkout-1-0, service=checkout)" in said
    assert "asked for by rule restart-leaky, because Leak1 fires" in await run_card(world, 1, "failed", 1)
    said = (await world.heard(1, "Rule restart-leaky is off")).shown
    assert "since run 1 failed" in said
    broken.unlink()

    await fires(world, "storage", 2)  # within its cool-down
    assert "rule restart-leaky does nothing about Leak2: it asked at 09:00 UTC and cools down until 09:02" in await written_down(world, 2)
    await world.advance(minutes=2)  # the alert still fires; but it is off: it only proposes
    said = (await world.heard(2, "Rule restart-leaky proposes run 2")).shown
    assert "It starts nothing by itself: run 1 failed" in said
    assert "Waits for somebody to approve it." in await run_card(world, 2, "waiting", 2)
    assert not restarted.exists()
    await ana.press("Approve", await world.channel_name(2))
    await run_card(world, 2, "succeeded", 2)
    assert restarted.read_text() == "storage-2-0"

    assert "`restart-leaky` → restart · *off*: run 1 failed" in told(await kim.command("/inc rules"))
    assert "may start runs again" in told(await kim.command("/inc rules on restart-leaky"))
    await world.advance(minutes=2)
    assert "rule restart-leaky" not in (await written_down(world, 1)).partition("is off, since run 1 failed")[2]  # it says so once

    (locked := tmp_path / "place" / "locked").touch()
    await fires(world, "file-sync", 5, name="Slow")
    await kim.command("/inc severity sev4 it only sounds bad", await world.channel_name(3))
    await fires(world, "file-sync", 5)  # the alert comes later in the same incident, whose severity is none of the rule's
    assert "rule restart-leaky" not in await written_down(world, 3)
    await kim.command("/inc severity sev3 it is bad", await world.channel_name(3))
    said = (await world.heard(3, "Run 3 does not start by itself")).shown
    assert "Look whether it may be" in said
    assert "Waits for somebody to approve it." in await run_card(world, 3, "waiting", 3)
    locked.unlink()
    await world.advance(minutes=2)
    await kim.command("/inc severity sev2 it is worse", await world.channel_name(3))
    await fires(world, "file-sync", 6)
    assert (await written_down(world, 3)).count("asked for run") == 1, "once in an incident, whatever comes later"

    await fires(world, "cdn", 4)  # on again: it would start, but somebody cancels it in time
    await run_card(world, 4, "It starts by itself within 15s", 4)
    pressed = await kim.press("Pause all rules", await world.channel_name(4))
    assert pressed["ok"]
    shown = await run_card(world, 4, "refused", 4)
    assert "Nothing was run: Kim Ji-woo switched all rules off" in shown
    assert restarted.read_text() == "storage-2-0"
    assert "All rules are paused*: Kim Ji-woo switched all rules off" in told(await kim.command("/inc rules"))
    assert "Rules may start runs again" in told(await kim.command("/inc rules resume"))
    assert "on already" in told(await kim.command("/inc rules resume"))

    await world.advance(minutes=2)
    await fires(world, "queue", 7)
    await run_card(world, 5, "It starts by itself within 15s", 5)
    await kim.command("/inc note I look at it", await world.channel_name(5))
    await fires(world, "queue", 7, no_more=True)
    assert "Nothing was run: the alert that asked for it has stopped" in await run_card(world, 5, "refused", 5)
