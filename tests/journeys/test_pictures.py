"""The incident on one page: in its channel once, on the postmortem's page with the same in words, and in the PDF."""

import os
import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import aiohttp

from bot.postmortems.models import PostmortemPicture
from tests.journeys import roads
from tests.journeys.test_alert_to_incident import alert, post, webhook
from tests.world import Json, World

LINK = re.compile(r"https?://[^\s|>\"\\]+/postmortems/\d+\?k=[^\s|>\"\\]+")


async def pictures(world: World, number: int) -> list[Json]:
    """The pictures in an incident's channel, as Slack has them."""
    messages = await world.sandbox.channel(await world.channel_name(number)).messages()
    return [file for message in messages for file in message.raw.get("files", ()) if file["name"].endswith(".png")]


async def taken(address: str) -> tuple[int, str, bytes]:
    """What is at an address: status, kind, bytes."""
    async with aiohttp.ClientSession() as browser, browser.get(address) as answer:
        return answer.status, answer.content_type, await answer.read()


async def test_it_is_posted_once_shown_on_the_page_and_printed(sqlite_world: World) -> None:
    world = sqlite_world
    kim, ana = world.user("kim"), world.user("ana")
    await kim.command("/inc sev2 checkout is down & out")
    await world.advance(minutes=4)
    await roads.by_sms(world, "ana")
    await world.settled()
    channel = await world.channel_name(1)
    await ana.command("/inc severity 1 half of the checkouts fail", channel)
    await world.advance(minutes=6)
    await ana.command("/inc update Rolling back, watching next 30m", channel)
    await world.advance(minutes=9)
    await ana.command("/inc mitigated Rolled back", channel)
    await world.advance(minutes=5)
    world.sandbox.fault(service="slack", method="files.completeUploadExternal", reset="after", count=1)
    await ana.command("/inc resolve Rolled back to v41", channel)
    await world.settled()
    assert await pictures(world, 1) == []
    announced = LINK.findall((await world.heard(1, "Postmortem draft ready")).shown)[0]
    await world.advance(minutes=2)

    [file] = await pictures(world, 1)
    assert file["alt_txt"].startswith("Incident #1, checkout is down & out: ")
    status, kind, png = await taken(file["url_private"])
    assert png.startswith(b"\x89PNG")

    status, kind, body = await taken(announced)
    page = body.decode()
    address, words = re.findall(r'<img src="([^"]+)" alt="([^"]+)">', page)[0]
    assert "SEV2 from" in words and "then SEV1 from" in words and "then monitoring from" in words
    assert "Answers: Ana" in words and "Rolling back, watching next 30m" in words and "resolved" in words
    status, kind, svg = await taken(unescape(address))
    assert (status, kind) == (200, "image/svg+xml") and b"prefers-color-scheme" in svg
    status, kind, pdf = await taken(unescape(re.findall(r'href="([^"]+\.pdf\?[^"]+)"', page)[0]))
    assert (status, kind, pdf[:5]) == (200, "application/pdf", b"%PDF-")
    if keep := os.environ.get("KEEP"):
        for name, content in (("picture.png", png), ("picture.svg", svg), ("postmortem.pdf", pdf)):
            (Path(keep) / name).write_bytes(content)

    await kim.command("/inc task add canary alarm @kim", channel)
    await world.advance(minutes=2)
    assert len(await pictures(world, 1)) == 1, "what is drawn again is not posted again"


async def test_where_slack_takes_no_files_the_channel_is_told_that_the_page_has_it(sqlite_world: World) -> None:
    world = sqlite_world
    await post(world, webhook(alert("PaymentsFail", world.clock.now())))
    await world.settled()
    await world.user("kim").command("/inc lead me", await world.channel_name(1))
    world.sandbox.fault(service="slack", method="files.getUploadURLExternal", error="file_uploads_disabled", count=1)
    await world.user("kim").command("/inc resolve restarted", await world.channel_name(1))
    world.clock.advance(timedelta(minutes=1))
    await world.heard(1, "could not be posted here: The workspace's settings do not let the app post such files.")
    assert await pictures(world, 1) == []
    async with world.bot.database.read() as tx:
        kept = await tx.session.get(PostmortemPicture, 1)
    assert kept is not None and "Alerts: PaymentsFail 09:00:00." in kept.words
