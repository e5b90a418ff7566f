"""The command of an incident goes from hand to hand: offered with what is open, taken in Slack or on the phone, never between two."""

import re

from tests.journeys.roads import direct
from tests.journeys.stories import commander, told, whispered
from tests.world import World

HERE = "inc-1-checkout-is-down"


async def led_by_kim(world: World) -> None:
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    await world.user("kim").command("/inc ack", HERE)
    await world.user("kim").command("/inc lead @kim", HERE)
    await world.settled()


async def do(world: World, person: str, line: str) -> str:
    said = await world.user(person).command(line, HERE)
    await world.settled()
    return told(said)


async def press(world: World, person: str, label: str) -> str:
    """Press a button of the offer, and return what only this person reads."""
    place = await direct(world, person)
    await world.user(person).press(label, place)
    await world.settled()
    return "\n".join(message.shown for message in await whispered(world, person, place))


async def test_who_is_offered_the_command_reads_what_is_open_and_takes_it(world: World) -> None:
    await led_by_kim(world)
    await do(world, "kim", "/inc task add a canary alarm @kim")
    said = await do(world, "kim", "/inc handoff @bea replica <!here> still lags, update owed at ten")
    assert "is told, and paged unless they answer. You lead #1 until then." in said
    assert await commander(world) == "kim"
    [offer] = [text for text in await world.sandbox.channel(await direct(world, "bea")).texts() if "hands you the command" in text]
    assert "Kim Ji-woo hands you the command of #1 SEV1 checkout is down" in offer
    assert ">replica &lt;!here&gt; still lags, update owed at ten" in offer
    assert "a canary alarm" in offer and "Latest update" in offer and "investigating for" in offer
    assert "You lead #1 now" in await press(world, "bea", "I have it")
    assert await commander(world) == "bea"
    said = (await world.channel_texts(1))[-1]
    assert re.search(r"<@U0BEA\w+> has it and leads now, after <@U0KIM\w+>\.", said)
    assert "You have the command of #1 already" in await press(world, "bea", "I have it")
    await world.advance(minutes=15)
    assert not [text for text in world.phone("bea").received if "take the command" in text], "nobody is paged for what was taken"


async def test_who_sleeps_is_paged_and_takes_it_by_answering_the_phone(sqlite_world: World) -> None:
    world = sqlite_world
    await led_by_kim(world)
    await do(world, "kim", "/inc handoff @bea")
    await world.advance(minutes=2, seconds=5)
    assert "take the command of #1 from Kim Ji-woo" in world.phone("bea").last_sms
    await world.phone("bea").reply("a")
    await world.settled()
    assert await commander(world) == "bea"
    assert "has it and leads now" in (await world.channel_texts(1))[-1]


async def test_who_does_not_answer_leaves_the_command_where_it_is(sqlite_world: World) -> None:
    world = sqlite_world
    await led_by_kim(world)
    await do(world, "kim", "/inc handoff @bea")
    await world.advance(minutes=40)
    assert await commander(world) == "kim"
    texts = "\n".join(await world.channel_texts(1))
    assert "goes on leading:* <@U0BEA" in texts and "was paged and has not answered" in texts
    assert "You lead #1 now" in await press(world, "bea", "I have it"), "late is better than never"


async def test_who_cannot_says_so_and_another_offer_takes_the_first_ones_place(sqlite_world: World) -> None:
    world = sqlite_world
    await led_by_kim(world)
    await do(world, "kim", "/inc handoff @bea")
    await do(world, "kim", "/inc handoff @ana")
    assert "no longer offered to you" in await press(world, "bea", "I have it")
    assert "Kim Ji-woo goes on leading #1" in await press(world, "ana", "I cannot")
    assert "cannot take the command" in (await world.channel_texts(1))[-1]
    await world.advance(minutes=15)
    assert not [text for name in ("ana", "bea") for text in world.phone(name).received if "take the command" in text]


async def test_only_who_leads_hands_over_and_only_to_one_other_person(sqlite_world: World) -> None:
    world = sqlite_world
    await world.user("kim").command("/inc sev1 checkout is down")
    await world.settled()
    assert "Nobody leads #1. Press *I'm commander*" in await do(world, "kim", "/inc handoff @bea")
    await do(world, "kim", "/inc lead @kim")
    assert "Kim Ji-woo leads #1, and only who leads hands over" in await do(world, "ana", "/inc handoff @bea")
    assert "You lead #1 already. Name somebody else." in await do(world, "kim", "/inc handoff @kim")
    assert "Name one person" in await do(world, "kim", "/inc handoff @bea @ana look at this")
    await do(world, "kim", "/inc handoff @bea")
    await do(world, "kim", "/inc resolve rolled back")
    assert "no longer offered to you" in await press(world, "bea", "I have it")
    assert await commander(world) == "kim"
