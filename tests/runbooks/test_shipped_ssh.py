"""Actions that come with Tocsin, on hosts that are reached over real SSH."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.runbooks import sshd
from tests.runbooks.fleet import Drill
from tests.runbooks.sshd import Sshd

HOSTS = ("web1", "web2")

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
