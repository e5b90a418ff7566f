"""Channels: made, named, described, archived, and who is in them."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox.workspace.stage import ANA, BEA, BO, BOT, GENERAL, GUS, KIM, LEE, MAX, OPS, PAYMENTS, ZOE, Stage, code_of


async def made(slack: AsyncWebClient, name: str = "inc-1", private: bool = False) -> str:
    return str((await slack.conversations_create(name=name, is_private=private))["channel"]["id"])


async def test_a_new_channel_has_its_maker_in_it(slack: AsyncWebClient) -> None:
    channel = (await slack.conversations_create(name="inc-1"))["channel"]
    assert (channel["name"], channel["is_private"], channel["is_member"], channel["creator"]) == ("inc-1", False, True, BOT)
    assert (await slack.conversations_members(channel=channel["id"]))["members"] == [BOT]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "invalid_name_required"),
        ("x" * 81, "invalid_name_maxlength"),
        ("___", "invalid_name_punctuation"),
        ("Inc", "invalid_name_specials"),
        ("inc 1", "invalid_name_specials"),
        ("inc.1", "invalid_name_specials"),
        ("general", "name_taken"),
        ("x" * 80, ""),
        ("störung_1-a", ""),
    ],
)
async def test_the_rules_for_names(slack: AsyncWebClient, name: str, code: str) -> None:
    assert await code_of(slack.conversations_create(name=name)) == code


async def test_private_and_archived_channels_keep_their_names(stage: Stage, slack: AsyncWebClient) -> None:
    await stage.client("xoxp-ana").conversations_create(name="hidden", is_private=True)
    await slack.conversations_archive(channel=await made(slack, "old"))
    for name in ("hidden", "old"):
        assert await code_of(slack.conversations_create(name=name)) == "name_taken"


async def test_a_private_channel_does_not_exist_for_those_outside(stage: Stage, slack: AsyncWebClient) -> None:
    channel = await made(stage.client("xoxp-ana"), "hidden", private=True)
    for call in (
        slack.conversations_info(channel=channel),
        slack.conversations_history(channel=channel),
        slack.chat_postMessage(channel=channel, text="hi"),
        slack.conversations_invite(channel=channel, users=[BO]),
        slack.pins_list(channel=channel),
    ):
        assert await code_of(call) == "channel_not_found"
    listed = await slack.conversations_list(types="public_channel,private_channel")
    assert channel not in [one["id"] for one in listed["channels"]]
    assert channel not in [one["id"] for one in await stage.see("channels?user=bo")]
    assert "can see" in (await stage.control("message", user="bo", channel=channel, text="hi", expect=400))["error"]


async def test_people_are_invited_together(slack: AsyncWebClient) -> None:
    channel = await made(slack)
    await slack.conversations_invite(channel=channel, users=[ANA, BO, KIM])
    assert (await slack.conversations_members(channel=channel))["members"] == [BOT, ANA, BO, KIM]


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ([BOT], "cant_invite_self"),
        ([ANA], "already_in_channel"),
        ([ZOE], "cant_invite"),
        ([GUS], "ura_max_channels"),
        (["U0NOBODY000"], "user_not_found"),
        ([], "no_user"),
    ],
    ids=["self", "there already", "deactivated", "guest", "nobody", "none"],
)
async def test_who_cannot_be_invited(slack: AsyncWebClient, who: list[str], code: str) -> None:
    channel = await made(slack)
    await slack.conversations_invite(channel=channel, users=[ANA])
    assert await code_of(slack.conversations_invite(channel=channel, users=who)) == code


async def test_one_bad_invitee_spoils_the_call_unless_forced(slack: AsyncWebClient) -> None:
    channel = await made(slack)
    with pytest.raises(SlackApiError) as caught:
        await slack.conversations_invite(channel=channel, users=[BO, ZOE])
    assert caught.value.response["errors"] == [{"user": ZOE, "ok": False, "error": "cant_invite"}]
    assert (await slack.conversations_members(channel=channel))["members"] == [BOT]
    forced = await slack.conversations_invite(channel=channel, users=[BO, ZOE], force=True)
    assert forced["errors"][0]["user"] == ZOE
    assert (await slack.conversations_members(channel=channel))["members"] == [BOT, BO]


async def test_inviting_where_the_caller_is_not_or_nothing_goes(stage: Stage, slack: AsyncWebClient) -> None:
    assert await code_of(slack.conversations_invite(channel=PAYMENTS, users=[BEA])) == "not_in_channel"
    channel = await made(slack)
    await slack.conversations_archive(channel=channel)
    assert await code_of(slack.conversations_invite(channel=channel, users=[BEA])) == "is_archived"
    assert await code_of(slack.conversations_invite(channel="C0NOWHERE00", users=[BEA])) == "channel_not_found"
    direct = (await slack.conversations_open(users=[ANA]))["channel"]["id"]
    assert await code_of(slack.conversations_invite(channel=direct, users=[BEA])) == "method_not_supported_for_channel_type"


async def test_joining_leaving_and_being_shown_out(stage: Stage, slack: AsyncWebClient) -> None:
    assert (await slack.conversations_join(channel=PAYMENTS))["channel"]["is_member"]
    assert (await slack.conversations_join(channel=PAYMENTS))["warning"] == "already_in_channel"
    await slack.conversations_kick(channel=PAYMENTS, user=LEE)
    assert LEE not in (await slack.conversations_members(channel=PAYMENTS))["members"]
    assert await code_of(slack.conversations_kick(channel=PAYMENTS, user=LEE)) == "not_in_channel"
    assert await code_of(slack.conversations_kick(channel=PAYMENTS, user=BOT)) == "cant_kick_self"
    await slack.conversations_join(channel=GENERAL)
    assert await code_of(slack.conversations_kick(channel=GENERAL, user=ANA)) == "cant_kick_from_general"
    assert await code_of(slack.conversations_leave(channel=GENERAL)) == "cant_leave_general"
    await slack.conversations_leave(channel=PAYMENTS)
    assert (await slack.conversations_leave(channel=PAYMENTS))["not_in_channel"]
    private = await made(slack, "hidden", private=True)
    assert await code_of(slack.conversations_leave(channel=private)) == "last_member"
    assert await code_of(slack.conversations_join(channel=private)) == "method_not_supported_for_channel_type"


async def test_topic_purpose_and_name(stage: Stage, slack: AsyncWebClient) -> None:
    channel = await made(slack)
    await slack.conversations_setTopic(channel=channel, topic="SEV1")
    await slack.conversations_setPurpose(channel=channel, purpose="checkout")
    await slack.conversations_rename(channel=channel, name="inc-2")
    info = (await slack.conversations_info(channel=channel, include_num_members=True))["channel"]
    assert (info["topic"]["value"], info["purpose"]["value"], info["name"], info["num_members"]) == ("SEV1", "checkout", "inc-2", 1)
    assert info["previous_names"] == ["inc-1"]
    written = (await slack.conversations_history(channel=channel))["messages"]
    assert [one["subtype"] for one in written] == ["channel_name", "channel_purpose", "channel_topic", "channel_join"]
    assert await code_of(slack.conversations_setTopic(channel=channel, topic="x" * 251)) == "too_long"
    assert await code_of(slack.conversations_rename(channel=channel, name="general")) == "name_taken"
    assert await code_of(slack.conversations_setTopic(channel=OPS, topic="x")) == "not_in_channel"
    await slack.conversations_join(channel=OPS)
    assert await code_of(slack.conversations_rename(channel=OPS, name="ops-2")) == "not_authorized"


async def test_archiving_and_back(stage: Stage, slack: AsyncWebClient) -> None:
    channel = await made(slack)
    assert await code_of(slack.conversations_unarchive(channel=channel)) == "not_archived"
    await slack.conversations_archive(channel=channel)
    assert await code_of(slack.conversations_archive(channel=channel)) == "already_archived"
    for call in (slack.chat_postMessage(channel=channel, text="x"), slack.conversations_setTopic(channel=channel, topic="x")):
        assert await code_of(call) == "is_archived"
    assert await code_of(slack.conversations_rename(channel=channel, name="y")) == "is_archived"
    assert (await stage.control("message", user="ana", channel=channel, text="x"))["error"] == "is_archived"
    live = await slack.conversations_list(exclude_archived=True)
    assert channel not in [one["id"] for one in live["channels"]]
    await slack.conversations_unarchive(channel=channel)
    await slack.chat_postMessage(channel=channel, text="back")
    await slack.conversations_join(channel=GENERAL)
    assert await code_of(slack.conversations_archive(channel=GENERAL)) == "cant_archive_general"


async def test_direct_messages_are_opened_once(stage: Stage, slack: AsyncWebClient) -> None:
    first = await slack.conversations_open(users=[ANA])
    again = await slack.conversations_open(users=[ANA], return_im=True)
    assert first["channel"]["id"] == again["channel"]["id"]
    assert (again["already_open"], again["channel"]["user"]) == (True, ANA)
    many = (await slack.conversations_open(users=[ANA, BO, MAX]))["channel"]["id"]
    assert many != first["channel"]["id"]
    for users, code in (
        ([], "users_list_not_supplied"),
        ([ZOE], "user_disabled"),
        (["U0NOBODY000"], "user_not_found"),
        ([ANA] * 9, "too_many_users"),
    ):
        assert await code_of(slack.conversations_open(users=users)) == code


async def test_lists_are_paged_with_opaque_cursors(slack: AsyncWebClient) -> None:
    for number in range(7):
        await made(slack, f"inc-{number}")
    seen = []
    async for page in await slack.conversations_list(limit=3):
        assert len(page["channels"]) <= 3
        seen += [one["name"] for one in page["channels"]]
    assert sorted(seen) == sorted(["general", "ops", "payments", *(f"inc-{n}" for n in range(7))])
    assert await code_of(slack.conversations_list(cursor="nonsense")) == "invalid_cursor"
    assert await code_of(slack.conversations_list(types="channel")) == "invalid_types"
    mine = await slack.users_conversations()
    assert len(mine["channels"]) == 7


async def test_people_are_looked_up(slack: AsyncWebClient) -> None:
    kim = (await slack.users_info(user=KIM))["user"]
    assert (kim["name"], kim["tz"], kim["tz_offset"], kim["profile"]["email"]) == ("kim", "Asia/Seoul", 32400, "kim@example.com")
    assert (await slack.users_info(user=ZOE))["user"]["deleted"]
    assert (await slack.users_info(user=GUS))["user"]["is_ultra_restricted"]
    assert (await slack.users_lookupByEmail(email="KIM@example.com"))["user"]["id"] == KIM
    assert await code_of(slack.users_lookupByEmail(email="zoe@example.com")) == "users_not_found"
    assert await code_of(slack.users_info(user="U0NOBODY000")) == "user_not_found"
    names = []
    async for page in await slack.users_list(limit=4):
        names += [one["name"] for one in page["members"]]
    assert len(names) == len(set(names)) == 10
    assert (await slack.team_info())["team"]["domain"] == "sandbox"
    me = (await slack.users_info(user=BOT))["user"]
    assert (await slack.bots_info(bot=me["profile"]["bot_id"]))["bot"]["name"] == "Tocsin"
