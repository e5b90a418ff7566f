"""Buttons, selects, shortcuts and suggestions, as the app gets them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.workspace.pace import Pace
from tests.sandbox.workspace.apps import Listener, listening
from tests.sandbox.workspace.stage import ANA, BO, GENERAL, OPS, Stage, button, code_of, modal, text, text_input


@pytest.fixture
async def app(stage: Stage) -> AsyncIterator[Listener]:
    stage.inside()
    async with listening(stage) as app:
        yield app


def option(value: str) -> dict[str, Any]:
    return {"text": text(value.upper()), "value": value}


SEVERITY = {"type": "static_select", "action_id": "sev", "options": [option("sev1"), option("sev2")], "placeholder": text("Severity")}
LOOKUP = {"type": "external_select", "action_id": "find", "min_query_length": 1}


async def card(slack: AsyncWebClient, *elements: dict[str, Any], **more: Any) -> str:
    blocks = [{"type": "actions", "block_id": "row", "elements": list(elements) or [button()]}]
    return str((await slack.chat_postMessage(channel=GENERAL, text="card", blocks=blocks, **more))["ts"])


async def click(stage: Stage, ts: str, action_id: str, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = await stage.control("click", user="ana", channel="general", ts=ts, action_id=action_id, **more)
    return answer


async def test_a_press_says_who_where_and_what(stage: Stage, slack: AsyncWebClient, app: Listener) -> None:
    ts = await card(slack)
    assert (await click(stage, ts, "go"))["ok"]
    payload = app.payloads("block_actions")[0]
    action = payload["actions"][0]
    assert {name: action[name] for name in ("type", "action_id", "block_id", "value")} == {
        "type": "button",
        "action_id": "go",
        "block_id": "row",
        "value": "7",
    }
    assert action["action_ts"] and action["text"]["text"] == "Go"
    assert payload["container"] == {"type": "message", "message_ts": ts, "channel_id": GENERAL, "is_ephemeral": False}
    assert (payload["channel"], payload["message"]["ts"]) == ({"id": GENERAL, "name": "general"}, ts)
    assert payload["user"] == {"id": ANA, "username": "ana", "name": "ana", "team_id": "T0SANDBOX00"}
    assert payload["state"] == {"values": {}} and payload["trigger_id"] and payload["response_url"]


async def test_a_choice_in_a_message_stays_for_the_next_press(stage: Stage, slack: AsyncWebClient, app: Listener) -> None:
    ts = await card(slack, SEVERITY, button())
    assert (await click(stage, ts, "sev", value="SEV2"))["ok"]  # by its label
    await click(stage, ts, "go")
    chosen, pressed = app.payloads("block_actions")
    assert chosen["actions"][0]["selected_option"] == option("sev2")
    assert pressed["state"]["values"] == {"row": {"sev": {"type": "static_select", "selected_option": option("sev2")}}}
    await stage.control("click", user="bo", channel="general", ts=ts, action_id="go")
    assert app.payloads("block_actions")[2]["state"]["values"]["row"]["sev"]["selected_option"] is None


@pytest.mark.parametrize(
    ("element", "value", "key", "wire"),
    [
        ({"type": "users_select"}, "@bo", "selected_user", BO),
        ({"type": "multi_users_select"}, ["bo", "ana"], "selected_users", [BO, ANA]),
        ({"type": "channels_select"}, "#ops", "selected_channel", OPS),
        ({"type": "multi_conversations_select"}, ["ops"], "selected_conversations", [OPS]),
        ({"type": "datepicker"}, "2026-11-23", "selected_date", "2026-11-23"),
        ({"type": "timepicker"}, "09:30", "selected_time", "09:30"),
        ({"type": "datetimepicker"}, 1795393818, "selected_date_time", 1795393818),
        ({"type": "checkboxes", "options": [option("a"), option("b")]}, ["a", "b"], "selected_options", [option("a"), option("b")]),
        ({"type": "radio_buttons", "options": [option("a")]}, "a", "selected_option", option("a")),
        ({"type": "overflow", "options": [option("a"), option("b")]}, "b", "selected_option", option("b")),
        ({"type": "multi_static_select", "options": [option("a")]}, None, "selected_options", []),
    ],
    ids=lambda given: given["type"] if isinstance(given, dict) and "type" in given else None,
)
async def test_every_kind_of_choice(
    stage: Stage, slack: AsyncWebClient, app: Listener, element: dict[str, Any], value: Any, key: str, wire: Any
) -> None:
    ts = await card(slack, element | {"action_id": "pick"})
    await click(stage, ts, "pick", value=value)
    assert app.payloads("block_actions")[0]["actions"][0][key] == wire


async def test_what_cannot_be_pressed(stage: Stage, slack: AsyncWebClient, app: Listener) -> None:
    ts = await card(slack, SEVERITY, button())
    human = await stage.says("ana", "general", "hi")
    for body, sentence in (
        ({"ts": ts, "action_id": "stop"}, "There is no element 'stop' here. There are: go, sev."),
        ({"ts": ts, "action_id": "sev", "value": "sev9"}, "There is no option 'sev9'. There are sev1, sev2."),
        ({"ts": "1.000001", "action_id": "go"}, "There is no message '1.000001' in general that ana can see."),
        ({"ts": human, "action_id": "go"}, "This message was not posted by an app, so nothing in it can be pressed."),
        ({"view_id": "V1", "action_id": "go"}, "ana has no view 'V1' open."),
    ):
        answer = await stage.control("click", user="ana", channel="general", expect=400, **body)
        assert answer["error"] == sentence
    assert app.payloads("block_actions") == []


async def test_a_press_that_nobody_acks_is_told(stage: Stage, slack: AsyncWebClient, app: Listener) -> None:
    ts = await card(slack)
    stage.team.pace = Pace(answer_s=0.1)
    app.acking = False
    answer = await click(stage, ts, "go")
    assert (answer["ok"], answer["error"]) == (False, "operation_timeout") and "3 seconds" in answer["shown"]
    assert len(app.payloads("block_actions")) == 1


async def test_an_ephemeral_message_is_replaced_and_deleted_by_its_response_url(stage: Stage, slack: AsyncWebClient, app: Listener) -> None:
    blocks = [{"type": "actions", "elements": [button()]}]
    ts = (await slack.chat_postEphemeral(channel=GENERAL, user=ANA, text="sure?", blocks=blocks))["message_ts"]
    await click(stage, ts, "go")
    payload = app.payloads("block_actions")[0]
    assert payload["container"]["is_ephemeral"] and "message" not in payload
    async with stage.http.post(payload["response_url"], json={"replace_original": True, "text": "done"}) as response:
        assert response.status == 200
    assert await stage.texts("general") == ["done"]
    async with stage.http.post(payload["response_url"], json={"delete_original": True}) as response:
        assert response.status == 200
    assert await stage.texts("general") == []
    assert app.events("message") == []
    answer = await stage.control("click", user="bo", channel="general", ts=ts, action_id="go", expect=400)
    assert "bo can see" in answer["error"]


async def test_suggestions_come_from_the_app(stage: Stage, slack: AsyncWebClient, app: Listener) -> None:
    ts = await card(slack, LOOKUP)
    app.answers["block_suggestion"] = {"options": [option("checkout"), option("chat")]}
    offered = await stage.control("suggest", user="ana", channel="general", ts=ts, action_id="find", value="ch")
    assert [one["value"] for one in offered["options"]] == ["checkout", "chat"]
    asked = app.payloads("block_suggestion")[0]
    assert (asked["value"], asked["action_id"], asked["block_id"]) == ("ch", "find", "row")
    await click(stage, ts, "find", value="chat")
    assert app.payloads("block_actions")[0]["actions"][0]["selected_option"] == option("chat")


async def test_shortcuts(stage: Stage, slack: AsyncWebClient, app: Listener) -> None:
    ts = await stage.says("bo", "general", "it started at nine")
    assert (await stage.control("shortcut", user="ana", callback_id="declare"))["ok"]
    assert (await stage.control("message_action", user="ana", channel="general", ts=ts, callback_id="note"))["ok"]
    everywhere, on_message = app.payloads("shortcut")[0], app.payloads("message_action")[0]
    assert everywhere["callback_id"] == "declare" and "channel" not in everywhere and "response_url" not in everywhere
    assert (on_message["message_ts"], on_message["message"]["text"], on_message["channel"]["id"]) == (ts, "it started at nine", GENERAL)
    assert on_message["response_url"] and on_message["trigger_id"]
    answer = await stage.control("shortcut", user="ana", callback_id="note", expect=400)
    assert "no installed app" in answer["error"].lower()


async def test_a_trigger_opens_one_view_within_three_seconds(stage: Stage, slack: AsyncWebClient, app: Listener) -> None:
    ts = await card(slack)
    await click(stage, ts, "go")
    trigger = app.payloads("block_actions")[0]["trigger_id"]
    await slack.views_open(trigger_id=trigger, view=modal())
    assert await code_of(slack.views_open(trigger_id=trigger, view=modal())) == "exchanged_trigger_id"
    assert await code_of(slack.views_open(trigger_id="nonsense", view=modal())) == "invalid_trigger_id"
    other = stage.workspace.install({"display_information": {"name": "Other"}}, None, None, None, None)
    await click(stage, ts, "go")
    trigger = app.payloads("block_actions")[1]["trigger_id"]
    assert await code_of(stage.client(other.bot_token).views_open(trigger_id=trigger, view=modal())) == "invalid_trigger_id"


async def test_a_trigger_expires() -> None:
    later = [0.0]
    async with Stage(now=lambda: 1_800_000_000 + later[0]) as stage, listening(stage) as app:
        await stage.control("shortcut", user="ana", callback_id="declare")
        later[0] = 3.1
        trigger = app.payloads("shortcut")[0]["trigger_id"]
        assert await code_of(stage.slack.views_open(trigger_id=trigger, view=modal())) == "expired_trigger_id"


async def test_an_input_of_a_view_is_filled_in_without_a_word_unless_it_dispatches(
    stage: Stage, slack: AsyncWebClient, app: Listener
) -> None:
    await stage.control("shortcut", user="ana", callback_id="declare")
    quiet, loud = text_input("quiet"), text_input("loud", dispatch_action=True)
    view = modal(quiet, loud, {"type": "section", "block_id": "s", "text": text("sev", "mrkdwn"), "accessory": SEVERITY})
    opened = (await slack.views_open(trigger_id=app.payloads("shortcut")[0]["trigger_id"], view=view))["view"]
    at = {"user": "ana", "view_id": opened["id"]}
    assert (await stage.control("click", **at, action_id="text", block_id="quiet", value="a"))["sent"] is False
    assert (await stage.control("select", **at, action_id="text", block_id="loud", value="b"))["sent"] is True
    assert (await stage.control("click", **at, action_id="sev", value="sev1"))["sent"] is True
    assert "say which with block_id" in (await stage.control("click", **at, action_id="text", expect=400))["error"]
    last = app.payloads("block_actions")[-1]
    assert last["container"] == {"type": "view", "view_id": opened["id"]} and "response_url" not in last
    values = last["state"]["values"]
    assert (values["quiet"]["text"]["value"], values["loud"]["text"]["value"]) == ("a", "b")
    assert last["view"]["state"]["values"]["s"]["sev"]["selected_option"] == option("sev1")


async def test_a_card_in_a_direct_message(stage: Stage, slack: AsyncWebClient, app: Listener) -> None:
    direct = await slack.chat_postMessage(channel=ANA, text="c", blocks=[{"type": "actions", "elements": [button()]}])
    await stage.control("click", user="ana", channel="@tocsin", ts=direct["ts"], action_id="go")
    assert app.payloads("block_actions")[0]["channel"] == {"id": direct["channel"], "name": "directmessage"}
