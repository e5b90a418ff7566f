"""The console: what passed between Tocsin and the outside, with its time, its error and the incidents it is about."""

import asyncio
import re
from collections.abc import AsyncIterator
from email.message import EmailMessage

import aiosmtplib
import pytest
from aiohttp import ClientSession, encode_basic_auth
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.outside import NUMBERS
from bot.sandbox.testing import ACCOUNT, BOT_TOKEN, Json, Refused, Sandbox

US = ACCOUNT.numbers[0]
TWILIO = f"/twilio/2010-04-01/Accounts/{ACCOUNT.sid}"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


async def lines(sandbox: Sandbox, query: str = "") -> list[Json]:
    return list((await sandbox.get(f"/console{query}"))["lines"])


async def text(sandbox: Sandbox, user: str, body: str, **more: str) -> None:
    """A page by SMS, as the bot orders it."""
    form = {"From": US, "To": NUMBERS[user], "Body": body, **more}
    async with ClientSession(sandbox.url, headers={"Authorization": encode_basic_auth(ACCOUNT.sid, ACCOUNT.token)}) as carrier:
        await carrier.post(f"{TWILIO}/Messages.json", data=form)


async def slack_of(sandbox: Sandbox) -> AsyncWebClient:
    """The Web API as the bot calls it; it is in #general."""
    slack = AsyncWebClient(token=BOT_TOKEN, base_url=f"{sandbox.url}/api/")
    await slack.conversations_join(channel="C0GENERAL00")
    return slack


async def test_every_way_out_has_its_line_with_time_and_error(sandbox: Sandbox) -> None:
    slack = await slack_of(sandbox)
    await slack.chat_postMessage(channel="general", text="hello")
    with pytest.raises(SlackApiError):
        await slack.chat_postMessage(channel="nowhere", text="hello")
    await text(sandbox, "ana", "SEV1 #1 checkout is down")
    sandbox.fault(service="sms", status=503)
    await text(sandbox, "bo", "SEV1 #1 checkout is down")
    sandbox.fault(service="smtp", status=451, error="try later")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "tocsin@example.com", "ana@example.com", "SEV1 #1"
    mail.set_content("Checkout is down.")
    with pytest.raises(aiosmtplib.SMTPResponseException):
        await aiosmtplib.send(mail, hostname="127.0.0.1", port=sandbox.outside.mailbox.port)
    await sandbox.phone("ana").reply("1a")
    await sandbox.user("kim").command("/inc")
    found = {(line["kind"], line["what"], line["who"], line["error"]) for line in await lines(sandbox)}
    assert {
        ("api", "chat.postMessage", "Tocsin", None),
        ("api", "chat.postMessage", "Tocsin", "channel_not_found"),
        ("sms", "POST Messages", "ana", None),
        ("sms", "POST Messages", "bo", "HTTP 503, 20503: Service Unavailable"),
        ("mail", "DATA", "ana@example.com", "451 try later"),
        ("command", "/inc", "Tocsin", "dispatch_failed"),
    } <= found
    [webhook] = await lines(sandbox, "?kind=webhook")
    assert webhook["what"] == "POST /hooks/twilio/sms"
    assert re.match("11200: .* answered 503", webhook["error"])  # no bot runs behind this sandbox
    assert all(line["ms"] >= 0 for line in await lines(sandbox))


async def test_what_concerns_one_incident_is_found_by_its_channel_its_number_and_its_text(sandbox: Sandbox) -> None:
    slack = await slack_of(sandbox)
    channel = (await slack.conversations_create(name="inc-7-checkout-is-down"))["channel"]["id"]
    await slack.conversations_setTopic(channel=channel, topic="SEV1")
    await slack.conversations_create(name="inc-8-storage")
    await text(sandbox, "ana", "SEV1 #7 checkout is down")
    await text(sandbox, "bo", "SEV2 #8 storage, see &#39;x&#39;")
    await text(sandbox, "kim", "you are on call from 09:00")
    of_7 = [(line["kind"], line["what"], line["who"]) for line in await lines(sandbox, "?incident=7") if line["kind"] != "event"]
    assert of_7 == [
        ("api", "conversations.create", "Tocsin"),
        ("api", "conversations.setTopic", "Tocsin"),
        ("sms", "POST Messages", "ana"),
    ]
    assert {line["who"] for line in await lines(sandbox, "?incident=8&kind=sms")} == {"bo"}
    assert await lines(sandbox, "?incident=39") == []


async def test_what_the_carrier_reports_belongs_to_the_incident_of_its_text(sandbox: Sandbox) -> None:
    await text(sandbox, "ana", "SEV1 #7", StatusCallback=f"{sandbox.url}/hooks/twilio/status/1/x")
    await sandbox.settled()
    assert [line["kind"] for line in await lines(sandbox, "?incident=7")] == ["sms", "webhook", "webhook", "webhook"]


async def test_only_what_is_new_is_asked_for_and_what_ends_comes_again(sandbox: Sandbox) -> None:
    slack = await slack_of(sandbox)
    first = await sandbox.get("/console")
    assert (await sandbox.get(f"/console?since={first['now']}"))["lines"] == []
    sandbox.fault(service="slack", method="auth.test", delay_s=30)
    waiting = asyncio.ensure_future(slack.auth_test())
    await sandbox.until(lambda: len(sandbox.calls("auth.test")) == 1)
    second = await sandbox.get(f"/console?since={first['now']}")
    [line] = second["lines"]
    assert (line["what"], line["end"], line["ms"], line["error"]) == ("auth.test", None, None, None)
    sandbox.clear_faults()
    await waiting
    [again] = await lines(sandbox, f"?since={second['now']}")
    assert (again["number"], again["error"], again["ms"] > 0) == (line["number"], None, True)


async def test_a_line_is_opened_with_all_that_was_said(sandbox: Sandbox) -> None:
    await (await slack_of(sandbox)).chat_postMessage(channel="general", text="hello")
    line = (await lines(sandbox, "?kind=api"))[-1]
    opened = await sandbox.get(f"/console/{line['number']}")
    assert opened["detail"]["args"]["text"] == "hello"
    assert opened["detail"]["result"]["ok"] is True
    assert "xoxb" not in str(opened)
    with pytest.raises(Refused, match="has no line 999999"):
        await sandbox.get("/console/999999")
    with pytest.raises(Refused, match="since is a number, not 'soon'"):
        await sandbox.get("/console?since=soon")
