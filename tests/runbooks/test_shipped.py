"""Each action that comes with Tocsin, for real: HAProxy, five instances, customers who keep asking."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from bot.runbooks.progress import outcome
from tests.runbooks.fleet import Drill

EU = {"web1", "web2", "web3"}

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_rolling_restart_cuts_no_request_and_restarts_every_host(drill: Drill) -> None:
    await drill.fleet.release("v43")
    planned = await drill.run("rolling-restart.yml", drill.web, is_dry=True)
    assert planned.plan[:3] == (
        "web1: shop/web1: ready → drain",
        "web1: web1: running → restarted",
        "web1: shop/web1: drain → ready",
    )
    async with drill.asked() as customers:
        progress = await drill.run("rolling-restart.yml", drill.web)
    assert progress.succeeded, progress.failures
    assert {host.changed for host in progress.hosts.values()} == {3}
    assert customers.failed == 0
    assert customers.answers[200] > 20


async def test_a_host_that_the_checks_find_late_is_waited_for_and_not_left_out_of_rotation(drill: Drill) -> None:
    await drill.fleet.haproxy("disable health shop/web1; set server shop/web1 health down")
    async with asyncio.TaskGroup() as both:
        run = both.create_task(drill.run("rolling-restart.yml", ("web1",)))
        await drill.until_says("drain", "web1")
        await drill.until_says("ready", "web1")
        assert not run.done()
        await drill.fleet.haproxy("enable health shop/web1")
    assert run.result().succeeded, run.result().failures
    await drill.until_served_by(drill.web)


async def test_a_bad_release_is_rolled_back_and_customers_get_answers_again(drill: Drill) -> None:
    await drill.fleet.break_by("bad_release")
    assert set((await drill.sample()).answers) == {500}
    progress = await drill.run("rollback.yml", drill.web, to="v41")
    assert progress.succeeded, progress.failures
    assert set(drill.fleet.releases().values()) == {"v41"}
    assert outcome(progress) == {"left": "v42"}
    assert (await drill.sample()).failed == 0
    again = await drill.run("rollback.yml", drill.web, to="v41")
    assert {host.changed for host in again.hosts.values()} == {0}, again.plan


async def test_a_release_that_does_not_answer_ends_it_at_the_first_host_which_has_its_old_one_again(drill: Drill) -> None:
    async with drill.asked() as customers:
        progress = await drill.run("rollback.yml", drill.web, to="v42")
    assert not progress.succeeded
    assert "answers 500, not 200" in progress.failures[0]
    assert "web1 has the release again that it had, since" in progress.failures[-1]
    assert set(drill.fleet.releases().values()) == {"v41"}
    assert customers.failed == 0
    await drill.until_served_by(drill.web)


async def test_a_release_that_is_not_there_touches_nothing(drill: Drill) -> None:
    progress = await drill.run("rollback.yml", drill.web, to="v99")
    assert "there is no release v99" in progress.failures[0]
    assert set(drill.fleet.releases().values()) == {"v41"}
    await drill.until_served_by(drill.web)


async def test_a_dead_region_is_drained_and_given_its_traffic_back(drill: Drill) -> None:
    await drill.fleet.break_by("dead_region")
    assert (await drill.sample()).failed > 0
    planned = await drill.run("reroute.yml", ("lb1",), is_dry=True, region="us", weight=0)
    assert planned.plan == tuple(f"lb1: shop/{host}: weight 100 → 0" for host in ("web4", "web5", "web8"))
    assert (await drill.run("reroute.yml", ("lb1",), region="us", weight=0)).succeeded
    rerouted = await drill.sample()
    assert (rerouted.failed, set(rerouted.hosts)) == (0, EU)
    nobody = await drill.run("reroute.yml", ("lb1",), is_dry=True, region="eu", weight=0)
    assert "that would leave 0 servers of shop to answer, and 1 must remain" in nobody.failures[0]
    for host in ("web4", "web5"):
        (drill.fleet.layout.home(host) / "broken").unlink()
    assert (await drill.run("reroute.yml", ("lb1",), region="us", weight=100)).succeeded
    await drill.until_served_by(drill.web)


async def test_a_flag_that_does_harm_is_switched_off_and_the_file_keeps_its_form(drill: Drill) -> None:
    await drill.fleet.break_by("bad_flag")
    assert (await drill.sample()).failed > 0
    assert (await drill.run("rollback.yml", drill.web, is_dry=True, to="v41")).cautions == (
        "v44 came with a change of flags (new-checkout), which stay as they are now",
        "v43 contains a migration (0031_orders_currency), which stays: v41 must be able to live with it",
    )
    assert (await drill.run("flag.yml", ("lb1",), flag="new-checkout", state="off")).succeeded
    assert (await drill.sample()).failed == 0
    flag = json.loads(drill.fleet.layout.flags.read_text())["flags"]["new-checkout"]
    assert flag == {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "off"}
    again = await drill.run("flag.yml", ("lb1",), flag="new-checkout", state="off")
    assert again.hosts["lb1"].changed == 0
    unknown = await drill.run("flag.yml", ("lb1",), flag="no-such", state="off")
    assert "there is no flag no-such" in unknown.failures[0]


async def test_a_host_goes_out_of_rotation_and_comes_back_only_when_it_answers(drill: Drill) -> None:
    async with drill.asked() as customers:
        assert (await drill.run("maintenance.yml", ("web1",), state="maint")).succeeded
    assert customers.failed == 0
    assert "web1" not in (await drill.sample()).hosts
    (drill.fleet.layout.home("web1") / "broken").touch()
    assert "answers 500" in (await drill.run("maintenance.yml", ("web1",), state="ready")).failures[0]
    assert "web1" not in (await drill.sample()).hosts
    (drill.fleet.layout.home("web1") / "broken").unlink()
    assert (await drill.run("maintenance.yml", ("web1",), state="ready")).succeeded
    await drill.until_served_by(drill.web)


@asynccontextmanager
async def over_tcp(path: Path) -> AsyncIterator[int]:
    """A unix socket, as another machine would be reached: by a port."""

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while content := await reader.read(65536):
            writer.write(content)
            await writer.drain()
        writer.close()

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_unix_connection(str(path))
        await asyncio.gather(carry(reader, here), carry(there, writer), return_exceptions=True)

    async with await asyncio.start_server(met, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_a_balancer_and_a_supervisor_on_another_machine_are_reached_by_their_ports(drill: Drill, tmp_path: Path) -> None:
    layout, elsewhere = drill.fleet.layout, tmp_path / "inventory.yaml"
    async with AsyncExitStack() as both:
        balancer = await both.enter_async_context(over_tcp(layout.haproxy_socket))
        supervisor = await both.enter_async_context(over_tcp(layout.supervisor_socket))
        said = layout.inventory.read_text().replace(str(layout.haproxy_socket), f"127.0.0.1:{balancer}")
        elsewhere.write_text(said.replace(str(layout.supervisor_socket), f"http://127.0.0.1:{supervisor}"))
        progress = await drill.run("rolling-restart.yml", ("web1",), inventory=elsewhere)
    assert progress.succeeded, progress.failures
    assert progress.hosts["web1"].changed == 3
    elsewhere.write_text(layout.inventory.read_text().replace(str(layout.haproxy_socket), "nowhere"))
    refused = await drill.run("rolling-restart.yml", ("web1",), inventory=elsewhere)
    assert "'nowhere' is no path of a socket and no host:port" in refused.failures[0]
