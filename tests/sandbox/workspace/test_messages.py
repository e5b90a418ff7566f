"""Messages: posted, changed, deleted, threaded, and read again."""

import re

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox.workspace.stage import ANA, BOT, GENERAL, OPS, PAYMENTS, Stage, code_of, manifest, text

SECTION = {"type": "section", "text": text("*hi*", "mrkdwn")}
NOTE = {"event_type": "tocsin", "event_payload": {"id": "42"}}


async def test_what_comes_back_of_a_post(stage: Stage, slack: AsyncWebClient) -> None:
    stage.inside()
    posted = await slack.chat_postMessage(channel=GENERAL, text="hi", blocks=[SECTION], metadata=NOTE)
    message = posted["message"]
    assert (message["user"], message["bot_id"], message["app_id"]) == (BOT, stage.app.bot_id, stage.app.id)
    assert message["blocks"][0]["block_id"] and message["metadata"] == NOTE
    assert re.fullmatch(r"\d{10}\.\d{6}", posted["ts"])
    link = (await slack.chat_getPermalink(channel=GENERAL, message_ts=posted["ts"]))["permalink"]
    async with stage.http.get(link, allow_redirects=False) as response:
        assert response.headers["Location"] == f"/#{GENERAL}/{posted['ts']}"


async def test_channels_by_name_and_people_by_id(stage: Stage, slack: AsyncWebClient) -> None:
    stage.inside(OPS)
    assert (await slack.chat_postMessage(channel="#ops", text="x"))["channel"] == OPS
    direct = (await slack.chat_postMessage(channel=ANA, text="psst"))["channel"]
    assert await stage.texts("@tocsin", "ana") == ["psst"]
    assert direct.startswith("D")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({}, "no_text"),
        ({"blocks": "[{", "text": "x"}, "invalid_blocks_format"),
        ({"blocks": [{"type": "nonsense"}]}, "invalid_blocks"),
        ({"text": "x", "attachments": [{"text": "a"}] * 101}, "too_many_attachments"),
        ({"text": "x", "metadata": {"event_type": "x"}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": {"event_type": "x", "event_payload": {"a": "b" * 9000}}}, "metadata_too_large"),
        ({"text": "x", "markdown_text": "x"}, "markdown_text_conflict"),
        ({"text": "x", "thread_ts": "1.000001"}, "cannot_reply_to_message"),
        ({"text": "x", "username": "Someone"}, "missing_scope"),
    ],
)
async def test_what_is_refused(stage: Stage, slack: AsyncWebClient, more: dict[str, object], code: str) -> None:
    stage.inside()
    assert await code_of(slack.api_call("chat.postMessage", json={"channel": GENERAL, **more})) == code


async def test_where_one_may_post(stage: Stage, slack: AsyncWebClient) -> None:
    assert await code_of(slack.chat_postMessage(channel=PAYMENTS, text="x")) == "not_in_channel"
    assert await code_of(slack.chat_postMessage(channel="C0NOWHERE00", text="x")) == "channel_not_found"
    loud = stage.workspace.install(manifest("Loud", ["chat:write", "chat:write.public"]), None, None, None, None)
    assert await code_of(stage.client(loud.bot_token).chat_postMessage(channel=PAYMENTS, text="x")) == ""


async def test_long_text_is_cut_when_posted_and_refused_when_changed(stage: Stage, slack: AsyncWebClient) -> None:
    stage.inside()
    posted = await slack.chat_postMessage(channel=GENERAL, text="x" * 50_000)
    assert len(posted["message"]["text"]) == 40_000
    assert await code_of(slack.chat_update(channel=GENERAL, ts=posted["ts"], text="x" * 4001)) == "msg_too_long"


async def test_an_update_replaces_text_blocks_and_metadata(stage: Stage, slack: AsyncWebClient) -> None:
    stage.inside()
    ts = (await slack.chat_postMessage(channel=GENERAL, text="hi", blocks=[SECTION]))["ts"]
    changed = await slack.chat_update(channel=GENERAL, ts=ts, text="new", metadata=NOTE)
    assert (changed["text"], changed["ts"], changed["message"]["metadata"]) == ("new", ts, NOTE)
    assert "blocks" not in changed["message"] and changed["message"]["edited"]["user"] == BOT
    anas = await stage.says("ana", "general", "mine")
    assert await code_of(slack.chat_update(channel=GENERAL, ts=anas, text="x")) == "cant_update_message"
    assert await code_of(slack.chat_delete(channel=GENERAL, ts=anas)) == "cant_delete_message"
    assert await code_of(slack.chat_update(channel=GENERAL, ts="1.000001", text="x")) == "message_not_found"
    assert await code_of(slack.api_call("chat.update", json={"channel": GENERAL, "ts": ts})) == "no_text"


async def test_ephemeral_messages_are_seen_by_one(stage: Stage, slack: AsyncWebClient) -> None:
    stage.inside()
    sent = await slack.chat_postEphemeral(channel=GENERAL, user=ANA, text="only you")
    assert sent["message_ts"]
    assert "only you" in await stage.texts("general", "ana")
    assert "only you" not in await stage.texts("general", "bo")
    history = (await slack.conversations_history(channel=GENERAL))["messages"]
    assert "only you" not in [message["text"] for message in history]
    assert await code_of(slack.chat_postEphemeral(channel=GENERAL, user="U0ZOE000000", text="x")) == "user_not_in_channel"


async def test_threads(stage: Stage, slack: AsyncWebClient) -> None:
    stage.inside()
    root = await stage.says("ana", "general", "root")
    reply = await stage.says("bo", "general", "first", thread_ts=root)
    await slack.chat_postMessage(channel=GENERAL, text="second", thread_ts=reply)  # a reply's ts stands for its thread
    await slack.chat_postMessage(channel=GENERAL, text="loud", thread_ts=root, reply_broadcast=True)
    replies = (await slack.conversations_replies(channel=GENERAL, ts=root))["messages"]
    assert [one["text"] for one in replies] == ["root", "first", "second", "loud"]
    assert (replies[0]["reply_count"], replies[0]["latest_reply"]) == (3, replies[3]["ts"])
    assert {one["thread_ts"] for one in replies} == {root}
    history = [one["text"] for one in (await slack.conversations_history(channel=GENERAL))["messages"]]
    assert "root" in history and "loud" in history and "first" not in history
    assert await code_of(slack.conversations_replies(channel=GENERAL, ts="1.000001")) == "thread_not_found"
    paged = await slack.conversations_replies(channel=GENERAL, ts=root, limit=2)
    pages = [[one["text"] for one in page["messages"]] async for page in paged]
    assert pages == [["root", "first"], ["root", "second"], ["root", "loud"]]


async def test_a_deleted_root_leaves_its_thread(stage: Stage, slack: AsyncWebClient) -> None:
    stage.inside()
    root = await stage.says("ana", "general", "root")
    await stage.says("bo", "general", "reply", thread_ts=root)
    await stage.control("delete", user="ana", channel="general", ts=root)
    replies = (await slack.conversations_replies(channel=GENERAL, ts=root))["messages"]
    assert [one.get("subtype") for one in replies] == ["tombstone", None]
    assert await code_of(slack.reactions_add(channel=GENERAL, timestamp=root, name="eyes")) == "message_not_found"


async def test_history_is_paged_newest_first(stage: Stage, slack: AsyncWebClient) -> None:
    stage.inside()
    sent = [await stage.says("ana", "general", f"m{number}") for number in range(10)]
    texts, cursors = [], []
    async for page in await slack.conversations_history(channel=GENERAL, limit=4, oldest=sent[0], inclusive=True):
        texts += [one["text"] for one in page["messages"]]
        cursors.append((page.get("response_metadata") or {}).get("next_cursor", ""))
    assert texts == [f"m{number}" for number in reversed(range(10))]
    assert cursors[-1] == "" and all(sent[0] not in cursor for cursor in cursors)
    between = await slack.conversations_history(channel=GENERAL, oldest=sent[2], latest=sent[5])
    assert [one["text"] for one in between["messages"]] == ["m4", "m3"]
    assert await code_of(slack.conversations_history(channel=GENERAL, cursor="nonsense")) == "invalid_cursor"
    assert await code_of(slack.conversations_history(channel=GENERAL, oldest="soon")) == "invalid_ts_oldest"
    assert await code_of(slack.conversations_history(channel=PAYMENTS)) == "not_in_channel"


async def test_metadata_is_shown_only_when_asked_for(stage: Stage, slack: AsyncWebClient) -> None:
    stage.inside()
    ts = (await slack.chat_postMessage(channel=GENERAL, text="hi", metadata=NOTE))["ts"]
    plain = await slack.conversations_history(channel=GENERAL, latest=ts, inclusive=True, limit=1)
    full = await slack.conversations_history(channel=GENERAL, latest=ts, inclusive=True, limit=1, include_all_metadata=True)
    assert "metadata" not in plain["messages"][0] and full["messages"][0]["metadata"] == NOTE


async def test_pins_reactions_and_bookmarks(stage: Stage, slack: AsyncWebClient) -> None:
    stage.inside()
    ts = await stage.says("ana", "general", "look")
    await slack.pins_add(channel=GENERAL, timestamp=ts)
    assert await code_of(slack.pins_add(channel=GENERAL, timestamp=ts)) == "already_pinned"
    assert (await slack.pins_list(channel=GENERAL))["items"][0]["message"]["pinned_to"] == [GENERAL]
    await slack.pins_remove(channel=GENERAL, timestamp=ts)
    assert await code_of(slack.pins_remove(channel=GENERAL, timestamp=ts)) == "no_pin"
    await slack.reactions_add(channel=GENERAL, timestamp=ts, name="eyes")
    assert await code_of(slack.reactions_add(channel=GENERAL, timestamp=ts, name="eyes")) == "already_reacted"
    assert await code_of(slack.reactions_add(channel=GENERAL, timestamp=ts, name="No Emoji")) == "invalid_name"
    await stage.control("react", user="bo", channel="general", ts=ts, name="eyes")
    seen = (await slack.reactions_get(channel=GENERAL, timestamp=ts))["message"]["reactions"]
    assert seen == [{"name": "eyes", "users": [BOT, "U0BO0000000"], "count": 2}]
    await slack.reactions_remove(channel=GENERAL, timestamp=ts, name="eyes")
    assert await code_of(slack.reactions_remove(channel=GENERAL, timestamp=ts, name="eyes")) == "no_reaction"
    bookmark = (await slack.bookmarks_add(channel_id=GENERAL, title="Runbook", type="link", link="https://x.example/r"))["bookmark"]
    await slack.bookmarks_edit(channel_id=GENERAL, bookmark_id=bookmark["id"], title="Other")
    assert [one["title"] for one in (await slack.bookmarks_list(channel_id=GENERAL))["bookmarks"]] == ["Other"]
    assert await code_of(slack.bookmarks_add(channel_id=GENERAL, title="x", type="link", link="ftp://x")) == "invalid_link"
    await slack.bookmarks_remove(channel_id=GENERAL, bookmark_id=bookmark["id"])
    assert await code_of(slack.bookmarks_remove(channel_id=GENERAL, bookmark_id=bookmark["id"])) == "not_found"


async def test_a_hundred_pins_and_no_more(stage: Stage, slack: AsyncWebClient) -> None:
    stage.inside()
    for number in range(100):
        await stage.control("pin", user="ana", channel="general", ts=await stage.says("ana", "general", str(number)))
    assert await code_of(slack.pins_add(channel=GENERAL, timestamp=await stage.says("ana", "general", "one more"))) == "too_many_pins"


async def test_scheduled_messages_are_sent_at_their_time(stage: Stage, slack: AsyncWebClient) -> None:
    stage.inside()
    now = int(stage.team.now())
    for post_at, code in ((now - 5, "time_in_past"), (now + 121 * 86400, "time_too_far")):
        assert await code_of(slack.chat_scheduleMessage(channel=GENERAL, post_at=post_at, text="x")) == code
    kept = await slack.chat_scheduleMessage(channel=GENERAL, post_at=now + 1000, text="later")
    dropped = await slack.chat_scheduleMessage(channel=GENERAL, post_at=now + 1000, text="never", blocks=[SECTION])
    await slack.chat_deleteScheduledMessage(channel=GENERAL, scheduled_message_id=dropped["scheduled_message_id"])
    again = slack.chat_deleteScheduledMessage(channel=GENERAL, scheduled_message_id=dropped["scheduled_message_id"])
    assert await code_of(again) == "invalid_scheduled_message_id"
    listed = (await slack.chat_scheduledMessages_list())["scheduled_messages"]
    assert [one["id"] for one in listed] == [kept["scheduled_message_id"]]


async def test_user_groups(slack: AsyncWebClient) -> None:
    group = (await slack.usergroups_create(name="On call", handle="oncall"))["usergroup"]["id"]
    assert await code_of(slack.usergroups_create(name="Else", handle="oncall")) == "handle_already_exists"
    await slack.usergroups_users_update(usergroup=group, users=[ANA])
    await slack.usergroups_users_update(usergroup=group, users=["U0BO0000000"])
    assert (await slack.usergroups_users_list(usergroup=group))["users"] == ["U0BO0000000"]
    assert await code_of(slack.usergroups_users_update(usergroup=group, users=[])) == "no_users_provided"
    assert await code_of(slack.usergroups_users_update(usergroup=group, users=["U0ZOE000000"])) == "invalid_users"
    assert (await slack.usergroups_list(include_users=True))["usergroups"][0]["users"] == ["U0BO0000000"]


async def test_canvases(slack: AsyncWebClient) -> None:
    channel = (await slack.conversations_create(name="inc-1"))["channel"]["id"]
    content = {"type": "markdown", "markdown": "# Status\n\nAll is well"}
    canvas = (await slack.conversations_canvases_create(channel_id=channel, document_content=content))["canvas_id"]
    assert (
        await code_of(slack.conversations_canvases_create(channel_id=channel, document_content=content)) == "channel_canvas_already_exists"
    )
    found = await slack.canvases_sections_lookup(canvas_id=canvas, criteria={"section_types": ["any_header"], "contains_text": "Status"})
    change = {
        "operation": "insert_after",
        "section_id": found["sections"][0]["id"],
        "document_content": {"type": "markdown", "markdown": "On fire"},
    }
    await slack.canvases_edit(canvas_id=canvas, changes=[change])
    on_fire = await slack.canvases_sections_lookup(canvas_id=canvas, criteria={"contains_text": "On fire"})
    assert len(on_fire["sections"]) == 1
    assert await code_of(slack.canvases_edit(canvas_id=canvas, changes=[{"operation": "delete"}])) == "canvas_editing_failed"
    await slack.canvases_delete(canvas_id=canvas)
    assert await code_of(slack.canvases_delete(canvas_id=canvas)) == "canvas_not_found"


async def test_files_go_up_in_three_steps(stage: Stage, slack: AsyncWebClient) -> None:
    stage.inside()
    root = await stage.says("ana", "general", "root")
    done = await slack.files_upload_v2(
        channel=GENERAL, filename="log.txt", content="it burns", title="Log", initial_comment="see", thread_ts=root
    )
    file = done["file"]
    shown = (await slack.files_info(file=file["id"]))["file"]
    ts = shown["shares"]["public"][GENERAL][0]["ts"]
    replies = (await slack.conversations_replies(channel=GENERAL, ts=root))["messages"]
    assert (replies[1]["ts"], replies[1]["text"], replies[1]["files"][0]["title"]) == (ts, "see", "Log")
    async with stage.http.get(shown["url_private"]) as response:
        assert await response.text() == "it burns"
    assert (await slack.files_list(channel=GENERAL))["files"][0]["id"] == file["id"]
    await slack.files_delete(file=file["id"])
    assert await code_of(slack.files_info(file=file["id"])) == "file_deleted"
    assert await code_of(slack.files_completeUploadExternal(files=[{"id": "F0NOTHING00"}])) == "file_not_found"
    assert await code_of(slack.files_upload_v2(channel=PAYMENTS, filename="x.txt", content="x")) == "not_in_channel"
