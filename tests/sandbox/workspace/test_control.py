"""The control API as a whole: its document, names, sentences, and the stream of changes."""

import json
from pathlib import Path

import pytest
import yaml
from openapi_spec_validator import validate

import bot.sandbox
from bot.sandbox.testing import Sandbox
from tests.sandbox.workspace.stage import ANA, GENERAL, Stage, until

DOCUMENT = yaml.safe_load((Path(bot.sandbox.__file__).parent / "control.yaml").read_text())
ELSEWHERE = (
    "/control/phones",
    "/control/mailbox/",
    "/control/clock",
    "/control/scenarios",
    "/control/bot",
    "/control/fleet",
    "/control/github",
)


def test_the_document_is_openapi() -> None:
    validate(DOCUMENT)


async def test_the_document_and_the_routes_are_the_same() -> None:
    documented = {(verb.upper(), path) for path, calls in DOCUMENT["paths"].items() for verb in calls}
    async with Sandbox() as sandbox:
        router = sandbox.outside.server.app.router
        served = {(route.method, route.resource.canonical) for route in router.routes() if route.resource is not None}
    assert {(method, path) for method, path in served if path.startswith("/control/") and method != "HEAD"} == documented


async def test_every_body_is_the_documented_one(stage: Stage) -> None:
    """A call takes exactly the fields of its schema: any other is refused by name, and the refusal lists them all."""
    for path, calls in DOCUMENT["paths"].items():
        if path.startswith(ELSEWHERE) or "requestBody" not in calls.get("post", {}):
            continue
        body = calls["post"]["requestBody"]
        body = DOCUMENT["components"]["requestBodies"][body["$ref"].rpartition("/")[2]] if "$ref" in body else body
        schema = body["content"]["application/json"]["schema"]
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        error = (await stage.control(path.removeprefix("/control/"), nonsense=1, expect=400))["error"]
        listed = error.partition("It takes ")[2].rstrip(".").split(", ")
        assert set(listed) == set(schema["properties"]), path


@pytest.mark.parametrize("user", ["ana", "@ana", ANA])
@pytest.mark.parametrize("channel", ["general", "#general", GENERAL])
async def test_people_and_channels_by_name_or_id(stage: Stage, user: str, channel: str) -> None:
    answer = await stage.control("message", user=user, channel=channel, text="hi")
    assert (answer["message"]["user"], answer["channel"]) == (ANA, GENERAL)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            {"user": "nobody", "channel": "general", "text": "x"},
            "There is nobody called 'nobody'. There are ana, bea, bo, gus, kim, lee, max",
        ),
        ({"user": "zoe", "channel": "general", "text": "x"}, "Zoe Park is deactivated and cannot do anything."),
        ({"user": "ana", "channel": "nowhere", "text": "x"}, "There is no channel 'nowhere' that ana can see."),
        ({"user": "ana", "channel": "@nobody", "text": "x"}, "There is nobody called '@nobody'."),
        ({"user": "ana", "channel": "general"}, "text is needed."),
        ({"user": "ana", "channel": "general", "text": 7}, "text is a text, not 7."),
        ({"user": "ana", "channel": "general", "text": " "}, "A message has some text."),
        ({"user": "ana", "channel": "general", "text": "x", "thread_ts": "1.000001"}, "There is no message '1.000001' in general"),
    ],
)
async def test_a_wrong_call_is_answered_with_a_sentence(stage: Stage, body: dict[str, object], sentence: str) -> None:
    assert (await stage.control("message", expect=400, **body))["error"].startswith(sentence)


async def test_a_body_that_is_no_object(stage: Stage) -> None:
    for body, sentence in (("{", "The body is not JSON."), ("[]", "The body is a JSON object.")):
        async with stage.http.post(f"{stage.base}/control/message", data=body) as response:
            assert (response.status, (await response.json())["error"]) == (400, sentence)


async def test_another_site_s_page_is_kept_out(stage: Stage) -> None:
    body = json.dumps({"user": "ana", "channel": "general", "text": "x"})
    for origin, status in (("https://evil.example", 403), ("null", 403), (stage.base, 200)):
        async with stage.http.post(f"{stage.base}/control/message", data=body, headers={"Origin": origin}) as response:
            assert response.status == status


async def test_people_change_only_what_is_theirs(stage: Stage) -> None:
    ts = await stage.says("kim", "general", "mine")
    assert (await stage.control("edit", user="lee", channel="general", ts=ts, text="x"))["error"] == "cant_update_message"
    assert (await stage.control("delete", user="lee", channel="general", ts=ts))["error"] == "cant_delete_message"
    assert (await stage.control("unreact", user="lee", channel="general", ts=ts, name="eyes"))["error"] == "no_reaction"
    await stage.control("react", user="lee", channel="general", ts=ts, name="eyes")
    assert (await stage.control("react", user="lee", channel="general", ts=ts, name="eyes"))["error"] == "already_reacted"
    assert (await stage.control("delete", user="ana", channel="general", ts=ts))["ok"]  # an owner may


async def test_joining_makes_writing_possible(stage: Stage) -> None:
    assert (await stage.control("message", user="bea", channel="payments", text="x"))["error"] == "not_in_channel"
    assert (await stage.control("join", user="bea", channel="payments"))["ok"]
    assert (await stage.control("message", user="bea", channel="payments", text="x"))["ok"]


async def test_changes_are_streamed(stage: Stage) -> None:
    async with stage.http.get(f"{stage.base}/control/events") as stream:
        assert stream.content_type == "text/event-stream"
        assert await stream.content.readline() == b": watching\n"
        await stream.content.readline()
        ts = await stage.says("ana", "general", "hi")
        line = await stream.content.readline()
        assert json.loads(line.removeprefix(b"data: ")) == {"type": "message", "channel": GENERAL, "ts": ts}


async def test_apps_are_installed_listed_and_taken_away(stage: Stage) -> None:
    installed = await stage.control("apps", manifest={"display_information": {"name": "Ana"}})
    assert installed["bot_token"].startswith("xoxb-") and installed["app_token"].startswith("xapp-")
    listed = await stage.see("apps")
    assert [(app["name"], app["bot_user"]) for app in listed] == [("Tocsin", "tocsin"), ("Ana", "ana2")]
    assert listed[0]["commands"][0]["command"] == "/inc" and "xoxb" not in json.dumps(listed)
    again = await stage.control("apps", manifest={"display_information": {"name": "Ana"}})
    assert again["bot_token"] == installed["bot_token"]
    await stage.control("apps", "DELETE", app="ana")
    await until(lambda: len(stage.team.live_apps()) == 1)
    assert "display_information.name" in (await stage.control("apps", manifest={}, expect=400))["error"]
