"""Reading in private: where things stand, what happened, what was like it; and who has which duty."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import FakeClock
from tests.journeys.stories import told
from tests.world import World, running_world

HERE = "inc-1-checkout-is-down"


@pytest.fixture
async def world(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> AsyncIterator[World]:
    async with running_world(sqlite_url, tmp_path, clock) as world:
        yield world


@pytest.fixture
async def channel(world: World) -> str:
    """An incident that kim declared, and that ana answers."""
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    await world.user("ana").press("Ack", HERE)
    await world.settled()
    return HERE


async def do(world: World, person: str, line: str, channel: str = HERE) -> str:
    said = await world.user(person).command(line, channel)
    await world.settled()
    return told(said)


async def test_who_just_woke_up_reads_on_one_screen_where_things_stand(world: World, channel: str) -> None:
    await do(world, "kim", "/inc update errors began with v42")
    await world.user("ana").message("I see 500s <!here> from the new release", channel)
    await world.settled()
    await do(world, "kim", "/inc note rollback began")
    await do(world, "kim", "/inc task add a canary alarm @kim")
    await world.advance(minutes=7)
    said = await do(world, "bea", "/inc #1 catchup", "ops")
    assert "*checkout is down* · investigating for 7 min" in said
    assert "acknowledged" in said
    assert "*Latest update* (Kim Ji-woo, 7 min ago): errors began with v42" in said
    assert "*Said here:* 1 message of 1 person; the last, by Ana" in said and "I see 500s" in said and "<!here>" not in said
    assert "rollback began" in said and "declared SEV1" in said
    assert "add a canary alarm" in said
    assert "catchup" not in "".join(await world.channel_texts(1)), "nobody else sees it"


async def test_the_timeline_is_read_in_private_with_the_way_to_all_of_it(world: World, channel: str) -> None:
    for number in range(25):
        await do(world, "kim", f"/inc note step {number} is done")
    said = await do(world, "kim", "/inc timeline")
    assert "step 24 is done" in said and "step 2 is done" not in said
    assert "(the newest 20 of" in said and "All of it, with the messages that were marked" in said


async def test_past_incidents_are_found_by_words_and_by_likeness_with_how_they_ended(world: World, channel: str) -> None:
    await do(world, "kim", "/inc resolve config rolled back")
    await do(world, "kim", "/inc sev2 checkout redis failover hangs", "ops")
    said = await do(world, "kim", "/inc #2 similar", "ops")
    assert "#1 SEV1 checkout is down" in said and "resolved after" in said and "config rolled back" in said
    assert "#1 SEV1" in await do(world, "bea", "/inc find rolled CHECKOUT", "ops")
    assert "#2 SEV2" in await do(world, "bea", "/inc find redis", "ops")
    assert "No incident is like `redis checkup`" in await do(world, "bea", "/inc find redis checkup", "ops")
    assert "Say it in one line: `/inc find redis failover`" in await do(world, "bea", "/inc find", "ops")


async def test_a_private_incident_is_found_by_those_who_are_part_of_it_alone(world: World) -> None:
    await do(world, "kim", "/inc private customer data in a log", "ops")
    await world.user("kim").press("Declare it privately", "ops")
    await world.settled()
    assert "#1" in await do(world, "kim", "/inc find customer log", "ops")
    assert "No incident is like" in await do(world, "lee", "/inc find customer log", "ops")
    assert "There is no incident #1" in await do(world, "lee", "/inc #1 catchup", "ops")


async def test_one_person_at_a_time_has_a_duty_and_the_card_names_them(world: World, channel: str) -> None:
    await do(world, "kim", "/inc comms @lee")
    await do(world, "kim", "/inc scribe me")
    card = await world.card(1)
    assert "*Communication:* <@U0LEE000000>" in card and "*Scribe:* <@U0KIM000000>" in card
    await do(world, "kim", "/inc comms @bea")
    texts = await world.channel_texts(1)
    assert any("<@U0BEA000000> is responsible for communication now, in place of <@U0LEE000000>." in text for text in texts)
    assert "already" in await do(world, "kim", "/inc comms @bea")
    assert "U0LEE000000> is responsible" not in await world.card(1)
    await do(world, "kim", "/inc comms")
    view = await world.user("kim").view()
    assert view["callback_id"] == "incident.form:comms"
