"""The actions that work on what a fleet keeps, for real: a store of two halves, caches, configurations; and the one that only looks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

from bot.runbooks.progress import Progress
from bot.sandbox.fleet.fleet import Fleet
from bot.sandbox.fleet.store import Status, status_of
from tests.runbooks.engine import fast_runner
from tests.runbooks.fleet import Drill

pytestmark = pytest.mark.asyncio(loop_scope="module")
STORE = ("db1", "db2")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Drill]:
    """One fleet for all of these, since each puts back what it broke."""
    folder = tmp_path_factory.mktemp("state")
    fleet = Fleet(folder / "fleet")
    try:
        await fleet.start()
        yield Drill(fleet, fast_runner(folder / "runs"))
    finally:
        await fleet.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def drill(whole: Drill) -> AsyncIterator[Drill]:
    yield whole
    await whole.fleet.mend()


def configurations(drill: Drill) -> set[str]:
    return {(drill.fleet.layout.home(host) / "config" / "current").readlink().name for host in drill.web}


def half(drill: Drill, name: str) -> Status:
    """How a half of the store stands, as it says itself."""
    return status_of(drill.fleet.layout.stores[name], drill.fleet.layout.home(name))


def roles(drill: Drill) -> tuple[str, ...]:
    return tuple(half(drill, name).role for name in STORE)


async def until(drill: Drill, name: str, is_so: Callable[[Status], bool]) -> Status:
    """How a half of the store stands, once it runs and this is so."""
    for _ in range(400):
        if (found := half(drill, name)).is_running and is_so(found):
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"{name} stands otherwise: {found}")


async def failover(drill: Drill, primary: str, standby: str, *, is_dry: bool = False, most_lag: int = 60) -> Progress:
    return await drill.run("failover.yml", STORE, is_dry=is_dry, primary=primary, standby=standby, most_lag=most_lag)


async def test_a_wrong_configuration_is_rolled_back_without_a_cut_and_one_that_does_not_answer_ends_it(drill: Drill) -> None:
    await drill.fleet.break_by("wrong_configuration")
    planned = await drill.run("config-rollback.yml", ("web1",), is_dry=True, to="c7")
    assert planned.plan == ("web1: configuration: c8 → c7", "web1: web1: running → reloaded")
    assert (planned.cautions, configurations(drill)) == ((), {"c8"})
    async with drill.asked() as customers:
        progress = await drill.run("config-rollback.yml", drill.web, to="c7")
    assert progress.succeeded, progress.failures
    assert (configurations(drill), customers.failed) == ({"c7"}, 0)
    assert progress.reports == {"left": dict.fromkeys(drill.web, "c8")}
    again = await drill.run("config-rollback.yml", ("web1",), to="c7")
    assert (again.succeeded, again.hosts["web1"].changed) == (True, 0)

    failed = await drill.run("config-rollback.yml", drill.web, to="c8")
    assert "web1 has the configuration it had, and no host after it was touched" in failed.failures[-1]
    assert configurations(drill) == {"c7"}
    assert set((await drill.sample()).answers) == {200}


async def test_a_poisoned_cache_is_flushed_host_by_host(drill: Drill) -> None:
    await drill.fleet.break_by("poisoned_cache")
    assert set((await drill.sample()).answers) == {500}
    planned = await drill.run("cache-flush.yml", ("web1",), is_dry=True, namespace="prices")
    assert planned.plan == ("web1: cache prices: 1 entry → 0",)
    progress = await drill.run("cache-flush.yml", drill.web, namespace="prices")
    assert progress.succeeded, progress.failures
    assert (await drill.sample()).failed == 0
    unknown = await drill.run("cache-flush.yml", ("web1",), namespace="price")
    assert "has no namespace price; it has prices" in unknown.failures[0]


async def test_the_standby_takes_over_with_every_order_and_gives_it_back(drill: Drill) -> None:
    planned = await failover(drill, "db1", "db2", is_dry=True)
    assert planned.plan == (
        "db2: store/db1: ready → maint", "db2: db1: primary → fenced", "db2: db2: standby → primary", "db2: store/db2: maint → ready",
        "db2: db1: fenced → standby",
    )  # fmt: skip
    assert roles(drill) == ("primary", "standby")
    async with drill.asked() as customers:
        progress = await failover(drill, "db1", "db2")
    assert progress.succeeded, progress.failures
    assert roles(drill) == ("standby", "primary")
    assert half(drill, "db2").position >= customers.answers[200] > 0
    assert (await drill.sample()).failed == 0
    again = await failover(drill, "db1", "db2")
    assert {host.changed for host in again.hosts.values()} == {0}
    assert (await failover(drill, "db2", "db1")).succeeded
    assert roles(drill) == ("primary", "standby")
    assert half(drill, "db1").epoch == 3
    assert (await drill.sample()).failed == 0


async def test_a_standby_that_lags_is_refused_and_one_that_does_not_get_the_rest_leaves_the_old_primary_leading(drill: Drill) -> None:
    (drill.fleet.layout.home("db2") / "paused").touch()
    await drill.sample(5)
    await until(drill, "db2", lambda status: status.heard_s > 1.5)
    refused = await failover(drill, "db1", "db2", most_lag=1)
    assert "db2 lags" in refused.failures[0]
    assert "more than 1 s: what was written since would be lost" in refused.failures[0]
    assert (roles(drill), half(drill, "db1").epoch) == (("primary", "standby"), 1)  # nothing was touched

    failed = await failover(drill, "db1", "db2", most_lag=600)
    assert "db2 does not copy what the old primary has within 5 s" in failed.failures[0]
    assert "db1 leads as before" in failed.failures[-1]
    assert (roles(drill), half(drill, "db1").epoch) == (("primary", "standby"), 2)
    assert (await drill.sample()).failed == 0


async def test_a_dead_primary_is_replaced_though_its_host_is_out_of_reach_and_follows_when_it_is_back(drill: Drill) -> None:
    inventory = drill.fleet.layout.inventory
    as_it_is = inventory.read_text()
    beyond = yaml.safe_load(as_it_is)
    beyond["all"]["children"]["store"]["hosts"]["db1"] |= {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    await drill.sample(5)
    await until(drill, "db2", lambda status: status.position == half(drill, "db1").position)  # or some of them would be lost with it
    await drill.fleet.break_by("dead_primary")
    inventory.write_text(yaml.safe_dump(beyond))
    progress = await failover(drill, "db1", "db2")
    inventory.write_text(as_it_is)
    assert progress.succeeded, progress.failures
    assert "Failed to connect" in progress.failures[0]
    assert (await drill.sample()).failed == 0
    assert roles(drill) == ("primary", "primary")  # nobody could tell db1, and nobody is led to it
    await drill.fleet.programs.start(["db1"])
    await until(drill, "db1", lambda status: status.role == "fenced")  # it hears of the newer epoch
    assert (await failover(drill, "db1", "db2")).succeeded
    assert (await until(drill, "db1", lambda status: status.epoch == 2)).role == "standby"


async def test_a_failover_that_fails_with_no_old_primary_to_go_back_to_says_so(drill: Drill, tmp_path: Path) -> None:
    await until(drill, "db2", lambda status: status.position == half(drill, "db1").position)
    await drill.fleet.break_by("dead_primary")
    broken = yaml.safe_load(drill.fleet.layout.inventory.read_text())
    broken["all"]["children"]["store"]["hosts"]["db2"]["store_promote"] = "false"
    (other := tmp_path / "inventory.yaml").write_text(yaml.safe_dump(broken))
    failed = await drill.run("failover.yml", STORE, inventory=other, primary="db1", standby="db2", most_lag=60)
    assert not failed.succeeded
    assert failed.failures[-1].endswith("; db1 does not run")
    assert roles(drill) == ("fenced", "standby")


async def test_diagnostics_tell_what_every_host_does_and_no_secret(drill: Drill) -> None:
    log = drill.fleet.layout.root / "web1.log"
    log.write_text(
        "x" * 300_000
        + "\n"
        + "one line more\n" * 10_000
        + "login ok password=hunter2 at postgresql://shop:hunter3@db/shop\nAuthorization: Bearer hunter4\n"
    )
    hosts = ("lb1", *drill.web, *STORE)
    progress = await drill.run("diagnostics.yml", hosts)
    assert progress.succeeded, progress.failures
    assert {host.changed for host in progress.hosts.values()} == {0}
    files = {path.name: path.read_text() for path in drill.files().iterdir()}
    assert set(files) == {f"{host}.txt" for host in hosts}
    assert f"service.py web1 eu {drill.fleet.layout.ports['web1']}" in files["web1.txt"]
    assert f":{drill.fleet.layout.entrance}" in files["web1.txt"]
    assert "shop,web1" in files["lb1.txt"]
    assert "login ok password=[secret] at postgresql://shop:[secret]@db/shop\nAuthorization: [secret]" in files["web1.txt"]
    assert not any("hunter" in text for text in files.values())
    assert len(files["web1.txt"]) < 3 * 200_000 + 1_000
