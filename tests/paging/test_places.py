"""Steps that mean many at once, or a place: everybody of a schedule, a team, a user group, a Slack channel, a webhook."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from bot.config.escalation import EscalationPolicy, EscalationStep
from bot.config.models import NamedWebhook
from bot.config.values import Target
from bot.db import ActorId
from bot.directory.work import DirectoryWork
from bot.errors import AlreadyDone
from bot.paging.channels.webhook import signature
from bot.paging.messages import AttemptFailed, PageAcknowledged, PageEscalated, PageExhausted, PagePosted, PersonPaged, StepSkipped
from bot.paging.models import PageAttempt
from bot.paging.slack import PageButtons
from bot.paging.states import PageState
from bot.sandbox.testing import BOT_TOKEN, Message
from bot.sandbox.workspace.model import UserGroup
from bot.slack.gateway import SlackGateway, web_client
from bot.slack.requests import Click
from tests.paging.conftest import Room
from tests.paging.test_escalation import page_of, told


def climbs(room: Room, *steps: tuple[int, str], repeats: int = 0, **more: object) -> None:
    """SEV1's policy from now on: (minutes, targets separated by spaces)."""
    made = [
        EscalationStep(after=timedelta(minutes=minute), targets=tuple(Target.model_validate(one) for one in targets.split()))
        for minute, targets in steps
    ]
    policy = EscalationPolicy(id="sev1", steps=tuple(made), repeats=repeats)
    config = room.paging.directory.config
    room.paging.directory.config = config.model_copy(update={"policies": {**config.policies, "sev1": policy}, **more})


async def posted(room: Room, channel: str = "general") -> list[Message]:
    """The pages that stand in a channel."""
    return [message for message in await room.sandbox.channel(channel).messages() if "SEV1 #42" in message.shown]


async def reached(room: Room) -> list[str]:
    """Everything planned so far: "ana slack", "channel:general slack" …"""
    async with room.database.read() as tx:
        rows = (await tx.session.execute(select(col(PageAttempt.person), col(PageAttempt.method)))).all()
    return sorted(f"{row.person} {row.method}" for row in rows)


async def test_everybody_on_a_schedule_is_paged_whoever_has_the_turn(room: Room) -> None:
    climbs(room, (0, "everybody:platform-primary"))
    await room.start(1)
    assert {one.split()[0] for one in room.new()} == {"bo", "kim"}
    assert {fact.why for fact in room.said(PersonPaged)} == {"in platform-primary"}


async def test_a_whole_team_is_paged(room: Room) -> None:
    climbs(room, (0, "members:payments"))
    await room.start(1)
    assert {one.split()[0] for one in room.new()} == {"ana", "bo", "kim"}
    assert {fact.why for fact in room.said(PersonPaged)} == {"member of Payments"}


async def test_a_page_stands_in_a_channel_where_anybody_can_take_it_and_the_message_says_who_did(room: Room) -> None:
    climbs(room, (0, "channel:general"), (5, "primary"))
    page = await room.start(1)
    assert await reached(room) == ["channel:general slack"]
    [message] = await posted(room)
    assert "you:" not in message.shown and "I can't" not in message.shown
    assert [fact.place for fact in room.said(PagePosted)] == ["channel:general"]
    assert room.said(PersonPaged) == []
    async with room.database.begin(actor=ActorId("lee")) as tx:
        await PageButtons(room.paging).acknowledge(tx, Click("lee", "C1", message.ts, "page.acknowledge", str(page), "", "", "", "click"))
    assert [fact.by for fact in room.said(PageAcknowledged)] == ["lee"]
    await room.advance(9)
    assert await reached(room) == ["channel:general slack"]
    [message] = await posted(room)
    assert "Lee O'Hara took this page at" in message.shown
    assert "Acknowledge" not in message.shown


async def test_a_step_of_a_channel_alone_does_not_stop_the_ladder_nor_count_as_somebody(room: Room) -> None:
    climbs(room, (0, "channel:general"), (5, "channel:ops"))
    page = await room.start(1)
    await room.advance(5)
    assert len(await posted(room, "ops")) == 1
    assert room.said(PageExhausted) == []
    room.before = room.all_sent()
    await room.advance(5)
    assert {one.split()[0] for one in await reached(room)} == {"channel:general", "channel:ops", "ana", "max"}  # the fallback
    await room.advance(5)
    assert len(room.said(PageExhausted)) == 1
    assert (await page_of(room, page)).state is PageState.EXHAUSTED


async def test_a_channel_beside_people_of_whom_none_is_found_does_not_hold_up_the_next_step(room: Room) -> None:
    climbs(room, (0, "channel:general secondary"), (5, "manager"))
    await room.start(1, "queue")  # db has no secondary
    assert len(await posted(room)) == 1
    assert [(fact.role, fact.why) for fact in room.said(StepSkipped)] == [
        ("channel:general and secondary", "Databases has no secondary rotation")
    ]
    assert "bea slack" in await reached(room)


async def test_escalating_by_hand_goes_past_a_channel_to_a_person(sqlite_room: Room) -> None:
    room = sqlite_room
    climbs(room, (0, "primary"), (5, "channel:general"), (10, "secondary"))
    page = await room.start(1)
    async with room.database.begin(actor=ActorId("ana")) as tx:
        await room.paging.escalate_page(tx, page)
    await room.worker.drain()
    assert len(await posted(room)) == 1
    assert "bo slack" in await reached(room)
    assert [fact.step for fact in room.said(PageEscalated)] == [2]
    with pytest.raises(AlreadyDone):
        async with room.database.begin(actor=ActorId("ana")) as tx:
            await room.paging.escalate_page(tx, page)


async def test_a_private_incident_is_posted_in_no_channel(room: Room) -> None:
    climbs(room, (0, "channel:general"), (5, "primary"))
    await room.start(1, private=True)
    assert await posted(room) == []
    assert [fact.why for fact in room.said(StepSkipped)] == ["a private incident is not posted in #general"]
    assert "ana slack" in await reached(room)


async def test_a_channel_that_slack_does_not_know_fails_and_the_next_step_comes_at_once(sqlite_room: Room) -> None:
    room = sqlite_room
    climbs(room, (0, "channel:nowhere"), (5, "primary"))
    await room.start(1)
    await room.at_rest()
    assert [fact.person for fact in room.said(AttemptFailed)] == ["channel:nowhere"]
    assert "ana slack" in await reached(room)


async def test_one_person_by_several_routes_and_twice_in_a_step_is_paged_once(sqlite_room: Room) -> None:
    room = sqlite_room
    climbs(room, (0, "primary person:ana members:payments everybody:payments-primary channel:general channel:general"))
    await room.start(1)
    assert sorted(one for one in room.new() if one.startswith("ana")) == told("ana")
    assert len(await posted(room)) == 1


async def test_a_webhook_is_told_signed_and_answers_for_nobody(sqlite_room: Room) -> None:
    room = sqlite_room
    hook = NamedWebhook(id="status", url=f"{room.sandbox.url}/sandbox/hooks/status", key="a key for the status page")
    climbs(room, (0, "webhook:status"), (5, "primary"), webhooks={"status": hook})
    await room.start(1)
    assert await reached(room) == ["webhook:status webhook"]
    assert [fact.place for fact in room.said(PagePosted)] == ["webhook:status"]
    [heard] = room.sandbox.outside.hooks.heard
    body = json.loads(heard.body)
    assert heard.headers["webhook-signature"] == signature(
        "a key for the status page", heard.headers["webhook-id"], heard.headers["webhook-timestamp"], heard.body.encode()
    )
    assert (body["person"], body["severity"]) == ("webhook:status", 1)
    async with room.client.post(body["link"], data={"action": "acknowledge"}) as answer:
        assert answer.status == 403
    await room.advance(5)
    assert "ana slack" in await reached(room)


async def grouped(room: Room, handle: str, *people: str) -> SlackGateway:
    """A user group in the sandbox, and the directory's work to ask for it."""
    slack = SlackGateway(web_client(BOT_TOKEN, f"{room.sandbox.url}/api/"))
    DirectoryWork(room.database, room.paging.directory, slack).register(room.worker)
    world = room.sandbox.outside.workspace.team.world
    users = [room.config.people[one].slack or "" for one in people]
    world.groups["S0SRE0000"] = UserGroup("S0SRE0000", handle, handle, "", users, [], users[0], 0, 0)
    return slack


async def test_a_user_group_means_its_members_of_now(room: Room) -> None:
    slack = await grouped(room, "sre", "bo", "kim")
    climbs(room, (0, "primary"), (4, "usergroup:@sre"), (10, "usergroup:sre"), (15, "usergroup:nobody"))
    await room.start(1)
    room.sandbox.outside.workspace.team.world.groups["S0SRE0000"].users.append(room.config.people["lee"].slack or "")
    await room.advance(4)
    assert {one.split()[0] for one in await reached(room)} == {"ana", "bo", "kim"}
    await room.advance(6)  # it was asked for again after five minutes
    assert {one.split()[0] for one in await reached(room)} == {"ana", "bo", "kim", "lee"}
    await room.advance(5)
    assert [fact.why for fact in room.said(StepSkipped)] == ["Slack has told of no user group @nobody"]
    await slack.close()


async def test_a_user_group_is_paged_also_while_slack_is_away(sqlite_room: Room) -> None:
    room = sqlite_room
    slack = await grouped(room, "sre", "bo")
    climbs(room, (0, "primary"), (5, "usergroup:sre"))
    async with room.database.begin(actor=ActorId("tocsin")) as tx:
        await room.paging.directory.look_up_groups(tx)
    await room.worker.drain()
    room.sandbox.fault(service="slack", status=500, count=0)
    await room.start(1)
    await room.advance(5)
    assert "bo sms" in room.new()
    await slack.close()
