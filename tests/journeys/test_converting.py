"""`/inc convert`: the channel in which people talk already becomes the incident's, for as long as it lasts."""

from bot.incidents import transcript
from tests.journeys.stories import calls, incident, slack_as, told, whispered
from tests.world import World


def in_step(world: World) -> None:
    """Slack's clock is the bot's, so that what was said yesterday was."""
    team = world.sandbox.outside.workspace.team
    team.now, team.world.last_ts = lambda: world.clock.now().timestamp(), 0


async def talk(world: World, name: str, *, is_private: bool = False, topic: str = "") -> str:
    """A channel of kim's, with lee and bea in it; its id."""
    kim = slack_as(world, "kim")
    made = str((await kim.conversations_create(name=name, is_private=is_private))["channel"]["id"])
    users = [user.id for user in world.sandbox.outside.workspace.team.world.users.values() if user.name in ("lee", "bea")]
    await kim.conversations_invite(channel=made, users=users)
    if topic:
        await world.user("kim").post("topic", channel=name, topic=topic)
    return made


async def topic_of(world: World, name: str) -> str:
    """What the channel's topic says."""
    return next(str(one["topic"]["value"]) for one in await world.sandbox.channels() if one.get("name") == name)


async def convert(world: World, words: str, channel: str) -> str:
    """Kim types it, presses the button below the question, and reads what becomes of it."""
    kim = world.user("kim")
    assert "shall this channel become the incident's?" in told(await kim.command(f"/inc convert {words}", channel))
    await kim.press("Make this channel the incident's", channel)
    await world.settled()
    return (await whispered(world, "kim", channel))[-1].shown


async def said_in(world: World, number: int) -> list[str]:
    """What of the channel is the incident's."""
    async with world.bot.database.read() as tx:
        return [message.text for message in await transcript.messages(tx, number) if message.deleted_at is None]


async def test_a_channel_is_an_incidents_from_its_day_on_until_it_is_over(world: World) -> None:
    in_step(world)
    await talk(world, "checkout-talk", topic="tea at four")
    lee, bea, kim = world.user("lee"), world.user("bea"), world.user("kim")
    await bea.message("nothing to do with it", "checkout-talk")
    await world.advance(hours=20)
    root = await lee.message("is checkout slow for you, too?", "checkout-talk")
    await bea.message("yes, since nine", "checkout-talk", root["ts"])
    await kim.message("half of all payments fail", "checkout-talk")

    answer = await convert(world, "sev2 checkout is down", "checkout-talk")
    assert "#1 SEV2 checkout is down" in answer, answer
    await world.heard_in("checkout-talk", "you spoke here lately")
    assert not await world.bot_channels(), "no other channel is made"
    assert world.phone("ana").received and not world.phone("lee").sms and not world.phone("bea").sms, "who spoke is not paged for it"
    texts = await world.sandbox.channel("checkout-talk").texts()
    assert any("#1 SEV2 checkout is down" in text and "Ack" in text for text in texts), "the card"
    offered = next(text for text in texts if "you spoke here lately" in text)
    assert offered.count("<@") == 2, "lee and bea; kim declared it and knows"
    assert calls(world, "pins.add")[-1]["result"]["ok"]
    assert await topic_of(world, "checkout-talk") == "🟠 SEV2 · checkout is down | tea at four"
    assert await said_in(world, 1) == ["is checkout slow for you, too?", "yes, since nine", "half of all payments fail"]

    await bea.edit("nothing at all", "checkout-talk", (await world.sandbox.channel("checkout-talk").messages())[2].ts)
    await kim.command("/inc update rollback is out", "checkout-talk")  # the incident is implied here
    assert "channel of #1 already" in told(await kim.command("/inc convert search is down", "checkout-talk"))
    await world.advance(minutes=3)
    await lee.message("better now", "checkout-talk")
    await world.settled()
    await kim.command("/inc resolve rolled back", "checkout-talk")
    await world.settled()
    await world.advance(minutes=1)
    await lee.message("who wants cake?", "checkout-talk")
    await world.settled()
    said = await said_in(world, 1)
    assert said[-1] == "better now" and "nothing" not in " ".join(said) and "cake" not in " ".join(said)
    assert await topic_of(world, "checkout-talk") == "tea at four", "and the channel is an ordinary one again"
    assert "cake" not in await world.postmortem(1) and "half of all payments fail" in await world.postmortem(1)
    assert not calls(world, "conversations.archive") and not calls(world, "conversations.rename")

    again = await convert(world, "cake is out", "checkout-talk")
    assert "#2" in again, again
    await world.settled()
    assert "better now" not in await said_in(world, 2) and "who wants cake?" in await said_in(world, 2)


async def test_a_private_channel_makes_a_private_incident_once_the_bot_was_invited(sqlite_world: World) -> None:
    world = sqlite_world
    in_step(world)
    made = await talk(world, "closed-talk", is_private=True)
    assert "invite me with `/invite`" in await convert(world, "keys leaked", "closed-talk")
    us = next(user.id for user in world.sandbox.outside.workspace.team.world.users.values() if user.name == "tocsin")
    await slack_as(world, "kim").conversations_invite(channel=made, users=[us])
    assert "#1" in await convert(world, "keys leaked", "closed-talk")
    assert (await incident(world)).is_private, "what is said behind a door is not told before it"
    assert "keys leaked" not in told(await world.user("max").command("/inc list"))


async def test_channels_that_belong_to_others_are_left_alone(sqlite_world: World) -> None:
    world, kim = sqlite_world, sqlite_world.user("kim")
    in_step(world)
    await talk(world, "with-a-partner")
    await kim.post("connect", channel="with-a-partner")
    assert "shared with another company" in await convert(world, "checkout is down", "with-a-partner")
    for name in ("ops", "payments"):
        assert "configured for something else" in await convert(world, "checkout is down", name)
    await kim.command("/inc sev3 search is slow")
    await world.settled()
    assert "channel of #1 already" in told(await kim.command("/inc convert checkout is down", await world.channel_name(1)))
    assert not world.phone("ana").received or "checkout" not in world.phone("ana").last_sms
    assert (await incident(world)).number == 1 and "#2" not in told(await kim.command("/inc list all"))


async def test_who_is_on_call_does_not_wait_for_slack_to_say_what_a_channel_is(sqlite_world: World) -> None:
    world = sqlite_world
    in_step(world)
    await talk(world, "some-talk")
    world.sandbox.fault(service="slack", method="conversations.info", status=503, count=1)
    answer = await convert(world, "checkout is down", "some-talk")
    assert "one of its own" in answer or "#1" in answer, answer
    assert world.phone("ana").last_sms.startswith("SEV2 #1 checkout is down")
    assert await world.channel_name(1) == "inc-1-checkout-is-down"
