"""S4: the page behind the link in an SMS, loaded on a slow 3G network, beside a static page of the same size."""

import re
import shutil
from pathlib import Path
from statistics import median

from aiohttp import ClientSession, web
from playwright.async_api import Browser, async_playwright

from bench.contestants import running_bot
from bench.page import FLAGS
from bench.table import Row, ratios
from bot.sandbox.testing import Sandbox

ROUNDS = 5
# Slow 3G as WebPageTest and Lighthouse have it: 400 ms there and back, 400 kbit/s each way.
SLOW_3G = {"offline": False, "latency": 400, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}
LOADED = "() => performance.getEntriesByType('navigation')[0].loadEventEnd"


async def one(browser: Browser, url: str) -> float:
    """Seconds until the page is there, in a browser that has never seen it."""
    context = await browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page = await context.new_page()
    network = await context.new_cdp_session(page)
    await network.send("Network.enable")
    await network.send("Network.emulateNetworkConditions", SLOW_3G)
    await page.goto(url, wait_until="load")
    await page.wait_for_function(f"({LOADED})() > 0")
    took: float = await page.evaluate(LOADED)
    await context.close()
    return took / 1000


async def static_page(size: int) -> tuple[web.AppRunner, str]:
    """A server with one page of so many bytes and nothing else in it."""
    body = "<!doctype html><title>static</title><p>".ljust(size, "x")
    app = web.Application()

    async def show(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type="text/html")

    app.router.add_get("/", show)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}/"


async def measure(folder: Path) -> list[Row]:
    """By turns the bot's page and the static one, each in a fresh browser context."""
    async with Sandbox() as sandbox, running_bot(sandbox, f"sqlite:///{folder / 's4.db'}") as bot, async_playwright() as playwright:
        await sandbox.until(lambda: sandbox.outside.workspace.team.delivery.sockets.of(sandbox.outside.app.id))
        await sandbox.user("kim").command("/inc sev1 checkout is down")
        await sandbox.until(lambda: sandbox.phone("ana").received)
        [link] = re.findall(r"http\S+/p/\S+", sandbox.phone("ana").last_sms)
        link = link.replace(sandbox.url, bot.url)
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        async with ClientSession() as client, client.get(link) as answer:
            size = len(await answer.read())
        runner, static = await static_page(size)
        rounds = [(await one(browser, link), await one(browser, static)) for _ in range(ROUNDS)]
        await runner.cleanup()
        await browser.close()
    ours, theirs = [pair[0] for pair in rounds], [pair[1] for pair in rounds]
    value, spread = ratios(ours, theirs)
    shown = f"{median(ours):.2f} s", f"{median(theirs):.2f} s"
    seconds = Row("S4", "the same in seconds", shown[0], "–", median(ours), f"{min(ours):.2f} to {max(ours):.2f}", 1.0, 0.8)
    return [Row("S4", f"phone page on slow 3G ({size / 1000:.0f} kB)", *shown, value, spread, 1.5, 1.1), seconds]
