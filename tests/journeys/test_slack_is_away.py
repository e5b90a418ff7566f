"""Slack refuses, hangs, forgets or is gone: each trouble has its outcome, and none keeps the page or the rest from happening."""

import re

import pytest

from bot.incidents import timeline
from tests.journeys.stories import calls, incident, slack_as, told
from tests.world import Json, World

LINE = "/inc sev1 checkout is down"
NAME = "inc-1-checkout-is-down"


async def channel(world: World, name: str = NAME) -> Json:
    """The incident's one channel, with its members."""
    assert await world.bot_channels() == [name]
    return next(one for one in await world.sandbox.channels() if one.get("name") == name)


async def everything_is_in_place(world: World, name: str = NAME) -> None:
    """One channel, one card that is pinned and shows what holds, a topic, and whoever was paged or declared it is there."""
    there = await channel(world, name)
    shown = await world.sandbox.channel(name).messages()
    cards = [message for message in shown if "post_card" in str(message.raw.get("metadata"))]
    assert len(cards) == 1
    assert cards[0].raw.get("pinned_to") == [there["id"]]
    assert "checkout is down" in there["topic"]["value"]
    assert {"U0ANA000000", "U0KIM000000"} <= set(there["members"])
    assert (await incident(world)).channel_trouble is None


async def written_down(world: World) -> list[str]:
    """The incident's timeline, each entry with whom it is about."""
    async with world.bot.database.read() as tx:
        return [f"{entry.actor}: {entry.text}" for entry in await timeline.entries(tx, 1)]


async def in_ops(world: World) -> list[str]:
    """What the bot said in the ops channel."""
    return [text for text in await world.sandbox.channel("ops").texts() if "#1" in text or "incident:1" in text]


@pytest.mark.parametrize(
    "trouble",
    [{"error": "internal_error"}, {"status": 500}, {"status": 503}, {"reset": "before"}, {"error": "token_revoked"}, {"delay_s": 60.0}],
    ids=lambda trouble: "-".join(str(part) for pair in trouble.items() for part in pair),
)
async def test_with_every_call_failing_the_sms_says_where_to_go_and_later_the_channel_appears(world: World, trouble: Json) -> None:
    world.sandbox.fault(service="slack", **trouble, count=0)

    said = await world.user("kim").command(LINE)
    assert "#1 SEV1 checkout is down" in told(said)
    await world.sandbox.until(lambda: world.phone("ana").received)
    assert "https://meet.example.com/payments" in world.phone("ana").last_sms
    assert re.search(r"http://\S+/p/1\?k=\S+", world.phone("ana").last_sms)
    await world.phone("ana").reply("1a")
    assert "is yours" in world.phone("ana").last_sms
    assert await world.bot_channels() == []

    world.sandbox.clear_faults()
    await world.advance(minutes=3)
    await everything_is_in_place(world)
    assert "<@U0ANA000000> acknowledged" in await world.card(1)


async def test_once_slack_is_known_to_be_away_the_sms_says_so(world: World) -> None:
    world.sandbox.fault(service="slack", status=500, count=0)
    await world.user("kim").command(LINE)
    await world.advance(minutes=4)
    said = world.phone("bo").last_sms
    assert "Slack is away: use the link or the bridge" in said and "https://meet.example.com/payments" in said
    assert len(said) <= 320

    world.sandbox.clear_faults()
    await world.advance(minutes=2)
    await world.user("kim").command("/inc #1 page @lee come")
    await world.settled()
    assert "come" in world.phone("lee").last_sms and "Slack is away" not in world.phone("lee").last_sms


@pytest.mark.parametrize(
    "method", ["conversations.create", "conversations.invite", "chat.postMessage", "pins.add", "conversations.setTopic", "chat.update"]
)
async def test_a_429_on_any_one_call_delays_that_call_alone(world: World, method: str) -> None:
    world.sandbox.fault(service="slack", method=method, status=429, retry_after_s=7, count=2)

    await world.user("kim").command(LINE)
    await world.settled()
    assert "SEV1 #1" in world.phone("ana").last_sms
    await world.user("kim").command("/inc #1 lead me")
    await world.advance(seconds=20)

    await everything_is_in_place(world)
    assert "*Commander:* <@U0KIM000000>" in await world.card(1)
    tries = [call for call in calls(world, method) if call["args"].get("channel") != "U0ANA000000"]
    assert not any("ratelimited" in str(call["result"]) for call in tries[-1:])


@pytest.mark.parametrize("kind", ["public", "private", "archived"])
async def test_a_name_that_is_taken_gets_a_suffix(world: World, kind: str) -> None:
    lee = slack_as(world, "lee")
    taken = await lee.conversations_create(name=NAME, is_private=kind == "private")
    if kind == "archived":
        await lee.conversations_archive(channel=taken["channel"]["id"])

    await world.user("kim").command(LINE)
    await world.settled()

    assert "SEV1 #1" in world.phone("ana").last_sms
    assert (await incident(world)).channel_name == f"{NAME}-2"
    ours = next(one for one in await world.sandbox.channels() if one.get("name") == f"{NAME}-2")
    assert {"U0ANA000000", "U0KIM000000"} <= set(ours["members"])


@pytest.mark.parametrize("lost", [False, True], ids=["heard", "answer-lost"])
@pytest.mark.parametrize(
    "named", [("zoe",), ("gus",), ("lee",), ("zoe", "gus", "lee")], ids=["deactivated", "guest", "member", "all-three"]
)
async def test_who_cannot_be_invited_is_said_and_keeps_nobody_else_out(world: World, named: tuple[str, ...], lost: bool) -> None:
    if lost:  # what Slack did is not heard, so the next try meets people who are there already
        world.sandbox.fault(service="slack", method="conversations.invite", reset="after", count=1)

    await world.user("kim").command(f"{LINE} {' '.join(f'@{name}' for name in named)}")
    await world.advance(seconds=30)

    await everything_is_in_place(world)
    members = (await channel(world))["members"]
    for name in named:
        uninvited = any(f"slack:U0{name.upper()}" in text and "could not be invited" in text for text in await written_down(world))
        assert uninvited == (name != "lee")
        assert (f"U0{name.upper()}000000" in members) == (name == "lee")


async def test_a_channel_that_was_archived_is_spoken_of_once_and_paging_goes_on(world: World) -> None:
    await world.user("kim").command(LINE)
    await world.settled()
    ana, place = slack_as(world, "ana"), (await channel(world))["id"]
    await ana.conversations_archive(channel=place)

    for words in ("first", "second"):
        await world.user("kim").command(f"/inc #1 update {words}")
        await world.settled()
    assert len(await in_ops(world)) == 1
    assert "channel cannot be used" in (await in_ops(world))[0]
    await world.user("kim").command("/inc #1 escalate")
    await world.settled()
    assert "SEV1 #1" in world.phone("bo").last_sms

    await ana.conversations_unarchive(channel=place)
    await world.user("kim").command("/inc #1 update third")
    await world.settled()
    assert any("third" in text for text in await world.channel_texts(1))
    assert (await incident(world)).channel_trouble is None


async def test_a_workspace_that_refuses_channels_is_told_of_once_and_asked_again(world: World) -> None:
    world.sandbox.fault(service="slack", method="conversations.create", error="restricted_action", count=0)
    await world.user("kim").command(LINE)
    await world.advance(minutes=11)

    assert "SEV1 #1" in world.phone("ana").received[0]
    assert len(calls(world, "conversations.create")) == 3
    assert len([text for text in await in_ops(world) if "has no channel" in text]) == 1
    heard = [message.shown for message in await world.user("kim").sees("general")]
    assert any("No channel yet" in text and "https://meet.example.com/payments" in text for text in heard)

    world.sandbox.clear_faults()
    await world.advance(minutes=5)
    await everything_is_in_place(world)


async def test_a_private_incident_that_gets_no_private_channel_gets_no_public_one(world: World) -> None:
    world.sandbox.fault(service="slack", method="conversations.create", error="restricted_action", count=0)
    kim = world.user("kim")
    await kim.command("/inc")
    await world.settled()
    await kim.submit({"title": {"value": "checkout leaks card numbers"}, "private": {"value": ["private"]}})
    await world.advance(minutes=11)

    assert world.phone("ana").received and "card numbers" not in " ".join(world.phone("ana").received)
    assert {call["args"]["is_private"] for call in calls(world, "conversations.create")} == {"true"}
    assert await world.bot_channels() == []
    assert await in_ops(world) == []
    trouble = [call["args"]["text"] for call in calls(world, "chat.postMessage") if call["args"]["channel"] == "U0KIM000000"]
    assert len(trouble) == 1 and "has no channel" in trouble[0]


@pytest.mark.parametrize(("method", "times"), [("conversations.create", 1), ("conversations.invite", 1), ("chat.postMessage", 2)])
async def test_a_connection_lost_after_slack_had_accepted_makes_nothing_twice(world: World, method: str, times: int) -> None:
    world.sandbox.fault(service="slack", method=method, reset="after", count=times)

    await world.user("kim").command(LINE)
    await world.settled()
    assert "SEV1 #1" in world.phone("ana").last_sms
    await world.advance(seconds=30)

    await everything_is_in_place(world)


async def test_while_it_is_unknown_whether_a_channel_was_made_no_second_one_is(world: World) -> None:
    world.sandbox.fault(service="slack", method="conversations.create", reset="after", count=1)
    world.sandbox.fault(service="slack", method="conversations.list", status=500, count=3)

    await world.user("kim").command(LINE)
    await world.advance(minutes=1)

    await everything_is_in_place(world)
