"""A real Alertmanager: what its API is told becomes one incident, and ends it."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from bot.incidents.lifecycle import IncidentState
from bot.incidents.models import Incident
from bot.sandbox.process import free_port
from tests.world import World

BINARY = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
CONFIG = """
route: {{receiver: tocsin, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1s}}
receivers:
  - name: tocsin
    webhook_configs:
      - {{url: "{url}/hooks/alertmanager/sandbox", send_resolved: true}}
"""


@asynccontextmanager
async def alertmanager(url: str, folder: Path) -> AsyncIterator[str]:
    """An Alertmanager that posts to `url`; its own address."""
    assert BINARY is not None
    (folder / "alertmanager.yml").write_text(CONFIG.format(url=url))
    port = free_port()
    arguments = (
        "--config.file=alertmanager.yml",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--storage.path=data",
    )
    with (folder / "alertmanager.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(BINARY, *arguments, cwd=folder, stdout=log, stderr=log)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            await process.wait()


async def tell(address: str, ends_at: datetime | None) -> None:
    """Let an alert fire, or end, at the Alertmanager's API."""
    alert = {
        "labels": {"alertname": "CheckoutErrors", "service": "checkout", "severity": "critical"},
        "annotations": {"summary": "5 % of checkouts fail"},
        "startsAt": (datetime.now(UTC) - timedelta(minutes=1)).isoformat(),
        **({"endsAt": ends_at.isoformat()} if ends_at else {}),
    }
    async with aiohttp.ClientSession() as session, session.post(f"{address}/api/v2/alerts", json=[alert]) as answer:
        assert answer.status == 200, await answer.text()


async def state(world: World) -> IncidentState | None:
    async with world.bot.database.read() as tx:
        incident = await tx.session.get(Incident, 1)
        return incident.state if incident else None


async def test_a_real_alertmanager_opens_one_incident_and_ends_it(world: World, tmp_path: Path) -> None:
    if BINARY is None:
        assert not os.environ.get("TOCSIN_CI"), "Alertmanager must be installed here: apt-get install prometheus-alertmanager"
        pytest.skip("no Alertmanager on this machine: apt-get install prometheus-alertmanager")

    async with alertmanager(world.sandbox.url, tmp_path) as address:

        async def is_up() -> bool:
            try:
                async with aiohttp.ClientSession() as session, session.get(f"{address}/-/ready") as answer:
                    return answer.status == 200
            except aiohttp.ClientError:
                return False

        await world.sandbox.until(is_up)
        await tell(address, None)

        async def is_declared() -> bool:
            return await state(world) is IncidentState.INVESTIGATING

        await world.sandbox.until(is_declared)
        await world.settled()
        assert "SEV2 #1 CheckoutErrors: 5 % of checkouts fail" in world.phone("ana").last_sms

        await asyncio.sleep(0.05)
        await tell(address, datetime.now(UTC))

        async def is_over() -> bool:
            return await state(world) is IncidentState.RESOLVED

        await world.sandbox.until(is_over, within_s=30)
        async with world.bot.database.read() as tx:
            assert await tx.session.get(Incident, 2) is None
