"""Two processes that take alerts into one PostgreSQL."""

import asyncio
import json
from pathlib import Path

import pytest

from bot.clock import FakeClock
from tests.alerts.test_web import post
from tests.world import World, running_world

ROUNDS = 12


def webhook(group: str, *alerts: tuple[str, str]) -> bytes:
    """A group's webhook: pairs of an alert's name and its status."""
    made = [
        {
            "status": status,
            "labels": {"alertname": name, "severity": "critical"},
            "annotations": {},
            "startsAt": "2026-03-02T08:59:00Z",
            "endsAt": "2026-03-02T09:00:00Z" if status == "resolved" else "0001-01-01T00:00:00Z",
            "fingerprint": name,
        }
        for name, status in alerts
    ]
    return json.dumps({"version": "4", "groupKey": group, "status": "firing", "receiver": "tocsin", "alerts": made}).encode()


async def test_webhooks_about_the_same_incidents_never_wait_for_each_other_for_ever(
    postgres_url: str, tmp_path: Path, clock: FakeClock, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running_world(postgres_url, tmp_path, clock) as one, running_world(postgres_url, tmp_path, clock) as other:
        for number in range(ROUNDS):
            await begun(one, number)
            answers = await asyncio.gather(
                # declares, and then says that an alert of the first group stopped
                post(one, webhook(f"new {number}", (f"new {number}", "firing"), (f"old {number}", "resolved"))),
                # joins the first group, and then declares
                *(post(other, webhook(f"group {number}", (f"more {number} {n}", "firing"))) for n in range(2)),
                post(other, webhook(f"newer {number}", (f"newer {number}", "firing"))),
            )
            assert {status for status, _ in answers} == {202}
        await one.settled()
    assert "deadlock" not in capsys.readouterr().out


async def begun(world: World, number: int) -> None:
    status, _ = await post(world, webhook(f"group {number}", (f"old {number}", "firing"), (f"stays {number}", "firing")))
    assert status == 202
