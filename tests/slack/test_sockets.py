"""The WebSocket to Slack: made while Slack is down, made again when it breaks, and hung up only when everything is answered."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from bot.db import Database, Tx
from bot.sandbox.testing import Sandbox
from bot.slack.replies import Reply, Say
from bot.slack.requests import Command
from tests.slack.ledger import note, notes
from tests.slack.lobby import Lobby


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
async def lobby(sandbox: Sandbox, sqlite_database: Database) -> AsyncIterator[Lobby]:
    """Not started yet."""
    lobby = Lobby(sandbox, sqlite_database, "socket")
    yield lobby
    await lobby.close()


def is_connected(lobby: Lobby) -> Callable[[], bool]:
    return lambda: lobby.socket is not None and lobby.socket.connected


async def answers(sandbox: Sandbox) -> bool:
    return bool((await sandbox.user("kim").command("/inc checkout is down"))["ok"])


@pytest.mark.parametrize(
    "fault",
    [
        {"service": "slack", "error": "invalid_auth"},
        {"service": "slack", "status": 503},
        {"service": "slack", "reset": "before"},
        {"service": "socket", "status": 401},
        {"service": "socket", "reset": "before"},
    ],
    ids=["locked out", "unavailable", "no connection", "no handshake", "handshake cut"],
)
async def test_started_while_slack_is_down_it_connects_when_slack_is_back(fault: dict[str, object], lobby: Lobby, sandbox: Sandbox) -> None:
    sandbox.fault(**fault, count=0)
    async with asyncio.timeout(1):
        await lobby.start()
    await asyncio.sleep(0.05)  # long enough for a try that fails
    assert not is_connected(lobby)()
    sandbox.clear_faults()
    await lobby.connected()
    assert await answers(sandbox)


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "too_many_websockets", "link_disabled", "abort"])
async def test_told_to_go_or_cut_off_it_comes_back(reason: str, lobby: Lobby, sandbox: Sandbox) -> None:
    await lobby.start()
    await lobby.connected()
    before = len(sandbox.calls("apps.connections.open"))
    await sandbox.outside.workspace.team.delivery.sockets.disconnect(reason)
    await sandbox.until(lambda: len(sandbox.calls("apps.connections.open")) > before)
    await lobby.connected()
    assert await answers(sandbox)


async def test_an_event_whose_acknowledgement_was_lost_is_taken_once(lobby: Lobby, sandbox: Sandbox) -> None:
    await lobby.start()
    await lobby.connected()
    await lobby.learn_identity()
    await lobby.gateway.call("conversations.create", name="inc-1")
    await sandbox.user("kim").post("join", channel="inc-1")
    await sandbox.until(lambda: all(one.end for one in sandbox.outside.workspace.team.delivery.attempts))
    lobby.heard.clear()
    before = await notes(lobby.database)
    sandbox.fault(service="socket", method="events_api", reset="after")  # delivered, then the connection is cut
    await sandbox.user("kim").message("once", channel="inc-1")
    attempts = sandbox.outside.workspace.team.delivery.attempts
    await sandbox.until(lambda: any(one.retry and one.end for one in attempts) or lobby.words == ["once"])
    await lobby.connected()

    async def is_noted() -> bool:
        return await notes(lobby.database) == before + 1

    await sandbox.until(is_noted)  # the second delivery may be known for a copy before the first is committed
    assert lobby.words == ["once"]


async def test_closing_answers_what_was_taken_first(lobby: Lobby, sandbox: Sandbox) -> None:
    started, released = asyncio.Event(), asyncio.Event()

    async def slow(tx: Tx, _: Command) -> Reply:
        started.set()
        await released.wait()
        await note(tx, "slow")
        return Say("Done after all.")

    await lobby.start()
    await lobby.connected()
    lobby.door.command("/oncall", slow)
    typing = asyncio.create_task(sandbox.user("kim").command("/oncall bo"))
    await started.wait()
    closing = asyncio.create_task(lobby.close())
    await asyncio.sleep(0.02)
    released.set()
    assert (await typing)["ok"] is True
    await closing
    assert (await sandbox.user("kim").sees("general"))[-1].shown == "Done after all."
    assert await notes(lobby.database) == 1
    assert not is_connected(lobby)()


async def test_closing_while_slack_is_down_does_not_hang(lobby: Lobby, sandbox: Sandbox) -> None:
    sandbox.fault(service="slack", delay_s=5, count=0)
    await lobby.start()
    async with asyncio.timeout(3):
        await lobby.close()
    sandbox.clear_faults()
