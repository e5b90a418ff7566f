"""Declaring: by command, by form, by SMS, from the command line, and twice at once."""

import asyncio
import re
import time

from bot.incidents.api import declare_at
from tests.journeys.stories import calls, incident, lines, markup, told
from tests.world import Json, World


async def test_with_every_slack_call_slow_the_page_leaves_beside_the_channel_and_the_budget_holds(world: World) -> None:
    world.sandbox.fault(service="slack", delay_s=0.1, count=0)
    # The best of three, since this machine may be busy with other things.
    took = [await until_paged(world, line, phone) for line, phone in (("storage is down", "bea"), ("cdn is down", "bea"))]
    await world.settled()
    before = len(calls(world))
    world.sandbox.clear_faults()
    world.sandbox.fault(service="slack", method="conversations.create", delay_s=1, count=1)
    world.sandbox.fault(service="slack", delay_s=0.1, count=0)
    took.append(await until_paged(world, "checkout is down", "ana"))
    assert min(took) <= 1.0
    await world.settled()
    await world.advance(seconds=3)  # the card is edited at leisure, too

    channel = (await incident(world, 3)).channel_id
    made = [call for call in calls(world)[before:] if call["method"] == "conversations.create" or call["args"].get("channel") == channel]
    assert after(made, "conversations.create") == 1
    assert after(made, "conversations.invite") == 2
    assert after(made, "chat.postMessage") <= 3
    assert max(depth(call, made) for call in made) <= 6
    assert len([call for call in made if call["method"] == "chat.postMessage"]) <= 2
    page = next(call for call in calls(world)[before:] if call["args"].get("channel") == "U0ANA000000")
    create = next(call for call in made if call["method"] == "conversations.create")
    assert page["start"] < create["end"], "the page waits for no channel"


async def test_the_card_says_the_rule_with_its_values_and_where_to_meet(world: World) -> None:
    await world.user("kim").command("/inc checkout slow for EU")
    await world.settled()

    card = await world.card(1)
    stored = await incident(world)
    assert stored.rule in card
    assert "tier 0" in stored.rule, "the rule names what it looked at"
    assert "SEV2" in card and "unconfirmed" in card
    assert "join the call" in card and "4711" in card


async def test_a_bare_command_opens_one_form_with_one_required_field_and_answers_wrong_ones_inside_it(world: World) -> None:
    kim = world.user("kim")
    asked_at = time.time()
    await kim.command("/inc")
    await world.settled()
    view = await kim.view()
    assert time.time() - asked_at < 3
    inputs = [block for block in view["blocks"] if block["type"] == "input"]
    assert [block["block_id"] for block in inputs if not block.get("optional")] == ["title"]

    answered = await kim.submit({"title": {"value": "   "}})
    assert "what is wrong" in str(answered["errors"]["title"])
    assert not world.phone("ana").received

    await kim.submit({"title": {"value": "nobody can pay"}, "service": {"value": "checkout"}, "severity": {"value": "1"}})
    assert "Paging <@U0ANA000000>" in lines(await kim.view())
    await world.settled()
    assert "SEV1 #1 nobody can pay" in world.phone("ana").last_sms
    assert "#1 SEV1 nobody can pay" in await world.card(1)
    assert (await incident(world)).channel_id in (await kim.sees("general"))[-1].shown, "where it was asked for, the channel is told"


async def test_while_slack_is_slow_the_form_is_acknowledged_before_slack_is_called(world: World) -> None:
    world.sandbox.fault(service="slack", delay_s=2.0, count=0)
    took = []
    for name in ("kim", "lee", "bea", "max", "ana"):  # the best of five, since this machine may be busy with other things
        before, asked_at = len(calls(world)), time.time()
        await world.user(name).command("/inc")
        delivery = (await world.sandbox.get("/deliveries"))[-1]
        took.append(time.time() - asked_at)
        await world.sandbox.until(lambda known=before: len(calls(world)) > known)
        opened = calls(world)[before]
        assert opened["method"] == "views.open"
        assert opened["start"] >= delivery["end"] - 0.01, "nothing is asked of Slack before it has its acknowledgement"
    assert min(took) <= 0.2
    world.sandbox.clear_faults()
    await world.settled()
    assert "What is wrong?" in lines(await world.user("kim").view())


async def test_two_people_who_see_the_same_thing_page_once_and_may_join_or_separate(world: World) -> None:
    kim, lee = world.user("kim"), world.user("lee")
    await kim.command("/inc sev1 checkout is down")
    await world.advance(seconds=40)
    texts = len(world.phone("ana").received)

    for person in (lee, world.user("bea")):
        said = await person.command("/inc sev1 payment fails for everybody", "ops")
        assert "#1 was declared 40 s ago" in told(said)
    await world.settled()
    assert len(world.phone("ana").received) == texts
    assert len(await world.bot_channels()) == 1

    await lee.press("Join", "ops")
    await world.settled()
    assert "<@U0LEE000000>" in await world.card(1)

    await world.user("bea").press("Separate", "ops")
    await world.settled()
    assert "#2 SEV1 payment fails for everybody" in await world.card(2)
    assert "SEV1 #2" in world.phone("ana").last_sms


async def test_two_who_declare_in_the_same_moment_page_once(world: World) -> None:
    people = [world.user(name) for name in ("kim", "lee", "bea", "max")]
    said = await asyncio.gather(*(person.command("/inc sev1 checkout is down", "ops") for person in people))
    await world.settled()

    assert sum("The channel is on its way" in told(one) for one in said) == 1
    assert sum("was declared" in told(one) for one in said) == 3
    assert len([text for text in world.phone("ana").received if "#1" in text]) == 1
    assert len(await world.bot_channels()) == 1


async def test_an_sms_from_a_known_phone_and_the_command_line_do_what_the_command_does(world: World) -> None:
    await world.phone("bo").reply("sev1 checkout is down")
    await world.settled()
    assert "#1 SEV1 declared" in world.phone("bo").last_sms
    assert "SEV1 #1 checkout is down" in world.phone("ana").last_sms
    assert "declared by <@U0BO0000000>" in await world.card(1)

    said = await declare_at(world.environ, "sev2 storage is slow @lee", by="kim")
    await world.settled()
    assert said == "#2 SEV2 storage is slow: declared."
    assert "SEV2 #2 storage is slow" in world.phone("bea").last_sms
    assert "declared by <@U0KIM000000>" in await world.card(2)
    assert "<@U0LEE000000>" in await world.card(2)


async def test_a_stranger_in_slack_can_declare_and_unknown_services_are_refused_with_the_nearest(world: World) -> None:
    await world.user("gus").command("/inc sev1 checkout is down", "payments")
    await world.settled()
    assert "SEV1 #1" in world.phone("ana").last_sms

    said = await world.user("kim").command("/inc new it is slow service:chekout")
    assert "no service called “chekout”" in told(said) and "checkout" in told(said)
    assert len(await world.bot_channels()) == 1


async def test_a_sev4_wakes_nobody_until_it_is_promoted(world: World) -> None:
    said = await world.user("kim").command("/inc sev4 checkout disk is 80 % full")
    await world.settled()
    assert "wakes nobody" in told(said)
    assert not world.phone("ana").received
    assert await world.bot_channels() == []
    assert any("#1 SEV4" in text for text in await world.sandbox.channel("ops").texts())

    await world.user("bea").press("Promote to SEV3", "ops")
    await world.settled()
    assert "#1 SEV3" in await world.card(1)
    assert any("SEV3 #1" in mail.subject for mail in world.sandbox.mailbox("ana"))


async def test_what_people_type_neither_pings_nor_breaks(world: World) -> None:
    hostile = "<!channel> <script>alert(1)</script> {{7*7}} \u202eright to left\u202c 🔥 <!here> " + "x" * 20_000
    said = await world.user("kim").command(f"/inc sev1 checkout {hostile}")
    assert said["ok"]
    await world.settled()
    assert "{{7*7}}" in await world.card(1)

    channel = await world.channel_name(1)
    for verb in ("update", "note", "mitigated", "resolve"):
        said = await world.user("kim").command(f"/inc {verb} {hostile}", channel)
        assert said["ok"], said
        await world.settled()
    ours = [message for message in await world.sandbox.channel(channel).messages() if "subtype" not in message.raw]
    for message in ours:
        assert not re.search(r"<!(channel|here|everyone)|<script|\u202e", "\n".join(markup(message.raw)))
    failed = [call for call in calls(world) if call["result"] and not call["result"].get("ok", True)]
    assert failed == []


async def until_paged(world: World, line: str, phone: str) -> float:
    """Seconds from the command until the SMS was requested."""
    texts, typed_at = len(world.phone(phone).received), time.time()
    said = await world.user("kim").command(f"/inc sev1 {line}")
    assert "The channel is on its way." in told(said)
    await world.sandbox.until(lambda: len(world.phone(phone).received) > texts)
    return time.time() - typed_at


def depth(call: Json, made: list[Json]) -> int:
    """How many calls, one after the other, it took until this one was over."""
    return 1 + max((depth(earlier, made) for earlier in made if earlier["end"] <= call["start"]), default=0)


def after(made: list[Json], method: str) -> int:
    """After how many sequential calls the first one of this method was over."""
    return depth(next(call for call in made if call["method"] == method), made)
