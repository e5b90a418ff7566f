"""A message's way onto the timeline."""

import pytest

from bot.db import BOT
from bot.errors import NotFound
from bot.incidents import timeline
from bot.incidents.events import TimelineListeners
from bot.slack.replies import Say
from bot.slack.requests import MessageAction
from tests.postmortems.conftest import config, house, sqlite_house
from tests.postmortems.house import ANA, CHANNEL, House

__all__ = ["config", "house", "sqlite_house"]
TS = "1772442040.000100"


async def add(house: House, channel: str = CHANNEL) -> Say:
    action = MessageAction(
        "U0ANA000000", "timeline.add", channel, TS, "", "", "", text="p99 &gt; 2 s, <@U0BO0000000>", author="U0KIM000000"
    )
    async with house.database.begin(actor=ANA) as tx:
        reply = await TimelineListeners(house.directory, house.recorder).add(tx, action)
    assert isinstance(reply, Say)
    return reply


async def test_it_is_an_entry_at_the_time_it_was_written_by_its_author_once(house: House) -> None:
    await house.declare()
    house.later(hours=1)
    assert "on the timeline of #1 now" in (await add(house)).text
    assert "already" in (await add(house)).text
    async with house.database.begin(actor=BOT) as tx:
        entries = [entry for entry in await timeline.entries(tx, 1) if entry.kind == "note"]
    assert [(entry.actor, entry.text, entry.happened_at.isoformat(), entry.message_ts) for entry in entries] == [
        ("kim", "p99 > 2 s, @Bo Lindqvist", "2026-03-02T09:00:40.000100+00:00", TS)
    ]


async def test_in_the_postmortem_the_message_stands_once_as_the_entry(sqlite_house: House) -> None:
    house = sqlite_house
    await house.declare()
    house.later(seconds=40)
    ts = await house.write("U0KIM000000", "p99 > 2 s", thread=f"{house.clock.now().timestamp() - 9:.6f}")
    async with house.database.begin(actor=ANA) as tx:
        action = MessageAction("U0ANA000000", "timeline.add", CHANNEL, ts, "", "", "", text="p99 &gt; 2 s", author="U0KIM000000")
        await TimelineListeners(house.directory, house.recorder).add(tx, action)
    await house.do("resolve", "")
    draft = await house.drafted()
    assert draft is not None and draft.markdown.count("p99 &gt; 2 s") == 1


async def test_elsewhere_it_is_refused_with_a_way_out(sqlite_house: House) -> None:
    with pytest.raises(NotFound, match="no incident's channel"):
        await add(sqlite_house, channel="C0OTHER")
