"""The sandbox's page as a workspace: what people see of each other's doings, at once and without a reload."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from bot.sandbox.testing import Sandbox
from bot.sandbox.workspace.model import Message
from tests.pages.kit import MANIFEST, Place

pytestmark = pytest.mark.asyncio(loop_scope="module")
GENERAL = "C0GENERAL00"


async def test_two_people_at_once_see_what_the_other_does(place: Place) -> None:
    kim, ana = await place.window("kim"), await place.window("ana")
    await kim.fill("#line", "hello @ana :wave:")
    await kim.press("#line", "Enter")
    message = ana.locator("#messages .message", has_text="hello")
    await expect(message.locator(".mention")).to_have_text("@ana")
    await expect(message.locator(".head b")).to_have_text("Kim Ji-woo")
    await message.hover()
    await message.get_by_title("React with :eyes:").click()
    chip = kim.locator(".chip", has_text="👀")
    await expect(chip).to_have_attribute("title", "ana reacted with :eyes:")
    await chip.click()
    await expect(message.locator(".chip.mine")).to_contain_text("2")
    await ana.fill("#line", "/kit hello ana")
    await ana.press("#line", "Enter")
    await expect(ana.locator(".message.alone")).to_contain_text("You typed hello ana")
    await expect(kim.locator(".message.alone")).to_have_count(0)
    await ana.select_option("#me", "bo")
    await expect(ana.locator(".message.alone")).to_have_count(0)
    assert "as=bo" in ana.url


async def test_unread_counts_rise_while_one_is_elsewhere_and_fall_when_one_looks(place: Place) -> None:
    page = await place.window("kim")
    ana = place.sandbox.user("ana")
    await ana.message("a", "ops")
    ops = page.locator(".place", has_text="ops")
    await expect(ops).to_have_class(re.compile("fresh"))
    await expect(ops.locator(".count")).to_have_count(0)
    await ana.message("@kim look", "ops")
    await expect(ops.locator(".count")).to_have_text("1")
    await ana.message("a word in private", "@kim")
    await expect(page.locator(".place", has_text="Ana Silva").locator(".count")).to_have_text("1")
    await ops.click()
    await expect(page.locator("#place-name")).to_have_text("# ops")
    await expect(ops).not_to_have_class(re.compile("fresh"))
    await page.locator(".place", has_text="general").click()
    await ana.message("b", "ops")
    await expect(ops).to_have_class(re.compile("fresh"))
    await page.reload()
    await expect(ops).to_have_class(re.compile("fresh"))
    await ops.click()
    await expect(page.locator(".divider.new ~ .message")).to_have_count(1)
    await expect(page.locator(".divider.new ~ .message")).to_contain_text("b")


async def test_edits_deletions_and_pins_arrive_by_themselves(place: Place) -> None:
    kim, ana = await place.window("kim"), await place.window("ana")
    posted = await place.sandbox.user("ana").message("deploi v42 &amp; &lt;b&gt; to #ops")
    mine, seen = (page.locator(f"[data-ts='{posted['ts']}']") for page in (ana, kim))
    await mine.hover()
    await mine.get_by_role("button", name="More actions").click()
    await ana.get_by_role("menuitem", name="Edit message").click()
    box = mine.get_by_label("Edit message")
    await expect(box).to_have_value("deploi v42 &amp; &lt;b&gt; to #ops")
    await box.fill("deploy v42")
    await box.press("Enter")
    await expect(seen).to_contain_text("deploy v42")
    await expect(seen).to_contain_text("(edited)")
    await seen.hover()
    await seen.get_by_role("button", name="More actions").click()
    await expect(kim.get_by_role("menuitem", name="Edit message")).to_have_count(0)
    await kim.get_by_role("menuitem", name="Pin to channel").click()
    await expect(mine).to_contain_text("Pinned")
    await ana.get_by_role("button", name="Pinned messages: 1").click()
    await expect(ana.get_by_role("dialog", name="Pinned messages")).to_contain_text("Pinned by kim")
    await ana.get_by_role("button", name="Unpin").click()
    await expect(seen.locator(".mark")).to_have_count(0)
    await mine.hover()
    await mine.get_by_role("button", name="More actions").click()
    await ana.get_by_role("menuitem", name="Delete message").click()
    await ana.get_by_role("dialog", name="Delete message").get_by_role("button", name="Delete").click()
    await expect(seen).to_have_count(0)


async def test_a_thread_beside_its_channel(place: Place) -> None:
    kim = await place.window("kim")
    posted = await place.sandbox.user("ana").message("who has the rollback?")
    root = kim.locator(f"#messages [data-ts='{posted['ts']}']")
    await root.hover()
    await root.get_by_role("button", name="Reply in thread").click()
    thread = kim.get_by_role("region", name="Thread")
    await thread.get_by_role("textbox", name="Reply").fill("/inc is only text here")
    await thread.get_by_role("textbox", name="Reply").press("Enter")
    await expect(thread.locator(".message").nth(1)).to_contain_text("/inc is only text here")
    await place.sandbox.user("bo").message("I have", "general", posted["ts"])
    await expect(thread.locator(".message")).to_have_count(3)
    await thread.get_by_label("Also send to the channel").check()
    await thread.get_by_role("textbox", name="Reply").fill("found it")
    await thread.get_by_role("textbox", name="Reply").press("Enter")
    await thread.get_by_role("button", name="Close the thread").click()
    await expect(root.locator(".thread-link")).to_contain_text("3 replies")
    await expect(kim.locator("#messages")).to_contain_text("found it")
    await expect(kim.locator("#messages")).not_to_contain_text("I have")


async def test_topic_and_bookmarks_are_set_and_seen_by_everybody(place: Place) -> None:
    kim, ana = await place.window("kim"), await place.window("ana")
    await kim.get_by_role("button", name="Add a topic").click()
    await kim.get_by_role("textbox", name="Topic").fill("calm")
    await kim.get_by_role("button", name="Save").click()
    await expect(ana.locator("#place-topic")).to_have_text("calm")
    await kim.get_by_role("button", name="Channel actions").click()
    await kim.get_by_role("menuitem", name="Add a bookmark").click()
    await kim.get_by_label("Title").fill("Runbook")
    await kim.get_by_label("Link").fill("ftp://no")
    await kim.get_by_role("button", name="Save").click()
    await expect(kim.locator(".toast")).to_contain_text("http://")
    await kim.get_by_label("Link").fill("https://example.com/r")
    await kim.get_by_role("button", name="Save").click()
    await expect(ana.get_by_role("group", name="Bookmarks").get_by_role("link")).to_have_attribute("href", "https://example.com/r")
    await ana.get_by_role("button", name="Remove the bookmark Runbook").click()
    await expect(kim.locator(".bookmark")).to_have_count(0)


async def test_private_archived_and_foreign_channels_are_what_they_are(place: Place) -> None:
    await place.slack.conversations_create(name="secret", is_private=True)
    made = await place.slack.conversations_create(name="hidden", is_private=True)
    await place.slack.conversations_invite(channel=made["channel"]["id"], users="U0KIM000000")
    old = await place.slack.conversations_create(name="old-war-room")
    await place.slack.conversations_invite(channel=old["channel"]["id"], users="U0KIM000000")
    await place.slack.conversations_archive(channel=old["channel"]["id"])
    await place.slack.conversations_create(name="open-door")
    page = await place.window("kim")
    await expect(page.locator(".place", has_text="secret")).to_have_count(0)
    await expect(page.locator(".place", has_text="hidden").get_by_role("img", name="private")).to_be_visible()
    await page.locator(".place", has_text="old-war-room").click()
    await expect(page.locator(".closed")).to_contain_text("This channel is archived")
    await expect(page.locator("#line")).to_be_hidden()
    await page.locator(".place", has_text="open-door").click()
    await expect(page.locator("#line")).to_be_hidden()
    await page.get_by_role("button", name="Join channel").click()
    await expect(page.locator("#line")).to_be_visible()


async def test_the_box_offers_commands_with_their_usage_people_and_emoji(place: Place) -> None:
    page = await place.window("kim")
    line = page.locator("#line")
    offers = page.locator(".offers:visible [role=option]")
    await line.press_sequentially("/ki")
    await expect(offers).to_have_count(2)
    await expect(offers.first).to_contain_text("form | late | hello <name>")
    await expect(offers.first).to_contain_text("Try something · Kit")
    await line.press("Enter")
    await expect(line).to_have_value("/kit ")
    await expect(page.locator(".usage-line").first).to_contain_text("/kit form | late | hello <name>")
    await line.fill("")
    await line.press_sequentially("@lind")
    await line.press("Tab")
    await line.press_sequentially("see #op")
    await line.press("Enter")
    await line.press_sequentially(":fir")
    await expect(offers.first).to_contain_text(":fire:")
    await line.press("Enter")
    await expect(line).to_have_value("@bo see #ops :fire: ")
    await line.press("Enter")
    message = page.locator("#messages .message").last
    await expect(message.locator(".mention")).to_have_text(["@bo", "#ops"])
    await expect(message).to_contain_text("🔥")
    [sent] = [message.text for message in await place.sandbox.channel("general").messages() if "see" in message.text]
    assert sent.startswith("<@U0BO0000000> see <#C0OPS000000")


async def test_shortcuts_of_the_app_and_files(place: Place) -> None:
    page = await place.window("kim")
    await page.get_by_role("button", name="Shortcuts", exact=True).click()
    await page.get_by_role("menuitem", name="Open the form").click()
    await expect(page.get_by_role("dialog", name="A form")).to_be_visible()
    await page.keyboard.press("Escape")
    posted = await place.sandbox.user("ana").message("disk full")
    message = page.locator(f"[data-ts='{posted['ts']}']")
    await message.hover()
    await message.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Keep this").click()
    assert await place.told(lambda: place.kit.kept) == ["disk full"]
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Attach a text file").click()
    await (await chooser.value).set_files({"name": "error.log", "mimeType": "text/plain", "buffer": b"it broke"})
    await expect(page.locator(".file")).to_contain_text("error.log")


async def test_an_app_has_a_home_and_says_what_it_can_do(place: Place) -> None:
    page = await place.window("kim")
    await page.locator("#apps .place", has_text="kit").click()
    await page.get_by_role("tab", name="Home").click()
    await page.get_by_role("button", name="Press me at home").click()
    assert (await place.told(lambda: place.kit.actions))[0]["action_id"] == "home-button"
    await page.get_by_role("tab", name="About").click()
    await expect(page.locator(".about")).to_contain_text("/kit form | late | hello <name>")
    await page.get_by_role("tab", name="Messages").click()
    await expect(page.locator("#line")).to_be_visible()


async def test_a_permalink_leads_to_its_message_among_thousands(place: Place) -> None:
    messages = await fill(place, 1200)
    page = await place.window("kim")
    ts = messages[300]
    await page.goto(f"{place.sandbox.url}/archives/{GENERAL}/p{ts.replace('.', '')}?as=kim")
    await expect(page.locator(f"[data-ts='{ts}']")).to_be_in_viewport()
    await page.get_by_role("button", name="Latest messages").click()
    await expect(page.locator(f"[data-ts='{messages[-1]}']")).to_be_in_viewport()


async def test_five_thousand_messages_are_never_drawn_at_once_and_all_can_be_reached(place: Place) -> None:
    messages = await fill(place, 5000)
    page = await place.window("kim")
    list_ = page.locator("#messages")
    await expect(page.locator(f"[data-ts='{messages[-1]}']")).to_be_in_viewport()
    most = 0
    for _ in range(200):
        most = max(most, await page.evaluate("document.querySelectorAll('*').length"))
        first = await list_.locator(".message").first.get_attribute("data-ts")
        if first == messages[0]:
            break
        await list_.evaluate("(list) => (list.scrollTop = 0)")
        await expect(list_.locator(".message").first).not_to_have_attribute("data-ts", str(first))
    else:
        raise AssertionError("the first message is never reached")
    assert most < 5000
    await page.get_by_role("button", name="Latest messages").click()
    await expect(page.locator(f"[data-ts='{messages[-1]}']")).to_be_in_viewport()
    posted = await place.sandbox.user("ana").message("and one more")
    await expect(page.locator(f"[data-ts='{posted['ts']}']")).to_be_in_viewport()


STANDS_STILL = """(list) => new Promise((done) => {
  let before = -1, frames = 0;
  const look = () => {
    frames = list.scrollTop === before ? frames + 1 : 0;
    before = list.scrollTop;
    if (frames >= 30) done();
    else requestAnimationFrame(look);
  };
  look();
})"""
"""Resolves once nothing has moved for 30 frames: what is asked for on the way up has come by then."""


async def test_what_one_looks_at_stays_where_it_is_while_others_write(place: Place) -> None:
    await fill(place, 300)
    page = await place.window("kim")
    list_ = page.locator("#messages")
    await list_.evaluate("(list) => (list.scrollTop = list.scrollHeight / 2)")
    await list_.evaluate(STANDS_STILL)
    below = "one.getBoundingClientRect().top > list.getBoundingClientRect().top + 50"
    seen = f"(list) => [...list.querySelectorAll('.message')].find((one) => {below})"
    ts, top = await list_.evaluate(f"(list) => {{ const one = ({seen})(list); return [one.dataset.ts, one.getBoundingClientRect().top]; }}")
    posted = await place.sandbox.user("ana").message("meanwhile")
    await expect(page.locator(f"[data-ts='{posted['ts']}']")).to_have_count(1)
    await page.wait_for_function(
        "([ts, top]) => Math.abs(document.querySelector(`[data-ts='${ts}']`).getBoundingClientRect().top - top) < 2", arg=[ts, top]
    )


async def test_the_workspace_survives_a_restart(place: Place, tmp_path: Path) -> None:
    async with Sandbox(data=tmp_path, manifest=MANIFEST) as first:
        posted = await first.user("ana").message("before the restart")
        await first.user("kim").react("eyes", "general", posted["ts"])
        await first.user("kim").post("topic", channel="general", topic="calm")
        await first.user("kim").post("read", channel="general", ts=posted["ts"])
    async with Sandbox(data=tmp_path, manifest=MANIFEST) as second:
        place.sandbox = second
        page = await place.window("kim")
        await expect(page.locator("#messages .message", has_text="before the restart").locator(".chip.mine")).to_have_count(1)
        await expect(page.locator("#place-topic")).to_have_text("calm")
        await page.context.close()
        place.pages.clear()
        place.addresses.clear()


async def test_the_first_screen_says_what_to_type_and_goes_when_something_has_happened(place: Place) -> None:
    page = await place.window("kim")
    first = page.get_by_role("region", name="Begin here")
    await first.get_by_role("button", name="Put it in the box").click()
    await expect(page.locator("#line")).to_have_value("/inc sev1 checkout is down")
    await expect(page.locator("#line")).to_be_focused()
    await place.slack.conversations_create(name="inc-1-checkout")
    await expect(first).to_have_count(0)


async def fill(place: Place, count: int) -> list[str]:
    """Put so many messages of two people into #general; their ts."""
    world = place.sandbox.outside.workspace.team.world
    channel = world.channels[GENERAL]
    found = []
    for number in range(count):
        ts = world.new_ts(1772442000 + number * 200)
        channel.messages[ts] = Message(ts, "U0ANA000000" if number % 3 else "U0BO0000000", f"message {number} :eyes: *bold* `code`")
        found.append(ts)
    return found
