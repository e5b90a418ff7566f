"""The second provider for texts and calls: when the first is broken, at once, and said if it may be the second of two."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.config.settings import BackupPhone, read
from bot.paging.channels.backup import Backup, filled
from bot.paging.channels.sms import SmsChannel
from bot.paging.channels.twilio import Twilio
from bot.paging.channels.voice import VoiceChannel
from bot.paging.notice import Accepted, Notice
from bot.sandbox.testing import ACCOUNT
from bot.work.orders import Refused, TryLater
from tests.paging.conftest import Room
from tests.paging.test_notice import NOTICE

BODY = SecretStr('{"to": "{to}", "from": "{from}", "text": "{text}"}')


@dataclass
class Provider:
    """Another provider: takes what is posted, and answers as told."""

    url: str = ""
    took: list[dict[str, str]] = field(default_factory=list)
    status: int = 200
    answer: str = '{"messages": [{"status": "0", "message-id": "abc-1"}]}'

    async def post(self, request: web.Request) -> web.Response:
        self.took.append({**json.loads(await request.text()), "authorization": request.headers.get("Authorization", "")})
        return web.Response(status=self.status, text=self.answer, content_type="application/json")


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    made = Provider()
    app = web.Application()
    app.router.add_post("/sms", made.post)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/sms"
    yield made
    await runner.cleanup()


def backup(provider: Provider) -> Backup:
    return Backup(BackupPhone(provider.url, BODY, provider.url, BODY, "Tocsin", SecretStr("Basic key"), '"status": "0"'))


@pytest.fixture
async def twilio(sqlite_room: Room) -> AsyncIterator[Twilio]:
    made = Twilio(f"{sqlite_room.sandbox.url}/twilio", ACCOUNT.sid, ACCOUNT.token, ACCOUNT.numbers[0])
    yield made
    await made.close()


def to_ana(room: Room) -> Notice:
    return replace(NOTICE, address=room.sandbox.phone("ana").number, status_url=f"{room.url}/hooks", voice_url=f"{room.url}/hooks")


@pytest.mark.parametrize(("status", "is_labelled"), [(500, True), (503, False)])
async def test_a_broken_first_provider_makes_way_at_once(
    sqlite_room: Room, twilio: Twilio, provider: Provider, status: int, is_labelled: bool
) -> None:
    sqlite_room.sandbox.fault(service="sms", status=status, count=1)
    receipt = await SmsChannel(twilio, backup(provider)).send(to_ana(sqlite_room))
    assert receipt == Accepted("backup:abc-1", possible_duplicate=is_labelled)
    assert sqlite_room.sandbox.phone("ana").received == []
    [took] = provider.took
    assert (took["to"], took["from"], took["authorization"]) == (sqlite_room.sandbox.phone("ana").number, "Tocsin", "Basic key")
    assert ("possible duplicate" in took["text"]) == is_labelled


async def test_a_first_provider_that_works_is_the_only_one(sqlite_room: Room, twilio: Twilio, provider: Provider) -> None:
    assert isinstance(await SmsChannel(twilio, backup(provider)).send(to_ana(sqlite_room)), Accepted)
    assert (len(sqlite_room.sandbox.phone("ana").received), provider.took) == (1, [])


async def test_a_throttle_or_a_refusal_is_no_business_of_the_second(sqlite_room: Room, twilio: Twilio, provider: Provider) -> None:
    channel = SmsChannel(twilio, backup(provider))
    sqlite_room.sandbox.fault(service="sms", status=429, count=1)
    assert isinstance(await channel.send(to_ana(sqlite_room)), TryLater)
    await sqlite_room.sandbox.phone("ana").reply("stop")
    assert isinstance(await channel.send(to_ana(sqlite_room)), Refused)
    assert provider.took == []


async def test_a_call_goes_by_the_second_provider_too(sqlite_room: Room, twilio: Twilio, provider: Provider) -> None:
    sqlite_room.sandbox.fault(service="voice", status=500, count=1)
    assert isinstance(await VoiceChannel(twilio, backup(provider)).send(to_ana(sqlite_room)), Accepted)
    assert provider.took[0]["text"].startswith("Tocsin. Sev 1, incident")


async def test_a_refusal_behind_http_200_is_one(sqlite_room: Room, twilio: Twilio, provider: Provider) -> None:
    provider.answer = '{"messages": [{"status": "4", "error-text": "Bad credentials"}]}'
    sqlite_room.sandbox.fault(service="sms", status=500, count=1)
    assert isinstance(await SmsChannel(twilio, backup(provider)).send(to_ana(sqlite_room)), TryLater)  # the first is tried again


def test_a_text_cannot_break_out_of_its_template() -> None:
    body, kind = filled(BODY.get_secret_value(), {"to": "+1", "from": "x", "text": 'a "quoted" {to}\n'})
    assert (json.loads(body)["text"], kind) == ('a "quoted" {to}\n', "application/json")
    body, kind = filled("To={to}&Body={text}", {"to": "+1", "from": "x", "text": "a&b=c"})
    assert (body, kind) == ("To=%2B1&Body=a%26b%3Dc", "application/x-www-form-urlencoded")


def test_settings_describe_it(tmp_path: object) -> None:
    given = {
        "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "TOCSIN_CONFIG": str(tmp_path), "TOCSIN_URL": "https://t.example.com",
        "TOCSIN_SECRET": "x" * 32, "BACKUP_SMS_URL": "https://rest.example.com/sms/json", "BACKUP_AUTHORIZATION": "Basic s3cret",
    }  # fmt: skip
    phone = read(given).backup_phone
    assert phone is not None and phone.sms_url == "https://rest.example.com/sms/json"
    assert "s3cret" not in repr(phone)


async def test_the_connection_is_given_back(provider: Provider) -> None:
    await backup(provider).text("+1", "hello")
    async with aiohttp.ClientSession() as client, client.post(provider.url, data=json.dumps({"text": "still there"})) as answer:
        assert answer.status == 200
