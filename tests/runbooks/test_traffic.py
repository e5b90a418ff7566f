"""Actions that decide how many get what: canary, colours, more instances and fewer. For real, with customers who keep asking."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
import yaml

from bot import resources
from bot.runbooks.progress import outcome
from bot.sandbox.fleet.capacity import CANARY, COLOURS
from tests.runbooks.fleet import Drill

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPARES = ("web6", "web7", "web8")
SHOP = (CANARY, "web1", "web2", "web3", "web4", "web5", *SPARES)
CROWD = 60
"""Customers at once, of whom some wait for each host."""
TO_GREEN = {"from": "blue", "to": "green", "release": "v44"}


async def server(drill: Drill, name: str, backend: str = "shop") -> tuple[str, int]:
    """What HAProxy was told of a server: its state and its weight."""
    row = next(
        row for line in (await drill.fleet.haproxy(f"show servers state {backend}")).splitlines() if (row := line.split())[3:4] == [name]
    )
    return {0: "ready", 1: "maint", 8: "drain"}[int(row[6]) & 9], int(row[7])


async def test_a_release_goes_to_one_in_a_hundred_then_to_all_and_nobody_is_cut_off(drill: Drill) -> None:
    planned = await drill.run("canary.yml", SHOP, is_dry=True, to="v44", up_to="10", look=1, most=2)
    assert planned.plan == (
        "canary1: release: v41 → v44",
        "canary1: canary1: stopped → restarted",
        "canary1: shop/canary1: weight 0 → 5",
        "canary1: shop/canary1: maint → ready",
        "canary1: shop/canary1: weight 5 → 56",
    )
    async with drill.asked() as customers:
        first = await drill.run("canary.yml", SHOP, to="v44", up_to="1", look=1, most=2)
        assert first.succeeded, first.failures
        assert await server(drill, CANARY) == ("ready", 5)
        assert set(drill.fleet.releases().values()) == {"v41"}
        last = await drill.run("canary.yml", SHOP, to="v44", up_to="100", look=1, most=2)
    assert last.succeeded, last.failures
    assert customers.failed == 0
    assert await server(drill, CANARY) == ("maint", 0)
    assert set(drill.fleet.releases().values()) == {"v44"}
    await drill.until_served_by(drill.web)
    assert set((await drill.sample()).versions) == {"v44"}
    again = await drill.run("canary.yml", SHOP, to="v44", up_to="100", look=1, most=2)
    assert {host.changed for host in again.hosts.values()} == {0}, again.plan


async def test_a_canary_that_is_bad_with_real_requests_is_out_by_itself_and_no_other_host_was_touched(drill: Drill) -> None:
    progress = await drill.run("canary.yml", SHOP, to="v45", up_to="100", look=30, most=2)
    assert not progress.succeeded
    assert "nobody gets v45 any more" in progress.failures[-1]
    assert "3 of" in progress.failures[0]
    assert await server(drill, CANARY) == ("maint", 0)
    assert set(drill.fleet.releases().values()) == {"v41"}
    await drill.until_served_by(drill.web)


async def test_a_canary_is_aborted_in_one_step(drill: Drill) -> None:
    await drill.fleet.break_by("bad_canary")
    assert (await drill.sample(120)).failed > 0
    assert (await drill.run("canary-abort.yml", (CANARY,), is_dry=True)).plan == (
        "canary1: shop/canary1: weight 56 → 0",
        "canary1: shop/canary1: ready → maint",
    )
    assert (await drill.run("canary-abort.yml", (CANARY,))).succeeded
    assert (await drill.sample(120)).failed == 0


async def test_everybody_gets_the_other_colour_and_the_one_before_again_when_it_is_not_right(drill: Drill) -> None:
    pay, hosts = drill.fleet.layout.pay, (*COLOURS["blue"], *COLOURS["green"])
    planned = await drill.run("blue-green.yml", hosts, is_dry=True, **TO_GREEN, look=1, most=2)
    assert sorted(planned.plan) == sorted(
        [f"{host}: release: v41 → v44" for host in COLOURS["green"]]
        + [f"{host}: {host}: stopped → restarted" for host in COLOURS["green"]]
        + [f"green1: pay/{host}: maint → drain" for host in COLOURS["green"]]
        + [f"green1: pay/{host}: drain → ready" for host in COLOURS["green"]]
        + [f"green1: pay/{host}: ready → drain" for host in COLOURS["blue"]]
    )
    async with drill.asked(pay) as payers:
        switched = await drill.run("blue-green.yml", hosts, **TO_GREEN, look=1, most=2)
        assert switched.succeeded, switched.failures
        seen = await drill.sample(port=pay)
        assert (set(seen.hosts), set(seen.versions)) == (set(COLOURS["green"]), {"v44"})
        again = await drill.run("blue-green.yml", hosts, **TO_GREEN, look=1, most=2)
        assert {host.changed for host in again.hosts.values()} == {0}
        broken = await drill.run("blue-green.yml", hosts, **{"from": "green"}, to="blue", release="v42", look=1, most=2)
        assert "answers 500" in broken.failures[0]
        assert set((await drill.sample(port=pay)).hosts) == set(COLOURS["green"])
    assert payers.failed == 0
    back = await drill.run("blue-green.yml", hosts, **{"from": "green"}, to="blue", release="v45", look=30, most=2)
    assert "people get green again" in back.failures[-1]
    seen = await drill.sample(port=pay)
    assert (set(seen.hosts), seen.failed) == (set(COLOURS["green"]), 0)


async def test_instances_join_on_the_release_of_the_others_and_go_without_cutting_a_request(drill: Drill) -> None:
    web = (*drill.web, *SPARES)
    drill.fleet.point("web6", "v40")  # it has stood by since then
    planned = await drill.run("scale.yml", web, is_dry=True, to=6)
    assert planned.plan == ("web6: release: v40 → v41", "web6: web6: stopped → restarted", "web6: shop/web6: maint → ready")
    async with drill.asked() as customers:
        grown = await drill.run("scale.yml", web, to=7)
        assert grown.succeeded, grown.failures
        assert outcome(grown)["served"] == 5
        await drill.until_served_by((*drill.web, "web6", "web7"))
        shrunk = await drill.run("scale.yml", web, to=5)
        assert shrunk.succeeded, shrunk.failures
    assert customers.failed == 0
    assert set(customers.versions) == {"v41"}
    assert (await server(drill, "web6"), await server(drill, "web7")) == (("maint", 100), ("maint", 100))
    await drill.until_served_by(drill.web)
    assert "4 instances are fewer than 5, which must serve" in (await drill.run("scale.yml", web, to=4)).failures[0]
    assert "5 instances serve, and 3 more could: 9 cannot" in (await drill.run("scale.yml", web, to=9)).failures[0]


async def test_what_cannot_be_done_is_refused_and_nothing_is_touched(drill: Drill, tmp_path: Path) -> None:
    colours, web = (*COLOURS["blue"], *COLOURS["green"]), (*drill.web, *SPARES)
    same = await drill.run("blue-green.yml", colours, **{"from": "blue"}, to="blue", release="v44", look=1, most=2)
    assert "from and to are both blue" in same.failures[0]
    used = await drill.run("blue-green.yml", colours, **{"from": "green"}, to="blue", release="v44", look=1, most=2)
    assert "people get blue already, and blue1 has v41; put v44 on the other colour" in used.failures[0]
    fewer = tmp_path / "inventory.yaml"
    fewer.write_text(drill.fleet.layout.inventory.read_text().replace("capacity_minimum: 5", "capacity_minimum: 3"))
    base = await drill.run("scale.yml", web, inventory=fewer, to=4)
    assert "5 instances serve, and 0 of them are spare and can go: 4 is too few" in base.failures[0]
    assert {host.changed for refused in (same, used, base) for host in refused.hosts.values()} == {0}
    assert {await server(drill, host, "pay") for host in COLOURS["blue"]} == {("ready", 100)}
    await drill.until_served_by(drill.web)


def drains(folder: Path, keep: int) -> str:
    """A playbook that drains the servers it is told, unless fewer than `keep` would remain, and waits a second for their requests."""
    folder.mkdir()
    (folder / "action_plugins").symlink_to(resources.path("playbooks") / "action_plugins")
    wanted = {"socket": "{{ haproxy_socket }}", "backend": "shop", "servers": "{{ rb.servers.split() }}"}
    play = {"hosts": "lb", "gather_facts": False, "tasks": [{"tocsin_haproxy": {**wanted, "state": "drain", "keep": keep, "within": 1}}]}
    (folder / "drain.yml").write_text(yaml.safe_dump([play]))
    return str(folder / "drain.yml")


async def test_hosts_that_must_stay_are_kept_and_one_that_does_not_become_empty_in_time_is_told(drill: Drill, tmp_path: Path) -> None:
    kept = await drill.run(drains(tmp_path / "two", 2), ("lb1",), servers="web1 web2 web3 web4")
    assert "that would leave 1 servers of shop to answer, and 2 must remain" in kept.failures[0]
    await drill.until_served_by(drill.web)
    await drill.fleet.break_by("wrong_configuration")  # an answer takes 3.5 s
    async with aiohttp.ClientSession() as session:
        asking = [asyncio.create_task(session.get(f"http://127.0.0.1:{drill.fleet.layout.entrance}/")) for _ in range(CROWD)]
        await drill.until_busy("web1")
        slow = await drill.run(drains(tmp_path / "one", 1), ("lb1",), servers="web1")
        await asyncio.gather(*asking, return_exceptions=True)
    assert "web1 still has requests after 1 s" in slow.failures[0]
    assert (await server(drill, "web1"))[0] == "drain"
