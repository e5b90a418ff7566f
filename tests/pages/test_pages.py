"""What somebody woken at 03:00 sees and taps: the page behind the SMS, the incident's page, the postmortem."""

import json
import re
from datetime import timedelta

import pytest
from playwright.async_api import ViewportSize, expect

from bot.web.front import HEADERS
from bot.web.pages import stylesheet
from tests.pages.conftest import DESK, PHONE, Looker, Looking, link_in_channel, link_on_phone
from tests.pages.test_page_access import seriously_wrong
from tests.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
SCREENS = [(PHONE, "light"), (PHONE, "dark"), (DESK, "light"), (DESK, "dark")]
LARGEST = 50 * 1024
THUMB = 44
READABLE = 4.5
LONG = "checkout <script>alert(1)</script> \u202eé🔥 " + "x" * 300

# Of every text on the page, the contrast with what lies behind it, by the formula of WCAG 2.
CONTRASTS = """() => {
  const rgb = (css) => css.match(/[\\d.]+/g).map(Number);
  const light = (c) => { const [r, g, b] = c.map((v) => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
                         return .2126 * r + .7152 * g + .0722 * b; };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
                          if (c.length < 4 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) { const e = walk.currentNode.parentElement; const text = walk.currentNode.data.trim(); if (!text) continue;
    const a = light(rgb(getComputedStyle(e).color).slice(0, 3)), b = light(behind(e));
    found.push([text.slice(0, 40), (Math.max(a, b) + .05) / (Math.min(a, b) + .05)]); }
  return found; }"""
TARGETS = """() => [...document.querySelectorAll("button, .button")].map((e) => {
  const box = e.getBoundingClientRect(); return [e.textContent.trim(), box.width, box.height]; })"""


async def fits(looking: Looking, width: int) -> None:
    """No scrolling sideways, nothing too small to hit, nothing too faint to read."""
    assert await looking.page.evaluate("document.documentElement.scrollWidth") <= width
    small = [target for target in await looking.page.evaluate(TARGETS) if min(target[1:]) < THUMB]
    assert small == []
    faint = [text for text in await looking.page.evaluate(CONTRASTS) if text[1] < READABLE]
    assert faint == []


@pytest.mark.parametrize(("viewport", "scheme"), SCREENS)
async def test_every_page_is_readable_and_fits_whatever_it_says(world: World, looker: Looker, viewport: ViewportSize, scheme: str) -> None:
    await world.user("kim").command(f"/inc sev1 {LONG}")
    await world.settled()
    channel = await world.channel_name(1)
    await world.user("ana").message("y" * 4000, channel)
    page = link_on_phone(world, "ana")
    incident = await link_in_channel(world, 1, "i")
    for link in (page, incident, page[:-3] + "xyz"):
        await fits(await looker.open(link, viewport, scheme, script=True), viewport["width"])
    await world.user("ana").command("/inc resolve config rolled back", channel)
    await world.settled()
    for link in (page, incident, await link_in_channel(world, 1, "postmortems")):
        looking = await looker.open(link, viewport, scheme, script=True)
        await fits(looking, viewport["width"])
        await expect(looking.page.locator("main")).to_contain_text("alert(1)")
        assert await looking.page.locator("main script").count() == 0


async def test_what_matters_is_seen_without_scrolling_and_is_small(world: World, looker: Looker) -> None:
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    looking = await looker.open(link_on_phone(world, "ana"))
    for text in ("SEV1", "#1", "Checkout", "since 09:00", "Nobody has answered yet"):
        await expect(looking.page.get_by_text(text, exact=False).first).to_be_in_viewport()
    await expect(looking.page.get_by_role("heading", name="checkout is down")).to_be_in_viewport()
    button = looking.page.get_by_role("button", name="Acknowledge")
    await expect(button).to_be_in_viewport(ratio=1)
    box = await button.bounding_box()
    assert box is not None
    assert box["width"] > PHONE["width"] * 0.8
    assert box["height"] >= 60
    await expect(looking.page.get_by_role("link", name="Call +1 555 010 0199, code 4711")).to_have_attribute("href", "tel:+15550100199")
    assert await looking.bytes_loaded() <= LARGEST
    assert len(looking.loaded) == 1, "a second request is another wait on a slow network"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_answers_stand_in_thumbs_reach_and_cover_nothing(world: World, looker: Looker, scheme: str) -> None:
    await world.user("kim").command(f"/inc sev1 {LONG}")
    await world.settled()
    page = (await looker.open(link_on_phone(world, "ana"), PHONE, scheme, script=True)).page
    for label in ("Acknowledge", "Escalate", "I can't"):
        button = page.get_by_role("button", name=re.compile(f"^{label}"))
        await expect(button).to_be_in_viewport(ratio=1)
        box = await button.bounding_box()
        assert box is not None and box["y"] > PHONE["height"] / 2 and box["height"] >= THUMB
    last = page.locator("dd").last
    await last.scroll_into_view_if_needed()
    await page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    end, bar = await last.bounding_box(), await page.locator(".answers").bounding_box()
    assert end is not None and bar is not None and end["y"] + end["height"] <= bar["y"]
    await expect(page.get_by_role("link", name="Join the channel")).to_have_attribute(
        "href", re.compile(r"app_redirect\?team=T\w+&channel=C")
    )
    assert await seriously_wrong(page, "page") == []


async def test_a_page_is_put_off_by_a_tap(world: World, looker: Looker) -> None:
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    page = (await looker.open(link_on_phone(world, "ana"))).page
    await page.get_by_role("button", name="15 min").tap()
    await expect(page.locator(".notice")).to_contain_text("You snoozed this page until ")


async def test_looking_changes_nothing_and_one_tap_takes_the_page(world: World, looker: Looker) -> None:
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    await world.advance(minutes=3)
    ana, bo = link_on_phone(world, "ana"), link_on_phone(world, "bo")
    assert ana != bo
    await looker.open(ana)
    second = await looker.open(bo)  # open before Ana answers, as it happens
    first = await looker.open(ana)
    await world.settled()
    assert "acknowledged" not in await world.card(1)

    await first.page.get_by_role("button", name="Acknowledge").tap()
    await expect(first.page.get_by_role("button", name="Acknowledge")).to_have_count(0)
    await expect(first.page.locator(".notice")).to_contain_text("You")
    await world.settled()
    assert "<@U0ANA000000> acknowledged" in await world.card(1)

    await second.page.get_by_role("button", name="Acknowledge").tap()
    await expect(second.page.locator(".notice")).to_contain_text("Ana Silva took this page at ")
    await world.settled()
    assert "<@U0BO0000000> acknowledged" not in await world.card(1)


async def test_resolving_a_severe_incident_by_tap_asks_once_more(world: World, looker: Looker) -> None:
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    looking = await looker.open(link_on_phone(world, "ana"))
    await looking.page.get_by_role("button", name="Resolve").tap()
    await expect(looking.page.get_by_text("Resolve this SEV1?")).to_be_visible()
    await world.settled()
    assert "Resolved" not in await world.card(1)
    await looking.page.get_by_role("button", name="Yes, resolve").tap()
    await expect(looking.page.locator(".notice")).to_contain_text("needs nobody any more")
    await world.settled()
    assert "Resolved" in await world.card(1)


async def test_i_cannot_pages_the_next_person_at_once(world: World, looker: Looker) -> None:
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    looking = await looker.open(link_on_phone(world, "ana"))
    await looking.page.get_by_role("button", name=re.compile("^I can't")).tap()
    await expect(looking.page.locator("dd", has_text="said that they cannot")).to_be_visible()
    await world.settled()
    assert "checkout is down" in world.phone("bo").last_sms


async def test_a_dead_link_says_how_to_answer_all_the_same(world: World, looker: Looker) -> None:
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    link = link_on_phone(world, "ana")
    for altered in (link[:-3] + "xyz", link.replace("/p/1", "/p/2"), link.split("?")[0] + "?k="):
        looking = await looker.open(altered)
        await expect(looking.page.locator(".notice")).to_contain_text("Open Slack, or answer the SMS by replying with its code")
        assert looking.loaded[0].status in (400, 403)
    world.clock.advance(timedelta(days=4))
    looking = await looker.open(link)
    assert looking.loaded[0].status == 410
    await expect(looking.page.locator(".notice")).to_contain_text("Open Slack, or answer the SMS by replying with its code")


async def test_the_pages_leak_nothing_and_load_nothing_foreign(world: World, looker: Looker) -> None:
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    incident = await link_in_channel(world, 1, "i")
    await world.user("kim").command("/inc resolve config rolled back", await world.channel_name(1))
    await world.settled()
    phone = link_on_phone(world, "ana")
    for link in (phone, incident, await link_in_channel(world, 1, "postmortems")):
        looking = await looker.open(link, script=True)
        answered = looking.loaded[0].headers
        policy = HEADERS["Content-Security-Policy"].replace(
            "frame-ancestors 'none'", "frame-ancestors 'self'"
        )  # the sandbox's phones frame it
        if link == phone:
            policy += f"; style-src '{stylesheet()[1]}'"  # its own styles inside it, and nothing else
        assert {name: answered.get(name.lower()) for name in HEADERS} == {**HEADERS, "Content-Security-Policy": policy}
        assert answered["cache-control"] == "no-store"
        assert await looking.bytes_loaded() <= LARGEST
        planted = (
            "() => { const made = document.createElement('script'); made.textContent = 'window.ran = 1'; document.body.append(made); }"
        )
        await looking.page.evaluate(planted)
        assert await looking.page.evaluate("window.ran") is None, "the policy lets no script run"
        looking.troubles = [trouble for trouble in looking.troubles if "script-src" not in trouble and "inline script" not in trouble]
    assert "frame-ancestors 'none'" in HEADERS["Content-Security-Policy"]
    assert HEADERS["Referrer-Policy"] == "no-referrer"
    assert "unsafe" not in json.dumps(dict(HEADERS))
