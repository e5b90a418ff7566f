"""What blocks may hold: the published limits, and the structure of @slack/types as an oracle."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from slack_sdk.models import blocks as sdk
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.workspace.blocks import block_problems
from tests.sandbox.workspace.stage import ANA, GENERAL, Stage, button, text, text_input

SCHEMA = json.loads((Path(__file__).parent / "blockkit.schema.json").read_text())
FITS = jsonschema.Draft7Validator({"$ref": "#/definitions/KnownBlock", "definitions": SCHEMA["definitions"]})


def mrkdwn(length: int) -> dict[str, Any]:
    return text("x" * length, "mrkdwn")


def option(label: int = 1, value: int = 1) -> dict[str, Any]:
    return {"text": text("x" * label), "value": "v" * value}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": [{"action_id": f"a{n}"} | element for n, element in enumerate(elements)]}


def select(count: int) -> dict[str, Any]:
    return {"type": "static_select", "options": [option()] * count}


# what is limited, the largest that fits, the smallest that does not
LIMITS: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    "blocks": ([{"type": "divider"}] * 50, [{"type": "divider"}] * 51),
    "section text": ([{"type": "section", "text": mrkdwn(3000)}], [{"type": "section", "text": mrkdwn(3001)}]),
    "section fields": ([{"type": "section", "fields": [mrkdwn(2000)] * 10}], [{"type": "section", "fields": [mrkdwn(1)] * 11}]),
    "field": ([{"type": "section", "fields": [mrkdwn(2000)]}], [{"type": "section", "fields": [mrkdwn(2001)]}]),
    "header": ([{"type": "header", "text": text("x" * 150)}], [{"type": "header", "text": text("x" * 151)}]),
    "header kind": ([{"type": "header", "text": text("x")}], [{"type": "header", "text": mrkdwn(1)}]),
    "context": ([{"type": "context", "elements": [mrkdwn(1)] * 10}], [{"type": "context", "elements": [mrkdwn(1)] * 11}]),
    "actions": ([actions(*[button()] * 1)], [actions()]),
    "many actions": (
        [{"type": "actions", "elements": [button(f"a{n}") for n in range(25)]}],
        [{"type": "actions", "elements": [button(f"a{n}") for n in range(26)]}],
    ),
    "button text": ([actions(button(words="x" * 75))], [actions(button(words="x" * 76))]),
    "button value": ([actions(button(value="x" * 2000))], [actions(button(value="x" * 2001))]),
    "button url": ([actions(button() | {"url": "h" * 3000})], [actions(button() | {"url": "h" * 3001})]),
    "action_id": ([actions(button("x" * 255))], [actions(button("x" * 256))]),
    "action_id twice": (
        [{"type": "actions", "elements": [button("a"), button("b")]}],
        [{"type": "actions", "elements": [button("a"), button("a")]}],
    ),
    "block_id": ([{"type": "divider", "block_id": "x" * 255}], [{"type": "divider", "block_id": "x" * 256}]),
    "block_id twice": (
        [{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "b"}],
        [{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}],
    ),
    "options": ([actions(select(100))], [actions(select(101))]),
    "option text": ([actions({"type": "overflow", "options": [option(75)]})], [actions({"type": "overflow", "options": [option(76)]})]),
    "option value": (
        [actions({"type": "overflow", "options": [option(1, 150)]})],
        [actions({"type": "overflow", "options": [option(1, 151)]})],
    ),
    "overflow": ([actions({"type": "overflow", "options": [option()] * 5})], [actions({"type": "overflow", "options": [option()] * 6})]),
    "checkboxes": (
        [actions({"type": "checkboxes", "options": [option()] * 10})],
        [actions({"type": "checkboxes", "options": [option()] * 11})],
    ),
    "placeholder": (
        [actions(select(1) | {"placeholder": text("x" * 150)})],
        [actions(select(1) | {"placeholder": text("x" * 151)})],
    ),
    "confirm title": (
        [actions(button() | {"confirm": {"title": text("x" * 100), "text": mrkdwn(300)}})],
        [actions(button() | {"confirm": {"title": text("x" * 101), "text": mrkdwn(300)}})],
    ),
    "confirm text": (
        [actions(button() | {"confirm": {"text": mrkdwn(300), "confirm": text("x" * 30)}})],
        [actions(button() | {"confirm": {"text": mrkdwn(301), "confirm": text("x" * 30)}})],
    ),
    "markdown": ([{"type": "markdown", "text": "x" * 12_000}], [{"type": "markdown", "text": "x" * 6001}] * 2),
    "input label": ([text_input(label=text("x" * 2000))], [text_input(label=text("x" * 2001))]),
    "input length": (
        [text_input(element={"type": "plain_text_input", "max_length": 3000})],
        [text_input(element={"type": "plain_text_input", "max_length": 3001})],
    ),
    "image alt": (
        [{"type": "image", "image_url": "https://x", "alt_text": "x" * 2000}],
        [{"type": "image", "image_url": "https://x", "alt_text": "x" * 2001}],
    ),
    "empty text": ([{"type": "section", "text": mrkdwn(1)}], [{"type": "section", "text": mrkdwn(0)}]),
    "empty section": ([{"type": "section", "text": mrkdwn(1)}], [{"type": "section"}]),
    "unknown": ([{"type": "divider"}], [{"type": "marquee"}]),
    "input in actions": ([actions(select(1))], [actions({"type": "plain_text_input"})]),
    "style": ([actions(button() | {"style": "danger"})], [actions(button() | {"style": "loud"})]),
}


@pytest.mark.parametrize("what", LIMITS)
def test_the_largest_fits_and_one_more_does_not(what: str) -> None:
    fits, does_not = LIMITS[what]
    assert block_problems(fits, "message") == []
    assert block_problems(does_not, "message") != []
    assert all(FITS.is_valid(block) for block in fits), "the example itself is not what @slack/types allows"


def test_a_hundred_blocks_in_a_modal_and_fifty_in_a_message() -> None:
    dividers = [{"type": "divider"}] * 100
    assert block_problems(dividers, "modal") == [] == block_problems(dividers, "home")
    assert block_problems(dividers, "message") == ["no more than 50 items allowed [json-pointer:/blocks]"]


@pytest.mark.parametrize(
    "block",
    [
        sdk.SectionBlock(text="*hi*", fields=["a", "b"], accessory=sdk.OverflowMenuElement(options=[sdk.Option(value="1", text="One")])),
        sdk.HeaderBlock(text="hi"),
        sdk.ContextBlock(elements=[sdk.MarkdownTextObject(text="hi"), sdk.ImageElement(image_url="https://x", alt_text="x")]),
        sdk.ActionsBlock(elements=[sdk.ButtonElement(text="Go", action_id="go", style="primary"), sdk.UserSelectElement(action_id="who")]),
        sdk.InputBlock(label="What", element=sdk.PlainTextInputElement(multiline=True), optional=True, hint="hint"),
        sdk.InputBlock(label="When", element=sdk.DateTimePickerElement(action_id="when")),
        sdk.ImageBlock(image_url="https://x", alt_text="x", title="T"),
        sdk.DividerBlock(),
        sdk.MarkdownBlock(text="# hi"),
    ],
    ids=lambda block: type(block).__name__,
)
def test_what_the_sdk_makes_is_taken(block: sdk.Block) -> None:
    made = json.loads(json.dumps(block.to_dict()))
    assert FITS.is_valid(made) and block_problems([made], "modal") == []


@pytest.mark.parametrize(
    "block", [{"type": "section", "text": "words"}, {"type": "actions"}, {"type": "header"}, {"type": "input"}, {"type": "image"}]
)
def test_what_the_schema_refuses_is_refused(block: dict[str, Any]) -> None:
    assert not FITS.is_valid(block) and block_problems([block], "modal") != []


async def test_slack_says_where_it_hurts(stage: Stage, slack: AsyncWebClient) -> None:
    stage.inside()
    body = {"channel": GENERAL, "text": "x", "blocks": json.dumps([{"type": "divider"}, {"type": "header", "text": text("x" * 151)}])}
    async with stage.http.post(f"{stage.base}/api/chat.postMessage", data=body | {"token": "xoxb-tocsin"}) as response:
        answer = await response.json()
    assert answer["error"] == "invalid_blocks"
    assert answer["response_metadata"]["messages"] == ["[ERROR] must be less than 151 characters [json-pointer:/blocks/1/text/text]"]
    view = {"type": "home", "blocks": [{"type": "header"}]}
    published = {"user_id": ANA, "view": json.dumps(view), "token": "xoxb-tocsin"}
    async with stage.http.post(f"{stage.base}/api/views.publish", data=published) as response:
        answer = await response.json()
    assert "[json-pointer:/view/blocks/0/text]" in answer["response_metadata"]["messages"][0]
