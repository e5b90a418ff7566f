"""The Events API: what happens is told to those who asked, may know, and are there."""

from slack_sdk.web.async_client import AsyncWebClient

from tests.sandbox.workspace.apps import listening
from tests.sandbox.workspace.stage import ANA, BEA, BO, BOT, GENERAL, OPS, Stage, manifest, until


async def test_a_message_arrives_whole(stage: Stage) -> None:
    stage.inside()
    async with listening(stage) as app:
        ts = await stage.says("ana", "general", "is checkout down? <b> & @bo, see #ops (https://x.example/a?b=1&c=2).")
        await until(lambda: app.events("message"))
        event = app.events("message")[0]
        assert event["text"] == (f"is checkout down? &lt;b&gt; &amp; <@{BO}>, see <#{OPS}|ops> (<https://x.example/a?b=1&amp;c=2>).")
        assert (event["user"], event["channel"], event["channel_type"], event["ts"], event["event_ts"]) == (ANA, GENERAL, "channel", ts, ts)
        outer = app.got[0].payload
        assert (outer["type"], outer["api_app_id"], outer["team_id"]) == ("event_callback", stage.app.id, "T0SANDBOX00")
        assert outer["authorizations"][0]["user_id"] == BOT and outer["event_id"].startswith("Ev")


async def test_edits_deletions_threads_and_reactions(stage: Stage) -> None:
    stage.inside()
    async with listening(stage) as app:
        ts = await stage.says("ana", "general", "one")
        await stage.control("edit", user="ana", channel="general", ts=ts, text="two")
        reply = await stage.says("bo", "general", "reply", thread_ts=ts)
        await stage.control("react", user="bo", channel="general", ts=ts, name=":eyes:")
        await stage.control("unreact", user="bo", channel="general", ts=ts, name="eyes")
        await stage.control("pin", user="bo", channel="general", ts=ts)
        await stage.control("delete", user="bo", channel="general", ts=reply)
        await until(lambda: any(event.get("subtype") == "message_deleted" for event in app.events()))
        messages = app.events("message")
        changed = next(one for one in messages if one.get("subtype") == "message_changed")
        assert (changed["previous_message"]["text"], changed["message"]["text"], changed["hidden"]) == ("one", "two", True)
        assert changed["message"]["edited"]["user"] == ANA and changed["message"]["ts"] == ts != changed["ts"]
        in_thread = next(one for one in messages if one["ts"] == reply)
        assert (in_thread["thread_ts"], in_thread["parent_user_id"]) == (ts, ANA)
        deleted = next(one for one in messages if one.get("subtype") == "message_deleted")
        assert (deleted["deleted_ts"], deleted["previous_message"]["text"]) == (reply, "reply")
        added, removed = app.events("reaction_added")[0], app.events("reaction_removed")[0]
        assert (added["user"], added["reaction"], added["item_user"]) == (BO, "eyes", ANA)
        assert added["item"] == removed["item"] == {"type": "message", "channel": GENERAL, "ts": ts}
        assert app.events("pin_added")[0]["item"]["message"]["ts"] == ts


async def test_a_mention_is_told_beside_the_message(stage: Stage) -> None:
    stage.inside()
    async with listening(stage) as app:
        ts = await stage.says("ana", "general", "@tocsin help")
        await until(lambda: len(app.got) == 2)
        assert {event["type"]: event["ts"] for event in app.events()} == {"message": ts, "app_mention": ts}


async def test_nothing_is_heard_from_where_the_bot_is_not(stage: Stage, slack: AsyncWebClient) -> None:
    async with listening(stage) as app:
        await stage.says("ana", "general", "nobody hears this @tocsin")
        private = (await stage.client("xoxp-ana").conversations_create(name="hidden", is_private=True))["channel"]["id"]
        await stage.says("ana", private, "nor this")
        await stage.says("ana", "@bo", "nor this")
        await stage.says("ana", "@tocsin", "but this")
        await until(lambda: app.events("message"))
        assert [(event["text"], event["channel_type"]) for event in app.events("message")] == [("but this", "im")]
        assert app.events("app_mention") == []


async def test_only_what_is_subscribed_and_allowed(stage: Stage) -> None:
    deaf = stage.workspace.install(manifest("Deaf", events=["reaction_added"]), None, None, None, None)
    mute = stage.workspace.install(manifest("Mute", scopes=["channels:join", "reactions:read"]), None, None, None, None)
    for app in (deaf, mute):
        await stage.client(app.bot_token).conversations_join(channel=GENERAL)
    async with listening(stage, deaf) as without_subscription, listening(stage, mute) as without_scope:
        ts = await stage.says("ana", "general", "hello")
        await stage.control("react", user="ana", channel="general", ts=ts, name="wave")
        await until(lambda: without_subscription.got and without_scope.got)
        assert [event["type"] for event in without_subscription.events()] == ["reaction_added"]
        assert [event["type"] for event in without_scope.events()] == ["reaction_added"]


async def test_channels_and_people_come_and_go(stage: Stage, slack: AsyncWebClient) -> None:
    async with listening(stage) as app:
        channel = (await slack.conversations_create(name="inc-1"))["channel"]["id"]
        await slack.conversations_invite(channel=channel, users=[ANA, BEA])
        await stage.control("leave", user="bea", channel=channel)
        await slack.conversations_rename(channel=channel, name="inc-2")
        await slack.conversations_archive(channel=channel)
        await slack.conversations_unarchive(channel=channel)
        await stage.control("users", name="new", tz="Asia/Tokyo")
        await until(lambda: app.events("team_join"))
        assert app.events("channel_created")[0]["channel"]["name"] == "inc-1"
        joined = app.events("member_joined_channel")
        assert [(one["user"], one.get("inviter")) for one in joined] == [(BOT, None), (ANA, BOT), (BEA, BOT)]
        assert app.events("member_left_channel")[0]["user"] == BEA
        assert app.events("channel_rename")[0]["channel"]["name"] == "inc-2"
        assert app.events("channel_archive")[0]["user"] == BOT and app.events("channel_unarchive")[0]["channel"] == channel
        assert app.events("team_join")[0]["user"]["name"] == "new"
        subtypes = [event.get("subtype") for event in app.events("message")]
        assert {"channel_join", "channel_leave", "channel_name", "channel_archive", "channel_unarchive"} <= set(subtypes)


async def test_the_home_tab_is_opened(stage: Stage, slack: AsyncWebClient) -> None:
    async with listening(stage) as app:
        assert (await stage.control("home", user="ana"))["view"] is None
        await slack.views_publish(user_id=ANA, view={"type": "home", "blocks": [{"type": "divider"}]})
        opened = await stage.control("home", user="ana", app="tocsin")
        await until(lambda: len(app.events("app_home_opened")) == 2)
        first, second = app.events("app_home_opened")
        assert (first["user"], first["tab"], "view" in first) == (ANA, "home", False)
        assert second["view"]["id"] == opened["view"]["id"] == (await stage.see("views/ana"))[0]["id"]


async def test_a_file_shared_by_a_person(stage: Stage) -> None:
    stage.inside()
    async with listening(stage) as app:
        shared = await stage.control("upload", user="ana", channel="general", filename="a.txt", content="x", text="look")
        await until(lambda: app.events("file_shared"))
        assert app.events("file_shared")[0]["file_id"] == shared["file"]
        message = app.events("message")[0]
        assert (message["subtype"], message["files"][0]["id"], message["text"]) == ("file_share", shared["file"], "look")


async def test_an_uninstalled_app_hears_so_and_its_token_is_revoked(stage: Stage) -> None:
    async with listening(stage) as app:
        await stage.control("apps", "DELETE", app="Tocsin")
        await until(lambda: app.events("app_uninstalled"))
        assert app.events("tokens_revoked")[0]["tokens"] == {"bot": [BOT]}
    async with stage.http.post(f"{stage.base}/api/auth.test", data={"token": "xoxb-tocsin"}) as response:
        assert (await response.json())["error"] == "token_revoked"


async def test_an_event_can_be_lost_or_come_twice(stage: Stage) -> None:
    stage.inside()
    async with listening(stage) as app:
        await stage.control("fault", service="events", method="message", error="lost")
        await stage.says("ana", "general", "lost")
        await stage.control("fault", service="events", error="duplicate")
        await stage.says("ana", "general", "twice")
        await until(lambda: len(app.got) == 2)
        assert [event["text"] for event in app.events("message")] == ["twice", "twice"]
        assert app.got[0].payload["event_id"] == app.got[1].payload["event_id"]
        assert (app.got[0].retry_attempt, app.got[1].retry_attempt) == (0, 1)
