"""Runs on another machine: workers of a queue, in processes and directories of their own, over the bot's PostgreSQL."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from tests.faults.conftest import Build
from tests.faults.house import ROOT, TOKEN, House
from tests.faults.story import approve, declare, in_channel, incident_channels, readings
from tests.world import plain_url

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def begun(house: House, folder: Path) -> asyncio.subprocess.Process:
    """A worker that knows the database and the configuration, and nothing else of the bot's."""
    environ = {
        "PATH": os.environ.get("PATH", ""),
        "DATABASE_URL": plain_url(house.database.url),
        "TOCSIN_CONFIG": str(house.config),
        "TOCSIN_RUNS": str(folder / "runs"),
        "TOCSIN_HOST": "127.0.0.1",
        "TOCSIN_SANDBOX_TOKEN": TOKEN,
        "TOCSIN_SANDBOX_OFFSET_S": repr(house.offset.total_seconds()),
    }
    with (folder / "log").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "worker", "--queue", "far"), cwd=ROOT, env=environ, stdout=log, stderr=log
        )


async def told(house: House, start: str, words: str) -> str:
    """The newest message of the incident's channel that begins so, once it says these words."""
    found: list[str] = []
    for _ in range(900):
        [channel] = await incident_channels(house)
        found = [text for text in await house.sandbox.channel(channel["name"]).texts() if start in text]
        if found and words in found[-1]:
            return found[-1]
        await asyncio.sleep(0.1)
    raise AssertionError(f"{start} never says {words!r}: {found[-1:]}\n{house.last_words()}")


def sleepers() -> list[psutil.Process]:
    return [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == ["sleep", "7396"]]


def end_sleepers() -> None:
    for one in sleepers():
        one.kill()


async def served_by(house: House, queue: str, places: Sequence[Path] = (), workers: Sequence[asyncio.subprocess.Process] = ()) -> None:
    """Another configuration, which the bot and the workers have taken up."""

    async def takings() -> list[int]:
        return [await readings(house), *((place / "log").read_text().count("another configuration is in force") for place in places)]

    (house.config / "here.yaml").write_text(f"environments:\n  here: {{inventory: hosts.ini, queue: {queue}}}\n")
    assert house.life is not None
    before = await takings()
    for pid in (house.life.pid, *(worker.pid for worker in workers)):
        os.kill(pid, signal.SIGHUP)
    for _ in range(300):
        if all(now > then for now, then in zip(await takings(), before, strict=True)):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"nobody takes up queue {queue}\n{house.last_words()}")


async def test_workers_of_a_queue_do_its_runs_and_are_missed(build: Build, tmp_path: Path) -> None:
    async with build("postgresql") as house:
        house.add_runbook()
        (house.config / "here.yaml").write_text("environments:\n  here: {inventory: hosts.ini, queue: far}\n")
        (house.config / "runbooks" / "wait.yaml").write_text(
            "title: Wait\nplaybook: wait.yml\ngroup: counted\nenvironments: [here]\ncheck_mode: false\napprovals: [{needs: 0}]\n"
        )
        (house.config / "playbooks" / "wait.yml").write_text(
            "- hosts: counted\n  gather_facts: false\n  tasks:\n    - ansible.builtin.command: sleep 7396\n      run_once: true\n"
            "      ignore_errors: true\n    - ansible.builtin.debug: {msg: it goes on}\n"
        )
        await house.start()
        await declare(house)
        await house.settled()
        await in_channel(house, "/inc run count")
        await house.moves_on(timedelta(seconds=21))
        await told(house, "Run 1:", "queue far has never had a worker. Start one: `tocsin worker --queue far`.")
        for queue, words in (("near", "queue near has never had a worker"), ("far", "queue far has never had a worker")):
            await served_by(house, queue)  # what waits goes to whoever is to do it now
            await house.moves_on(timedelta(seconds=21))
            await told(house, "Run 1:", words)

        places = [tmp_path / name for name in ("one", "other")]
        for place in places:
            place.mkdir()
        workers = [await begun(house, place) for place in places]
        try:
            await told(house, "Run 1:", "waiting")
            assert await approve(house)
            await told(house, "Run 1:", "as a file")
            assert "2 files" not in await told(house, "Output of run 1", "succeeded")
            assert sorted(house.counted.read_text().split()) == ["one", "two"]
            await in_channel(house, "/inc run wait")
            await told(house, "Run 2:", "Now: ansible.builtin.command")
            await house.sandbox.until(sleepers)

            await served_by(house, "near", places, workers)
            end_sleepers()
            await told(house, "Run 2:", "succeeded")  # whoever began it stays with it
            await served_by(house, "far", places, workers)
            await in_channel(house, "/inc run wait")
            await told(house, "Run 3:", "Now: ansible.builtin.command")
            await house.sandbox.until(sleepers)
        finally:
            for worker in workers:
                worker.kill()
                await worker.wait()
        try:
            await house.moves_on(timedelta(minutes=6))
            assert "on which it ran, does not answer." in await told(house, "Run 3:", "lost")
        finally:
            end_sleepers()
