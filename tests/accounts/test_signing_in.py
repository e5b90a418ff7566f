"""Signing in with Slack, from the button to the page that was wanted, and all that can go wrong on the way."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.outside import probes
from bot.sandbox.keys import CLIENT_ID, CLIENT_SECRET
from bot.slack.gateway import SlackGateway, web_client
from tests.accounts.browser import Browser
from tests.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
KIM, GUEST, ELSEWHERE = "U0KIM000000", "U0GUS000000", "U0STRANGER0"


async def test_who_signs_in_gets_to_the_page_they_wanted_and_out_again(world: World) -> None:
    async with Browser(world.sandbox.url) as kims, Browser(world.sandbox.url) as kims_phone:
        offered, page = await kims.get("/account")
        assert offered.url.path == "/signin" and "Sign in with Slack" in page
        answer, page = await kims.sign_in(KIM)
        assert (answer.status, answer.url.path) == (200, "/account") and "Kim Ji-woo" in page and "responder" in page
        await kims_phone.sign_in(KIM)
        before = kims.key
        await kims.get("/signin", follow=False)
        (cookie,) = [one for one in kims.jar if one.key == "tocsin"]
        assert cookie["httponly"] and cookie["samesite"] == "Lax"

        await kims.sign_in(KIM)
        assert kims.key != before, "a new id with each sign-in"
        async with Browser(world.sandbox.url) as thief:
            thief.jar.update_cookies({"tocsin": before})
            assert (await thief.get("/account"))[0].url.path == "/signin", "the one before has ended"

        await kims.get("/account")
        refused, said = await kims.post("/account", {"where": "everywhere"}, token="wrong")
        assert refused.status == 403 and "Open it again" in said
        refused, said = await kims.post("/account", {"where": "everywhere"}, origin="https://evil.example")
        assert refused.status == 403 and "another site" in said
        assert (await kims_phone.get("/account"))[0].url.path == "/account", "nothing was done"
        await kims.post("/account", {"where": "everywhere"})
        for browser in (kims, kims_phone):
            assert (await browser.get("/account"))[0].url.path == "/signin"


async def test_an_admin_signs_somebody_out(world: World) -> None:
    async with Browser(world.sandbox.url) as kims, Browser(world.sandbox.url) as anas:
        await kims.sign_in(KIM)
        await kims.get("/account")
        refused, said = await kims.post("/account", {"person": "ana"})
        assert refused.status == 403 and "That takes an admin; you are a responder" in said
        await anas.sign_in("U0ANA000000")
        _, page = await anas.get("/account")
        assert "Sign Kim Ji-woo out everywhere" in page
        await anas.post("/account", {"person": "kim"})
        assert (await kims.get("/account"))[0].url.path == "/signin" and (await anas.get("/account"))[0].url.path == "/account"


async def test_who_is_not_ours_is_refused_in_a_sentence(world: World) -> None:
    async with Browser(world.sandbox.url) as browser:
        for user, words in ((ELSEWHERE, "a member of Elsewhere"), (GUEST, "a guest of this workspace"), ("", "You cancelled it in Slack")):
            answer, page = await browser.sign_in(user)
            assert answer.status in (400, 403) and words in page, page
        assert browser.key == ""


async def test_an_answer_counts_once_and_in_the_browser_that_asked(world: World) -> None:
    async with Browser(world.sandbox.url) as kims, Browser(world.sandbox.url) as victim:
        answer, _ = await kims.choose(await kims.to_slack(), KIM, follow=False)
        back = answer.headers["Location"]
        refused, page = await victim.get(back)
        assert refused.status == 403 and "begun in another browser" in page and victim.key == ""
        state = parse_qs(urlsplit(back).query)["state"][0]
        for forged in (f"x{state}", f"{state[:-1]}{'A' if state[-1] != 'A' else 'B'}", ""):
            assert (await kims.get(back.replace(state, forged)))[0].status == 403
        assert (await kims.get(back))[0].status == 200 and kims.key
        refused, page = await kims.get(back)
        assert refused.status == 403 and "Begin again" in page


async def test_a_code_is_of_no_use_to_who_did_not_ask_for_it(world: World) -> None:
    """PKCE: the code alone, with all of our secrets, is not enough."""
    async with Browser(world.sandbox.url) as kims:
        answer, _ = await kims.choose(await kims.to_slack(), KIM, follow=False)
        code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
        slack = SlackGateway(web_client(None, f"{world.sandbox.url}/api/"))
        redirect = f"{world.sandbox.url}/signin/slack/return"
        given = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "code": code, "redirect_uri": redirect}
        said = await slack.call("openid.connect.token", **given, code_verifier="guessed")
        await slack.close()
        assert getattr(said, "code", "") == "invalid_grant"


async def test_slack_being_away_or_refusing_us_is_said_and_the_way_is_open_again_after(world: World) -> None:
    async with Browser(world.sandbox.url) as kims:
        world.sandbox.fault(service="slack", method="openid.connect.token", status=503)
        answer, page = await kims.sign_in(KIM)
        assert answer.status == 503 and "nobody can sign in just now; the links that you were sent work" in page
        world.sandbox.fault(service="slack", method="openid.connect.token", error="bad_client_secret")
        answer, page = await kims.sign_in(KIM)
        assert answer.status == 503 and "SLACK_CLIENT_SECRET" in page
        assert "slack" not in json.dumps([one.says for one in (await world.bot.checks()).values() if not one.ok]), "the bot is well"
        assert (await kims.sign_in(KIM))[0].status == 200


async def test_two_tabs_can_sign_in_side_by_side(world: World) -> None:
    async with Browser(world.sandbox.url) as kims:
        one, other = await kims.to_slack("/account?tab=1"), await kims.to_slack("/account?tab=2")
        answers = [(await kims.choose(address, KIM))[0] for address in (one, other)]
        assert [answer.url.query_string for answer in answers] == ["tab=1", "tab=2"]


async def test_the_doctor_tells_when_slack_does_not_know_us(world: World) -> None:
    ask = probes(world.bot.settings)["signing in"]
    assert await ask() == ""
    world.sandbox.fault(service="slack", method="openid.connect.token", error="invalid_client_id")
    assert "SLACK_CLIENT_ID" in await ask()


async def test_without_a_client_id_links_are_the_only_way_and_the_page_says_how_to_change_that(world: World) -> None:
    await world.stop()
    kept = {name: world.environ.pop(name) for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET")}
    await world.start()
    async with Browser(world.sandbox.url) as browser:
        answer, page = await browser.get("/account")
        assert answer.status == 403 and "SLACK_CLIENT_ID" in page
        answer, page = await browser.get("/signin")
        assert answer.status == 200 and "/signin/slack/return" in page
        assert (await browser.get("/signin/slack"))[0].status == 400
    await world.stop()
    await world.start(**kept)
