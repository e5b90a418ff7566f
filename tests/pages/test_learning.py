"""The archive, a report and the tags in a real Chromium: by day and night, on a desk and a phone, without script."""

from datetime import UTC, timedelta

import pytest
from playwright.async_api import expect

from bot.accounts.pages import KEY
from bot.db import ActorId
from bot.learning.addresses import Addresses
from bot.learning.archive import search
from bot.learning.query import typed
from bot.web.signing import Links, Secrets
from tests.learning.quarters import fill
from tests.pages.conftest import DESK, PHONE, Looker
from tests.pages.test_page_access import seriously_wrong
from tests.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_archive_report_and_tags_fit_a_phone_and_a_screen_reader(world: World, looker: Looker) -> None:
    now = world.clock.now()
    await fill(world.bot.database, 40, alerts=60, first=now - timedelta(days=140), days=140)
    links = Links(Secrets(world.environ["TOCSIN_SECRET"]), world.sandbox.url, world.clock)
    addresses, kim = Addresses(links), ActorId("kim")
    archive = addresses.archive(kim, typed("checkout is:over"))
    report = links.link("reports", "2026q1", person=kim, lasts=timedelta(days=1))
    async with world.bot.database.read() as tx:
        [hit, *_] = (await search(tx, typed("is:published"), UTC)).hits
    document = links.link("postmortems", str(hit.incident.number), person=kim, lasts=timedelta(days=1))
    tags = document.replace(f"?{KEY}=", f"/tags?{KEY}=")
    wrong: list[str] = []
    for size, scheme in ((DESK, "light"), (PHONE, "dark")):
        for name, link in (("archive", archive), ("report", report), ("tags", tags)):
            looking = await looker.open(link, size, scheme, script=True)
            wrong += await seriously_wrong(looking.page, f"{name} {scheme}")
            assert await looking.page.evaluate("document.documentElement.scrollWidth") <= size["width"], name

    page = (await looker.open(archive, PHONE)).page
    await expect(page.locator("mark").first).to_have_text("checkout", ignore_case=True)
    await page.get_by_label("Words").fill("redis")
    await page.get_by_role("button", name="Search").click()
    await expect(page.locator(".hits li").first).to_contain_text("redis failover hangs")
    await expect(page.get_by_label("State")).to_have_value("over")
    page = (await looker.open(tags, PHONE)).page
    await page.get_by_label("A word or two").fill("Cold cache")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_role("button", name="Take away cold cache")).to_be_visible()
    assert wrong == []
