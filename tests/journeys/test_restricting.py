"""`/inc private`: an incident that everybody could see is for those invited alone, and what it was about leaves every shared place."""

import json

from tests.journeys import roads
from tests.journeys.stories import incident, told, whispered
from tests.journeys.test_links import links_of
from tests.world import World

TITLE, WORD = "checkout leaks card numbers", "zebrafish"
BEFORE = "inc-1-was-here"


async def ours_in(world: World, channel: str) -> str:
    """All that the bot shows in a channel, its topic too; what Slack itself says of a topic or a name is none of it."""
    messages = [one for one in await world.sandbox.channel(channel).messages() if "subtype" not in one.raw and one.raw.get("bot_id")]
    [about] = [one for one in await world.sandbox.channels() if one.get("name") == channel]
    return json.dumps([[one.raw for one in messages], about["topic"]["value"]])


async def members(world: World, channel: str) -> set[str]:
    """Who is in a channel, by name."""
    users = world.sandbox.outside.workspace.team.world.users
    found = await world.sandbox.get(f"/channels/{channel}")
    return {users[user].name for user in found["members"]}


async def direct(world: World, person: str) -> str:
    """What the bot wrote to somebody."""
    users = {user.name: user.id for user in world.sandbox.outside.workspace.team.world.users.values()}
    mine = [one for one in await world.sandbox.channels() if one.get("is_im") and users[person] in one["members"]]
    return "\n".join([text for one in mine for text in await world.sandbox.channel(str(one["id"])).texts()])


async def made_private(world: World, channel: str, why: str) -> None:
    """Kim asks for it, reads what it means, and presses the button."""
    kim = world.user("kim")
    asked = told(await kim.command(f"/inc private {why}", channel))
    assert "cannot be unread" in asked and "no way back" in asked
    await world.settled()
    assert not (await incident(world)).is_private, "nothing happens before the button"
    await kim.press("Make #1 private", channel)
    await world.settled()


async def test_what_it_is_about_leaves_every_shared_place(world: World) -> None:
    kim, lee = world.user("kim"), world.user("lee")
    await kim.command(f"/inc sev1 {TITLE}")
    await world.settled()
    channel = await world.channel_name(1)
    await world.user("ana").press("Ack", channel)
    await world.settled()
    root = await lee.message(f"the {WORD} table is readable", channel)
    await kim.react("memo", channel, root["ts"])
    await world.advance(minutes=5)
    assert TITLE in await direct(world, "max") and TITLE in await direct(world, "bea") and TITLE in await ours_in(world, "ops")
    before = await links_of(world)
    await world.advance(minutes=1)

    await made_private(world, channel, "customer data in a log")
    await world.advance(seconds=30)
    assert "#1 is private now" in (await whispered(world, "kim", BEFORE))[-1].shown
    shown = await ours_in(world, BEFORE)
    assert TITLE not in shown and "is private now and goes on elsewhere" in shown and "Ack" not in shown
    assert any(WORD in text for text in await world.sandbox.channel(BEFORE).texts()), "what people said is left as it is"
    assert {"kim", "ana"} <= await members(world, "inc-1") and "max" not in await members(world, "inc-1")
    assert f"#1 SEV1 {TITLE}" in "\n".join(await world.sandbox.channel("inc-1").texts("kim"))

    assert TITLE not in await ours_in(world, "ops") and "#1 is private now" in await ours_in(world, "ops")
    assert TITLE not in await direct(world, "max") and TITLE not in await direct(world, "bea")
    for line in ("list", "#1 timeline", "find card numbers", "#1 ack"):
        assert TITLE not in told(await world.user("max").command(f"/inc {line}"))
    status, page = await roads.opened(before["i"])
    assert status == 404 and TITLE not in page, "nor by the link that everybody could read"
    await kim.command("/inc page @bo have a look", "inc-1")
    await world.settled()
    assert "SEV1 #1, private" in world.phone("bo").last_sms and TITLE not in world.phone("bo").last_sms

    assert "private already" in told(await kim.command("/inc private once more", "inc-1"))
    await kim.message(f"{WORD} is closed", "inc-1")
    await kim.command("/inc resolve grant revoked", "inc-1")
    await world.settled()
    await world.advance(minutes=2)
    document = await world.postmortem(1)
    assert "**Private.**" in document and f"the {WORD} table is readable" in document and f"{WORD} is closed" in document
    assert TITLE not in await direct(world, "max") and TITLE not in await ours_in(world, "ops")


async def test_a_converted_channel_is_left_as_it_was(sqlite_world: World) -> None:
    world, kim = sqlite_world, sqlite_world.user("kim")
    await kim.post("topic", channel="general", topic="cats")
    await kim.command(f"/inc convert {TITLE}", "general")
    await kim.press("Make this channel the incident's", "general")
    await world.settled()
    await made_private(world, "general", "cats were in it")
    assert TITLE not in await ours_in(world, "general") and '"cats"' in await ours_in(world, "general")
    assert (await incident(world)).channel_name == "inc-1"


async def test_what_is_over_becomes_private_without_a_new_channel(sqlite_world: World) -> None:
    world, kim = sqlite_world, sqlite_world.user("kim")
    await kim.command(f"/inc sev2 {TITLE}")
    await world.settled()
    await kim.command("/inc sev3 search is slow service:file-sync")
    await world.settled()
    await kim.command("/inc #1 merge #2")
    await world.settled()
    await made_private(world, await world.channel_name(1), "it was more than we thought")
    assert TITLE not in told(await world.user("max").command("/inc #2 timeline"))
    assert (await incident(world)).channel_id is None and "inc-1" not in await world.bot_channels()


async def test_it_becomes_private_while_slack_still_makes_a_channel_for_everybody(sqlite_world: World) -> None:
    world, kim = sqlite_world, sqlite_world.user("kim")
    world.sandbox.fault(service="slack", method="conversations.create", delay_s=3, count=1)
    await kim.command(f"/inc sev1 {TITLE}")
    await kim.command("/inc #1 private customer data")
    await kim.press("Make #1 private", "general")
    await world.advance(seconds=10)
    assert (await incident(world)).channel_name == "inc-1" and sorted(await world.bot_channels()) == ["inc-1", BEFORE]
    assert TITLE not in await ours_in(world, BEFORE)
