"""Calls on a real connection: what is sent, and what becomes of an outside that is slow, broken, absent or something else."""

import asyncio
import json
import time
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port
from slack_sdk.models.blocks import SectionBlock
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import FakeClock
from bot.slack.gateway import Degraded, Failed, Healthy, Ok, SlackGateway, TryLater, proxy_for, web_client
from bot.slack.pace import Pace
from bot.work import orders
from tests.slack.raw import RawSlack, answers, fails, resets


async def test_arguments_go_out_as_slack_wants_them(raw: RawSlack, gateway: SlackGateway) -> None:
    raw.behave["chat.postMessage"] = answers(ok=True, channel="C1", message={"ts": "1.2"})
    result = await gateway.call(
        "chat.postMessage",
        channel="C1",
        text="a & b <!channel> \ud83d",
        blocks=[SectionBlock(text="Checkout is down")],
        metadata={"event_type": "card", "event_payload": {"id": 7}},
        users=["U1", "U2"],
        unfurl_links=False,
        limit=20,
        thread_ts=None,
    )
    (seen,) = raw.seen
    assert seen.authorization == "Bearer xoxb-test"
    assert json.loads(str(seen.fields.pop("blocks"))) == [{"type": "section", "text": {"type": "mrkdwn", "text": "Checkout is down"}}]
    assert json.loads(str(seen.fields.pop("metadata"))) == {"event_type": "card", "event_payload": {"id": 7}}
    assert seen.fields == {"channel": "C1", "text": "a & b <!channel> ?", "users": "U1,U2", "unfurl_links": "false", "limit": "20"}
    assert isinstance(result, Ok)
    assert (result.text("message", "ts"), result.text("message", "nothing"), result.text("channel", "id")) == ("1.2", "", "")


async def test_too_many_requests_says_when_to_come_back(raw: RawSlack, gateway: SlackGateway) -> None:
    raw.behave["chat.postMessage"] = answers(429, {"Retry-After": "7"}, ok=False, error="ratelimited")
    assert await gateway.call("chat.postMessage", channel="C1", text="x") == TryLater(
        "Slack asks for fewer calls just now.", timedelta(seconds=7), maybe_done=False
    )
    assert gateway.health == Healthy()  # busy is not broken
    assert len(raw.seen) == 1


@pytest.mark.parametrize("header", [{}, {"Retry-After": "soon"}])
async def test_too_many_requests_without_a_time_waits_half_a_minute(header: dict[str, str], raw: RawSlack, gateway: SlackGateway) -> None:
    raw.behave["pins.add"] = answers(429, header, ok=False, error="ratelimited")
    result = await gateway.call("pins.add", channel="C1")
    assert isinstance(result, TryLater)
    assert result.after == timedelta(seconds=30)


@pytest.mark.parametrize(("method", "maybe_done"), [("chat.postMessage", True), ("conversations.history", False)])
async def test_no_answer_in_time_may_have_worked_if_it_writes(method: str, maybe_done: bool, raw: RawSlack, gateway: SlackGateway) -> None:
    released = asyncio.Event()

    async def hang(_: web.Request) -> web.StreamResponse:
        await released.wait()
        return web.json_response({"ok": True})

    raw.behave[method] = hang
    started = time.monotonic()
    result = await gateway.call(method, timeout_s=0.05, channel="C1")
    released.set()
    assert time.monotonic() - started < 0.5
    assert isinstance(result, TryLater)
    assert result.maybe_done is maybe_done
    assert isinstance(gateway.health, Degraded)


async def test_a_reset_after_slack_took_it_may_have_worked(raw: RawSlack, gateway: SlackGateway) -> None:
    raw.behave["conversations.create"] = resets
    result = await gateway.call("conversations.create", name="inc-1")
    assert isinstance(result, TryLater)
    assert result.maybe_done
    assert len(raw.seen) == 1


async def test_a_client_that_would_try_again_by_itself_is_kept_from_it(raw: RawSlack) -> None:
    raw.behave["chat.postMessage"] = resets
    gateway = SlackGateway(AsyncWebClient("xoxb-test", raw.api_url))
    await gateway.call("chat.postMessage", channel="C1", text="x")
    assert len(raw.seen) == 1
    await gateway.close()


async def test_nobody_listening_has_certainly_not_worked() -> None:
    clock = FakeClock()
    gateway = SlackGateway(web_client("xoxb-test", f"http://127.0.0.1:{unused_port()}/api/"), clock=clock)
    first = await gateway.call("chat.postMessage", channel="C1", text="x")
    clock.advance(timedelta(minutes=1))
    second = await gateway.call("chat.postMessage", channel="C1", text="x")
    assert isinstance(first, TryLater)
    assert isinstance(second, TryLater)
    assert not first.maybe_done
    assert "cannot be reached" in first.why
    assert isinstance(gateway.health, Degraded)
    assert gateway.health.since == clock.now() - timedelta(minutes=1)  # since the first failure, not the last
    await gateway.close()


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("content_type", ["text/html", "text/plain", "application/json"])
async def test_a_broken_proxy_in_between_is_tried_again(status: int, content_type: str, raw: RawSlack, gateway: SlackGateway) -> None:
    async def bad(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text="<html>Bad gateway</html>", content_type=content_type)

    raw.behave["chat.update"] = bad
    result = await gateway.call("chat.update", channel="C1", ts="1.0", text="x")
    assert isinstance(result, TryLater)
    assert result.maybe_done
    assert isinstance(gateway.health, Degraded)


@pytest.mark.parametrize("content_type", ["text/html", "text/plain", "application/json"])
async def test_a_login_page_is_not_slack(content_type: str, raw: RawSlack, gateway: SlackGateway) -> None:
    async def login(_: web.Request) -> web.StreamResponse:
        return web.Response(text="<html>Please log in</html>", content_type=content_type)

    raw.behave["auth.test"] = login
    assert isinstance(await gateway.call("auth.test"), TryLater)
    assert isinstance(gateway.health, Degraded)


async def test_any_answer_ends_being_unreachable(raw: RawSlack, gateway: SlackGateway) -> None:
    raw.behave["chat.update"] = resets
    await gateway.call("chat.update", channel="C1", ts="1.0", text="x")
    raw.behave["chat.update"] = fails("message_not_found")
    await gateway.call("chat.update", channel="C1", ts="1.0", text="x")
    assert gateway.health == Healthy()


def test_how_a_failure_ends_the_work_that_met_it() -> None:
    assert Failed("is_archived", "It is archived.").outcome() == orders.Refused("It is archived.")
    waits = Failed("token_revoked", "Revoked.", slack_is_gone=True).outcome()
    assert isinstance(waits, orders.TryLater)  # when the token is mended, what was to be done is done
    assert isinstance(TryLater("Not now."), orders.TryLater)


async def test_one_channel_gets_a_message_a_second_and_others_are_not_held_up(raw: RawSlack) -> None:
    gateway = SlackGateway(web_client("xoxb-test", raw.api_url), pace=Pace())
    results = await asyncio.gather(*(gateway.call("chat.postMessage", channel="C1", text=str(number)) for number in range(6)))
    quick = await gateway.call("chat.postMessage", channel="C2", text="x")
    times = sorted(seen.at for seen in raw.calls("chat.postMessage") if seen.fields["channel"] == "C1")
    put_back = [result for result in results if isinstance(result, TryLater)]
    assert isinstance(quick, Ok)
    assert len(times) == 4  # a burst of three, one that waits its second …
    assert times[3] - times[2] >= 0.8
    assert len(put_back) == 2  # … and the rest is put back, with the time it takes
    assert all(later.after is not None and later.after > timedelta(seconds=1.5) for later in put_back)
    await gateway.close()


async def test_a_method_keeps_within_its_tier(raw: RawSlack) -> None:
    gateway = SlackGateway(web_client("xoxb-test", raw.api_url), pace=Pace())
    results = [await gateway.call("conversations.rename", channel=f"C{number}", name="x") for number in range(21)]
    assert all(isinstance(result, Ok) for result in results[:20])
    assert isinstance(results[20], TryLater)  # 20 a minute, documented
    assert len(raw.seen) == 20
    await gateway.close()


@pytest.mark.parametrize(("status", "body"), [(200, "ok"), (404, "expired_url"), (500, "no_service")])
async def test_a_response_url_tells_how_it_went(status: int, body: str, raw: RawSlack, gateway: SlackGateway) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body)

    raw.behave["response_url"] = answer
    assert await gateway.post_to(raw.url("/respond"), {"text": "hi"}) == status
    assert raw.seen[0].fields == {"text": "hi"}


async def test_a_response_url_that_leads_nowhere_is_no_exception(gateway: SlackGateway) -> None:
    assert await gateway.post_to(f"http://127.0.0.1:{unused_port()}/respond", {"text": "hi"}) == 0
    assert await gateway.post_to("no address", {"text": "hi"}) == 0


def test_a_proxy_is_for_the_outside_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "slack.internal")
    assert proxy_for("http://proxy:3128", "https://slack.com/api/") == "http://proxy:3128"
    assert proxy_for("http://proxy:3128", "http://127.0.0.1:8080/api/") is None
    assert proxy_for("http://proxy:3128", "https://slack.internal/api/") is None
