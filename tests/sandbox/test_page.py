"""The page in a real Chromium, with a small bolt app behind it: what a person sees, types, presses and answers."""

import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.outside import NUMBERS
from bot.sandbox.testing import APP_TOKEN, BOT_TOKEN, Sandbox
from tests.sandbox.demo import MANIFEST, make

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
IN_CI = os.environ.get("TOCSIN_CI") == "1"
pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None and not IN_CI, reason="Chromium is not installed: apt-get install chromium"),
]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
US = "+15550100000"
HOSTILE = "<img src=x onerror=alert(1)> <script>alert(2)</script> <!channel> {{ 7*7 }} [x](javascript:alert(3)) \u202egnp.exe"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def chromium() -> AsyncIterator[Browser]:
    assert CHROMIUM is not None, "Chromium is not installed, and CI needs it"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@dataclass
class Seen:
    """A page open on a sandbox, with everything that went wrong or outside."""

    sandbox: Sandbox
    page: Page
    troubles: list[str]
    addresses: list[str]

    async def type(self, line: str) -> None:
        await self.page.fill("#line", line)
        await self.page.press("#line", "Enter")

    async def go(self, channel: str) -> None:
        await self.page.locator(".places button", has_text=channel).click()

    async def card(self) -> None:
        """Have a card in a channel of its own, and go there."""
        await self.sandbox.user("kim").command("/inc sev1 checkout is down")
        await self.go("inc-1-checkout")
        await expect(self.page.get_by_role("button", name="Ack", exact=True)).to_be_visible()


@pytest_asyncio.fixture(loop_scope="module")
async def seen(chromium: Browser) -> AsyncIterator[Seen]:
    async with Sandbox(manifest=MANIFEST) as sandbox:
        handler = AsyncSocketModeHandler(make(f"{sandbox.url}/api/", BOT_TOKEN), APP_TOKEN)
        await handler.connect_async()
        await sandbox.outside.until_connected()
        page = await chromium.new_page(viewport=DESK)  # type: ignore[arg-type]
        page.set_default_timeout(5000)
        seen = Seen(sandbox, page, [], [])
        page.on("console", lambda message: seen.troubles.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: seen.troubles.append(str(error)))
        page.on("dialog", lambda dialog: seen.troubles.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: seen.addresses.append(request.url))
        await page.goto(sandbox.url)
        await expect(page.locator("#place-name")).to_have_text("# general")
        yield seen
        await page.close()
        await handler.close_async()
        assert seen.troubles == []
        assert [address for address in seen.addresses if not address.startswith(sandbox.url + "/")] == []


async def test_the_first_screen_says_what_to_type_and_typing_it_works(seen: Seen) -> None:
    first = seen.page.locator(".first")
    await expect(first).to_contain_text("/inc sev1 checkout is down")
    await first.get_by_role("button", name="Put it in the box").click()
    await seen.page.press("#line", "Enter")
    await expect(seen.page.locator(".message.alone")).to_contain_text("Only visible to you")
    await expect(seen.page.locator(".message.alone")).to_contain_text("Declared: sev1 checkout is down")
    await expect(seen.page.locator(".places .place", has_text="inc-1-checkout")).to_have_class(re.compile("fresh"))
    await expect(first).to_have_count(0)


async def test_a_card_is_drawn_and_its_buttons_menus_and_selects_act(seen: Seen) -> None:
    await seen.card()
    messages = seen.page.locator("#messages")
    await expect(seen.page.get_by_role("heading", name="SEV1 checkout is down")).to_be_visible()
    await expect(messages.get_by_role("link", name="dashboard")).to_have_attribute("href", "https://example.com/d")
    await seen.page.get_by_role("button", name="Ack", exact=True).click()
    await expect(messages).to_contain_text("kim pressed ack 42")
    await seen.page.get_by_role("button", name="More options").click()
    await seen.page.get_by_role("menuitem", name="Escalate").click()
    await expect(messages).to_contain_text("kim pressed more escalate")
    await seen.page.locator(".actions select").select_option("2")
    await expect(messages).to_contain_text("kim pressed sev 2")
    await seen.page.get_by_role("button", name="Resolve").click()
    await seen.page.get_by_role("button", name="Not yet").click()
    await seen.page.get_by_role("button", name="Resolve").click()
    await seen.page.get_by_role("button", name="Resolve it").click()
    await expect(messages).to_contain_text("kim pressed resolve 42")
    assert [text for text in await seen.sandbox.channel("inc-1-checkout").texts() if "resolve" in text] == ["kim pressed resolve 42"]


async def test_a_modal_shows_its_error_at_the_field_keeps_what_was_typed_and_closes_when_it_is_right(seen: Seen) -> None:
    await seen.type("/inc")
    modal = seen.page.get_by_role("dialog", name="Declare")
    await modal.get_by_label("What is wrong?").fill("nothing")
    await modal.get_by_label("Who leads?").select_option(label="Bo Lindqvist")
    await modal.get_by_label("major").check()
    await modal.get_by_role("button", name="Declare it").click()
    await expect(modal.get_by_role("alert")).to_have_text("Say what is wrong, for example “checkout is down”.")
    await expect(seen.page.locator(".toast")).to_have_count(0)  # said once, at the field
    await expect(modal.get_by_label("What is wrong?")).to_have_value("nothing")
    await expect(modal.get_by_label("major")).to_be_checked()
    await modal.get_by_label("What is wrong?").fill("checkout is down")
    await modal.get_by_role("button", name="Declare it").click()
    await expect(modal).to_have_count(0)
    await expect(seen.page.locator("#messages")).to_contain_text("checkout is down")
    [form] = [text for text in await seen.sandbox.channel("general").texts() if text.startswith("form:")]
    assert "'selected_user': 'U0BO0000000'" in form
    assert "'value': 'major'" in form


async def test_cancelling_a_modal_closes_it_for_slack_too(seen: Seen) -> None:
    await seen.type("/inc")
    await seen.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    await expect(seen.page.get_by_role("dialog")).to_have_count(0)
    assert await seen.sandbox.user("kim").views() == []


async def test_hostile_text_is_text_wherever_it_stands(seen: Seen) -> None:
    ana = seen.sandbox.user("ana")
    await ana.message(HOSTILE)
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": HOSTILE}},
        {"type": "header", "text": {"type": "plain_text", "text": HOSTILE}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "<javascript:alert(4)|click me>"}},
    ]
    posted = await post_as_bot(seen.sandbox, blocks)
    assert posted["ok"] is True
    seen.sandbox.outside.phones.send(US, NUMBERS["ana"], HOSTILE)
    messages = seen.page.locator("#messages")
    await expect(messages).to_contain_text("<img src=x onerror=alert(1)>")
    await expect(messages).to_contain_text("click me")
    await expect(seen.page.locator(".note-text")).to_contain_text("<script>alert(2)</script>")
    await seen.page.locator(".note").click()
    await expect(seen.page.locator("#texts")).to_contain_text("<script>alert(2)</script>")
    assert await seen.page.locator("#messages img, #messages script, .phone img, .phone script, [href^=javascript]").count() == 0


async def test_a_block_that_is_not_known_is_marked_and_not_dropped(seen: Seen) -> None:
    await seen.page.evaluate(
        """async () => {
          const { blocks } = await import("/sandbox/static/blocks.js");
          document.getElementById("messages").append(blocks([{ type: "carousel", text: { text: "three cards" } }], { names: {} }));
        }"""
    )
    await expect(seen.page.locator(".unknown")).to_have_text("This page cannot draw the block “carousel”. three cards")


MRKDWN = [
    ("*bold* and _leaning_ and ~gone~", "<strong>bold</strong> and <em>leaning</em> and <s>gone</s>"),
    ("2*3*4 and snake_case_name", "2*3*4 and snake_case_name"),
    ("`*code*`", "<code>*code*</code>"),
    ("*<https://example.com|the runbook>*", "<strong><a"),
    ("a &lt;b&gt; &amp;amp; c", "a &lt;b&gt; &amp;amp; c"),
    ("&gt; quoted\nnot", "<blockquote>quoted</blockquote>not"),
    ("```\nx < y\n```", "<pre>x &lt; y</pre>"),
    ("an ```unclosed fence", "an ```unclosed fence"),
    ("<!channel>", '<span class="mention loud">@channel</span>'),
]


async def test_mrkdwn_looks_as_in_slack(seen: Seen) -> None:
    drawn = await seen.page.evaluate(
        """async (texts) => {
          const { mrkdwn } = await import("/sandbox/static/mrkdwn.js");
          return texts.map((text) => mrkdwn(text, { user: () => null, channel: () => null }).innerHTML);
        }""",
        [written for written, _ in MRKDWN],
    )
    assert [(written, html) for (written, html), got in zip(MRKDWN, drawn, strict=True) if html not in got] == []


async def test_replies_reactions_and_message_shortcuts(seen: Seen) -> None:
    posted = await seen.sandbox.user("ana").message("deploy v42 is out")
    message = seen.page.locator(f"[data-ts='{posted['ts']}']")
    await message.hover()
    await message.get_by_title("React with :eyes:").click()
    await expect(message.locator(".chip.mine")).to_contain_text("1")
    await message.hover()
    await message.get_by_role("button", name="Reply in thread").click()
    await seen.page.fill("#thread-line", "rolling back")
    await seen.page.press("#thread-line", "Enter")
    await expect(seen.page.locator(".thread .message").last).to_contain_text("rolling back")
    await seen.page.get_by_role("button", name="Close the thread").click()
    await expect(message.locator(".thread-link")).to_contain_text("1 reply")
    await message.hover()
    await message.get_by_role("button", name="More actions").click()
    await seen.page.get_by_role("menuitem", name="Add to timeline").click()
    await expect(seen.page.locator("#messages")).to_contain_text("noted: deploy v42 is out")


async def test_whose_screen_it_is_can_be_changed(seen: Seen) -> None:
    await seen.type("/inc sev1 checkout is down")
    await expect(seen.page.locator(".message.alone")).to_have_count(1)
    await seen.page.select_option("#me", "lee")
    await expect(seen.page.locator(".message.alone")).to_have_count(0)
    await seen.type("lee is here")
    await expect(seen.page.locator(".message", has_text="lee is here").locator(".head b")).to_have_text("Lee O'Hara")


async def test_everything_fits_a_phones_width(seen: Seen) -> None:
    await seen.card()
    await seen.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    for tab, shown in (("Channels", ".places"), ("Phone", ".side"), ("Chat", ".chat")):
        await seen.page.locator(".tabs button", has_text=tab).click()
        await expect(seen.page.locator(shown)).to_be_visible()
        assert await seen.page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    box = await seen.page.get_by_role("button", name="Ack", exact=True).bounding_box()
    assert box is not None
    assert box["height"] >= 38  # a thumb's width, nearly
    await seen.page.get_by_role("button", name="Ack", exact=True).click()
    await expect(seen.page.locator("#messages")).to_contain_text("kim pressed ack 42")


async def test_the_page_allows_nothing_but_its_own_server(seen: Seen) -> None:
    answer = await seen.page.request.get(seen.sandbox.url)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    html = await answer.text()
    assert "<style" not in html
    assert "onclick" not in html


async def post_as_bot(sandbox: Sandbox, blocks: list[dict[str, object]]) -> dict[str, object]:
    client = AsyncWebClient(token=BOT_TOKEN, base_url=f"{sandbox.url}/api/")
    return dict((await client.chat_postMessage(channel="general", text="fallback", blocks=blocks)).data)  # type: ignore[arg-type]
