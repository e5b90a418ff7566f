"""A run from the page that woke somebody: asked for, looked at, approved, declined, gone alone with. Everything by taps, without script."""

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from bot.clock import FakeClock
from tests.journeys.roads import direct, opened
from tests.journeys.runbooks import declared, released, written
from tests.journeys.stories import run_card
from tests.pages.conftest import DESK, PHONE, Looker, link_on_phone
from tests.pages.test_page_access import seriously_wrong
from tests.pages.test_pages import fits
from tests.world import CONFIG, World, running_world

pytestmark = pytest.mark.asyncio(loop_scope="module")
RELEASES = {"type": "choice", "values": ["v1", "v40", "v41"], "help": "the release that was good"}
SLOW = {"type": "integer", "min": 0, "max": 9999, "default": 0, "help": "seconds to wait afterwards"}
RUNBOOK = {"services": ["checkout"], "parameters": {"to": RELEASES, "slow": SLOW}}


@pytest_asyncio.fixture(loop_scope="module")
async def world(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """A bot with a runbook whose hosts are this machine."""
    config = tmp_path / "config"
    shutil.copytree(CONFIG, config)
    written(config, **RUNBOOK)
    async with running_world(sqlite_url, tmp_path, clock, config=config, TOCSIN_RUNS=str(tmp_path / "runs")) as world:
        yield world


async def own_link(world: World, person: str, run: int) -> str:
    """The link to a run's page that somebody was sent when it waited for them."""
    texts = "\n".join(await world.sandbox.channel(await direct(world, person)).texts())
    return str(re.findall(rf"{re.escape(world.sandbox.url)}/runs/{run}\?k=[\w.-]+", texts)[-1])


async def everything_fits(looker: Looker, link: str) -> None:
    """The page on a phone by day and on a desk by night."""
    for viewport, scheme in ((PHONE, "light"), (DESK, "dark")):
        looking = await looker.open(link, viewport, scheme, script=True)
        await fits(looking, viewport["width"])
        assert await seriously_wrong(looking.page, "page") == []


async def asked_for(page: Page) -> None:
    """From the page that woke somebody to a request, in three taps."""
    await page.get_by_role("link", name="Write a release").tap()
    await page.locator("[name='p.to']").select_option("v41")
    await page.get_by_role("button", name="Prepare the run").tap()


async def test_from_the_page_that_woke_somebody_a_run_is_asked_for_and_another_person_approves_it(world: World, looker: Looker) -> None:
    await declared(world)
    page = (await looker.open(link_on_phone(world, "ana"))).page
    form = str(await page.get_by_role("link", name="Write a release").get_attribute("href"))
    await everything_fits(looker, form)
    await page.goto(form)
    once = await page.locator("input[name=once]").get_attribute("value")
    for _ in range(2):  # a form that is sent twice
        status, shown = await opened(form, "POST", **{"p.to": "v41", "p.slow": "0", "once": str(once)})
        assert status == 200
    assert "Run 1 of #1" in shown
    await run_card(world, 1, "waiting")
    assert not any("Run 2:" in text for text in await world.channel_texts(1))

    await page.goto(link_on_phone(world, "ana"))
    await page.get_by_role("link", name="See run 1: Write a release").tap()
    await expect(page.locator("main")).to_contain_text("You asked for it, so somebody else must approve it.")
    await expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    bo = await own_link(world, "bo", 1)
    await everything_fits(looker, bo)
    page = (await looker.open(bo)).page
    for words in ("What would happen", "2 hosts: web1, web2", "v41", "web1: ", "Ana Silva"):
        await expect(page.locator("main")).to_contain_text(words)
    await expect(page.get_by_role("button", name="Approve")).to_be_in_viewport(ratio=1)
    status, shown = await opened(bo, "POST", action="approve", fingerprint="of something else")
    assert status == 409
    assert "has changed since this was shown" in shown
    assert (await opened(bo.replace("/runs/1?", "/runs/2?"), "POST", action="approve"))[0] == 403
    assert released(world) == {}
    await page.get_by_role("button", name="Approve").tap()
    await run_card(world, 1, "succeeded")
    assert set(released(world).values()) == {"v41"}
    assert "succeeded" in (await opened(bo, "POST", action="decline"))[1]  # being second is no error
    nobody = re.findall(r"http\S+/runs/1\?k=[\w.-]+", await run_card(world, 1, "whole output"))[-1]
    assert (await opened(nobody, "POST", action="stop"))[0] == 403


async def test_what_is_declined_gone_alone_with_and_stopped_by_taps_says_who_and_why(world: World, looker: Looker) -> None:
    await declared(world)
    ana = (await looker.open(link_on_phone(world, "ana"))).page
    await asked_for(ana)
    await run_card(world, 1, "waiting")
    bo = (await looker.open(await own_link(world, "bo", 1))).page
    await bo.get_by_role("button", name="Decline").tap()
    await expect(bo.locator("main")).to_contain_text("Declined by Bo Lindqvist.")

    await ana.goto(link_on_phone(world, "ana"))
    await ana.get_by_role("link", name="Write a release").tap()
    await ana.locator("[name='p.to']").select_option("v40")
    await ana.locator("[name='p.slow']").fill("600")
    await ana.get_by_role("button", name="Prepare the run").tap()
    await run_card(world, 2, "waiting")
    await world.advance(minutes=3, seconds=1)
    await ana.reload()
    await ana.get_by_role("link", name="Go alone").tap()
    await expect(ana.get_by_role("button", name="Start the run")).to_be_visible()
    await everything_fits(looker, ana.url)
    await ana.get_by_label("Why can it not wait").fill("everybody <b>sleeps</b>")
    await ana.get_by_role("button", name="Start the run").tap()
    await run_card(world, 2, "Now: Wait")
    await ana.reload()
    await expect(ana.locator("main")).to_contain_text("everybody <b>sleeps</b>")
    await ana.get_by_role("button", name="Stop").tap()
    await run_card(world, 2, "Stopped by Ana Silva.")
