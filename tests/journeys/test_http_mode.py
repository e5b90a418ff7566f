"""Slack by signed HTTP requests instead of a socket: the same story; what is not signed is refused; what comes twice counts once."""

import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest
from slack_sdk.signature import SignatureVerifier
from twilio.request_validator import RequestValidator

from bot.clock import FakeClock
from bot.sandbox.keys import ACCOUNT, SIGNING_SECRET
from bot.sandbox.workspace.webhooks import encode
from tests.journeys import roads
from tests.journeys.records import everything, told
from tests.world import World, running_world

FORM = "application/x-www-form-urlencoded"
COMMAND = {
    "command": "/inc", "text": "sev1 checkout is down", "user_id": "U0KIM000000", "channel_id": "C0GENERAL00", "trigger_id": "1.2.3",
    "team_id": "T0SANDBOX00", "response_url": "http://127.0.0.1:1/response", "api_app_id": "A0TOCSIN000",
}  # fmt: skip


@pytest.fixture
async def http_world(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """A bot without a socket, on SQLite."""
    async with running_world(sqlite_url, tmp_path, clock, is_http_mode=True) as world:
        yield world


@pytest.fixture
async def either_world(request: pytest.FixtureRequest, database_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """A bot in either mode."""
    async with running_world(database_url, tmp_path, clock, is_http_mode=request.param == "http") as world:
        yield world


async def one_incident(world: World) -> None:
    """An incident from a form to its postmortem, with every kind of request that Slack sends."""
    kim, ana = world.user("kim"), world.user("ana")
    await kim.command("/inc")
    await kim.submit({"title": {"value": "checkout is down"}, "severity": {"value": "1"}})
    await world.settled()
    assert "SEV1 #1 checkout is down" in world.phone("ana").last_sms
    channel = await world.channel_name(1)
    await ana.press("Acknowledge", await roads.direct(world, "ana"))
    await world.settled()
    assert "<@U0ANA000000> acknowledged" in await world.card(1)

    await ana.press("I'm commander", channel)
    said = await kim.message("the pool is empty", channel)
    await kim.edit("the pool of connections is empty", channel, said["ts"])
    await ana.react("eyes", channel, said["ts"])
    await ana.press("Update", channel)
    await ana.submit({"words": {"value": "rolling back"}})
    await world.settled()
    assert "rolling back" in await world.card(1)
    await kim.command("/inc resolve rolled back", channel)
    await world.heard(1, "Postmortem draft ready")
    document = await world.postmortem(1)
    assert "the pool of connections is empty" in document
    assert "reactions: :eyes:" in document
    assert "Ana Silva: responder, commander" in document


@pytest.mark.parametrize(("database_url", "either_world"), [("sqlite", "socket"), ("postgresql", "http")], indirect=True)
async def test_one_whole_incident_and_nothing_of_it_counts_twice(either_world: World) -> None:
    world = either_world
    await one_incident(world)
    await world.advance(minutes=1)
    rows, phones = await everything(world), told(world)
    messages = await world.channel_texts(1)

    deliveries = await world.sandbox.get("/deliveries")
    assert {one["kind"] for one in deliveries} == {"slash_commands", "interactive", "events_api"}
    for one in deliveries:
        if world.bot.settings.slack_app_token is None:
            body, content_type = encode(one["kind"], one["payload"])
            assert (await post(world, body, content_type))[0] == 200
        else:
            await world.bot.rooms.door.take(one["payload"], {})
    await world.settled()

    again = await everything(world)
    assert {name for name in rows if rows[name] != again[name]} == set()
    assert told(world) == phones
    assert await world.channel_texts(1) == messages
    assert len(await world.bot_channels()) == 1


async def post(
    world: World, body: str, content_type: str = FORM, *, secret: str = SIGNING_SECRET, age_s: int = 0, **headers: str
) -> tuple[int, str]:
    """Post to the bot as Slack does, signed now or a while ago."""
    now = str(int(time.time()) - age_s)
    signature = SignatureVerifier(secret).generate_signature(timestamp=now, body=body) or ""
    signed = {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": signature, "Content-Type": content_type} | headers
    async with (
        aiohttp.ClientSession() as slack,
        slack.post(f"{world.sandbox.url}/slack/events", data=body.encode(), headers={k: v for k, v in signed.items() if v}) as answer,
    ):
        return answer.status, await answer.text()


async def test_what_slack_did_not_sign_is_refused_and_changes_nothing(http_world: World) -> None:
    world = http_world
    body = urlencode(COMMAND)
    before = await everything(world)
    now = str(int(time.time()))
    refused = [
        await post(world, body, secret="somebody else's"),
        await post(world, body, age_s=301),
        await post(world, body, age_s=-301),
        await post(world, body, **{"X-Slack-Signature": ""}),
        await post(world, body, **{"X-Slack-Request-Timestamp": ""}),
        await post(world, body, **{"X-Slack-Request-Timestamp": "yesterday"}),
        await post(world, body, **{"X-Slack-Signature": "v0=" + "0" * 64}),
        await post(world, body, **{"X-Slack-Request-Timestamp": str(int(now) - 7)}),
    ]
    assert {status for status, _ in refused} == {401}
    assert all("was not signed by Slack within the last five minutes" in text for _, text in refused)
    verifier = SignatureVerifier(SIGNING_SECRET)
    altered = {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": verifier.generate_signature(timestamp=now, body=body) or ""}
    assert (await post(world, body.replace("sev1", "sev2"), **altered))[0] == 401
    await world.settled()
    assert await everything(world) == before

    for garbage in ("not json", "[]", "", '{"type":'):
        assert (await post(world, garbage, "application/json"))[0] == 400, garbage
    assert (await post(world, json.dumps({"type": "url_verification", "challenge": "3eZb"}), "application/json"))[1] in (
        "3eZb",
        '{"challenge": "3eZb"}',
    )
    assert await everything(world) == before

    assert (await post(world, body))[0] == 200
    await world.settled()
    assert "checkout is down" in world.phone("ana").last_sms


async def test_in_socket_mode_nobody_can_post_as_slack(sqlite_world: World) -> None:
    assert (await post(sqlite_world, urlencode(COMMAND)))[0] == 404


async def test_what_twilio_did_not_sign_is_refused_and_what_it_says_twice_counts_once(world: World) -> None:
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.advance(minutes=2)
    url = f"{world.sandbox.url}/hooks/twilio/sms"
    twilio = world.sandbox.outside.phones.webhooks
    text = {"MessageSid": "SM1", "From": world.phone("ana").number, "To": "+15550100000", "Body": "1a"}
    call = world.phone("ana").calls[0]
    receipt = next(sms.callback for sms in world.phone("ana").sms if sms.callback)

    before = await everything(world)
    async with aiohttp.ClientSession() as stranger:
        good = RequestValidator(ACCOUNT.token).compute_signature(url, text)
        tries = [({}, text), ({"X-Twilio-Signature": "c2lnbmVk"}, text), ({"X-Twilio-Signature": good}, text | {"Body": "1r"}),
                 ({"X-Twilio-Signature": good}, text | {"From": world.phone("bo").number})]  # fmt: skip
        for headers, form in tries:
            async with stranger.post(url, data=form, headers=headers) as answer:
                assert answer.status == 403
                assert "The signature does not match" in await answer.text()
        for address in (receipt, call.url, f"{call.url}/keys"):
            async with stranger.post(address, data={"MessageStatus": "undelivered", "Digits": "4"}) as answer:
                assert answer.status == 403
    forged = re.sub(r"/(\d+)/([^/]+)$", lambda found: f"/{int(found[1]) + 1}/{found[2]}", receipt)
    assert "403" in (await twilio.post(forged, {"MessageSid": "SM2", "MessageStatus": "undelivered"})).error
    await world.settled()
    assert await everything(world) == before

    await world.phone("ana").reply("1a", times=2)
    await world.settled()
    assert [reply for reply in world.phone("ana").received if "is yours" in reply] == ["#1 is yours."]
    assert not any("took this page" in reply for reply in world.phone("ana").received)

    after = await everything(world)
    for status in ("queued", "sent", "delivered", "sent"):
        await twilio.post(receipt, {"MessageSid": world.phone("ana").sms[0].sid, "MessageStatus": status})
    await world.settled()
    assert await everything(world) == after
