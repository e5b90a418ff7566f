"""The words that tests use for people, phones and channels, on a small bolt app."""

from collections.abc import AsyncIterator

import aiosmtplib
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import FakeClock
from bot.errors import NotFound
from bot.sandbox.outside import ADDRESSES, NUMBERS
from bot.sandbox.testing import APP_TOKEN, BOT_TOKEN, Refused, Sandbox
from tests.sandbox.demo import MANIFEST, make


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(clock=FakeClock(), manifest=MANIFEST) as sandbox:
        handler = AsyncSocketModeHandler(make(f"{sandbox.url}/api/", BOT_TOKEN), APP_TOKEN)
        await handler.connect_async()
        await sandbox.outside.until_connected()
        yield sandbox
        await handler.close_async()


async def test_a_command_opens_a_channel_whose_card_can_be_pressed(sandbox: Sandbox) -> None:
    outcome = await sandbox.user("kim").command("/inc sev1 checkout is down")
    assert outcome["ok"] is True
    await sandbox.until(lambda: sandbox.calls("chat.postMessage"))
    [card] = [message for message in await sandbox.channel("inc-1-checkout").messages("kim") if message.blocks]
    assert "SEV1 checkout is down" in card.shown
    await sandbox.user("kim").press("Ack", "inc-1-checkout")
    await sandbox.until(lambda: len(sandbox.calls("chat.postMessage")) == 2)
    assert (await sandbox.channel("inc-1-checkout").texts())[-1] == "kim pressed ack 42"
    assert "Declared: sev1 checkout is down" in [message.shown for message in await sandbox.user("kim").sees("general")]
    assert "Declared: sev1 checkout is down" not in await sandbox.channel("general").texts()


async def test_who_types_a_command_that_takes_long_reads_what_it_says_in_the_end(sandbox: Sandbox) -> None:
    outcome = await sandbox.user("kim").command("/inc slowly")
    assert outcome["response"]["text"] == "Declared: slowly"


async def test_a_modal_answers_a_wrong_field_and_takes_a_right_one(sandbox: Sandbox) -> None:
    kim = sandbox.user("kim")
    await kim.command("/inc")
    await sandbox.until(kim.views)
    refused = await kim.submit({"what": {"text": "nothing"}})
    assert "Say what is wrong" in refused["errors"]["what"]
    assert (await kim.submit({"what": {"text": "checkout is down"}}))["ok"] is True
    with pytest.raises(NotFound):
        await kim.view()


async def test_faults_and_calls_are_seen_as_they_are(sandbox: Sandbox) -> None:
    sandbox.fault(service="slack", method="conversations.create", error="name_taken")
    with pytest.raises(SlackApiError, match="name_taken"):
        await AsyncWebClient(token=BOT_TOKEN, base_url=f"{sandbox.url}/api/").conversations_create(name="inc-1-checkout")
    [call] = sandbox.calls("conversations.create")
    assert call["result"]["error"] == "name_taken"
    assert call["args"]["name"] == "inc-1-checkout"


async def test_phones_and_mailboxes_are_one_for_each_person(sandbox: Sandbox) -> None:
    assert NUMBERS["ana"] == "+15550100001"
    assert len(set(NUMBERS.values())) == len(NUMBERS)
    sandbox.outside.phones.send("+15550100000", NUMBERS["bo"], "checkout is down")
    assert sandbox.phone("bo").last_sms == "checkout is down"
    assert sandbox.phone("ana").received == []
    sandbox.serve(None)
    assert (await sandbox.phone("bo").reply("a"))["ok"] is False  # nobody is there to read it
    mail = b"Subject: hi\r\n\r\nhello"
    port = sandbox.outside.mailbox.port
    await aiosmtplib.send(mail, sender="x@example.com", recipients=[ADDRESSES["bo"]], hostname="127.0.0.1", port=port)
    assert [mail.subject for mail in sandbox.mailbox("bo")] == ["hi"]


async def test_advancing_goes_in_steps_that_add_up(sandbox: Sandbox) -> None:
    moved: list[float] = []

    async def advance(seconds: float) -> None:
        moved.append(seconds)

    sandbox.outside.server.advance_bot = advance
    await sandbox.post("/clock", advance_s=300)
    await sandbox.advance(60)
    assert (sum(moved), max(moved)) == (360, 30)


async def test_what_is_refused_is_raised_with_its_sentence(sandbox: Sandbox) -> None:
    with pytest.raises(Refused, match="starts with /"):
        await sandbox.user("kim").command("inc")
    with pytest.raises(NotFound, match="mallory"):
        sandbox.phone("mallory")
