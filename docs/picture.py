"""Draws docs/sandbox.png, the README's picture: `make picture`. Needs Chromium and a font with emoji (fonts-noto-color-emoji)."""

import json
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.stranger import Running, sandbox, until

PICTURE = Path(__file__).with_name("sandbox.png")
CHANNEL = "inc-1-checkout-is-down"
SIZE = {"width": 1280, "height": 860}


def play(running: Running) -> None:
    """What has happened before the picture is taken."""
    running.post("/control/command", user="kim", channel="general", text="/inc sev1 checkout is down")
    until(lambda: any("#1 SEV1" in text for text in running.texts(CHANNEL)), "the card stands in the channel")
    until(lambda: running.texted("ana"), "Ana has an SMS")
    running.post("/control/phones/ana/reply", text="1a")
    until(lambda: any("<@U0ANA000000> acknowledged" in text for text in running.texts(CHANNEL)), "the card says who has it")
    running.post("/control/message", user="ana", channel=CHANNEL, text="errors began with deploy v41, I am rolling it back")
    running.post("/control/command", user="ana", channel=CHANNEL, text="/inc update rolling back v41, watching for 10 minutes")
    until(lambda: "*Update*" in json.dumps(running.texts(CHANNEL)), "the update is posted")


def main() -> None:
    with tempfile.TemporaryDirectory() as data, sandbox(Path(data), with_page=True) as running, sync_playwright() as playwright:
        play(running)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport=SIZE, locale="en-GB")  # type: ignore[arg-type]
        page.goto(running.url)
        page.locator(".places button", has_text=CHANNEL).click()
        page.get_by_text("rolling back v41, watching").last.wait_for()
        page.wait_for_timeout(500)
        page.screenshot(path=PICTURE)
        browser.close()
    print(f"{PICTURE}: {PICTURE.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
