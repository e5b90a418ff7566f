"""Socket Mode with Slack's own client: hello, acks, redelivery, disconnects, many sockets."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.workspace.pace import Pace
from tests.sandbox.workspace.apps import listening
from tests.sandbox.workspace.stage import Stage, until

QUICK = Pace(answer_s=0.1, retries_s=(0.0, 0.05, 0.1))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """A workspace that waits a tenth of a second where Slack waits three."""
    async with Stage(pace=QUICK) as stage:
        yield stage


async def address(stage: Stage) -> str:
    return str((await AsyncWebClient(base_url=f"{stage.base}/api/").apps_connections_open(app_token="xapp-tocsin"))["url"])


async def test_hello_comes_first_and_an_address_works_once(stage: Stage) -> None:
    url = await address(stage)
    assert url.startswith("ws://127.0.0.1:")
    async with stage.http.ws_connect(url) as socket:
        hello = json.loads((await socket.receive()).data)
        assert (hello["type"], hello["num_connections"], hello["connection_info"]) == ("hello", 1, {"app_id": stage.app.id})
        assert "approximate_connection_time" in hello["debug_info"]
    async with stage.http.get(url.replace("ws", "http", 1)) as response:
        assert response.status == 401


async def test_pings_are_answered_with_what_they_carry(stage: Stage) -> None:
    async with listening(stage) as app:
        await until(lambda: app.client.last_ping_pong_time is not None)
        before = app.client.last_ping_pong_time
        assert before is not None
        await until(lambda: (app.client.last_ping_pong_time or 0) > before)
        assert not await app.client.is_ping_pong_failing()


async def test_an_event_that_is_not_acked_comes_again_three_times(stage: Stage) -> None:
    stage.inside()
    async with listening(stage) as app:
        app.acking = False
        await stage.says("ana", "general", "hello?")
        await until(lambda: len(app.got) == 4)
        await asyncio.sleep(0.04)
        assert [(one.retry_attempt, one.retry_reason) for one in app.got] == [(0, ""), (1, "timeout"), (2, "timeout"), (3, "timeout")]
        assert len({one.payload["event_id"] for one in app.got}) == 1 and len({one.envelope_id for one in app.got}) == 4
        await until(lambda: all(attempt.end for attempt in stage.team.delivery.attempts))
    log = await stage.see("deliveries")
    assert [(one["retry"], one["error"]) for one in log] == [(n, "operation_timeout") for n in range(4)]


async def test_an_ack_stops_the_redelivery(stage: Stage) -> None:
    stage.inside()
    async with listening(stage) as app:
        app.acking = False
        await stage.says("ana", "general", "hello?")
        await until(lambda: len(app.got) == 2)
        await app.ack(app.got[1])
        await asyncio.sleep(0.05)
        assert len(app.got) == 2


async def test_a_command_is_not_delivered_again(stage: Stage) -> None:
    async with listening(stage) as app:
        app.acking = False
        answer = await stage.control("command", user="ana", channel="general", text="/inc help")
        assert (answer["ok"], answer["error"]) == (False, "operation_timeout")
        assert answer["shown"] == '/inc failed with the error "operation_timeout"'
        assert (await stage.texts("general", "ana"))[-1] == answer["shown"]
        assert answer["shown"] not in await stage.texts("general", "bo")
        await asyncio.sleep(0.05)
        assert len(app.got) == 1


async def test_without_a_socket_a_command_fails_at_once(stage: Stage) -> None:
    answer = await stage.control("command", user="ana", channel="general", text="/inc help")
    assert answer["error"] == "dispatch_failed"


async def test_many_sockets_share_the_payloads(stage: Stage) -> None:
    stage.inside()
    async with listening(stage) as one, listening(stage) as two:
        for number in range(6):
            await stage.says("ana", "general", str(number))
        await until(lambda: len(one.got) + len(two.got) == 6)
        assert (len(one.got), len(two.got)) == (3, 3)
        assert {event["text"] for event in one.events() + two.events()} == set("012345")


async def test_the_eleventh_socket_is_one_too_many(stage: Stage) -> None:
    sockets = [await stage.http.ws_connect(await address(stage)) for _ in range(11)]
    assert json.loads((await sockets[10].receive()).data)["num_connections"] == 11
    assert json.loads((await sockets[10].receive()).data)["reason"] == "too_many_websockets"
    for socket in sockets:
        await socket.close()


async def test_after_a_disconnect_the_client_comes_back_and_hears_everything(stage: Stage) -> None:
    stage.inside()
    async with listening(stage) as app:
        told = await stage.control("socket", disconnect="refresh_requested")
        await stage.says("ana", "general", "in between")
        answer = await stage.control("command", user="ana", channel="general", text="/inc in between")
        assert told["connections"] == 1 and answer["ok"]
        await until(lambda: app.events("message"))
        assert app.events("message")[0]["text"] == "in between"


async def test_a_late_ack_counts_on_the_next_socket(stage: Stage) -> None:
    async with listening(stage) as app:
        stage.team.delivery.team.pace = Pace(answer_s=3.0)
        app.acking = False
        asked = asyncio.create_task(stage.control("command", user="ana", channel="general", text="/inc slow"))
        await until(lambda: app.got)
        old = app.client.current_session
        await stage.control("socket", disconnect="warning")
        await until(lambda: app.client.current_session is not old and app.client.current_session is not None)
        await app.ack(app.got[0])
        assert (await asked)["ok"]


async def test_a_cut_connection_is_made_again(stage: Stage) -> None:
    stage.inside()
    async with listening(stage) as app:
        await stage.control("socket", disconnect="abort")
        await until(lambda: not stage.team.delivery.sockets.of(None))
        await until(lambda: bool(stage.team.delivery.sockets.of(None)))
        await stage.says("ana", "general", "back?")
        await until(lambda: app.events("message"))


@pytest.mark.parametrize(
    "fault",
    [{"reset": "before"}, {"reset": "after"}, {"error": "refresh_requested"}, {"delay_s": 0.02}],
    ids=["cut before", "cut after", "disconnect", "late"],
)
async def test_a_faulty_socket_loses_no_event(stage: Stage, fault: dict[str, object]) -> None:
    stage.team.pace = Pace(answer_s=0.3, retries_s=(0.0, 0.5, 0.5))
    stage.inside()
    async with listening(stage) as app:
        await stage.control("fault", service="socket", method="events_api", **fault)
        await stage.says("ana", "general", "hello")
        await until(lambda: app.events("message"))


async def test_a_socket_may_be_refused(stage: Stage) -> None:
    await stage.control("fault", service="socket", method="hello", status=503)
    url = await address(stage)
    async with stage.http.get(url.replace("ws", "http", 1)) as response:
        assert response.status == 503
