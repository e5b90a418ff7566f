"""A postmortem is written and reviewed in browsers, by people who sign in with Slack."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, expect
from sqlalchemy import select
from sqlmodel import col

from bot.accounts.models import BrowserSession
from bot.db import BOT
from tests.pages.conftest import DESK, PHONE
from tests.pages.kit import PATIENCE_MS
from tests.pages.test_page_access import seriously_wrong
from tests.world import World

CAUSE = "*To be written: what had to come together for this to happen?*"
pytestmark = pytest.mark.asyncio(loop_scope="module")


class Desk:
    """The browsers of those who review, and what went wrong in any of them."""

    def __init__(self, browser: Browser, world: World) -> None:
        self.browser, self.world = browser, world
        self.contexts: list[BrowserContext] = []
        self.troubles: list[str] = []
        self.wrong: list[str] = []

    async def sits(self, name: str, viewport: ViewportSize = DESK, scheme: Literal["light", "dark"] = "light") -> Page:
        """Somebody opens the postmortem by its bare address, and signs in with Slack on the way."""
        is_phone = viewport is PHONE
        context = await self.browser.new_context(viewport=viewport, color_scheme=scheme, is_mobile=is_phone, has_touch=is_phone)
        self.contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", lambda said: self.troubles.append(said.text) if said.type in ("error", "warning") else None)
        await page.goto(f"{self.world.sandbox.url}/postmortems/1")
        self.wrong += await seriously_wrong(page, "signing in") if len(self.contexts) <= 2 else []
        await self.sign_in(page, name)
        return page

    async def sign_in(self, page: Page, name: str) -> None:
        await page.get_by_role("link", name="Sign in with Slack").click()
        await page.get_by_role("button", name=name).click()


@pytest_asyncio.fixture(loop_scope="module")
async def desk(chromium: Browser, world: World) -> AsyncIterator[Desk]:
    """After the story no page has broken its own policy, nor thrown anything."""
    desk = Desk(chromium, world)
    yield desk
    for context in desk.contexts:
        await context.close()
    assert [trouble for trouble in desk.troubles if "Failed to load resource" not in trouble] == []  # the refusals' own status


async def resolved(world: World) -> None:
    """A SEV1 is over, and its postmortem drafted."""
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    channel = await world.channel_name(1)
    await world.user("ana").message("the new config of the load balancer drops half of the requests", channel)
    await world.user("bo").message("rolled back the config, errors are gone", channel)
    await world.user("kim").command("/inc resolve config rolled back", channel)
    await world.settled()


async def expired(world: World, person: str) -> None:
    """Somebody has not looked at a page for half a day."""
    async with world.bot.database.begin(actor=BOT) as tx:
        rows = (await tx.session.execute(select(BrowserSession).where(col(BrowserSession.person) == person))).scalars()
        for row in rows:
            row.seen_at -= timedelta(hours=13)


async def rewrite(page: Page, old: str, new: str) -> None:
    """Put other words in the place of some, as typing does."""
    box = page.get_by_label("Markdown", exact=True)
    text = await box.input_value()
    assert old in text
    await box.fill(text.replace(old, new))


async def test_two_people_write_disagree_review_and_publish(world: World, desk: Desk) -> None:
    await resolved(world)
    kim, bo = await desk.sits("Kim Ji-woo"), await desk.sits("Bo Lindqvist", PHONE, "dark")
    wrong = [*desk.wrong, *await seriously_wrong(kim, "document")]

    await bo.locator("#document").get_by_text("To be written: what had to come together").tap()
    await bo.get_by_role("button", name=re.compile("^Comment on “To be written: what had to come")).click()
    await bo.get_by_label(re.compile("^A comment on “To be written: what had")).fill("Was it the config, or that nobody tried it?")
    await bo.get_by_role("button", name="Comment", exact=True).last.click()
    await expect(bo.locator("#document .thread")).to_contain_text("Was it the config")

    await kim.get_by_role("link", name="Edit", exact=True).click()
    await bo.get_by_role("link", name="Edit", exact=True).click()
    await expect(bo.locator("#news")).to_contain_text("Kim Ji-woo edits this, too.")
    await rewrite(kim, CAUSE, "The config was pushed by hand.")
    await expect(kim.locator("#preview")).to_contain_text("The config was pushed by hand.")
    await expect(kim.locator("#kept")).to_contain_text("Kept at")
    wrong += await seriously_wrong(bo, "editor")

    await expired(world, "kim")
    await rewrite(kim, "pushed by hand.", "pushed by hand, past the canary.")
    await expect(kim.locator("#kept")).to_contain_text("You are not signed in any more")
    await kim.get_by_role("link", name="Sign in and go on").click()
    await desk.sign_in(kim, "Kim Ji-woo")
    await expect(kim.get_by_label("Markdown", exact=True)).to_have_value(re.compile("past the canary"))
    await kim.get_by_role("button", name="Save", exact=True).click()
    await expect(kim.locator("#document")).to_contain_text("pushed by hand, past the canary.")

    await bo.get_by_role("button", name="Write").click()
    await rewrite(bo, CAUSE, "The config was not tried on one host first.")
    await expect(bo.locator("#news")).to_contain_text("Kim Ji-woo saved version 2 meanwhile")
    await bo.get_by_role("button", name="Save", exact=True).click()
    await expect(bo.get_by_role("heading", name="Two texts for one place")).to_be_visible()
    wrong += await seriously_wrong(bo, "conflict")
    await kim.goto(f"{world.sandbox.url}/postmortems/1/conflicts")
    await bo.get_by_role("button", name="Keep both").click()
    for words in ("past the canary", "not tried on one host"):
        await expect(bo.locator("#document")).to_contain_text(words)
    await bo.get_by_role("link", name="Versions").click()
    await bo.get_by_role("link", name="Version 3").click()
    await expect(bo.locator("ins")).to_have_text("The config was not tried on one host first.")
    wrong += await seriously_wrong(bo, "versions")

    await kim.goto(f"{world.sandbox.url}/postmortems/1")
    thread = kim.get_by_role("region", name="Comment by Bo Lindqvist")
    await thread.get_by_text("Answer or resolve").click()
    await thread.get_by_label("Your answer").fill("Both.")
    await thread.get_by_role("button", name="Answer").click()
    await expect(thread).to_contain_text("Both.")
    await thread.get_by_text("Answer or resolve").click()
    await thread.get_by_role("button", name="Resolve").click()
    await expect(thread).to_contain_text("Resolved by Kim Ji-woo")
    await kim.get_by_text("Name an owner").click()
    await kim.get_by_role("button", name="Let them own it").click()
    await kim.get_by_text("Ask for a review").click()
    for name in ("Ana Silva", "Bo Lindqvist"):
        await kim.get_by_role("checkbox", name=name).check()
    await kim.get_by_role("button", name="Ask them").click()
    await expect(kim.locator(".standing")).to_contain_text("2 more approvals are needed. You own it, so others approve it.")

    ana = await desk.sits("Ana Silva", DESK, "dark")
    for page, more in ((bo, "One more approval is needed"), (ana, "Approved")):
        await page.goto(f"{world.sandbox.url}/postmortems/1")
        await page.get_by_role("button", name="Approve version 3").click()
        await expect(page.locator(".standing")).to_contain_text(more)
    await kim.reload()
    wrong += await seriously_wrong(kim, "approved")
    await kim.get_by_role("button", name="Publish").click()
    await expect(kim.locator(".badge")).to_have_text("Published")
    await bo.reload()
    assert await bo.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert wrong == []
