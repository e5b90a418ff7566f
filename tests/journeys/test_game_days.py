"""`/inc drill`: a game day. Whoever is on call is paged and knows that it is practice; nobody else hears of it, and it does not count."""

from tests.journeys.stories import calls, incident, told, whispered
from tests.world import World


async def everywhere_else(world: World) -> str:
    """What stands in every channel that is not the drill's own, direct messages of who was paged aside."""
    found = [one for one in await world.sandbox.channels() if not str(one.get("name", "")).startswith("inc-") and not one.get("is_im")]
    return "\n".join([text for one in found for text in await world.sandbox.channel(str(one["id"])).texts()])


async def test_a_drill_is_played_like_an_incident_and_stays_among_those_who_play_it(world: World) -> None:
    kim = world.user("kim")
    answer = told(await kim.command("/inc drill checkout-outage"))
    assert "DRILL #1 SEV2 checkout outage" in answer and "Paging" in answer, answer
    await world.settled()
    channel = await world.channel_name(1)
    assert channel == "inc-1-drill-checkout-outage"
    card = await world.card(1)
    assert card.startswith("🧪 DRILL #1 SEV2 checkout outage") and "This is a drill" in card
    topics = [str(call["args"]["topic"]) for call in calls(world, "conversations.setTopic")]
    assert any(topic.startswith("🧪 DRILL SEV2 · checkout outage") for topic in topics), topics
    assert world.phone("ana").received[-1].startswith("DRILL SEV2 #1 checkout outage")

    await world.advance(minutes=5)
    assert "#2 SEV2 checkout outage" in told(await kim.command("/inc checkout outage service:checkout")), "a real one never joins a drill"
    await world.settled()
    assert "stay apart" in told(await kim.command("/inc #1 merge #2"))
    assert "DRILL #1" not in told(await kim.command("/inc #2 similar")) + told(await kim.command("/inc find checkout outage"))
    await kim.command("/inc #2 cancel to see what becomes of it")

    await world.advance(minutes=40)  # executives, customers, the tracking and the ops channel would have heard of a real one by now
    elsewhere = await everywhere_else(world)
    assert "#2" in elsewhere and "#1" not in elsewhere and "DRILL" not in elsewhere
    assert not world.phone("max").sms and not world.phone("max").calls, "nobody above those on call is woken"
    assert "it is a drill" in told(await kim.command("/inc page next", channel))
    assert "DRILL #1" in told(await kim.command("/inc list")), "who looks for it finds it, as what it is"

    await kim.command("/inc resolve rolled back in time", channel)
    await world.settled()
    document = await world.postmortem(1)
    assert "DRILL: checkout outage" in document.splitlines()[0] and "counted nowhere" in document


async def test_a_drill_becomes_real_by_its_button_alone(sqlite_world: World) -> None:
    world, kim = sqlite_world, sqlite_world.user("kim")
    await kim.command("/inc drill")
    await world.settled()
    await kim.submit({"words": {"value": "checkout db failover"}})
    await world.settled()
    channel = await world.channel_name(1)
    await kim.command("/inc join", channel)
    await world.settled()
    assert told(await kim.command("/inc sev1", channel)) == "" and (await incident(world)).is_drill, "a severity makes it no more real"
    await world.settled()

    await kim.press("This is real: declare", channel)
    await world.settled()
    answer = (await whispered(world, "kim", channel))[-1].shown
    assert "#2 SEV1 checkout db failover" in answer and "DRILL" not in answer
    real, drill = await incident(world, 2), await incident(world, 1)
    assert not real.is_drill and real.title == "checkout db failover" and drill.state.value == "cancelled"
    assert world.phone("ana").last_sms.startswith("SEV1 #2 checkout db failover")
    assert "everybody here is invited" in "\n".join(await world.channel_texts(1))
    assert "kim" in (await world.card(2)).lower()
    assert "This is real" not in await world.card(1), "nor can it be declared twice"


async def test_the_sandbox_breaks_only_what_it_knows(sqlite_world: World) -> None:
    world, kim = sqlite_world, sqlite_world.user("kim")
    await world.stop()
    await world.start(TOCSIN_SANDBOX_TOKEN="a token of these tests")
    await kim.command("/inc drill bad-relase")
    await world.settled()
    [asked] = [message.shown for message in await kim.sees("general") if "knows no drill" in message.shown]
    assert "bad-relase" in asked and "`bad-release`" in asked
    assert not await world.bot_channels() and not world.phone("ana").received, "nobody is paged for a slip of the keyboard"
