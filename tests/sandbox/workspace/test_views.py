"""Modals and home tabs: opened, stacked, submitted, answered, closed."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.workspace.pace import Pace
from tests.sandbox.workspace.apps import Listener, listening
from tests.sandbox.workspace.stage import ANA, BO, OPS, Stage, code_of, modal, text, text_input

HOME = {"type": "home", "blocks": [{"type": "section", "text": text("hi", "mrkdwn")}]}


@pytest.fixture
async def app(stage: Stage) -> AsyncIterator[Listener]:
    async with listening(stage) as app:
        yield app


async def trigger(stage: Stage, app: Listener) -> str:
    await stage.control("shortcut", user="ana", callback_id="declare")
    return str(app.payloads("shortcut")[-1]["trigger_id"])


async def opened(stage: Stage, app: Listener, view: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = await stage.slack.views_open(trigger_id=await trigger(stage, app), view=view or modal())
    shown: dict[str, Any] = answer["view"]
    return shown


async def submit(stage: Stage, view_id: str, value: str | None = "x") -> dict[str, Any]:
    answer: dict[str, Any] = await stage.control("submit", user="ana", view_id=view_id, values={"what": {"text": value}})
    return answer


async def front(stage: Stage) -> list[str]:
    return [view["title"]["text"] for view in await stage.see("views/ana")]


async def test_a_submission_carries_the_view_and_its_state(stage: Stage, app: Listener) -> None:
    note = text_input("note", optional=True)
    view = await opened(stage, app, modal(text_input(), note, private_metadata="42", external_id="one"))
    assert (await submit(stage, view["id"], "checkout"))["ok"]
    payload = app.payloads("view_submission")[0]
    sent = payload["view"]
    assert (sent["type"], sent["callback_id"], sent["private_metadata"], sent["external_id"]) == ("modal", "form", "42", "one")
    assert sent["state"]["values"] == {
        "what": {"text": {"type": "plain_text_input", "value": "checkout"}},
        "note": {"text": {"type": "plain_text_input", "value": None}},
    }
    assert (sent["id"], sent["root_view_id"], sent["previous_view_id"], sent["hash"]) == (view["id"], view["id"], None, view["hash"])
    assert payload["user"]["id"] == ANA and payload["trigger_id"] and payload["response_urls"] == []
    assert await front(stage) == []


async def test_a_required_field_is_asked_for_without_the_app(stage: Stage, app: Listener) -> None:
    element = {"type": "plain_text_input", "action_id": "text", "min_length": 3, "max_length": 5}
    view = await opened(stage, app, modal(text_input(element=element)))
    for value, sentence in ((None, "required"), ("ab", "at least 3"), ("abcdef", "at most 5")):
        answer = await submit(stage, view["id"], value)
        assert answer["response_action"] == "errors" and sentence in answer["errors"]["what"]
    assert app.payloads("view_submission") == []
    assert (await submit(stage, view["id"], "abcd"))["ok"]


async def test_every_kind_of_value(stage: Stage, app: Listener) -> None:
    options = [{"text": text("One"), "value": "1"}, {"text": text("Two"), "value": "2"}]
    elements: dict[str, tuple[dict[str, Any], Any, Any]] = {
        "a": ({"type": "static_select", "option_groups": [{"label": text("g"), "options": options}]}, "2", options[1]),
        "b": ({"type": "checkboxes", "options": options}, ["One"], [options[0]]),
        "c": ({"type": "users_select"}, "bo", BO),
        "d": ({"type": "conversations_select", "response_url_enabled": True}, "#ops", OPS),
        "e": ({"type": "datepicker", "initial_date": "2026-01-01"}, "2026-02-02", "2026-02-02"),
        "f": ({"type": "number_input", "is_decimal_allowed": False}, 3, "3"),
        "g": ({"type": "email_text_input"}, "a@example.com", "a@example.com"),
        "h": ({"type": "radio_buttons", "options": options}, "1", options[0]),
    }
    blocks = [{"type": "input", "block_id": b, "label": text(b), "element": e | {"action_id": "x"}} for b, (e, _, _) in elements.items()]
    view = await opened(stage, app, modal(*blocks))
    values = {block: {"x": plain} for block, (_, plain, _) in elements.items()}
    assert (await stage.control("submit", user="ana", view_id=view["id"], values=values))["ok"]
    payload = app.payloads("view_submission")[0]
    state = payload["view"]["state"]["values"]
    for block, (element, _, wire) in elements.items():
        value = state[block]["x"]
        assert value["type"] == element["type"] and wire in value.values()
    assert payload["response_urls"][0]["channel_id"] == OPS


async def test_an_untouched_field_has_its_initial_value(stage: Stage, app: Listener) -> None:
    element = {"type": "plain_text_input", "action_id": "text", "initial_value": "as before"}
    view = await opened(stage, app, modal(text_input(element=element)))
    await stage.control("submit", user="ana", view_id=view["id"], values={})
    assert app.payloads("view_submission")[0]["view"]["state"]["values"]["what"]["text"]["value"] == "as before"


async def test_the_app_answers_with_errors_update_push_and_clear(stage: Stage, app: Listener) -> None:
    view = await opened(stage, app)
    app.answers["view_submission"] = {"response_action": "errors", "errors": {"what": "no such service"}}
    answer = await submit(stage, view["id"])
    assert (answer["ok"], answer["errors"]) == (False, {"what": "no such service"})
    assert answer["view"]["state"]["values"]["what"]["text"]["value"] == "x"
    app.answers["view_submission"] = {"response_action": "update", "view": modal(title=text("Second"))}
    answer = await submit(stage, view["id"])
    assert (answer["response_action"], answer["view"]["title"]["text"], answer["view"]["id"]) == ("update", "Second", view["id"])
    assert answer["view"]["hash"] != view["hash"]
    app.answers["view_submission"] = {"response_action": "push", "view": modal(title=text("Third"))}
    third = (await submit(stage, view["id"]))["view"]
    assert (third["previous_view_id"], third["root_view_id"]) == (view["id"], view["id"])
    assert await front(stage) == ["Third", "Second"]
    app.answers["view_submission"] = None
    assert (await submit(stage, third["id"]))["view"]["title"]["text"] == "Second"
    app.answers["view_submission"] = {"response_action": "clear"}
    assert (await submit(stage, view["id"]))["response_action"] == "clear"
    assert await front(stage) == []


async def test_an_answer_that_makes_no_sense_leaves_the_modal(stage: Stage, app: Listener) -> None:
    view = await opened(stage, app)
    for answer in (
        {"response_action": "errors", "errors": {"else": "x"}},
        {"response_action": "update", "view": {}},
        {"response_action": "x"},
    ):
        app.answers["view_submission"] = answer
        told = await submit(stage, view["id"])
        assert not told["ok"] and told["shown"] == "We had some trouble connecting. Try again?"
    app.acking = False
    stage.team.pace = Pace(answer_s=0.1)
    assert (await submit(stage, view["id"]))["error"] == "operation_timeout"
    assert await front(stage) == ["A form"]


async def test_views_are_stacked_three_deep(stage: Stage, slack: AsyncWebClient, app: Listener) -> None:
    view = await opened(stage, app)
    for number in (2, 3):
        app.answers["view_submission"] = {"response_action": "push", "view": modal(title=text(str(number)))}
        view = (await submit(stage, view["id"]))["view"]
    assert await front(stage) == ["3", "2", "A form"]
    app.answers["view_submission"] = {"response_action": "push", "view": modal()}
    assert (await submit(stage, view["id"]))["error"] == "push_limit_reached"
    pushed = app.payloads("view_submission")[-1]["trigger_id"]
    assert await code_of(slack.views_push(trigger_id=pushed, view=modal())) == "push_limit_reached"


async def test_a_view_is_pushed_with_the_trigger_of_a_view(stage: Stage, slack: AsyncWebClient, app: Listener) -> None:
    press = {"type": "actions", "elements": [{"type": "button", "action_id": "more", "text": text("More")}]}
    view = await opened(stage, app, modal(text_input(), press))
    await stage.control("click", user="ana", view_id=view["id"], action_id="more")
    pushed = await slack.views_push(trigger_id=app.payloads("block_actions")[0]["trigger_id"], view=modal(title=text("More")))
    assert pushed["view"]["previous_view_id"] == view["id"]
    assert await code_of(slack.views_push(trigger_id=await trigger(stage, app), view=modal())) == "not_found"


async def test_an_update_is_by_id_or_external_id_and_keeps_what_was_filled_in(stage: Stage, slack: AsyncWebClient, app: Listener) -> None:
    view = await opened(stage, app, modal(text_input(), external_id="one"))
    await stage.control("click", user="ana", view_id=view["id"], action_id="text", value="kept")
    changed = (await slack.views_update(external_id="one", view=modal(text_input(), text_input("more"), external_id="one")))["view"]
    assert changed["state"]["values"]["what"]["text"]["value"] == "kept"
    assert await code_of(slack.views_update(view_id=view["id"], hash=view["hash"], view=modal())) == "hash_conflict"
    assert await code_of(slack.views_update(view_id=view["id"], hash=changed["hash"], view=modal())) == ""
    assert await code_of(slack.views_update(view_id="V1", view=modal())) == "not_found"


async def test_an_external_id_is_used_once(stage: Stage, slack: AsyncWebClient, app: Listener) -> None:
    await opened(stage, app, modal(external_id="one"))
    assert await code_of(slack.views_open(trigger_id=await trigger(stage, app), view=modal(external_id="one"))) == "duplicate_external_id"


async def test_closing_is_told_to_those_who_ask(stage: Stage, app: Listener) -> None:
    quiet = await opened(stage, app)
    await stage.control("close", user="ana", view_id=quiet["id"])
    asked = await opened(stage, app, modal(notify_on_close=True))
    app.answers["view_submission"] = {"response_action": "push", "view": modal(notify_on_close=True)}
    top = (await submit(stage, asked["id"]))["view"]
    await stage.control("close", user="ana", view_id=top["id"])
    await stage.control("close", user="ana", view_id=asked["id"], all=True)
    closed = app.payloads("view_closed")
    assert [(one["view"]["id"], one["is_cleared"]) for one in closed] == [(top["id"], False), (asked["id"], True)]
    assert await front(stage) == []


async def test_home_tabs_are_published_for_each_person(stage: Stage, slack: AsyncWebClient) -> None:
    first = (await slack.views_publish(user_id=ANA, view=HOME))["view"]
    second = (await slack.views_publish(user_id=ANA, view=HOME, hash=first["hash"]))["view"]
    assert second["id"] == first["id"] and second["type"] == "home"
    assert await code_of(slack.views_publish(user_id=ANA, view=HOME, hash=first["hash"])) == "hash_conflict"
    assert await stage.see("views/bo") == []
    plain = stage.workspace.install({"display_information": {"name": "Plain"}}, None, None, None, None)
    assert await code_of(stage.client(plain.bot_token).views_publish(user_id=ANA, view=HOME)) == "not_enabled"


@pytest.mark.parametrize(
    ("view", "code"),
    [
        (modal(title=text("x" * 25)), "invalid_arguments"),
        (modal(title=text("x" * 24)), ""),
        (modal(submit=None), "invalid_arguments"),
        (modal(private_metadata="x" * 3001), "invalid_arguments"),
        (modal(callback_id="x" * 256), "invalid_arguments"),
        (modal(*[{"type": "divider"}] * 101), "invalid_arguments"),
        (modal(*[{"type": "divider"}] * 100), ""),
        (modal(*[{"type": "section", "text": text("x" * 3000)}] * 90), "view_too_large"),
        ({"type": "home", "blocks": []}, "invalid_arguments"),
    ],
)
async def test_the_limits_of_a_modal(stage: Stage, slack: AsyncWebClient, app: Listener, view: dict[str, Any], code: str) -> None:
    assert await code_of(slack.views_open(trigger_id=await trigger(stage, app), view=view)) == code
