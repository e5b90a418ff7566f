"""Twilio's signature covers the public address and every field, whatever stands between."""

from collections.abc import Mapping

import pytest
from aiohttp import web
from twilio.request_validator import RequestValidator
from yarl import URL

from bot.web import front
from bot.web.front import Check
from bot.web.webhooks import TwilioWebhooks
from tests.web.conftest import Client, Serve

PUBLIC = "https://inc.example.org/tocsin/"
ANSWER = {"From": "+15550100", "Body": "ack 7", "MessageSid": "SM1"}


async def no_checks() -> Mapping[str, Check]:
    return {}


async def house(serve: Serve, token: str | None = "twilio token") -> Client:
    webhooks = TwilioWebhooks(token, PUBLIC)

    async def receive(request: web.Request) -> web.Response:
        return web.json_response(dict(await webhooks.fields(request)))

    app = front.build(no_checks)
    app.router.add_post("/twilio/sms", receive)
    return await serve(app)


def exactly(client: Client, path: str) -> URL:
    """The address byte for byte: the client would else decode what Twilio leaves encoded."""
    return URL(str(client.make_url("/")).rstrip("/") + path, encoded=True)


def sign(path: str, fields: Mapping[str, str], token: str = "twilio token") -> dict[str, str]:
    signature: str = RequestValidator(token).compute_signature(f"{PUBLIC.rstrip('/')}{path}", dict(fields))
    return {"X-Twilio-Signature": signature}


@pytest.mark.parametrize("path", ["/twilio/sms", "/twilio/sms?page=7&once=a%2Fb"])
async def test_a_signed_answer_is_read_though_a_proxy_stands_between(serve: Serve, path: str) -> None:
    client = await house(serve)  # which is reached as http://127.0.0.1, not as the public address
    answer = await client.session.post(exactly(client, path), data=ANSWER, headers=sign(path, ANSWER))
    assert (answer.status, await answer.json()) == (200, ANSWER)


@pytest.mark.parametrize(
    ("path", "sent", "headers"),
    [
        ("/twilio/sms", ANSWER, {}),
        ("/twilio/sms", ANSWER, {"X-Twilio-Signature": "nonsense"}),
        ("/twilio/sms", ANSWER | {"Body": "ack 8"}, sign("/twilio/sms", ANSWER)),
        ("/twilio/sms", ANSWER | {"Extra": "1"}, sign("/twilio/sms", ANSWER)),
        ("/twilio/sms?page=8", ANSWER, sign("/twilio/sms?page=7", ANSWER)),
        ("/twilio/sms", ANSWER, sign("/twilio/sms", ANSWER, token="somebody else's")),
    ],
    ids=["unsigned", "nonsense", "changed", "added", "other query", "other token"],
)
async def test_what_is_not_signed_as_it_stands_is_refused(serve: Serve, path: str, sent: dict[str, str], headers: dict[str, str]) -> None:
    answer = await (await house(serve)).post(path, data=sent, headers=headers)
    assert (answer.status, "TWILIO_AUTH_TOKEN" in (await answer.json())["error"]) == (403, True)


async def test_a_file_among_the_fields_is_no_way_round(serve: Serve) -> None:
    from aiohttp import FormData

    form = FormData()
    form.add_field("Body", b"ack 7", filename="body.txt")
    answer = await (await house(serve)).post("/twilio/sms", data=form, headers=sign("/twilio/sms", {"Body": "ack 7"}))
    assert answer.status == 403


async def test_without_twilio_there_is_nothing_to_call(serve: Serve) -> None:
    answer = await (await house(serve, token=None)).post("/twilio/sms", data=ANSWER, headers=sign("/twilio/sms", ANSWER))
    assert answer.status == 404
