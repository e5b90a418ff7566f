"""What other tools get wrong in a timeline, each lived through once."""

import re

from bot.db import BOT
from bot.incidents import timeline
from bot.incidents.sheet import Sheet
from bot.slack.requests import MessageChange
from tests.postmortems.house import CHANNEL, KIM, House


async def test_replies_edits_deletions_and_pins_stand_in_the_document_as_they_were_meant(sqlite_house: House) -> None:
    house = sqlite_house
    await house.declare()
    house.later(minutes=1)
    root = await house.write("U0KIM000000", "what changed today?")
    house.later(seconds=30)
    reply = await house.write("U0ANA000000", "v42 went out at noon & nobody told us", thread=root)
    house.later(seconds=30)
    edited = await house.write("U0BO0000000", "p99 is 21 s")
    house.later(seconds=5)
    await house.write("U0BO0000000", "p99 is 12 s", change=MessageChange.EDITED, ts=edited)
    secret = await house.write("U0BO0000000", "the key is hunter2", thread=root)
    house.later(seconds=5)
    await house.write("U0BO0000000", "the key is hunter2", change=MessageChange.DELETED, ts=secret)
    await house.react("U0KIM000000", "pushpin", reply)
    await house.react("U0KIM000000", "pushpin", root)
    house.later(seconds=5)
    await house.react("U0KIM000000", "pushpin", root, added=False)
    house.later(minutes=1)
    pinned = await house.write("U0ANA000000", "rolled back to v41, <script>alert(1)</script> is gone")
    async with house.database.begin(actor=BOT) as tx:
        sheet = await Sheet.open(tx, house.number, CHANNEL, [pinned])
        sheet.pinned(pinned, event_ts=pinned, added=True)
        await sheet.done()
    async with house.database.begin(actor=KIM) as tx:  # and somebody puts it on the timeline besides
        await timeline.record(tx, 1, "note", "rolled back to v41", channel_id=CHANNEL, message_ts=pinned, happened_at=tx.now)
    await house.do("resolve", "done")
    draft = await house.drafted()
    assert draft is not None
    happened = draft.markdown.partition("## What happened")[2].partition("## ")[0]
    assert "v42 went out at noon &amp; nobody told us" in happened, "a reaction on a reply marks that reply"
    assert "what changed today?" not in happened, "and neither its thread, nor what lost its mark"
    lines = draft.markdown.partition("## Timeline")[2]
    assert re.search(rf"p{reply.replace('.', '')}\?thread_ts={re.escape(root)}.*nobody told us", lines), "its evidence is the reply"
    assert "p99 is 12 s" in lines and "p99 is 21 s" not in draft.markdown
    assert "hunter2" not in draft.markdown + draft.html and lines.count("(deleted)") + lines.count("\\(deleted\\)") == 1
    assert lines.count("rolled back to v41") == 1, "a pin, a note and their message are one line"
    assert "<script" not in draft.html and "&lt;script&gt;" in draft.html
