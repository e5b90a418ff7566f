"""The sandbox's phones and mailbox in the browser, with the bot behind them: what whoever is paged hears, reads, taps and keys."""

from dataclasses import replace

import pytest
import pytest_asyncio
from playwright.async_api import Page, ViewportSize, expect

from bot.paging.channels.push import PushChannel
from bot.paging.notice import Accepted
from bot.sandbox.outside import NUMBERS
from tests.pages.conftest import DESK, PHONE, Looker
from tests.pages.test_page_access import seriously_wrong
from tests.paging.test_notice import NOTICE
from tests.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
SPOKEN = "window.spoken = []; speechSynthesis.speak = (words) => window.spoken.push(words.text); void 0"
"""The browser's own voice, written down: there is none to be heard here."""


@pytest_asyncio.fixture(loop_scope="module")
async def page(world: World, looker: Looker) -> Page:
    """The sandbox's page on a desk."""
    looking = await looker.open(world.sandbox.url, DESK, script=True)
    await expect(looking.page.locator("#place-name")).to_contain_text("general")
    return looking.page


async def declared(world: World) -> None:
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()


async def test_a_text_lies_on_the_lock_screen_and_is_answered_in_its_thread(world: World, page: Page) -> None:
    await declared(world)
    note = page.locator(".phone .note")
    await expect(note).to_contain_text("SEV1 #1 checkout is down")
    await expect(page.get_by_role("tab", name="Phones")).to_contain_text("1")
    await note.click()
    await expect(page.get_by_role("tab", name="Phones").locator(".count")).to_be_hidden()
    await page.get_by_label("Text message").fill("1a")
    await page.get_by_label("Text message").press("Enter")
    await expect(page.locator(".sms.out")).to_contain_text("1a")
    await expect(page.locator(".sms.in").last).to_contain_text("#1 is yours.")
    await world.settled()
    assert "<@U0ANA000000> acknowledged" in await world.card(1)
    await page.get_by_role("button", name="Back").click()
    await expect(note).to_contain_text("messages")


async def test_the_link_in_a_text_opens_on_the_phone_and_one_tap_takes_the_page(world: World, page: Page) -> None:
    await declared(world)
    await page.locator(".phone .note").click()
    await page.locator("#texts a").first.click()
    on_phone = page.frame_locator(".phone iframe")
    await expect(on_phone.get_by_role("heading", name="checkout is down")).to_be_visible()
    await on_phone.get_by_role("button", name="Acknowledge").click()
    await expect(on_phone.locator(".notice")).to_contain_text("You")
    await world.settled()
    assert "<@U0ANA000000> acknowledged" in await world.card(1)
    await expect(on_phone.locator(".notice")).to_be_visible()  # what came meanwhile has not taken the page away
    await page.get_by_role("button", name="Back").click()
    await expect(page.locator("#texts")).to_be_visible()


async def test_a_link_to_elsewhere_does_not_open_on_the_phone(world: World, page: Page) -> None:
    world.sandbox.outside.phones.send("+15550100000", NUMBERS["ana"], "see https://evil.example/p/1 or javascript:alert(1)")
    await page.locator(".phone .note").click()
    link = page.locator("#texts a")
    await expect(link).to_have_count(1)
    await expect(link).to_have_attribute("target", "_blank")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")


async def rings(world: World, page: Page) -> None:
    """Ana's phone rings, because no text gets through; the page is looking at Bo's."""
    await page.evaluate(SPOKEN)
    await page.get_by_role("button", name="bo", exact=True).click()
    world.sandbox.fault(service="sms", status=503, count=0)
    await declared(world)
    await expect(page.get_by_role("alert").filter(has_text="ana’s phone rings")).to_be_visible()


async def test_a_call_rings_wherever_one_looks_says_its_words_and_takes_keys(world: World, page: Page) -> None:
    await rings(world, page)
    await page.get_by_role("button", name="Look").click()
    await expect(page.locator(".ring")).to_have_count(0)
    await page.get_by_role("button", name="Answer", exact=True).click()
    said = page.get_by_role("log", name="What is said")
    await expect(said).to_contain_text("incident 1: checkout is down")
    assert any("incident 1: checkout is down" in line for line in await page.evaluate("window.spoken"))
    await page.get_by_role("group", name="Keypad").get_by_role("button", name="4").click()
    await expect(said).to_contain_text("Pressed 4")
    await world.settled()
    assert "<@U0ANA000000> acknowledged" in await world.card(1)
    await expect(page.get_by_role("status").filter(has_text="Call ended")).to_be_visible()
    await page.get_by_role("button", name="Done").click()
    await page.locator(".note summary", has_text="Answered call").click()
    await expect(page.locator(".note .spoken").first).to_contain_text("checkout is down")


@pytest.mark.parametrize(("button", "note", "status"), [("Decline", "Declined call", "busy"), ("Voicemail", "Voicemail", "completed")])
async def test_a_call_is_declined_or_sent_to_voicemail(world: World, page: Page, button: str, note: str, status: str) -> None:
    await rings(world, page)
    await page.get_by_role("button", name="Look").click()
    await page.get_by_role("button", name=button).click()
    await world.settled()
    kept, done = page.locator(".note", has_text=note), page.get_by_role("button", name="Done")
    await expect(kept.or_(done).first).to_be_visible()
    if await done.is_visible():  # what was said is shown until one is done with it, if the call was looked at while it was said
        await done.click()
    await expect(kept).to_be_visible()
    if button == "Voicemail":
        await kept.locator("summary").click()
        await expect(kept.locator(".spoken").first).to_contain_text("checkout is down")
    assert world.phone("ana").calls[0].status == status


async def test_a_phone_can_be_silent_and_be_set(world: World, page: Page) -> None:
    await page.get_by_text("Settings of this phone").click()
    await page.get_by_label("A call").select_option("decline")
    await page.get_by_label("Sound").uncheck()
    await expect(page.get_by_label("A call")).to_have_value("decline")
    assert (await world.sandbox.get("/phones/ana"))["policy"]["calls"] == "decline"
    await page.reload()
    await page.get_by_text("Settings of this phone").click()
    await expect(page.get_by_label("A call")).to_have_value("decline")
    await expect(page.get_by_label("Sound")).not_to_be_checked()


async def test_a_mail_is_shown_rendered_without_script_and_plain(world: World, page: Page) -> None:
    await world.user("kim").command("/inc sev1 <script>parent.ran=1</script> <img src=x onerror=parent.ran=1>")
    await world.settled()
    await page.get_by_role("tab", name="Mail").click()
    owner = next(user for user in NUMBERS if world.sandbox.mailbox(user))
    await page.get_by_role("group", name="Whose mail").get_by_role("button", name=owner).click()
    await page.locator(".mail-entry").first.click()
    rendered = page.frame_locator(".mail iframe")
    await expect(rendered.get_by_role("link", name="Open and answer")).to_be_visible()
    await expect(page.locator(".mail iframe")).to_have_attribute("sandbox", "allow-popups allow-popups-to-escape-sandbox")
    assert await page.evaluate("window.ran") is None
    await page.get_by_role("button", name="Plain").click()
    await expect(page.locator(".mail pre")).to_contain_text("Answer here, no login needed: ")
    await page.get_by_role("button", name="Headers").click()
    await expect(page.locator(".mail pre")).to_contain_text("Message-ID: <page-1-")


async def test_a_page_is_answered_by_replying_to_its_mail(world: World, page: Page) -> None:
    await declared(world)
    await page.get_by_role("tab", name="Mail").click()
    await page.get_by_role("group", name="Whose mail").get_by_role("button", name="ana").click()
    await page.locator(".mail-entry").first.click()
    await page.get_by_label("Reply by mail").fill("ack")
    await page.get_by_role("button", name="Reply", exact=True).click()
    await expect(page.locator(".mail-entry")).to_have_count(2)
    await page.locator(".mail-entry").first.click()
    await expect(page.locator(".mail pre")).to_contain_text("#1 is yours.")


async def test_the_frame_of_a_mail_runs_no_script_whatever_it_says(world: World, page: Page, looker: Looker) -> None:
    hostile = "Content-Type: text/html\r\nSubject: x\r\nFrom: a@b\r\n\r\n<script>parent.document.title='ran'</script><p>still here</p>"
    world.sandbox.outside.mailbox.keep(["ana@example.com"], hostile.encode())
    await page.get_by_role("tab", name="Mail").click()
    await page.locator(".mail-entry").first.click()
    await expect(page.frame_locator(".mail iframe").get_by_text("still here")).to_be_visible()
    assert "Tocsin sandbox" in await page.title()
    [looking] = looker.looking
    assert any("Blocked script execution" in trouble for trouble in looking.troubles), "the browser has refused it"
    looking.troubles.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_phone_mail_and_console_fit_a_phones_width(world: World, looker: Looker, scheme: str) -> None:
    await declared(world)
    looking = await looker.open(world.sandbox.url, PHONE, scheme, script=True)
    await looking.page.locator(".tabs button", has_text="Phones").tap()
    for tab, shown in (("Phones", ".phone .note"), ("Mail", ".mail-entry"), ("Console", ".line")):
        await looking.page.get_by_role("tab", name=tab).tap()
        await expect(looking.page.locator(shown).first).to_be_visible()
        assert await looking.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")])
async def test_axe_finds_nothing_serious_outside_slack(world: World, looker: Looker, size: ViewportSize, scheme: str) -> None:
    await declared(world)
    world.sandbox.fault(service="sms", status=503, count=0)
    await world.user("kim").command("/inc sev2 storage is slow")
    await world.settled()
    page = (await looker.open(world.sandbox.url, size, scheme, script=True)).page
    if size is PHONE:
        await page.locator(".tabs button", has_text="Phones").click()
    await expect(page.locator(".phone .note")).to_be_visible()
    wrong = await seriously_wrong(page, "lock screen and tour")
    await page.locator(".phone .note").click()
    wrong += await seriously_wrong(page, "texts")
    await page.get_by_role("button", name="bea, rings").click()
    await expect(page.get_by_text("Incoming call")).to_be_visible()
    wrong += await seriously_wrong(page, "a ring")
    await page.get_by_role("button", name="Answer", exact=True).click()
    await expect(page.get_by_role("group", name="Keypad")).to_be_visible()
    wrong += await seriously_wrong(page, "a call")
    await page.get_by_role("tab", name="Mail").click()
    await page.locator(".mail-entry").first.click()
    await page.get_by_role("button", name="Plain").click()
    wrong += await seriously_wrong(page, "mail")
    await page.get_by_role("tab", name="Console").click()
    await page.locator(".line").first.click()
    wrong += await seriously_wrong(page, "console")
    await page.get_by_role("button", name="Slack is down").click()
    await expect(page.get_by_role("button", name="Slack is down")).to_have_attribute("aria-pressed", "true")
    wrong += await seriously_wrong(page, "a scenario in force")
    assert wrong == []


async def test_a_push_notification_lies_on_the_lock_screen_and_its_button_takes_the_page(world: World, looker: Looker) -> None:
    await declared(world)
    link = next(line for line in world.phone("ana").last_sms.splitlines() if line.startswith("http"))
    title = "SEV1 #1 checkout is down"
    notice = replace(NOTICE, incident=1, title="checkout is down", link=link, address=f"{world.sandbox.url.replace('http', 'ntfy')}/ana")
    assert isinstance(await PushChannel().send(notice), Accepted)
    page = (await looker.open(world.sandbox.url, PHONE, script=True)).page
    await page.locator(".tabs button", has_text="Phones").tap()
    note = page.locator(".phone .note").filter(has_text="Push")
    await expect(note).to_contain_text(title)
    assert not await seriously_wrong(page, "a push notification")
    await note.get_by_role("button", name="Open page").click()
    await expect(page.frame_locator(".phone iframe").get_by_role("button", name="Acknowledge")).to_be_visible()
    await page.get_by_role("button", name="Back").click()
    await note.get_by_role("button", name="Acknowledge").click()
    await expect(note).to_have_count(0)
    await world.settled()
    assert "<@U0ANA000000> acknowledged" in await world.card(1)
