"""Somebody took the page and fell asleep again, put it off, or gave it back."""

from tests.journeys import roads
from tests.world import World


async def test_words_in_the_channel_keep_an_acknowledgement_and_silence_ends_it(world: World) -> None:
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    await roads.by_sms(world, "ana")
    await world.settled()
    channel = await world.channel_name(1)
    texts = len(world.phone("ana").received)
    await world.advance(minutes=9)
    await world.user("ana").message("looking at the pool", channel)
    await world.advance(minutes=9, seconds=50)
    assert len(world.phone("ana").received) == texts
    await world.advance(seconds=20)
    assert len(world.phone("ana").received) == texts + 1
    assert "no sign of life for 10 min" in (await world.heard(1, "Paging goes on")).shown
    assert "acknowledged" not in await world.card(1)


async def test_a_page_is_snoozed_and_given_back_in_slack(sqlite_world: World) -> None:
    world = sqlite_world
    await world.user("kim").command("/inc sev2 checkout is slow")
    await world.settled()
    channel = await world.channel_name(1)
    await world.user("ana").command("/inc snooze 30m", channel)
    await world.settled()
    assert "You snoozed this page until" in (await roads.direct_page(world, "ana")).shown
    texts = len(world.phone("ana").received)
    await world.advance(minutes=29)
    assert len(world.phone("ana").received) == texts
    await world.advance(minutes=1, seconds=1)
    assert len(world.phone("ana").received) == texts + 1

    await roads.by_sms(world, "ana")
    await world.user("ana").command("/inc unack", channel)
    await world.settled()
    assert world.phone("bo").received[-1].startswith("SEV2 #1")
    assert "given back by" in (await world.heard(1, "given back")).shown
