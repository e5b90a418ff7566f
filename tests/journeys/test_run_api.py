"""Runs over HTTP: a program asks, people approve; a key is worth what the configuration says, and no more."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.journeys.runbooks import declared, released
from tests.journeys.stories import incident
from tests.journeys.stories import run_card as card
from tests.world import Json, World

KEY, OTHER = "a-key-of-these-tests", "another-key-of-these"
PROGRAMS = f"programs:\n  deploy: {{key: {KEY}, runbooks: [release]}}\n  board: {{key: {OTHER}}}\n"


@pytest.fixture
def runbook_config(runbook_config: Path) -> Path:
    """With two programs."""
    (runbook_config / "programs.yaml").write_text(PROGRAMS)
    return runbook_config


class Program:
    """Somebody else's program."""

    def __init__(self, world: World, client: aiohttp.ClientSession) -> None:
        self.world, self.client = world, client

    async def __call__(self, method: str, path: str, body: object = None, *, key: str = KEY, once: str = "") -> tuple[int, Json]:
        headers = {"Authorization": f"Bearer {key}"} | ({"Idempotency-Key": once} if once else {})
        address = f"http://127.0.0.1:{self.world.bot.port}/api/v1/{path}"
        async with self.client.request(method, address, json=body, headers=headers) as answer:
            return answer.status, await answer.json()


@pytest.fixture
async def program(runbook_world: World) -> AsyncIterator[Program]:
    async with aiohttp.ClientSession() as client:
        yield Program(runbook_world, client)


async def test_a_program_asks_once_people_approve_and_it_follows_and_stops(runbook_world: World, program: Program) -> None:
    world, ana = runbook_world, runbook_world.user("ana")
    channel = await declared(world)
    asked = {"runbook": "release", "parameters": {"to": "v41", "slow": 0}}
    status, run = await program("POST", "incidents/1/runs", asked, once="release-41")
    assert (status, run["run"], run["requested_by"], run["is_over"]) == (201, 1, "program:deploy", False)
    assert (await program("POST", "incidents/1/runs", asked, once="release-41"))[0] == 200
    assert "asked for by program deploy" in await card(world, 1, "waiting")
    for verb in ("approve", "decline", "alone"):
        status, answer = await program("POST", f"runs/1/{verb}")
        assert (status, "An approver is a person" in answer["error"]) == (403, True)
    status, run = await program("GET", "runs/1", key=OTHER)
    assert (run["state"], run["approvals_needed"], run["would_run_on"]) == ("waiting", 1, ["web1", "web2"])
    assert any("nothing → v41" in line for line in run["would_change"])
    assert (run["cautions"], run["rule"], run["takes_back"], run["verdict"]) == ([], None, None, None)
    await ana.press("Approve", channel)
    await card(world, 1, "succeeded")
    assert set(released(world).values()) == {"v41"}
    _, run = await program("GET", "runs/1")
    assert (run["state"], run["approved_by"], sorted(run["hosts"]), run["is_over"]) == ("succeeded", ["ana"], ["web1", "web2"], True)
    status, again = await program("POST", "incidents/1/runs", asked, once="release-41")
    assert (status, again["run"], again["state"]) == (200, 1, "succeeded")
    status, answer = await program("POST", "incidents/1/runs", {**asked, "parameters": {"to": "v40"}}, once="release-41")
    assert (status, "was used for run 1, which is another one" in answer["error"]) == (409, True)

    _, run = await program("POST", "incidents/1/runs", asked, once="next")
    assert (await program("POST", f"runs/{run['run']}/stop", key=OTHER))[0] == 403
    status, run = await program("POST", f"runs/{run['run']}/stop")
    assert (status, run["state"]) == (200, "cancelled")
    assert "Cancelled by program deploy." in run["says"]
    assert (await program("POST", f"runs/{run['run']}/stop"))[0] == 200


async def test_a_key_is_worth_no_more_than_it_says_and_bad_input_asks_for_nothing(runbook_world: World, program: Program) -> None:
    world = runbook_world
    await declared(world)
    asked = {"runbook": "release", "parameters": {"to": "v41"}}
    for key in ("", "wrong", KEY + "x"):
        assert (await program("GET", "runbooks", key=key))[0] == 403
    status, listed = await program("GET", "runbooks?incident=1")
    release = next(one for one in listed["runbooks"] if one["id"] == "release")
    assert (status, release["may_ask"], release["parameters"]["slow"]["max"]) == (200, True, 9999)
    assert not any(one["may_ask"] for one in (await program("GET", "runbooks", key=OTHER))[1]["runbooks"])
    for body, once, key, status, words in (
        (asked, "", KEY, 400, "Idempotency-Key"),
        (asked, "a", OTHER, 403, "Program board may not ask for release"),
        ({"runbook": "rollback", "parameters": {"to": "v1"}}, "b", KEY, 403, "may not ask for rollback"),
        ({"runbook": "relase"}, "c", KEY, 404, "There is no runbook 'relase'"),
        ({"runbook": "release", "parameters": {"to": ["v1"]}}, "d", KEY, 400, "must be a text or a whole number"),
        ({"runbook": "release", "parameters": {"environment": "x"}}, "e", KEY, 400, "must be a text or a whole number"),
        ({"runbook": "release", "approve": True}, "f", KEY, 400, "'approve' means nothing here"),
        ({"runbook": "release", "environment": "moon"}, "g", KEY, 400, "does not run in 'moon'"),
        (["release"], "h", KEY, 400, "The body must be JSON like"),
    ):
        answered, answer = await program("POST", "incidents/1/runs", body, key=key, once=once)
        assert (answered, words in answer["error"]) == (status, True), (body, answer)
    assert (await program("POST", "incidents/9/runs", asked, once="i"))[0] == 404
    assert (await program("GET", "runs/1"))[0] == 404
    await world.user("kim").command("/inc")
    await world.user("kim").submit({"title": {"value": "customer data leaks"}, "private": {"value": ["private"]}})
    await world.settled()
    assert (await incident(world, 2)).is_private
    assert (await program("POST", "incidents/2/runs", asked, once="j"))[0] == 404
