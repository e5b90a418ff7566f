"""What people say in an incident's channel is recorded as it happens; what no event told of is found in history afterwards."""

from tests.journeys.records import Said, record
from tests.world import World

Spoken = dict[str, str]


async def opened(world: World, title: str) -> str:
    """A SEV3 that Kim declares; Ana, the fallback, is invited. Returns its channel."""
    await world.user("kim").command(f"/inc sev3 {title}")
    await world.settled()
    channel = (await world.bot_channels())[-1]
    await world.user("ana").post("join", channel=channel)
    return channel


async def before(world: World, channel: str) -> Spoken:
    """The beginning of a conversation: what was said, by what it is called below."""
    kim, ana = world.user("kim"), world.user("ana")
    said = {
        "question": (await kim.message("Who can see the queue?", channel))["ts"],
        "typo": (await kim.message("The queue is ful", channel))["ts"],
        "secret": (await ana.message("The password is hunter2", channel))["ts"],
    }
    await ana.react("eyes", channel, said["question"])
    await kim.react("tada", channel, said["typo"])
    return said


async def during(world: World, channel: str, said: Spoken) -> None:
    """How it goes on: a thread with an edit, an edit, a deletion, reactions given and taken back, a pin."""
    kim, ana = world.user("kim"), world.user("ana")
    reply = (await ana.message("I can: 40,000 letters wait", channel, said["question"]))["ts"]
    await kim.message("Draining by hand", channel, said["question"])
    await ana.edit("I can: 41,000 letters wait", channel, reply)
    await kim.edit("The queue is full", channel, said["typo"])
    await ana.delete(channel, said["secret"])
    await kim.unreact("tada", channel, said["typo"])
    await kim.react("pushpin", channel, reply)
    last = (await kim.message("Sent, <b>all</b>. Ask @ana & see #ops", channel))["ts"]
    await ana.post("pin", channel=channel, ts=last)


def expected() -> list[Said]:
    """The whole conversation as it should stand in the record."""
    return [
        Said("kim", "Who can see the queue?", None, False, False, False, (("ana", "eyes"),)),
        Said("kim", "The queue is full", None, True, False, False, ()),
        Said("ana", "", None, False, True, False, ()),
        Said("ana", "I can: 41,000 letters wait", 0, True, False, False, (("kim", "pushpin"),)),
        Said("kim", "Draining by hand", 0, False, False, False, ()),
        Said("kim", "Sent, <b>all</b>. Ask @Ana Silva & see #ops", None, False, False, True, ()),
    ]


async def test_what_is_said_is_recorded_as_it_happens(world: World) -> None:
    channel = await opened(world, "letters wait")
    said = await before(world, channel)
    await during(world, channel, said)
    await world.settled()

    assert await record(world, 1) == expected()

    await world.user("kim").command("/inc resolve drained", channel)  # reads history: nothing is there twice
    await world.settled()
    assert await record(world, 1) == expected()


async def test_what_was_said_while_the_bot_was_away_is_found_again(world: World) -> None:
    channel = await opened(world, "letters wait")
    said = await before(world, channel)
    await world.settled()
    await world.stop()
    await during(world, channel, said)
    await world.start()

    assert await record(world, 1) == expected()


async def test_events_that_slack_lost_are_made_good_when_the_incident_is_resolved(sqlite_world: World) -> None:
    world = sqlite_world
    channel = await opened(world, "letters wait")
    said = await before(world, channel)
    await world.settled()
    world.sandbox.fault(service="events", error="lost", count=0)
    await during(world, channel, said)
    await world.settled()
    assert len(await record(world, 1)) == 3
    world.sandbox.clear_faults()

    await world.user("kim").command("/inc resolve drained", channel)
    await world.settled()
    assert await record(world, 1) == expected()
    document = await world.postmortem(1)
    assert "I can: 41,000 letters wait" in document
    assert "hunter2" not in document


async def test_events_that_come_late_twice_and_out_of_order_make_the_same_record(sqlite_world: World) -> None:
    world = sqlite_world
    channel = await opened(world, "letters wait")
    said = await before(world, channel)
    await world.settled()
    await world.stop()
    await during(world, channel, said)
    world.sandbox.fault(service="slack", method="conversations.history", status=503, count=0)
    await world.start()
    assert len(await record(world, 1)) == 3

    sent = [one["payload"] for one in await world.sandbox.get("/deliveries") if one["kind"] == "events_api"]
    for payload in reversed([*sent, *sent]):
        await world.bot.rooms.door.take(payload, {})
    assert await record(world, 1) == expected()

    world.sandbox.clear_faults()
    await world.advance(minutes=2)
    assert len([call for call in world.sandbox.calls("conversations.history") if call["result"].get("ok")]) > 0
    assert await record(world, 1) == expected()


async def test_a_socket_that_breaks_costs_no_word(sqlite_world: World) -> None:
    world = sqlite_world
    channel = await opened(world, "letters wait")
    said = await before(world, channel)
    await world.settled()
    await world.sandbox.post("/socket", disconnect="abort")
    world.sandbox.fault(service="events", error="lost", count=0)
    await during(world, channel, said)
    world.sandbox.clear_faults()

    async def is_whole() -> bool:
        await world.settled()
        return await record(world, 1) == expected()

    await world.sandbox.until(is_whole, within_s=20)
