"""Actions that decide how many get what: canary, colours, more instances and fewer. For real, with customers who keep asking."""

import pytest

from bot.runbooks.progress import outcome
from bot.sandbox.fleet.capacity import CANARY, COLOURS
from tests.runbooks.fleet import Drill

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPARES = ("web6", "web7", "web8")
SHOP = (CANARY, "web1", "web2", "web3", "web4", "web5", *SPARES)
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
