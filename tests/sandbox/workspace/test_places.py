"""What surrounds a channel's messages: a stretch at a time, what is unread, topic, pins and bookmarks, and files for a form."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.testing import Json
from tests.sandbox.workspace.stage import ANA, GENERAL, KIM, OPS, Stage


async def seen(stage: Stage, query: str = "", user: str = "kim") -> Json:
    found: Json = await stage.see(f"timeline/general?user={user}{query}")
    return found


async def say(stage: Stage, count: int, user: str = "ana", channel: str = "general") -> list[str]:
    return [await stage.says(user, channel, f"m{n}") for n in range(count)]


async def test_a_stretch_is_the_end_or_lies_before_after_or_around_a_message(stage: Stage) -> None:
    said = await say(stage, 10)
    cases = {
        "&limit=3": (said[7:], True, False),
        f"&limit=3&before={said[4]}": (said[1:4], True, True),
        f"&limit=3&before={said[2]}": (said[:2], False, True),
        f"&limit=3&since={said[4]}": (said[4:7], True, True),
        f"&limit=20&since={said[4]}": (said[4:], True, False),
        f"&limit=4&around={said[4]}": (said[3:7], True, True),
        f"&limit=4&around={said[9]}": (said[6:], True, False),
    }
    for query, (expected, older, newer) in cases.items():
        found = await seen(stage, query)
        assert ([one["ts"] for one in found["messages"]], found["older"], found["newer"]) == (expected, older, newer), query


async def test_replies_stay_in_their_thread_unless_they_are_sent_to_the_channel_too(stage: Stage, slack: AsyncWebClient) -> None:
    stage.inside()
    [root] = await say(stage, 1)
    for broadcast in (False, True):
        await stage.control("message", user="bo", channel="general", text="reply", thread_ts=root, broadcast=broadcast)
    await slack.chat_postEphemeral(channel=GENERAL, user=KIM, text="psst")
    assert [one["text"] for one in (await seen(stage))["messages"]] == ["m0", "reply", "psst"]
    assert [one["text"] for one in (await seen(stage, user="ana"))["messages"]] == ["m0", "reply"]


@pytest.mark.parametrize("limit", ["0", "501", "many"])
async def test_a_limit_that_is_none(stage: Stage, limit: str) -> None:
    refused = await stage.control(f"timeline/general?limit={limit}", "GET", expect=400)
    assert refused["error"] == f"The limit is a number from 1 to 500, not {limit!r}."


async def unread(stage: Stage, user: str, channel: str) -> tuple[int, int]:
    [found] = [one for one in await stage.see(f"channels?user={user}") if one["id"] == channel]
    return found["unread_count"], found["mention_count"]


async def test_what_others_said_is_unread_until_it_is_read(stage: Stage) -> None:
    said = await say(stage, 3, channel="ops")
    await stage.control("message", user="ana", channel="ops", text="@kim look")
    await stage.control("message", user="ana", channel="ops", text="@here everybody")
    await stage.control("message", user="kim", channel="ops", text="my own")
    await stage.control("message", user="ana", channel="ops", text="in a thread", thread_ts=said[0])
    assert await unread(stage, "kim", OPS) == (5, 2)
    assert await unread(stage, "ana", OPS) == (1, 0)
    await stage.control("read", user="kim", channel="ops", ts=said[2])
    assert await unread(stage, "kim", OPS) == (2, 2)
    await stage.control("read", user="kim", channel="ops", ts=said[0])  # what was read stays read
    assert await unread(stage, "kim", OPS) == (2, 2)
    await say(stage, 120, channel="ops")
    assert await unread(stage, "kim", OPS) == (100, 2)  # counting stops there


async def test_every_word_in_a_direct_message_is_loud_and_nothing_waits_where_one_is_not(stage: Stage) -> None:
    sent = await stage.control("message", user="ana", channel="@kim", text="psst")
    assert await unread(stage, "kim", sent["channel"]) == (1, 1)
    await say(stage, 1, channel="payments")
    [payments] = [one["id"] for one in await stage.see("channels") if one.get("name") == "payments"]
    assert await unread(stage, "bea", payments) == (0, 0)


async def test_topic_pins_and_bookmarks_as_people_set_them(stage: Stage) -> None:
    [ts] = await say(stage, 1)
    assert (await stage.control("topic", user="kim", channel="general", topic="calm"))["ok"]
    assert (await stage.control("topic", user="kim", channel="general", topic="x" * 251))["error"] == "too_long"
    assert (await stage.control("topic", user="bea", channel="payments", topic="x"))["error"] == "not_in_channel"
    await stage.control("pin", user="kim", channel="general", ts=ts)
    for link, error in (("ftp://x", "invalid_link"), ("https://", "invalid_link"), ("https://example.com", None)):
        assert (await stage.control("bookmark", user="kim", channel="general", title="Runbook", link=link))["error"] == error
    around = await stage.see("channels/general?user=kim")
    assert (ANA in around["members"], [pin["message"]["ts"] for pin in around["pins"]]) == (True, [ts])
    [bookmark] = around["bookmarks"]
    assert (bookmark["title"], bookmark["link"]) == ("Runbook", "https://example.com")
    assert (await stage.control("unpin", user="kim", channel="general", ts=ts))["ok"]
    assert (await stage.control("unpin", user="kim", channel="general", ts=ts))["error"] == "no_pin"
    assert (await stage.control("unbookmark", user="kim", channel="general", id=bookmark["id"]))["ok"]
    assert (await stage.control("unbookmark", user="kim", channel="general", id=bookmark["id"]))["error"] == "not_found"
    around = await stage.see("channels/general?user=kim")
    assert (around["pins"], around["bookmarks"]) == ([], [])


async def test_who_does_not_see_a_private_channel_sees_nothing_around_it(stage: Stage, slack: AsyncWebClient) -> None:
    made = await slack.conversations_create(name="secret", is_private=True)
    for path in (f"channels/{made['channel']['id']}", f"timeline/{made['channel']['id']}"):
        assert "There is no channel" in (await stage.control(f"{path}?user=kim", "GET", expect=400))["error"]


async def test_a_file_for_a_form_is_kept_and_shared_nowhere(stage: Stage) -> None:
    kept = await stage.control("upload", user="kim", filename="error.log", content="it broke")
    file = stage.team.world.files[kept["file"]]
    assert (file.name, file.size, file.shares) == ("error.log", 8, {})
