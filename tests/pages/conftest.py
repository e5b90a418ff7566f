"""The bot's own pages in a real Chromium, on a phone and on a desk, in both colour schemes."""

import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Response, ViewportSize, async_playwright, expect

from bot.clock import FakeClock
from tests.pages.kit import PATIENCE_MS, Place, a_place
from tests.world import World, running_world

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
IN_CI = os.environ.get("TOCSIN_CI") == "1"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
PHONE = ViewportSize(width=360, height=740)
DESK = ViewportSize(width=1280, height=800)
expect.set_options(timeout=PATIENCE_MS)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def chromium() -> AsyncIterator[Browser]:
    if CHROMIUM is None and not IN_CI:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    assert CHROMIUM is not None, "Chromium is not installed, and CI needs it: apt-get install chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def world(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    """A bot that runs, in the sandbox."""
    async with running_world(sqlite_url, tmp_path, clock) as world:
        yield world


@dataclass
class Looking:
    """A browser with one page open: what it loaded, and what went wrong."""

    page: Page
    loaded: list[Response] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    async def bytes_loaded(self) -> int:
        """How much came over the wire, headers left out."""
        return sum([len(await response.body()) for response in self.loaded if response.status < 300 or response.status >= 400])


@dataclass
class Looker:
    """Opens links as a person on a device would."""

    browser: Browser
    looking: list[Looking] = field(default_factory=list)

    async def open(self, link: str, viewport: ViewportSize = PHONE, scheme: str = "light", *, script: bool = False) -> Looking:
        """The page behind a link. Without script, as it must work."""
        context = await self.browser.new_context(
            viewport=viewport,
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=script,
            has_touch=viewport is PHONE,
            is_mobile=viewport is PHONE,
        )
        looking = Looking(await context.new_page())
        self.looking.append(looking)
        looking.page.set_default_timeout(PATIENCE_MS)
        looking.page.on("response", lambda response: looking.loaded.append(response))
        looking.page.on("pageerror", lambda error: looking.troubles.append(str(error)))
        looking.page.on("console", lambda said: looking.troubles.append(said.text) if said.type in ("error", "warning") else None)
        await looking.page.goto(link)
        return looking


@pytest_asyncio.fixture(loop_scope="module")
async def looker(chromium: Browser, world: World) -> AsyncIterator[Looker]:
    """Nothing that was looked at in the test may have asked another machine for anything, or have broken the page's own policy."""
    looker = Looker(chromium)
    yield looker
    for looking in looker.looking:
        outside = [response.url for response in looking.loaded if not response.url.startswith(world.sandbox.url + "/")]
        troubles = [trouble for trouble in looking.troubles if "Failed to load resource" not in trouble]  # the refusals' own status
        await looking.page.context.close()
        assert outside == []
        assert troubles == []


def link_on_phone(world: World, user: str) -> str:
    """The link in the newest page that somebody's phone has received."""
    found = re.findall(rf"{re.escape(world.sandbox.url)}/p/\S+", "\n".join(world.phone(user).received))
    return str(found[-1])


async def link_in_channel(world: World, number: int, purpose: str) -> str:
    """The newest link to `/<purpose>/<number>` that stands in an incident's channel."""
    said = "\n".join(await world.channel_texts(number))
    return str(re.findall(rf"{re.escape(world.sandbox.url)}/{purpose}/{number}\?k=[\w.-]+", said)[-1])


@pytest_asyncio.fixture(loop_scope="module")
async def place(chromium: Browser) -> AsyncIterator[Place]:
    """A fresh workspace of the sandbox, to be looked at through its page."""
    async with a_place(chromium) as place:
        yield place
