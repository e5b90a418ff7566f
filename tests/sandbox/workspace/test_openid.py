"""Sign in with Slack as the workspace speaks it: who is asked for what, codes that count once, and Slack's own words for mistakes."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import jwt
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.keys import CLIENT_ID, CLIENT_SECRET
from tests.sandbox.workspace.stage import KIM, Stage

VERIFIER = "a verifier that only we know"
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


def asked(stage: Stage, **changed: str) -> str:
    """The address of the page that asks who it is."""
    usual = {
        "response_type": "code", "scope": "openid profile email", "client_id": CLIENT_ID, "redirect_uri": f"{stage.base}/back",
        "state": "s", "nonce": "n", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }  # fmt: skip
    return f"{stage.base}/openid/connect/authorize?{urlencode(usual | changed)}"


async def code_of(stage: Stage, user: str = KIM) -> dict[str, list[str]]:
    """Somebody says who they are; what the app is told in the address."""
    async with aiohttp.ClientSession() as browser:
        async with browser.get(asked(stage)) as page:
            assert page.status == 200 and "Kim Ji-woo" in await page.text()
        async with browser.post(asked(stage), data={"user": user}, allow_redirects=False) as answer:
            return parse_qs(urlsplit(answer.headers["Location"]).query)


async def exchanged(stage: Stage, code: str, /, **changed: str) -> Any:
    usual = {"code": code, "redirect_uri": f"{stage.base}/back", "code_verifier": VERIFIER, "grant_type": "authorization_code"}
    given = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET} | usual | changed
    return await AsyncWebClient(base_url=f"{stage.base}/api/", retry_handlers=[]).api_call("openid.connect.token", data=given)


async def test_an_app_learns_who_somebody_is_once(stage: Stage) -> None:
    answer = await code_of(stage)
    assert answer["state"] == ["s"]
    told = await exchanged(stage, answer["code"][0])
    claims = jwt.decode(told["id_token"], CLIENT_SECRET, algorithms=["HS256"], audience=CLIENT_ID, issuer=stage.base)
    assert (claims["sub"], claims["nonce"], claims["https://slack.com/team_id"]) == (KIM, "n", stage.team.world.team_id)
    known = await AsyncWebClient(told["access_token"], base_url=f"{stage.base}/api/").openid_connect_userInfo()
    assert (known["sub"], known["email"]) == (KIM, "kim@example.com")
    with pytest.raises(SlackApiError) as again:
        await exchanged(stage, answer["code"][0])
    assert again.value.response["error"] == "invalid_code"
    assert (await code_of(stage, ""))["error"] == ["access_denied"]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_id": "9.9"}, "invalid_client_id"),
        ({"client_secret": "guessed"}, "bad_client_secret"),
        ({"redirect_uri": "https://evil.example/back"}, "bad_redirect_uri"),
        ({"code_verifier": "guessed"}, "invalid_grant"),
        ({"grant_type": "password"}, "invalid_grant_type"),
        ({"code": "9.9.9"}, "invalid_code"),
    ],
)
async def test_who_cannot_show_what_belongs_to_a_code_gets_nothing_for_it(stage: Stage, changed: dict[str, str], error: str) -> None:
    code = (await code_of(stage))["code"][0]
    with pytest.raises(SlackApiError) as refused:
        await exchanged(stage, code, **changed)
    assert refused.value.response["error"] == error


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"client_id": "9.9"}, "Invalid client_id"),
        ({"redirect_uri": "https://evil.example/back"}, "redirect_uri did not match any configured URIs"),
        ({"scope": "profile"}, "Invalid permissions requested"),
        ({"scope": "openid chat:write"}, "Invalid permissions requested"),
        ({"response_type": "token"}, "response_type must be code"),
    ],
)
async def test_an_app_that_asks_wrongly_gets_nobody(stage: Stage, changed: dict[str, str], words: str) -> None:
    async with aiohttp.ClientSession() as browser:
        for answer in (browser.get(asked(stage, **changed)), browser.post(asked(stage, **changed), data={"user": KIM})):
            async with answer as page:
                assert page.status == 400 and words in await page.text()
