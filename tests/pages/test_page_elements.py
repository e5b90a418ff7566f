"""Every block and element of Block Kit on the sandbox's page: drawn, used by hand, and told to the app as Slack tells it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from bot.sandbox.testing import Json
from tests.pages.kit import CITIES, Place, a_place, field_of, form, option, plain

pytestmark = pytest.mark.asyncio(loop_scope="module")

BO, OPS = "U0BO0000000", "C0OPS000000"
CHOICES = [option("One"), option("Two"), option("Three")]
GROUPS = [{"label": plain("Low"), "options": CHOICES[:1]}, {"label": plain("High"), "options": CHOICES[1:]}]


@dataclass
class Desk:
    """One window that all tests of this file share."""

    place: Place
    page: Page

    async def message(self, *blocks: Json) -> Locator:
        self.place.kit.actions.clear()
        ts = await self.place.post(*blocks)
        return self.page.locator(f"#messages [data-ts='{ts}']")

    async def told(self) -> Json:
        """The next action that reaches the app."""
        return dict(await self.place.told(lambda: self.place.kit.actions and self.place.kit.actions.pop(0)))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def desk(chromium: Browser) -> AsyncIterator[Desk]:
    async with a_place(chromium) as place:
        yield Desk(place, await place.window())


Use = Callable[[Page, Locator], Awaitable[object]]


def offers(page: Page) -> Locator:
    """What an open combo box offers."""
    return page.locator(".combo-list:popover-open [role=option]")


async def pick(page: Page, at: Locator, typed: str, *labels: str) -> None:
    """Type into a combo box and take options by their labels."""
    for label in labels:
        await at.get_by_role("combobox").fill(typed)
        await offers(page).filter(has_text=label).click()


# What the element is, what a hand does with it, and what the action carries.
ELEMENTS: list[tuple[Json, Use, Json]] = [
    ({"type": "button", "text": plain("Press"), "value": "7"}, lambda p, m: m.get_by_role("button", name="Press").click(), {"value": "7"}),
    (
        {"type": "overflow", "options": CHOICES},
        lambda p, m: open_and_click(m.get_by_role("button", name="More options"), p.get_by_role("menuitem", name="Two")),
        {"selected_option": CHOICES[1]},
    ),
    (
        {"type": "static_select", "options": CHOICES},
        lambda p, m: m.locator("select").select_option(label="Two"),
        {"selected_option": CHOICES[1]},
    ),
    (
        {"type": "static_select", "option_groups": GROUPS, "initial_option": CHOICES[2]},
        lambda p, m: m.locator("select").select_option(label="One"),
        {"selected_option": CHOICES[0]},
    ),
    ({"type": "external_select", "min_query_length": 1}, lambda p, m: pick(p, m, "li", "Lima"), {"selected_option": option("Lima")}),
    ({"type": "users_select"}, lambda p, m: m.locator("select").select_option(label="Bo Lindqvist"), {"selected_user": BO}),
    ({"type": "channels_select"}, lambda p, m: m.locator("select").select_option(label="#ops"), {"selected_channel": OPS}),
    ({"type": "conversations_select"}, lambda p, m: m.locator("select").select_option(label="#ops"), {"selected_conversation": OPS}),
    ({"type": "multi_static_select", "options": CHOICES}, lambda p, m: pick(p, m, "", "Three"), {"selected_options": [CHOICES[2]]}),
    (
        {"type": "multi_external_select", "min_query_length": 1, "initial_options": [option("Oslo")]},
        lambda p, m: pick(p, m, "lon", "London"),
        {"selected_options": [option("Oslo"), option("London")]},
    ),
    ({"type": "multi_users_select"}, lambda p, m: pick(p, m, "Bo", "Bo Lindqvist"), {"selected_users": [BO]}),
    ({"type": "multi_channels_select"}, lambda p, m: pick(p, m, "ops", "#ops"), {"selected_channels": [OPS]}),
    ({"type": "multi_conversations_select"}, lambda p, m: pick(p, m, "ops", "#ops"), {"selected_conversations": [OPS]}),
    (
        {"type": "datepicker", "initial_date": "2026-03-01"},
        lambda p, m: m.locator("input").fill("2026-03-02"),
        {"selected_date": "2026-03-02"},
    ),
    ({"type": "timepicker"}, lambda p, m: m.locator("input").fill("09:30"), {"selected_time": "09:30"}),
    ({"type": "checkboxes", "options": CHOICES}, lambda p, m: m.get_by_label("Two").check(), {"selected_options": [CHOICES[1]]}),
    ({"type": "radio_buttons", "options": CHOICES}, lambda p, m: m.get_by_label("Three").check(), {"selected_option": CHOICES[2]}),
]


async def open_and_click(door: Locator, inside: Locator) -> None:
    await door.click()
    await inside.click()


@pytest.mark.parametrize(("element", "use", "carries"), ELEMENTS, ids=[f"{one[0]['type']}-{n}" for n, one in enumerate(ELEMENTS)])
async def test_an_element_of_a_message_acts_at_once(desk: Desk, element: Json, use: Use, carries: Json) -> None:
    message = await desk.message({"type": "actions", "block_id": "b", "elements": [{"action_id": "a", **element}]})
    await use(desk.page, message)
    action = await desk.told()
    assert (action["type"], action["action_id"], action["block_id"], action["by"]) == (element["type"], "a", "b", "kim")
    assert {name: action.get(name) for name in carries} == carries


async def test_a_moment_is_told_in_seconds(desk: Desk) -> None:
    picker = {"type": "datetimepicker", "action_id": "a", "initial_date_time": 1772442000}
    message = await desk.message({"type": "actions", "elements": [picker]})
    shown = await message.locator("input").input_value()
    assert await desk.page.evaluate("(shown) => new Date(shown).getTime() / 1000", shown) == 1772442000
    await message.locator("input").fill("2026-03-02T10:15")
    expected = await desk.page.evaluate("new Date('2026-03-02T10:15').getTime() / 1000")
    assert (await desk.told())["selected_date_time"] == expected


async def test_a_confirm_dialog_asks_first_and_no_means_no(desk: Desk) -> None:
    confirm = {
        "title": plain("Sure?"),
        "text": plain("It cannot be undone."),
        "confirm": plain("Do it"),
        "deny": plain("Not now"),
        "style": "danger",
    }
    message = await desk.message(
        {"type": "actions", "elements": [{"type": "button", "action_id": "a", "text": plain("Wipe"), "confirm": confirm}]}
    )
    for answer in ("Not now", "Do it"):
        await message.get_by_role("button", name="Wipe").click()
        dialog = desk.page.get_by_role("dialog", name="Sure?")
        await expect(dialog).to_contain_text("It cannot be undone.")
        await dialog.get_by_role("button", name=answer).click()
        await expect(dialog).to_have_count(0)
    assert (await desk.told())["action_id"] == "a"
    assert desk.place.kit.actions == []


async def test_choices_of_an_external_select_come_from_the_app_and_can_be_taken_back(desk: Desk) -> None:
    select = {"type": "multi_external_select", "action_id": "a", "min_query_length": 1, "placeholder": plain("Cities")}
    message = await desk.message({"type": "section", "text": plain("Where?"), "accessory": select})
    await message.get_by_role("combobox", name="Cities").fill("l")
    await expect(offers(desk.page)).to_have_text([city for city in CITIES if "l" in city.lower()])
    await message.get_by_role("combobox").press("ArrowDown")
    await message.get_by_role("combobox").press("Enter")
    assert [one["value"] for one in (await desk.told())["selected_options"]] == ["lima"]
    await message.get_by_role("button", name="Remove Lima").click()
    assert (await desk.told())["selected_options"] == []
    await message.get_by_role("combobox").fill("zzz")
    await expect(offers(desk.page)).to_have_text("Nothing fits")
    await message.get_by_role("combobox").press("Escape")


async def test_buttons_that_lead_elsewhere_tell_the_app_and_lead_nowhere_bad(desk: Desk) -> None:
    links = [
        {"type": "button", "action_id": f"a{n}", "text": plain(f"Link {n}"), "url": url}
        for n, url in enumerate(["https://example.com/x", "javascript:alert(1)"])
    ]
    message = await desk.message({"type": "actions", "elements": links})
    await expect(message.get_by_role("link", name="Link 0")).to_have_attribute("href", "https://example.com/x")
    assert await message.locator("a", has_text="Link 1").get_attribute("href") is None
    await message.locator("a", has_text="Link 1").click()
    assert (await desk.told())["action_id"] == "a1"


async def test_feedback_buttons(desk: Desk) -> None:
    sides = {f"{side}_button": {"text": plain(side), "value": side} for side in ("positive", "negative")}
    element = {"type": "feedback_buttons", "action_id": "a", **sides}
    message = await desk.message({"type": "context_actions", "elements": [element]})
    await message.get_by_role("button", name="negative").click()
    assert (await desk.told())["value"] == "negative"


INPUTS: list[tuple[Json, str, object]] = [
    ({"type": "plain_text_input"}, "two words", {"value": "two words"}),
    ({"type": "plain_text_input", "multiline": True}, "one\ntwo", {"value": "one\ntwo"}),
    ({"type": "email_text_input"}, "kim@example.com", {"value": "kim@example.com"}),
    ({"type": "url_text_input"}, "https://example.com", {"value": "https://example.com"}),
    ({"type": "number_input", "is_decimal_allowed": True}, "4.5", {"value": "4.5"}),
    (
        {"type": "rich_text_input"},
        "words",
        {
            "rich_text_value": {
                "type": "rich_text",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "words"}]}],
            }
        },
    ),
]


@pytest.mark.parametrize(("element", "typed", "carries"), INPUTS, ids=[f"{one[0]['type']}-{n}" for n, one in enumerate(INPUTS)])
async def test_an_input_is_told_with_the_form(desk: Desk, element: Json, typed: str, carries: Json) -> None:
    values = await submitted(desk, field_of("name", element, hint=plain("A hint")), lambda modal: modal.get_by_label("Name").fill(typed))
    assert values["name"]["name"] == {"type": element["type"], **carries}


async def test_choices_and_files_in_a_form(desk: Desk) -> None:
    async def fill(modal: Locator) -> None:
        await modal.get_by_role("combobox", name="Cities").fill("osl")
        await offers(desk.page).filter(has_text="Oslo").click()
        await modal.get_by_label("Two").check()
        await modal.get_by_label("Log").set_input_files({"name": "error.log", "mimeType": "text/plain", "buffer": b"it broke"})
        await expect(modal.get_by_label("Log")).to_have_js_property("uploaded.length", 1)

    fields = [
        field_of("cities", {"type": "multi_external_select", "min_query_length": 1}),
        field_of("ticks", {"type": "checkboxes", "options": CHOICES}),
        field_of("log", {"type": "file_input"}),
    ]
    form_ = form("plain", *fields)
    desk.place.kit.forms["form"] = form_
    values = await submitted(desk, None, fill)
    assert values["cities"]["cities"]["selected_options"] == [option("Oslo")]
    assert values["ticks"]["ticks"]["selected_options"] == [CHOICES[1]]
    assert [file["name"] for file in values["log"]["log"]["files"]] == ["error.log"]


async def submitted(desk: Desk, block: Json | None, fill: Callable[[Locator], Awaitable[object]]) -> Json:
    """Open the form, fill it in, submit it: the values that reach the app."""
    desk.place.kit.submitted.clear()
    if block is not None:
        desk.place.kit.forms["form"] = form("plain", block)
    await desk.page.fill("#line", "/kit form")
    await desk.page.press("#line", "Enter")
    modal = desk.page.get_by_role("dialog", name="A form")
    await fill(modal)
    await modal.get_by_role("button", name="Go").click()
    await expect(modal).to_have_count(0)
    return dict(await desk.place.told(lambda: desk.place.kit.submitted and desk.place.kit.submitted[-1]))


RICH: Json = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "text", "text": "bold", "style": {"bold": True}},
                {"type": "link", "url": "https://example.com", "text": "a link"},
                {"type": "user", "user_id": BO},
                {"type": "emoji", "name": "fire"},
            ],
        },
        {
            "type": "rich_text_list",
            "style": "ordered",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "first"}]}],
        },
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "quoted"}]},
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "code()"}]},
    ],
}
TABLE = {"type": "table", "rows": [[{"type": "raw_text", "text": "Service"}], [{"type": "raw_text", "text": "checkout"}]]}
MARKDOWN = {
    "type": "markdown",
    "text": "# Title\n- one\n- **two**\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nx < y\n```\n[go](https://example.com)",
}
LOUD = {"type": "section", "text": {"type": "mrkdwn", "text": "*loud*"}, "fields": [plain("one"), plain("two")]}
SMALL = {"type": "context", "elements": [plain("small"), {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a face"}]}
ODD = [{"type": "section", "text": plain("x"), "accessory": {"type": "jukebox"}}, {"type": "context"}, {"type": "divider"}]
# What a block is, and pieces of what is drawn.
BLOCKS: list[tuple[Json, list[str]]] = [
    ({"type": "header", "text": plain("A header :fire:")}, ["<h3", "A header 🔥"]),
    (LOUD, ["<strong>loud</strong>", "one", "two"]),
    (SMALL, ["small", "a face"]),
    ({"type": "divider"}, ["<hr"]),
    ({"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a graph", "title": plain("Load")}, ["a graph", "Load"]),
    (RICH, ["<strong>bold</strong>", 'href="https://example.com"', "@bo", "🔥", "<ol", "<blockquote>quoted", "<pre>code()"]),
    (MARKDOWN, ["<h3>Title", "<li>one", "<strong>two</strong>", "<th>a</th>", "<td>2</td>", "<pre>x &lt; y</pre>", 'href="https://example.com"']),
    (TABLE, ["<th>Service</th>", "<td>checkout</td>"]),
    (
        {
            "type": "video", "title": plain("A film"), "title_url": "https://example.com/v", "video_url": "https://example.com/e",
            "thumbnail_url": "https://example.com/t.png", "alt_text": "film",
        },
        ["A film", 'href="https://example.com/v"'],
    ),
    ({"type": "carousel", "elements": []}, ["This page cannot draw the block “carousel”."]),
]  # fmt: skip


@pytest.mark.parametrize(("block", "pieces"), BLOCKS, ids=[one[0]["type"] for one in BLOCKS])
async def test_a_block_is_drawn(desk: Desk, block: Json, pieces: list[str]) -> None:
    message = await desk.message(block)
    drawn = await message.locator(".body").inner_html()
    assert [piece for piece in pieces if piece not in drawn] == []
    assert await message.locator("img").count() == 0  # pictures would have to come from elsewhere


async def test_an_unknown_element_and_a_broken_block_are_marked_and_the_rest_is_drawn(desk: Desk) -> None:
    drawn = await desk.page.evaluate(
        """async (odd) => {
          const { blocks } = await import("/sandbox/static/blocks.js");
          return blocks(odd, { names: {} }).innerHTML;
        }""",
        ODD,
    )
    assert "This page cannot draw the element “jukebox”." in drawn
    assert "This page cannot draw the block “context”." in drawn
    assert "<hr" in drawn


MRKDWN = [
    ("*bold* and _leaning_ and ~gone~", "<strong>bold</strong> and <em>leaning</em> and <s>gone</s>"),
    ("2*3*4 and snake_case_name", "2*3*4 and snake_case_name"),
    ("`*code*`", "<code>*code*</code>"),
    ("*<https://example.com|the runbook>*", "<strong><a"),
    ("a &lt;b&gt; &amp;amp; c", "a &lt;b&gt; &amp;amp; c"),
    ("&gt; quoted\nnot", "<blockquote>quoted</blockquote>not"),
    ("```\nx < y\n```", "<pre>x &lt; y</pre>"),
    ("an ```unclosed fence", "an ```unclosed fence"),
    ("<!channel>", '<span class="mention loud">@channel</span>'),
]


async def test_mrkdwn_looks_as_in_slack(desk: Desk) -> None:
    drawn = await desk.page.evaluate(
        """async (texts) => {
          const { mrkdwn } = await import("/sandbox/static/mrkdwn.js");
          return texts.map((text) => mrkdwn(text, { user: () => null, channel: () => null }).innerHTML);
        }""",
        [written for written, _ in MRKDWN],
    )
    assert [(written, html) for (written, html), got in zip(MRKDWN, drawn, strict=True) if html not in got] == []
