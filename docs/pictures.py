"""Draws the README's pictures: `make pictures`. Needs Chromium and a font with emoji (fonts-noto-color-emoji)."""

import json
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.stranger import Running, sandbox, until

FOLDER = Path(__file__).parent
CHANNEL = "inc-1-checkout-is-down"
DESK = (1280, 860)
PHONE = (390, 844)
SETTLES_MS = 700


def look(browser: Browser, running: Running, size: tuple[int, int], scheme: str) -> Page:
    """The page in a browser of its own, with the tour left."""
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-GB",
        device_scale_factor=1 if size == DESK else 2,
    )
    page.goto(running.url)
    page.locator("#place-name").wait_for(state="attached")
    page.locator(".take-tour, .tour-leave").first.wait_for(state="attached")
    leave = page.get_by_role("button", name="Leave the tour")
    if leave.is_visible():
        leave.click()
    return page


def draw(page: Page, name: str) -> None:
    page.wait_for_timeout(SETTLES_MS)
    page.screenshot(path=FOLDER / name, animations="disabled")
    print(f"docs/{name}: {(FOLDER / name).stat().st_size // 1024} KB")


def play(running: Running) -> None:
    """What has happened before the first picture is taken."""
    running.post("/control/command", user="kim", channel="general", text="/inc sev1 checkout is down")
    until(lambda: any("#1 SEV1" in text for text in running.texts(CHANNEL)), "the card stands in the channel")
    until(lambda: running.texted("ana"), "Ana has an SMS")
    running.post("/control/phones/ana/reply", text="1a")
    until(lambda: any("<@U0ANA000000> acknowledged" in text for text in running.texts(CHANNEL)), "the card says who has it")
    running.post("/control/message", user="ana", channel=CHANNEL, text="errors began with deploy v41, I am rolling it back")
    running.post("/control/command", user="ana", channel=CHANNEL, text="/inc update rolling back v41, watching for 10 minutes")
    until(lambda: "*Update*" in json.dumps(running.texts(CHANNEL)), "the update is posted")


def go_to_channel(page: Page) -> None:
    page.locator(".places").get_by_text(CHANNEL[:14]).first.click()
    page.get_by_text("rolling back v41, watching").last.wait_for()


def ring(running: Running) -> str:
    """Let a phone ring, because no text gets through; whose."""
    running.post("/control/scenarios/sms_fails")
    running.post("/control/scenarios/alert")
    until(lambda: any(phone["ringing"] for phone in running.get("/control/phones")), "a phone rings")
    return next(str(phone["user"]) for phone in running.get("/control/phones") if phone["ringing"])


def pictures(browser: Browser, running: Running) -> None:
    play(running)
    light, dark = look(browser, running, DESK, "light"), look(browser, running, DESK, "dark")
    go_to_channel(light)
    light.locator(".phone button.note").first.click()
    draw(light, "sandbox.png")

    go_to_channel(dark)
    dark.get_by_role("group", name="Whose phone").locator(f"[data-user={ring(running)}]").click()
    dark.get_by_role("button", name="Answer", exact=True).click()
    dark.get_by_role("group", name="Keypad").wait_for()
    draw(dark, "sandbox-call.png")

    go_to_channel(light)
    light.get_by_role("tab", name="Console").click()
    light.locator(".lines .line-failed").first.wait_for()
    draw(light, "sandbox-console.png")

    small = look(browser, running, PHONE, "light")
    small.locator(".tabs button", has_text="Phones").click()
    small.locator(".phone button.note").first.click()
    small.locator("#texts a").first.click()
    small.frame_locator(".phone iframe").get_by_role("heading", name="checkout is down").wait_for()
    draw(small, "sandbox-phone.png")


def main() -> None:
    with tempfile.TemporaryDirectory() as data, sandbox(Path(data), with_page=True) as running, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        pictures(browser, running)
        browser.close()


if __name__ == "__main__":
    main()
