"""Actions that come with Tocsin, on hosts that are reached over real SSH."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bot import resources
from bot.sandbox.fleet.capacity import CANARY, COLOURS
from tests.runbooks import sshd
from tests.runbooks.fleet import Drill
from tests.runbooks.sshd import Sshd

HOSTS = ("web1", "web2")
ELSEWHERE = ("rollback.yml", "diagnostics.yml")
"""What has a test of its own below."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd.running(tmp_path_factory.mktemp("sshd"), hosts=len(HOSTS)) as server:
        yield server


@pytest.fixture
def inventory(drill: Drill, server: Sshd, tmp_path: Path) -> Path:
    """The fleet's inventory, in which these hosts are other machines."""
    said = yaml.safe_load(drill.fleet.layout.inventory.read_text())
    for host, port in zip(HOSTS, server.ports, strict=True):
        said["all"]["children"]["web"]["hosts"][host] |= server.variables(port) | {"ansible_connection": "ssh"}
    path = tmp_path / "inventory.yaml"
    path.write_text(yaml.safe_dump(said))
    return path


async def test_a_release_is_rolled_back_over_ssh_and_customers_notice_nothing(drill: Drill, inventory: Path) -> None:
    async with drill.asked() as customers:
        progress = await drill.run("rollback.yml", HOSTS, inventory=inventory, to="v40")
    assert progress.succeeded, progress.failures
    assert {host: drill.fleet.releases()[host] for host in HOSTS} == dict.fromkeys(HOSTS, "v40")
    assert customers.failed == 0 and customers.answers[200] > 20


async def test_diagnostics_come_from_other_machines_too(drill: Drill, inventory: Path) -> None:
    progress = await drill.run("diagnostics.yml", HOSTS, inventory=inventory)
    assert progress.succeeded, progress.failures
    found = {path.name: path.read_text(errors="replace") for path in drill.files().rglob("*") if path.is_file()}
    assert all(any(host in name for name in found) for host in HOSTS), sorted(found)
    assert "sshd" in "".join(found.values()), "what runs there"


async def test_every_other_action_does_its_work_over_ssh(drill: Drill, server: Sshd, tmp_path: Path) -> None:
    said = yaml.safe_load(drill.fleet.layout.inventory.read_text())
    said["all"]["vars"] |= server.variables(server.ports[0]) | {"ansible_connection": "ssh"}
    (inventory := tmp_path / "inventory.yaml").write_text(yaml.safe_dump(said))
    web, colours = (*drill.web, "web6", "web7", "web8"), (*COLOURS["blue"], *COLOURS["green"])
    await drill.fleet.break_by("poisoned_cache")
    wanted: list[tuple[str, tuple[str, ...], dict[str, str | int]]] = [
        ("cache-flush.yml", drill.web, {"namespace": "prices"}),
        ("config-rollback.yml", ("web1",), {"to": "c7"}),
        ("rolling-restart.yml", ("web1",), {}),
        ("maintenance.yml", ("web1",), {"state": "maint"}),
        ("maintenance.yml", ("web1",), {"state": "ready"}),
        ("reroute.yml", ("lb1",), {"region": "us", "weight": 0}),
        ("reroute.yml", ("lb1",), {"region": "us", "weight": 100}),
        ("flag.yml", ("lb1",), {"flag": "new-checkout", "state": "on"}),
        ("flag.yml", ("lb1",), {"flag": "new-checkout", "state": "off"}),
        ("scale.yml", web, {"to": 6}),
        ("failover.yml", ("db1", "db2"), {"primary": "db1", "standby": "db2", "most_lag": 60}),
        ("canary.yml", (CANARY, *web), {"to": "v44", "up_to": "1", "look": 1, "most": 2}),
        ("canary-abort.yml", (CANARY,), {}),
        ("blue-green.yml", colours, {"from": "blue", "to": "green", "release": "v44", "look": 1, "most": 2}),
        ("answers.yml", ("lb1",), {}),
    ]
    shipped = {path.name for path in resources.path("playbooks").glob("*.yml")}
    assert {playbook for playbook, _, _ in wanted} | set(ELSEWHERE) == shipped
    for playbook, hosts, parameters in wanted:
        progress = await drill.run(playbook, hosts, inventory=inventory, **parameters)
        assert progress.succeeded, (playbook, progress.failures)
    assert (await drill.sample()).failed == 0
    assert set((await drill.sample(port=drill.fleet.layout.pay)).hosts) == set(COLOURS["green"])
