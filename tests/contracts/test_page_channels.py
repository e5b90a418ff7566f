"""One suite, every way to reach a person: what it says to a yes, a no, a fault and silence, and what it keeps to itself."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import get_args

import pytest
from aiohttp import ClientSession

from bot.clock import FakeClock
from bot.config.escalation import Method
from bot.paging import sink
from bot.paging.channels.email import EmailChannel
from bot.paging.channels.push import PushChannel
from bot.paging.channels.slack import SlackChannel
from bot.paging.channels.sms import SmsChannel
from bot.paging.channels.twilio import Twilio
from bot.paging.channels.voice import VoiceChannel
from bot.paging.channels.webhook import WebhookChannel, signature
from bot.paging.messages import LANES
from bot.paging.notice import METHOD_NAMES, Accepted, Notice, PageChannel, TryLater
from bot.sandbox.testing import ACCOUNT, BOT_TOKEN, Sandbox
from bot.slack.gateway import SlackGateway, web_client
from bot.work.orders import Refused
from tests.paging.test_notice import NOTICE

METHODS = get_args(Method)
KEY = "whsec_" + base64.b64encode(b"a secret of these tests").decode()
FAULTS = {"slack": "slack", "sms": "sms", "voice": "voice", "email": "smtp", "push": "push", "webhook": "webhook"}


@dataclass
class Road:
    """A channel, where it leads, and everything that arrived there, as text."""

    sandbox: Sandbox
    channel: PageChannel
    notice: Notice
    arrived: Callable[[], list[str]]

    def fault(self, **what: object) -> None:
        self.sandbox.fault(service=FAULTS[self.channel.method], **what)


@pytest.fixture(params=METHODS)
async def road(request: pytest.FixtureRequest, clock: FakeClock) -> AsyncIterator[Road]:
    async with Sandbox(clock=clock) as sandbox:
        slack = SlackGateway(web_client(BOT_TOKEN, f"{sandbox.url}/api/"))
        twilio = Twilio(f"{sandbox.url}/twilio", ACCOUNT.sid, ACCOUNT.token, ACCOUNT.numbers[0])
        phone, hooks = sandbox.phone("ana"), sandbox.outside.hooks
        mail = EmailChannel(f"smtp://127.0.0.1:{sandbox.outside.mailbox.port}", "tocsin@example.com")
        posted = lambda: [json.dumps(call["args"]) for call in sandbox.calls("chat.postMessage") if call["result"].get("ok")]  # noqa: E731
        roads: dict[str, tuple[PageChannel, str, Callable[[], list[str]]]] = {
            "slack": (SlackChannel(slack), "U0ANA000000", posted),
            "sms": (SmsChannel(twilio), phone.number, lambda: phone.received),
            "voice": (VoiceChannel(twilio), phone.number, lambda: [call.to for call in phone.calls]),
            "email": (mail, "ana@example.com", lambda: [mail.subject + mail.text for mail in sandbox.mailbox("ana")]),
            "push": (
                PushChannel(),
                f"ntfy://127.0.0.1:{sandbox.outside.server.port}/ana",
                lambda: [f"{one.title}\n{one.text}\n{one.click}" for one in phone.phone.pushes],
            ),
            "webhook": (
                WebhookChannel(lambda person: KEY, clock),
                f"{sandbox.url}/sandbox/hooks/ana",
                lambda: [one.body for one in hooks.heard],
            ),
        }
        channel, address, arrived = roads[request.param]
        notice = replace(NOTICE, address=address, status_url=f"{sandbox.url}/hooks", voice_url=f"{sandbox.url}/hooks", since_at=clock.now())
        yield Road(sandbox, channel, notice, arrived)
        await twilio.close()
        await slack.close()


def test_every_method_has_a_name_and_a_lane_of_its_own() -> None:
    assert set(METHOD_NAMES) == set(LANES) - {sink.METHOD} == set(METHODS)
    assert len(set(LANES.values())) == len(LANES)


async def test_what_is_sent_arrives_once_and_has_an_id(road: Road) -> None:
    receipt = await road.channel.send(road.notice)
    assert isinstance(receipt, Accepted) and receipt.provider_id
    [arrived] = road.arrived()
    if road.channel.method != "voice":
        assert road.notice.link in arrived.replace("&amp;", "&")
        assert f"{road.notice.incident}" in arrived and "Checkout is down" in arrived


async def test_a_fault_of_the_outside_is_tried_again(road: Road) -> None:
    road.fault(**({"status": 451} if road.channel.method == "email" else {"status": 500}), count=0)
    assert isinstance(await road.channel.send(road.notice), TryLater)
    assert road.arrived() == []
    road.sandbox.clear_faults()
    assert isinstance(await road.channel.send(road.notice), Accepted)


async def test_a_connection_cut_after_it_was_taken_may_have_sent_it(road: Road) -> None:
    road.fault(reset="after")
    receipt = await road.channel.send(road.notice)
    assert isinstance(receipt, TryLater) and receipt.maybe_sent
    assert len(road.arrived()) == 1


async def test_an_address_that_does_not_exist_is_refused_with_a_reason(road: Road) -> None:
    nowhere = {
        "slack": "U0NOBODY000",
        "sms": "not a number",
        "voice": "not a number",
        "email": "nobody@example.com",
        "push": road.notice.address.replace("/ana", "/nobody"),
        "webhook": road.notice.address.replace("/sandbox/hooks/ana", "/control/nothing"),
    }
    if road.channel.method == "email":
        road.fault(status=550, error="no such user")
    receipt = await road.channel.send(replace(road.notice, address=nowhere[road.channel.method]))
    assert isinstance(receipt, Refused) and receipt.why
    assert road.arrived() == []


async def test_a_private_incident_gives_neither_title_nor_service_away(road: Road) -> None:
    about = {"title": "Merger talks leaked", "service": "Payroll", "words": "call legal", "why": "primary for Payroll"}
    secret = replace(road.notice, private=True, asked_by="Bo", **about)
    await road.channel.send(secret)
    [arrived] = road.arrived()
    if road.channel.method == "slack":  # who reads it there is in the incident
        return
    for word in ("Merger", "Payroll", "legal"):
        assert word not in arrived


async def test_a_test_page_says_that_it_is_one_and_how_to_answer_it(road: Road) -> None:
    check = replace(road.notice, check="482913", title="TEST page from Tocsin: nothing is wrong", words="", incident=0, bridge=None)
    assert isinstance(await road.channel.send(check), Accepted)
    [arrived] = road.arrived()
    if road.channel.method in ("sms", "email", "push", "webhook"):  # in a call and in Slack it has words of its own
        assert "TEST page from Tocsin: nothing is wrong" in arrived and check.link in arrived
        assert "SEV" not in arrived and "#0" not in arrived
        assert ("482913" in arrived) == (road.channel.method in ("sms", "webhook"))


@pytest.mark.parametrize("road", ["push"], indirect=True)
async def test_a_push_that_one_address_takes_has_arrived_and_one_that_none_understands_is_refused(road: Road) -> None:
    both = replace(road.notice, address=f"ntfy://127.0.0.1:1/ana\n{road.notice.address}")
    assert await road.channel.send(both) == Accepted("push:ntfy", remark="ntfy cannot be reached.")
    later = await road.channel.send(replace(road.notice, address="ntfy://127.0.0.1:1/ana"))
    assert later == TryLater("ntfy cannot be reached.")
    refused = await road.channel.send(replace(road.notice, address="pigeon://loft/secret"))
    assert isinstance(refused, Refused) and "pigeon" in refused.why and "secret" not in refused.why


@pytest.mark.parametrize("road", ["push"], indirect=True)
async def test_a_push_wakes_for_what_is_urgent_and_can_be_acknowledged_where_it_shows(road: Road) -> None:
    await road.channel.send(replace(road.notice, severity=1))
    await road.channel.send(replace(road.notice, severity=3, wants_answer=False))
    loud, calm = road.sandbox.phone("ana").phone.pushes
    assert (loud.priority, calm.priority) == ("max", "default")
    assert [action["label"] for action in loud.actions] == ["Acknowledge", "Open page"]
    assert [action["label"] for action in calm.actions] == ["Open page"]
    assert loud.actions[0]["method"] == "POST"


@pytest.mark.parametrize("road", ["push"], indirect=True)
async def test_what_a_person_chose_for_their_pushes_stays(road: Road) -> None:
    await road.channel.send(replace(road.notice, severity=1, address=f"{road.notice.address}?priority=low"))
    [push] = road.sandbox.phone("ana").phone.pushes
    assert push.priority == "low" and push.click == road.notice.link


@pytest.mark.parametrize("road", ["webhook"], indirect=True)
async def test_a_webhook_is_signed_over_its_id_its_time_and_its_body(road: Road, clock: FakeClock) -> None:
    await road.channel.send(road.notice)
    await road.channel.send(replace(road.notice, possible_duplicate=True))
    first, second = road.sandbox.outside.hooks.heard
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == f"page-attempt-{road.notice.attempt_id}"
    sent_at = first.headers["webhook-timestamp"]
    assert int(sent_at) == int(clock.now().timestamp())
    signed = f"{first.headers['webhook-id']}.{sent_at}.{first.body}".encode()
    right = base64.b64encode(hmac.new(b"a secret of these tests", signed, hashlib.sha256).digest()).decode()
    assert first.headers["webhook-signature"] == f"v1,{right}"
    said = json.loads(first.body)
    assert (said["version"], said["type"], said["severity"], said["person"]) == (1, "page", road.notice.severity, "ana")
    assert json.loads(second.body)["possible_duplicate"] is True
    async with ClientSession(road.sandbox.url) as client:
        shown = await (await client.get("/control/hooks/ana")).json()
    assert [one["body"] for one in shown] == [first.body, second.body]


def test_a_key_that_is_no_base64_signs_as_it_stands() -> None:
    assert signature("plain", "a", "1", b"{}") == "v1," + base64.b64encode(hmac.new(b"plain", b"a.1.{}", hashlib.sha256).digest()).decode()


@pytest.mark.parametrize("road", ["webhook"], indirect=True)
async def test_a_webhook_without_its_key_is_refused_and_says_what_to_set(road: Road, clock: FakeClock) -> None:
    refused = await WebhookChannel(lambda person: None, clock).send(road.notice)
    assert isinstance(refused, Refused) and "key_env" in refused.why
    assert road.arrived() == []
