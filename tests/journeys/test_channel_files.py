"""Files that people post in an incident's channel are kept, stand in its postmortem, and go when their message goes."""

import re
from base64 import b64decode
from html import unescape

from bot.config.models import FilesKept
from tests.journeys import roads
from tests.journeys.test_pictures import LINK, taken
from tests.world import World

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


async def test_a_picture_is_shown_a_file_is_linked_and_what_is_deleted_goes(world: World) -> None:
    kim, ana = world.user("kim"), world.user("ana")
    await kim.command("/inc sev3 letters wait")
    await world.settled()
    channel = await world.channel_name(1)
    await ana.post("join", channel=channel)
    posted = await ana.post("upload", channel=channel, filename="p99 & <b>.png", base64=PNG, text="p99 since the deploy")
    await ana.post("upload", channel=channel, filename="notes.txt", content="<script>alert(1)</script>", text="")
    secret = await ana.post("upload", channel=channel, filename="passwords.txt", content="hunter2", text="oops")
    await ana.delete(channel, secret["ts"])
    await kim.command("/inc resolve drained", channel)
    await world.advance(minutes=2)

    document = await world.postmortem(1)
    shared = document.partition("## Pictures and files")[2].partition("## ")[0]
    [drawn] = re.findall(r"!\[p99 &amp; &lt;b&gt;\.png\]\((/attachments/1/\d-p99_b\.png)\)", shared)
    [linked] = re.findall(r"\[notes\.txt\]\((/attachments/1/\d-notes\.txt)\)", shared)
    assert "passwords" not in shared and "hunter2" not in document

    link = LINK.findall((await world.heard(1, "Postmortem draft ready")).shown)[0]
    _, page = await roads.opened(link)
    site = link.partition("/postmortems")[0]
    [picture] = re.findall(r'<img src="(/attachments/[^"]+)"', page)
    address = site + unescape(picture)
    assert await taken(address) == (200, "image/png", b64decode(PNG))
    [notes] = re.findall(r'href="(/attachments/[^"]+)"', page)
    assert await taken(site + unescape(notes)) == (200, "text/plain", b"<script>alert(1)</script>")
    status, *_ = await taken(site + unescape(notes).replace(linked, drawn))
    assert status == 403, "a link opens what it was made for, and nothing else"

    with_it = (await taken(link.replace("/postmortems/1?", "/postmortems/1.pdf?")))[0]
    assert with_it == 403, "the PDF has a link of its own"
    [pdf] = re.findall(r'href="([^"]*/postmortems/1\.pdf[^"]*)"', page)
    status, kind, body = await taken(unescape(pdf) if "://" in pdf else site + unescape(pdf))
    assert (status, kind) == (200, "application/pdf") and body.count(b"/Subtype /Image") + body.count(b"/Subtype/Image") >= 1

    await ana.delete(channel, posted["ts"])
    await world.advance(minutes=1)
    assert "p99_b.png" not in await world.postmortem(1)
    assert (await taken(address))[0] == 404

    directory = world.bot.directory
    directory.config = directory.config.model_copy(update={"files": FilesKept(keep=False)})
    await ana.post("upload", channel=channel, filename="heap.bin", content="much", text="")
    await world.advance(minutes=1)
    assert "heap.bin, from Ana Silva (not kept: files are not kept here)" in await world.postmortem(1), "and what was not kept is said"
