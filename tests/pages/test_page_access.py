"""Who uses the sandbox's page without a mouse, with a screen reader, on a phone or in the dark; and who writes what should not be run."""

import re
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from bot.sandbox.testing import Json
from tests.pages.conftest import DESK, PHONE
from tests.pages.kit import NAME, PATIENCE_MS, Place, field_of, form, option, plain
from tests.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOSTILE = "<img src=x onerror=alert(1)> <script>alert(2)</script> <!channel> {{ 7*7 }} [x](javascript:alert(3)) \u202egnp.exe"
SERIOUS = ("serious", "critical")
CHOICES = [option("One"), option("Two")]
KINDS = ["static_select", "multi_static_select", "external_select", "users_select", "datepicker", "timepicker", "datetimepicker"]


async def seriously_wrong(page: Page, where: str) -> list[str]:
    """What axe-core finds serious or worse, with the element."""
    found: Any = await Axe().run(page)
    return [f"{where}: {one['id']}: {one['nodes'][0]['html'][:160]}" for one in found.response["violations"] if one["impact"] in SERIOUS]


async def everything(place: Place) -> str:
    """A message with one of each, replied to, reacted to and pinned; its ts."""
    elements = [
        {"type": kind, "action_id": f"a-{kind}", "options": CHOICES} if "static" in kind else {"type": kind, "action_id": f"a-{kind}"}
        for kind in KINDS
    ]
    ticks = [{"type": kind, "action_id": f"a-{kind}", "options": CHOICES} for kind in ("checkboxes", "radio_buttons")]
    menu = {"type": "overflow", "action_id": "menu", "options": CHOICES}
    buttons = [
        {"type": "button", "action_id": f"b{n}", "text": plain("Press"), "style": style} for n, style in enumerate(("primary", "danger"))
    ]
    ts = await place.post(
        {"type": "header", "text": plain("A header")},
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "*Words*, `code`, <https://example.com|a link>, <@U0BO0000000>"},
            "accessory": menu,
        },
        {"type": "actions", "elements": [*elements, *ticks, *buttons]},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "small words"}]},
        {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}], [{"type": "raw_text", "text": "b"}]]},
    )
    ana = place.sandbox.user("ana")
    await ana.react("eyes", "general", ts)
    await ana.message("a reply", "general", ts)
    await ana.post("pin", channel="general", ts=ts)
    await ana.post("topic", channel="general", topic="calm")
    await ana.post("bookmark", channel="general", title="Runbook", link="https://example.com")
    await ana.message("@kim look", "ops")
    return ts


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (DESK, "dark"), (PHONE, "light"), (PHONE, "dark")])
async def test_axe_finds_nothing_serious_wherever_one_goes(place: Place, size: ViewportSize, scheme: str) -> None:
    ts = await everything(place)
    place.kit.forms["form"] = form("errors", NAME, field_of("ticks", {"type": "checkboxes", "options": CHOICES}))
    page = await place.window("kim", size, scheme, touch=size is PHONE)
    await page.fill("#line", "/kit hello")
    await page.press("#line", "Enter")
    await expect(page.locator(".message.alone")).to_be_visible()
    message = page.locator(f"#messages [data-ts='{ts}']")
    await message.locator(".head").click()
    wrong = await seriously_wrong(page, "channel")
    await page.locator("#line").press_sequentially("/ki")
    wrong += await seriously_wrong(page, "completion")
    await page.fill("#line", "")
    await message.get_by_role("button", name="Find another reaction").click()
    wrong += await seriously_wrong(page, "emoji")
    await page.keyboard.press("Escape")
    await message.get_by_role("button", name="More actions").click()
    wrong += await seriously_wrong(page, "menu")
    await page.keyboard.press("Escape")
    await message.locator(".thread-link").click()
    await expect(page.locator(".thread .message")).to_have_count(2)
    wrong += await seriously_wrong(page, "thread")
    await page.keyboard.press("Escape")
    await page.fill("#line", "/kit form")
    await page.press("#line", "Enter")
    modal = page.get_by_role("dialog", name="A form")
    await modal.get_by_label("Name").fill("x")
    await modal.get_by_label("One").check()
    await modal.get_by_role("button", name="Go").click()
    await expect(modal.get_by_role("alert")).to_be_visible()
    wrong += await seriously_wrong(page, "modal")
    await page.keyboard.press("Escape")
    if size is PHONE:
        for pane in ("Phone", "Channels"):
            await page.locator(".tabs button", has_text=pane).click()
            wrong += await seriously_wrong(page, pane)
            assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    await page.locator("#apps .place").click()
    await page.get_by_role("tab", name="About").click()
    wrong += await seriously_wrong(page, "about")
    assert wrong == []


async def until_focused(page: Page, target: Locator, key: str = "Tab", most: int = 60) -> None:
    """Press a key until the focus is there."""
    for _ in range(most):
        if await target.evaluate("(one) => one === document.activeElement"):
            return
        await page.keyboard.press(key)
    raise AssertionError(f"{target} cannot be reached with {key}")


async def test_declaring_answering_and_updating_with_the_keyboard_alone(world: World, chromium: Browser) -> None:
    page = await chromium.new_page()
    page.set_default_timeout(PATIENCE_MS)
    await page.goto(f"{world.sandbox.url}/?as=kim")
    await expect(page.locator("#place-name")).to_have_text("# general")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")  # "To the message box"
    await expect(page.locator("#line")).to_be_focused()
    await page.keyboard.type("/inc sev1 checkout is down")
    await page.keyboard.press("Enter")
    await world.settled()
    await expect(page.locator(".place", has_text="inc-1")).to_have_count(1)
    await page.keyboard.press("Control+k")
    await page.keyboard.type("inc-1")
    await page.keyboard.press("Enter")
    await expect(page.locator("#place-name")).to_contain_text("inc-1")
    update = page.locator("#messages").get_by_role("button", name="Update", exact=True)
    await expect(update).to_be_visible()
    await until_focused(page, update, "Shift+Tab")
    await page.keyboard.press("Enter")
    modal = page.get_by_role("dialog")
    await expect(modal.get_by_role("textbox").first).to_be_focused()
    await page.keyboard.type("rolling back v41")
    await until_focused(page, modal.locator("[type=submit]"))
    await page.keyboard.press("Enter")
    await expect(modal).to_have_count(0)
    await world.settled()
    assert any("rolling back v41" in text for text in await world.channel_texts(1))
    await page.context.close()


async def test_walking_the_messages_with_arrows_and_letters(place: Place) -> None:
    for text in ("one", "two", "three"):
        posted = await place.sandbox.user("kim").message(text)
    page = await place.window("kim")
    await page.locator("#messages").focus()
    for _ in range(3):
        await page.keyboard.press("ArrowUp")
    await expect(page.locator("#messages .message", has_text="one")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("e")
    await page.keyboard.press("End")
    await page.keyboard.type(" and a half")
    await page.keyboard.press("Enter")
    await expect(page.locator("#messages")).to_contain_text("two and a half")
    await page.locator(f"#messages [data-ts='{posted['ts']}']").focus()
    await page.keyboard.press("r")
    await page.keyboard.type("rocket")
    await page.keyboard.press("Enter")
    await expect(page.locator(f"#messages [data-ts='{posted['ts']}'] .chip.mine")).to_contain_text("🚀")
    await page.locator(f"#messages [data-ts='{posted['ts']}']").focus()
    await page.keyboard.press("t")
    await expect(page.locator("#thread-line")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#line")).to_be_focused()
    await page.keyboard.press("Alt+ArrowDown")
    await expect(page.locator("#place-name")).to_have_text("# ops")


async def test_a_thumb_finds_the_buttons_of_a_card_on_a_phone(place: Place) -> None:
    await place.post({"type": "actions", "elements": [{"type": "button", "action_id": "ack", "text": plain("Ack")}]})
    page = await place.window("kim", PHONE, touch=True)
    button = page.get_by_role("button", name="Ack", exact=True)
    box = await button.bounding_box()
    assert box is not None
    assert box["height"] >= 38
    await button.tap()
    assert (await place.told(lambda: place.kit.actions))[0]["action_id"] == "ack"


async def test_hostile_words_are_words_wherever_they_stand(place: Place) -> None:
    page = await place.window("kim")
    ana = place.sandbox.user("ana")
    posted = await ana.message(HOSTILE)
    await ana.message(HOSTILE, "general", posted["ts"])
    await ana.post("topic", channel="general", topic=HOSTILE)
    await ana.post("bookmark", channel="general", title=HOSTILE, link="https://example.com/<b>")
    await ana.post("upload", channel="general", filename="<img src=x onerror=alert(4)>.html", content="<script>alert(5)</script>")
    await place.sandbox.post("/users", name="mallory", real_name=HOSTILE)
    await place.sandbox.user("mallory").post("join", channel="general")
    await place.sandbox.user("mallory").message("hi")
    texts: list[Json] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": HOSTILE}, "fields": [plain(HOSTILE)]},
        {"type": "header", "text": plain(HOSTILE)},
        {"type": "markdown", "text": HOSTILE + "\n[x](javascript:alert(6)) <javascript:alert(7)>"},
        {"type": "section", "text": {"type": "mrkdwn", "text": "<javascript:alert(8)|click me> <https://example.com/\"onclick=alert(9)|x>"}},
        {"type": "actions", "elements": [{"type": "button", "action_id": "a", "text": plain(HOSTILE[:70]), "url": "javascript:alert(10)"}]},
        {"type": "image", "image_url": "https://example.com/x.png", "alt_text": HOSTILE},
    ]  # fmt: skip
    await place.post(*texts)
    place.kit.forms["form"] = form("plain", NAME, title="<b>A form</b>")
    await expect(page.locator("#messages")).to_contain_text("click me")
    await page.locator("#messages .thread-link").click()
    await expect(page.locator(".thread")).to_contain_text("<script>alert(2)</script>")
    await page.keyboard.press("Escape")
    await page.fill("#line", "/kit form")
    await page.press("#line", "Enter")
    await expect(page.get_by_role("heading", name="<b>A form</b>")).to_be_visible()
    assert (
        await page.locator("body img:not([src^='/sandbox/static/']), body script, [href^='javascript'], [onclick], [onerror]").count() == 0
    )
    answered = await page.request.get(await page.evaluate("document.querySelector('.file').href"))
    assert answered.headers["content-disposition"].startswith("attachment")


async def test_the_policy_lets_no_script_run_that_is_not_a_file_of_the_sandbox(place: Place) -> None:
    page = await place.window("kim")
    answer = await page.request.get(place.sandbox.url)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", await answer.text()) is None
    planted = """() => {
      const script = document.createElement("script");
      script.textContent = "window.ran = 1";
      const box = document.createElement("div");
      box.innerHTML = '<img src=x onerror="window.ran = 2"><p style="color: red">x</p>';
      document.body.append(script, box);
      const colour = () => getComputedStyle(box.querySelector("p")).color;
      return new Promise((done) => box.querySelector("img").addEventListener("error", () => done([window.ran, colour()])));
    }"""
    ran, colour = await page.evaluate(planted)
    assert ran is None
    assert colour != "rgb(255, 0, 0)"
    place.troubles = [trouble for trouble in place.troubles if "Content Security Policy" not in trouble]
