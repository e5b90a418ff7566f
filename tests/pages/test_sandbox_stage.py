"""What stands around the sandbox's workspace: the guided tour, the scenario bar, the clock and the console, with the bot behind them."""

import re

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.pages.conftest import DESK, Looker, link_on_phone
from tests.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def page(world: World, looker: Looker) -> Page:
    """The sandbox's page on a desk."""
    looking = await looker.open(world.sandbox.url, DESK, script=True)
    await expect(looking.page.locator("#place-name")).to_contain_text("general")
    return looking.page


def step(page: Page) -> Locator:
    """Which step of the tour is the next."""
    return page.locator(".tour-dots .now")


async def send(page: Page, world: World) -> None:
    """Send what the tour has put into the box."""
    await page.get_by_role("region", name="Guided tour").get_by_role("button", name="Put it in the box").click()
    await expect(page.locator("#line")).to_be_focused()
    await page.press("#line", "Enter")
    await expect(page.locator("#line")).to_have_value("")
    await world.settled()


async def test_the_tour_goes_from_declaring_to_the_postmortem_by_what_really_happens(world: World, page: Page) -> None:
    tour = page.get_by_role("region", name="Guided tour")
    await expect(step(page)).to_have_text("Declare")
    await send(page, world)
    assert await world.channel_name(1) == "inc-1-checkout-is-down"
    await expect(step(page)).to_have_text("Page")

    await tour.get_by_role("button", name="Show Ana’s phone").click()
    await page.locator("#texts a").first.click()
    on_phone = page.frame_locator(".phone iframe")
    await expect(on_phone.get_by_role("heading", name="checkout is down")).to_be_visible()
    await expect(step(page)).to_have_text("Acknowledge")

    await on_phone.get_by_role("button", name="Acknowledge").click()
    await world.settled()
    await world.heard(1, "acknowledged")
    await expect(step(page)).to_have_text("Update")

    await send(page, world)
    await world.heard(1, "rolling back, watching for 10 minutes")
    await expect(step(page)).to_have_text("Resolve")

    await send(page, world)
    await world.heard(1, "config rolled back")
    await expect(step(page)).to_have_text("Postmortem")

    said = await world.heard(1, "/postmortems/1")
    [link] = set(re.findall(r"(/postmortems/1\?k=[\w.-]+)", str(said.raw)))
    opened = page.locator(f"#messages a[href*='{link}']").first
    async with page.context.expect_page() as other:
        await opened.click()
    await expect((await other.value).locator("main")).to_contain_text("config rolled back")
    await expect(tour).to_contain_text("That was an incident")
    await tour.get_by_role("button", name="Finish").click()
    await expect(tour).to_be_hidden()
    await page.reload()
    await expect(page.get_by_role("button", name="Take the tour")).to_be_visible()
    await expect(tour).to_be_hidden()


async def test_the_tour_can_be_left_taken_up_again_and_done_another_way(world: World, page: Page) -> None:
    tour = page.get_by_role("region", name="Guided tour")
    await tour.get_by_role("button", name="Leave the tour").click()
    await expect(tour).to_be_hidden()
    await world.user("lee").command("/inc sev1 checkout is down")  # somebody else, and not in this window
    await world.settled()
    await page.reload()
    await page.get_by_role("button", name="Go on with the tour").click()
    await expect(step(page)).to_have_text("Page")
    await world.phone("ana").reply("1a")
    await world.settled()
    await world.heard(1, "acknowledged")
    await expect(step(page)).to_have_text("Update")
    await page.reload()
    await expect(step(page)).to_have_text("Update")


async def test_nothing_is_ticked_off_before_it_has_happened(world: World, page: Page) -> None:
    await page.get_by_role("region", name="Guided tour").get_by_role("button", name="Put it in the box").click()
    await world.user("kim").message("the checkout team has acknowledged the *Update* and *Resolved* it")
    await expect(page.locator("#messages")).to_contain_text("has acknowledged the")
    await expect(step(page)).to_have_text("Declare")
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    await expect(step(page)).to_have_text("Page")
    await world.user("kim").message("@ana acknowledged it, *Update* follows, soon *Resolved*", await world.channel_name(1))
    await page.request.get(link_on_phone(world, "ana"))
    await expect(step(page)).to_have_text("Acknowledge")  # as far as it has come, and no further


async def play(page: Page, title: str) -> Locator:
    """Click a scenario; its button."""
    button = page.get_by_role("group", name="Make it happen").get_by_role("button", name=title)
    await button.click()
    await expect(page.locator(".toast").last).to_be_visible(timeout=30_000)  # all of it is done by then
    return button


async def test_what_breaks_the_fleet_stands_in_menus(page: Page) -> None:
    for title, holds in (("Break the fleet", "A hung instance"), ("Incidents of 2023", "8 September: a power failure")):
        opens = page.get_by_role("group", name="Make it happen").get_by_role("button", name=title)
        await opens.press("Enter")
        await expect(page.get_by_role("menu", name=title).get_by_role("menuitem", name=holds)).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(opens).to_be_focused()


async def test_one_click_fires_an_alert_and_the_next_click_another(world: World, page: Page) -> None:
    await play(page, "An alert fires")
    await world.settled()
    await expect(page.locator(".places")).to_contain_text("inc-1-storagealmostfull")
    await page.get_by_role("button", name="bea, 1 new").click()
    await expect(page.locator(".phone .note")).to_contain_text("SEV2 #1 StorageAlmostFull")
    await play(page, "An alert fires")
    await world.settled()
    await expect(page.locator(".places")).to_contain_text("inc-2-")


async def test_one_click_takes_the_site_down(world: World, page: Page) -> None:
    await play(page, "The site is down")
    await world.settled()
    for name in ("inc-1-", "inc-2-", "inc-3-", "inc-4-the-whole-site-is-down"):
        await expect(page.locator(".places")).to_contain_text(name)
    assert len([sms for sms in world.phone("ana").received if "#1" in sms]) == 1  # four alerts, one page


@pytest.mark.parametrize(("title", "error"), [("Slack is rate-limiting", "ratelimited"), ("Slack is down", "(HTTP 503)")])
async def test_with_slack_limited_or_down_the_page_leaves_and_the_channel_comes_later(
    world: World, page: Page, title: str, error: str
) -> None:
    button = await play(page, title)
    await expect(button).to_have_attribute("aria-pressed", "true")
    await play(page, "An alert fires")
    await page.get_by_role("button", name="bea, 1 new").click()
    await expect(page.locator(".phone .note")).to_contain_text("SEV2 #1 StorageAlmostFull")
    await expect(page.locator(".places")).not_to_contain_text("inc-1")
    assert error in {call["result"]["error"] for call in world.sandbox.calls("conversations.create") if call["result"]}
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "false")
    await world.advance(minutes=2)
    await expect(page.locator(".places")).to_contain_text("inc-1")


async def test_when_the_sms_provider_fails_the_phone_rings(world: World, page: Page) -> None:
    await play(page, "SMS provider fails")
    await play(page, "An alert fires")
    await page.get_by_role("button", name="bea, rings").click()
    await expect(page.locator(".phone").get_by_text("Incoming call")).to_be_visible()
    assert world.phone("bea").received == []


async def test_when_nobody_answers_the_ladder_climbs_before_one_s_eyes(world: World, page: Page) -> None:
    button = await play(page, "Nobody answers")
    await expect(button).to_have_attribute("aria-pressed", "true")
    for user in ("bo", "kim", "bea"):  # primary, secondary, manager
        await page.get_by_role("group", name="Whose phone").get_by_role("button", name=re.compile(f"^{user}")).click()
        await expect(page.locator(".note", has_text="SEV2 #1").first).to_be_visible()
    assert {call.answered_by for call in world.phone("bo").calls} == {"machine_start"}
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "false")
    assert world.phone("ana").phone.ringing == "ring"


async def test_the_clock_moves_and_the_next_one_is_paged(world: World, page: Page) -> None:
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    await world.phone("bo").policy(calls="decline")  # or it may ring in the end, over what is to be read
    await expect(page.locator("#clock")).to_have_text("09:00:00")
    await page.get_by_role("button", name="bo", exact=True).click()
    await expect(page.locator(".phone .note")).to_have_count(0)
    await page.get_by_role("button", name="Move the clock 5 min ahead").click()
    await expect(page.locator(".phone .note", has_text="SEV1 #1 checkout is down")).to_be_visible()
    await expect(page.locator("#clock")).to_have_text("09:05:00")
    await expect(page.locator(".phone-time")).to_contain_text("09:05")


async def test_the_console_tells_of_every_call_with_time_and_error_and_by_incident(world: World, page: Page) -> None:
    world.sandbox.fault(service="sms", status=503)
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.user("kim").command("/inc sev2 storage is slow")
    await world.settled()
    await page.get_by_role("tab", name="Console").click()
    lines = page.locator(".lines > li")
    created = lines.filter(has_text="conversations.create")
    await expect(created).to_have_count(2)
    await expect(lines.filter(has_text="/inc").first).to_contain_text("Command")
    await expect(lines.filter(has_text="503, 20503: Service Unavailable")).to_contain_text("ana · #1")
    await expect(created.first.locator(".line-ms")).to_have_text(re.compile(r"^[\d.]+ ms$"))

    await page.get_by_label("Incident").select_option("2")
    await expect(created).to_have_count(1)
    await created.get_by_role("button").click()
    await expect(created.locator("pre")).to_contain_text('"name": "inc-2-storage-is-slow"')
    assert [text for text in await lines.all_inner_texts() if "#2" not in text] == []

    await page.get_by_label("Incident").select_option("")
    await page.get_by_label("Kind").select_option("sms call mail push")
    await expect(lines.filter(has_text="POST Messages").first).to_be_visible()
    await expect(created).to_have_count(0)
    await page.get_by_label("Failed").check()
    await expect(lines).to_have_count(1)
    await page.get_by_role("button", name="Clear").click()
    await expect(page.locator(".lines .empty")).to_be_visible()


async def test_the_console_is_live(world: World, page: Page) -> None:
    await page.get_by_role("tab", name="Console").click()
    await expect(page.locator(".lines")).to_contain_text("auth.test")
    await page.get_by_role("button", name="Clear").click()
    await world.user("kim").command("/inc sev1 checkout is down")
    await expect(page.locator(".lines")).to_contain_text("conversations.create")
    await expect(page.locator(".lines")).not_to_contain_text("auth.test")
