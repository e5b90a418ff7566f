"""Phones as an application on Twilio meets them: the REST API, the webhooks, and the person at the other end."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from tests.sandbox.application import ACCOUNT, Carrier, carrier

US, BO = ACCOUNT.numbers[0], "+15550100002"
MENU = """<Response><Gather action="/hooks/keys" numDigits="1" timeout="5"><Say loop="2">SEV1 checkout is down. Press 4.</Say></Gather>
<Say>Nobody pressed a key.</Say></Response>"""


@pytest.fixture
async def sandbox() -> AsyncIterator[Carrier]:
    async with carrier() as running:
        yield running


class AtTheSandbox(TwilioHttpClient):
    """Twilio's own HTTP client with one difference: where api.twilio.com is."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base

    def request(self, method: str, url: str, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        return super().request(method, url.replace("https://api.twilio.com", self.base), *args, **kwargs)  # type: ignore[arg-type]


def twilio_client(sandbox: Carrier, token: str = ACCOUNT.token) -> Client:
    return Client(ACCOUNT.sid, token, http_client=AtTheSandbox(f"{sandbox.server.url}/twilio"))


async def order(sandbox: Carrier, kind: str, **form: str | list[str]) -> tuple[int, dict[str, object]]:
    """POST to the REST API with the account's credentials."""
    credentials = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT.sid, ACCOUNT.token)}
    fields = [(name, value) for name, given in form.items() for value in (given if isinstance(given, list) else [given])]
    async with sandbox.client.post(f"{sandbox.account_url}/{kind}.json", data=fields, headers=credentials) as answer:
        return answer.status, await answer.json()


async def ring(sandbox: Carrier, **form: str | list[str]) -> str:
    """Call bo with a menu; returns the call's sid once it rings."""
    sandbox.application.answers.setdefault("/hooks/voice", MENU)
    wanted: dict[str, str | list[str]] = {"To": BO, "From": US, "Url": f"{sandbox.server.url}/hooks/voice"}
    wanted |= form
    status, call = await order(sandbox, "Calls", **wanted)
    assert status == 201
    assert sandbox.phones.voice.calls[str(call["sid"])].status != "queued"
    return str(call["sid"])


async def test_twilios_own_client_sends_reads_and_lists_messages(sandbox: Carrier) -> None:
    client = twilio_client(sandbox)
    sent = await asyncio.to_thread(client.messages.create, to=BO, from_=US, body="checkout is down")
    assert (sent.status, sent.direction, sent.sid[:2]) == ("queued", "outbound-api", "SM")
    again = await asyncio.to_thread(client.messages(sent.sid).fetch)
    assert (again.body, again.to, again.status) == ("checkout is down", BO, "delivered")
    assert again.date_created == sandbox.clock.now().replace(microsecond=0)
    before, after = sandbox.clock.now() - timedelta(minutes=1), sandbox.clock.now() + timedelta(minutes=1)
    assert [one.sid for one in await asyncio.to_thread(client.messages.list, to=BO, date_sent_after=before)] == [sent.sid]
    assert await asyncio.to_thread(client.messages.list, to=BO, date_sent_after=after) == []
    assert await asyncio.to_thread(client.messages.list, to="+15550100001") == []
    assert await asyncio.to_thread(client.messages.list, from_=ACCOUNT.numbers[1]) == []


async def test_twilios_own_client_pages_through_many_messages(sandbox: Carrier) -> None:
    for n in range(5):
        await order(sandbox, "Messages", To=BO, From=US, Body=f"text {n}")
    found = await asyncio.to_thread(twilio_client(sandbox).messages.list, to=BO, page_size=2)
    assert [one.body for one in found] == [f"text {n}" for n in (4, 3, 2, 1, 0)]


async def test_twilios_own_client_calls_and_hangs_up(sandbox: Carrier) -> None:
    client = twilio_client(sandbox)
    call = await asyncio.to_thread(client.calls.create, to=BO, from_=US, url=f"{sandbox.server.url}/hooks/voice")
    assert (call.status, call.sid[:2]) == ("queued", "CA")
    ended = await asyncio.to_thread(client.calls(call.sid).update, status="canceled")
    assert ended.status == "canceled"
    assert [one.sid for one in await asyncio.to_thread(client.calls.list, to=BO, status="canceled")] == [call.sid]


async def test_a_wrong_token_is_refused_as_twilio_refuses_it(sandbox: Carrier) -> None:
    with pytest.raises(TwilioRestException) as refused:
        await asyncio.to_thread(twilio_client(sandbox, "wrong").messages.create, to=BO, from_=US, body="hello")
    assert (refused.value.status, refused.value.code) == (401, 20003)
    assert sandbox.phones.phone("bo").sms == []


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"To": "12", "From": US, "Body": "x"}, 21211),
        ({"From": US, "Body": "x"}, 21604),
        ({"To": BO, "Body": "x"}, 21603),
        ({"To": BO, "From": "+15550107777", "Body": "x"}, 21659),
        ({"To": BO, "From": US}, 21602),
        ({"To": BO, "From": US, "Body": "x" * 1601}, 21617),
    ],
)
async def test_a_message_that_cannot_be_sent_gets_twilios_code(sandbox: Carrier, form: dict[str, str], code: int) -> None:
    status, body = await order(sandbox, "Messages", **form)
    assert (status, body["code"], body["status"]) == (400, code, 400)
    assert body["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert sandbox.phones.phone("bo").sms == []


async def test_a_text_is_on_the_phone_at_once_and_its_receipts_come_in_order_and_signed(sandbox: Carrier) -> None:
    callback = f"{sandbox.server.url}/hooks/receipt?page=7&key=a%2Fb"
    _, sent = await order(sandbox, "Messages", To=BO, From=US, Body="checkout is down", StatusCallback=callback)
    assert sandbox.phones.phone("bo").last_sms == "checkout is down"
    receipts = await sandbox.application.told("/hooks/receipt", 3)
    assert [one["MessageStatus"] for one in receipts] == ["queued", "sent", "delivered"]
    assert {one["MessageSid"] for one in receipts} == {sent["sid"]}
    assert all(one.signed for one in sandbox.application.heard)


async def test_settled_means_that_every_receipt_was_told(sandbox: Carrier) -> None:
    callback = f"{sandbox.server.url}/hooks/receipt"
    for _ in range(5):
        await order(sandbox, "Messages", To=BO, From=US, Body="checkout is down", StatusCallback=callback)
    await sandbox.phones.settled()
    assert len(sandbox.application.on("/hooks/receipt")) == 15


async def test_a_phone_that_is_off_sends_no_receipt_and_a_dead_number_says_so(sandbox: Carrier) -> None:
    await sandbox.control("POST", "/phones/bo/policy", receipts="undelivered")
    callback = f"{sandbox.server.url}/hooks/receipt"
    await order(sandbox, "Messages", To=BO, From=US, Body="one", StatusCallback=callback)
    last = (await sandbox.application.told("/hooks/receipt", 3))[-1]
    assert (last["MessageStatus"], last["ErrorCode"]) == ("undelivered", "30003")
    assert sandbox.phones.phone("bo").sms == []
    await sandbox.control("POST", "/phones/bo/policy", receipts="silent")
    await order(sandbox, "Messages", To=BO, From=US, Body="two", StatusCallback=callback)
    assert [one["MessageStatus"] for one in await sandbox.application.told("/hooks/receipt", 5)][3:] == ["queued", "sent"]
    assert sandbox.phones.phone("bo").last_sms == "two"


async def test_a_reply_reaches_the_webhook_signed_and_its_twiml_comes_back_to_the_phone(sandbox: Carrier) -> None:
    sandbox.application.answers["/hooks/twilio/sms"] = "<Response><Message>Page 4a is yours, bo.</Message></Response>"
    answered = await sandbox.control("POST", "/phones/bo/reply", text="4a")
    [came] = sandbox.application.heard
    assert came.signed
    assert (came.params["From"], came.params["To"], came.params["Body"]) == (BO, US, "4a")
    phone = await sandbox.control("GET", "/phones/bo")
    out, back = phone["sms"]  # type: ignore[misc]
    assert (out["direction"], out["body"], out["sid"]) == ("out", "4a", came.params["MessageSid"])
    assert (back["direction"], back["body"], back["from"]) == ("in", "Page 4a is yours, bo.", US)
    assert answered["ok"] is True


async def test_the_same_reply_may_be_delivered_twice_under_one_id(sandbox: Carrier) -> None:
    await sandbox.control("POST", "/phones/bo/reply", text="4a", times=2)
    assert len({one["MessageSid"] for one in sandbox.application.on("/hooks/twilio/sms")}) == 1
    assert len(sandbox.application.heard) == 2


async def test_a_reply_that_nobody_takes_says_why(sandbox: Carrier) -> None:
    sandbox.application.answers["/hooks/twilio/sms"] = 500
    answered = await sandbox.control("POST", "/phones/bo/reply", text="4a")
    assert answered["ok"] is False
    assert "answered 500" in str(answered["error"])


async def test_stop_blocks_what_follows_until_start(sandbox: Carrier) -> None:
    sandbox.application.answers["/hooks/twilio/sms"] = "<Response><Message>Understood.</Message></Response>"
    await sandbox.control("POST", "/phones/bo/reply", text=" Stop ")
    assert "unsubscribed" in sandbox.phones.phone("bo").last_sms
    status, body = await order(sandbox, "Messages", To=BO, From=US, Body="are you there?")
    assert (status, body["code"]) == (400, 21610)
    status, _ = await order(sandbox, "Messages", To=BO, From=ACCOUNT.numbers[1], Body="by the other number")
    assert status == 201
    await sandbox.control("POST", "/phones/bo/reply", text="start", to=US)
    status, _ = await order(sandbox, "Messages", To=BO, From=US, Body="welcome back")
    assert status == 201
    assert sandbox.phones.phone("bo").last_sms == "welcome back"


async def test_a_call_is_answered_hears_the_menu_and_its_key_reaches_the_application(sandbox: Carrier) -> None:
    sandbox.application.answers["/hooks/keys"] = "<Response><Say>Thank you, it is yours.</Say><Hangup/></Response>"
    callback = f"{sandbox.server.url}/hooks/call?page=7"
    everything = ["initiated", "ringing", "answered", "completed"]
    call = await ring(sandbox, Method="GET", StatusCallback=callback, StatusCallbackEvent=everything)
    answered = await sandbox.control("POST", "/phones/bo/answer", call=call)
    assert answered["call"]["spoken"] == ["SEV1 checkout is down. Press 4."] * 2  # type: ignore[index]
    pressed = await sandbox.control("POST", "/phones/bo/keys", call=call, digits="4")
    heard = pressed["call"]
    assert heard["status"] == "completed"  # type: ignore[index]
    assert heard["spoken"][-1] == "Thank you, it is yours."  # type: ignore[index]
    [keys] = sandbox.application.on("/hooks/keys")
    assert (keys["Digits"], keys["CallSid"], keys["CallStatus"]) == ("4", call, "in-progress")
    states = await sandbox.application.told("/hooks/call", 4)
    assert [one["CallStatus"] for one in states] == ["initiated", "ringing", "in-progress", "completed"]
    assert [one["SequenceNumber"] for one in states] == ["0", "1", "2", "3"]
    assert all(one.signed for one in sandbox.application.heard)


async def test_pressing_a_key_picks_up_and_one_line_of_keys_answers_two_questions(sandbox: Carrier) -> None:
    sandbox.application.answers["/hooks/keys"] = '<Response><Gather action="/hooks/sure" numDigits="1"><Say>Sure?</Say></Gather></Response>'
    call = await ring(sandbox)
    await sandbox.control("POST", "/phones/bo/keys", call=call, digits="66")
    assert [one["Digits"] for path in ("/hooks/keys", "/hooks/sure") for one in sandbox.application.on(path)] == ["6", "6"]


async def test_a_key_not_pressed_in_time_moves_the_call_on(sandbox: Carrier) -> None:
    call = await ring(sandbox)
    await sandbox.control("POST", "/phones/bo/answer", call=call)
    sandbox.clock.advance(timedelta(seconds=5))
    await sandbox.phones.voice.tick()
    assert sandbox.phones.voice.calls[call].status == "in-progress"  # the prompt itself has lasted that long
    sandbox.clock.advance(timedelta(seconds=10))
    await sandbox.phones.voice.tick()
    assert sandbox.phones.voice.calls[call].spoken[-1] == "Nobody pressed a key."
    assert sandbox.phones.voice.calls[call].status == "completed"


async def test_a_call_that_nobody_takes_ends_after_its_timeout(sandbox: Carrier) -> None:
    call = await ring(sandbox, Timeout="20", StatusCallback=f"{sandbox.server.url}/hooks/call")
    sandbox.clock.advance(timedelta(seconds=19))
    await sandbox.phones.voice.tick()
    assert sandbox.phones.voice.calls[call].status == "ringing"
    sandbox.clock.advance(timedelta(seconds=1))
    await sandbox.phones.voice.tick()
    [end] = await sandbox.application.told("/hooks/call", 1)  # only "completed" is reported unless more is asked for
    assert (end["CallStatus"], end["CallDuration"]) == ("no-answer", "0")


async def test_several_events_in_one_parameter_are_left_out_with_a_warning(sandbox: Carrier) -> None:
    call = await ring(sandbox, StatusCallback=f"{sandbox.server.url}/hooks/call", StatusCallbackEvent="initiated answered")
    await sandbox.control("POST", "/phones/bo/decline", call=call)
    assert [one["CallStatus"] for one in await sandbox.application.told("/hooks/call", 1)] == ["busy"]
    assert sandbox.phones.voice.calls[call].trouble.startswith("21626: 'initiated answered'")


async def test_declining_is_busy_and_voicemail_is_a_machine(sandbox: Carrier) -> None:
    callback = f"{sandbox.server.url}/hooks/call"
    first = await ring(sandbox, StatusCallback=callback)
    await sandbox.control("POST", "/phones/bo/decline", call=first)
    second = await ring(sandbox, StatusCallback=callback, MachineDetection="Enable")
    await sandbox.control("POST", "/phones/bo/voicemail", call=second)
    ends = await sandbox.application.told("/hooks/call", 2)
    assert {one["CallSid"]: one["CallStatus"] for one in ends} == {first: "busy", second: "completed"}
    [fetched] = sandbox.application.on("/hooks/voice")
    assert fetched["AnsweredBy"] == "machine_start"
    assert sandbox.application.on("/hooks/keys") == []


async def test_a_phone_may_answer_by_itself(sandbox: Carrier) -> None:
    await sandbox.control("POST", "/phones/bo/policy", calls="answer")
    call = await ring(sandbox)
    await sandbox.application.told("/hooks/voice", 1)
    await sandbox.control("POST", "/phones/bo/keys", call=call, digits="4")
    assert [one["Digits"] for one in sandbox.application.on("/hooks/keys")] == ["4"]


async def test_an_application_that_fails_is_apologised_for(sandbox: Carrier) -> None:
    sandbox.application.answers["/hooks/voice"] = "<Response><Dial>+15550100001</Dial></Response>"
    call = await ring(sandbox)
    answered = await sandbox.control("POST", "/phones/bo/answer", call=call)
    assert "application error" in answered["call"]["spoken"][-1]  # type: ignore[index]
    assert "<Dial>" in str(answered["call"]["error"])  # type: ignore[index]


async def test_what_cannot_be_done_with_a_phone_is_a_sentence(sandbox: Carrier) -> None:
    assert "has not been called" in await sandbox.refused("/phones/bo/answer")
    assert "Nobody called mallory" in await sandbox.refused("/phones/mallory/reply", text="hi")
    call = await ring(sandbox)
    await sandbox.control("POST", "/phones/bo/decline", call=call)
    assert "busy" in await sandbox.refused("/phones/bo/keys", call=call, digits="4")
    assert "Keys are" in await sandbox.refused("/phones/bo/keys", call=call, digits="x")


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"error": "21610"}, 400, 21610),
        ({"status": 503}, 503, 20503),
        ({"retry_after_s": 2}, 429, 20429),
    ],
)
async def test_an_ordered_failure_is_answered_once_and_nothing_is_sent(
    sandbox: Carrier, fault: dict[str, object], status: int, code: int
) -> None:
    sandbox.fault(service="sms", **fault)
    answered, body = await order(sandbox, "Messages", To=BO, From=US, Body="one")
    assert (answered, body["code"]) == (status, code)
    assert sandbox.phones.phone("bo").sms == []
    answered, _ = await order(sandbox, "Messages", To=BO, From=US, Body="two")
    assert answered == 201


async def test_a_reset_before_accepting_loses_the_text_and_one_after_it_does_not(sandbox: Carrier) -> None:
    sandbox.fault(service="sms", reset="before")
    with pytest.raises(aiohttp.ClientError):
        await order(sandbox, "Messages", To=BO, From=US, Body="lost")
    sandbox.fault(service="sms", reset="after")
    with pytest.raises(aiohttp.ClientError):
        await order(sandbox, "Messages", To=BO, From=US, Body="kept")
    assert [sms.body for sms in sandbox.phones.phone("bo").sms] == ["kept"]


async def test_faults_of_sms_leave_calls_alone(sandbox: Carrier) -> None:
    sandbox.fault(service="sms", status=500, count=0)
    await ring(sandbox)
    sandbox.fault(service="voice", error="20429")
    status, body = await order(sandbox, "Calls", To=BO, From=US, Url=f"{sandbox.server.url}/hooks/voice")
    assert (status, body["code"]) == (429, 20429)
