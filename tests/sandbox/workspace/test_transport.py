"""The Web API takes what every client sends, and refuses as Slack does."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from slack_sdk import WebClient
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.workspace.api.base import METHODS
from tests.sandbox.workspace.stage import GENERAL, ORACLE, Stage, code_of, manifest

BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "*hello*"}}]
FLAT = {"channel": GENERAL, "text": "hello", "blocks": json.dumps(BLOCKS), "unfurl_links": "0"}


def multipart() -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in FLAT.items():
        form.add_field(name, value)
    return form


@pytest.mark.parametrize("verb", ["GET", "POST"])
@pytest.mark.parametrize(
    "sent",
    [
        lambda: {"params": FLAT},
        lambda: {"data": FLAT},
        lambda: {"json": FLAT | {"blocks": BLOCKS, "unfurl_links": False}},
        lambda: {"data": multipart()},
        lambda: {"params": {"channel": GENERAL}, "data": {"text": "hello", "blocks": json.dumps(BLOCKS)}},
    ],
    ids=["query", "form", "json", "multipart", "mixed"],
)
async def test_every_encoding_says_the_same(stage: Stage, verb: str, sent: Any) -> None:
    stage.inside()
    bearer = {"Authorization": "Bearer xoxb-tocsin"}
    async with stage.http.request(verb, f"{stage.base}/api/chat.postMessage", headers=bearer, **sent()) as response:
        answer = await response.json()
    assert (response.status, answer["ok"], answer["message"]["text"]) == (200, True, "hello")
    assert answer["message"]["blocks"][0]["text"] == BLOCKS[0]["text"]


@pytest.mark.parametrize("how", ["header", "form", "query"])
async def test_the_token_comes_in_a_header_or_as_an_argument(stage: Stage, how: str) -> None:
    where: dict[str, Any] = {
        "header": {"headers": {"Authorization": "Bearer xoxb-tocsin"}},
        "form": {"data": {"token": "xoxb-tocsin"}},
        "query": {"params": {"token": "xoxb-tocsin"}},
    }[how]
    async with stage.http.post(f"{stage.base}/api/auth.test", **where) as response:
        assert (await response.json())["user"] == "tocsin"
    assert "xoxb-tocsin" not in json.dumps(stage.calls.to_json())


async def test_the_synchronous_client_works_too(stage: Stage) -> None:
    def talk() -> str:
        client = WebClient("xoxb-tocsin", base_url=f"{stage.base}/api")  # no slash at the end
        channel = client.conversations_create(name="inc-1")["channel"]["id"]
        client.conversations_invite(channel=channel, users=["U0ANA000000", "U0BO0000000"])
        return str(client.chat_postMessage(channel=channel, text="hi", blocks=BLOCKS)["message"]["text"])

    assert await asyncio.to_thread(talk) == "hi"


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("", "not_authed"),
        ("xoxb-else", "invalid_auth"),
        ("xoxp-zoe", "account_inactive"),
        ("xoxp-nobody", "invalid_auth"),
        ("xoxp-tocsin", "invalid_auth"),
    ],
)
async def test_a_wrong_token_is_refused(stage: Stage, token: str, code: str) -> None:
    assert await code_of(stage.client(token).auth_test()) == code


async def test_people_act_with_tokens_of_their_own(stage: Stage) -> None:
    ana = stage.client("xoxp-ana")
    assert (await ana.auth_test())["user_id"] == "U0ANA000000"
    message = (await ana.chat_postMessage(channel=GENERAL, text="hi"))["message"]
    assert "bot_id" not in message and message["user"] == "U0ANA000000"
    assert await code_of(ana.views_publish(user_id="U0ANA000000", view={})) == "not_allowed_token_type"


async def test_an_app_token_opens_sockets_and_nothing_else(stage: Stage) -> None:
    assert await code_of(stage.client("xapp-tocsin").auth_test()) == "not_allowed_token_type"
    assert await code_of(stage.slack.apps_connections_open(app_token="xoxb-tocsin")) == "not_allowed_token_type"


async def test_a_method_that_does_not_exist(slack: AsyncWebClient) -> None:
    assert await code_of(slack.api_call("chat.shout")) == "unknown_method"


async def test_a_missing_argument_is_named(slack: AsyncWebClient) -> None:
    assert await code_of(slack.api_call("conversations.info", params={})) == "invalid_arguments"


async def test_a_missing_scope_is_named_with_those_granted(stage: Stage) -> None:
    small = stage.workspace.install(manifest("Small", ["chat:write", "channels:manage"]), None, None, None, None)
    client = stage.client(small.bot_token)
    async with stage.http.get(f"{stage.base}/api/users.list", params={"token": small.bot_token}) as response:
        answer = await response.json()
    assert answer == {"ok": False, "error": "missing_scope", "needed": "users:read", "provided": "channels:manage,chat:write"}
    assert await code_of(client.conversations_create(name="secret", is_private=True)) == "missing_scope"
    assert await code_of(client.conversations_create(name="open")) == ""


async def test_garbage_is_not_taken_for_arguments(stage: Stage) -> None:
    for body, code in (("{", "invalid_json"), ("[1]", "json_not_object")):
        headers = {"Authorization": "Bearer xoxb-tocsin", "Content-Type": "application/json"}
        async with stage.http.post(f"{stage.base}/api/auth.test", data=body, headers=headers) as response:
            assert (await response.json())["error"] == code


@pytest.mark.parametrize("name", sorted(METHODS))
def test_tier_and_scopes_are_those_of_the_documentation(name: str) -> None:
    documented, method = ORACLE[name], METHODS[name]
    tier = documented["tier"].removeprefix("Tier ")[0]
    assert (method.tier, set(method.scopes)) == (int(tier) if tier.isdigit() else None, set(documented["bot_scopes"]))
