"""S3: the sandbox's page on a channel of 5,000 messages: until the newest is seen, and how smoothly one scrolls to the first."""

import shutil
from pathlib import Path
from statistics import median
from typing import Any

from playwright.async_api import Page, async_playwright

from bench.table import Row
from bot.sandbox.testing import Sandbox
from bot.sandbox.workspace.model import Message

MESSAGES = 5000
ROUNDS = 3
CHANNEL, AUTHORS = "C0GENERAL00", ("U0ANA000000", "U0BO0000000")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--enable-precise-memory-info"]
# The moment the newest message is drawn, in ms since the page was asked for.
SEEN = """(ts) => new Promise((done) => {
  const look = () => document.querySelector(`[data-ts="${ts}"]`) ? done(performance.now()) : requestAnimationFrame(look);
  look();
})"""
# Scroll up by 300 px each frame until the first message: the frames' lengths in ms, and the most elements there ever were.
SCROLL = """(first) => new Promise((done) => {
  const list = document.getElementById("messages");
  const frames = []; let most = 0; let before = performance.now();
  const step = () => {
    const now = performance.now(); frames.push(now - before); before = now;
    most = Math.max(most, document.querySelectorAll("*").length);
    if (document.querySelector(`[data-ts="${first}"]`) && list.scrollTop === 0) return done({ frames, most });
    list.scrollTop -= 300;
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})"""


def fill(sandbox: Sandbox) -> tuple[str, str]:
    """Put the messages there; the first and the last ts."""
    world = sandbox.outside.workspace.team.world
    channel = world.channels[CHANNEL]
    for number in range(MESSAGES):
        ts = world.new_ts(1772442000 + number * 60)
        channel.messages[ts] = Message(
            ts, AUTHORS[number // 3 % 2], f"message {number}: `checkout` is *slow* for <@U0KIM000000> :eyes: " * 2
        )
    return next(iter(channel.messages)), ts


async def one_round(page: Page, url: str, first: str, last: str) -> dict[str, Any]:
    await page.goto(url)
    seen: float = await page.evaluate(SEEN, last)
    paint = await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? performance.now()")
    scrolled = await page.evaluate(SCROLL, first)
    heap: float = await page.evaluate("performance.memory.usedJSHeapSize / 1e6")
    frames = sorted(scrolled["frames"])
    return {"paint": paint, "seen": seen, "most": scrolled["most"], "p95": frames[int(len(frames) * 0.95)], "heap": heap}


async def measure(folder: Path) -> list[Row]:
    """Each round opens the page anew."""
    async with Sandbox(data=folder) as sandbox, async_playwright() as playwright:
        first, last = fill(sandbox)
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        rounds = []
        for _ in range(ROUNDS):
            page = await browser.new_page(viewport={"width": 1280, "height": 800})
            rounds.append(await one_round(page, f"{sandbox.url}/?as=kim", first, last))
            await page.close()
        await browser.close()

    def row(what: str, name: str, unit: str, must: float, goal: float) -> Row:
        found = sorted(one[name] for one in rounds)
        middle = median(found)
        return Row("S3", what, f"{middle:.0f} {unit}".strip(), "–", middle, f"{found[0]:.0f} to {found[-1]:.0f}", must, goal)

    return [
        row("page on 5,000 messages: first paint", "paint", "ms", 1000, 500),
        row("the newest message is seen", "seen", "ms", 1000, 500),
        row("scrolling to the first: frame, p95", "p95", "ms", 50, 34),
        row("elements drawn at most", "most", "", 5000, 4000),
        row("script's memory afterwards", "heap", "MB", 50, 25),
    ]
