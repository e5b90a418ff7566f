"""Modals on the sandbox's page: opened, refused, changed, pushed, cleared, closed, and what stands there when the app is late."""

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.pages.kit import NAME, Place, a_place, field_of, form, option, plain

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def opened(place: Place, page: Page, callback_id: str, *blocks: dict[str, object], **more: object) -> Locator:
    """Type the command that opens this form; the dialog."""
    place.kit.forms["form"] = form(callback_id, *blocks, **more)
    await page.fill("#line", "/kit form")
    await page.press("#line", "Enter")
    dialog = page.locator("#modal")
    await expect(dialog.get_by_role("heading", name="A form")).to_be_visible()
    return dialog


async def test_a_field_that_is_needed_is_asked_for_without_asking_the_app(place: Place) -> None:
    page = await place.window()
    modal = await opened(place, page, "plain", NAME)
    await modal.get_by_role("button", name="Go").click()
    await expect(modal.get_by_role("alert")).to_have_text("Please complete this required field.")
    await expect(modal.get_by_label("Name")).to_be_focused()
    await expect(modal.get_by_label("Name")).to_have_attribute("aria-describedby", "error-name")
    assert place.kit.submitted == []


async def test_the_app_s_error_stands_at_its_field_and_what_was_typed_stays(place: Place) -> None:
    page = await place.window()
    cities = field_of("cities", {"type": "multi_external_select", "min_query_length": 1})
    ticks = field_of("ticks", {"type": "checkboxes", "options": [option("One"), option("Two")]}, optional=True)
    modal = await opened(place, page, "errors", NAME, cities, ticks)
    await modal.get_by_label("Name").fill("nobody")
    await modal.get_by_label("Cities").fill("os")
    await page.locator(".combo-list [role=option]", has_text="Oslo").click()
    await modal.get_by_label("Two").check()
    await modal.get_by_role("button", name="Go").click()
    await expect(modal.get_by_role("alert")).to_have_text("That name is taken.")
    await expect(page.locator(".toast")).to_have_count(0)
    await expect(modal.get_by_label("Name")).to_have_value("nobody")
    await expect(modal.locator(".pick")).to_contain_text("Oslo")
    await expect(modal.get_by_label("Two")).to_be_checked()
    await modal.get_by_label("Name").fill("somebody")
    await modal.get_by_role("button", name="Go").click()
    await expect(modal).to_be_hidden()
    assert place.kit.submitted[-1]["name"]["name"]["value"] == "somebody"
    assert place.kit.submitted[-1]["cities"]["cities"]["selected_options"] == [option("Oslo")]


async def test_an_update_in_answer_replaces_the_view(place: Place) -> None:
    page = await place.window()
    modal = await opened(place, page, "update", NAME)
    await modal.get_by_label("Name").fill("x")
    await modal.get_by_role("button", name="Go").click()
    await expect(modal.get_by_role("heading", name="Changed")).to_be_visible()


async def test_an_update_while_one_types_keeps_what_was_typed(place: Place) -> None:
    page = await place.window()
    button = {"type": "actions", "elements": [{"type": "button", "action_id": "rename", "text": plain("Rename")}]}
    modal = await opened(place, page, "plain", NAME, button)
    await modal.get_by_label("Name").fill("half a na")
    await modal.get_by_role("button", name="Rename").click()
    await expect(modal.get_by_role("heading", name="Renamed")).to_be_visible()
    await expect(modal.get_by_label("Name")).to_have_value("half a na")


async def test_a_pushed_view_lies_on_top_goes_back_and_clears_the_stack(place: Place) -> None:
    page = await place.window()
    modal = await opened(place, page, "push", NAME)
    await modal.get_by_label("Name").fill("first")
    await modal.get_by_role("button", name="Go").click()
    await expect(modal.get_by_role("heading", name="Second step")).to_be_visible()
    await modal.get_by_role("button", name="Back").click()
    await expect(modal.get_by_role("heading", name="A form")).to_be_visible()
    await expect(modal.get_by_label("Name")).to_have_value("first")
    await modal.get_by_role("button", name="Go").click()
    await modal.get_by_label("Reason").fill("because")
    await modal.get_by_role("button", name="Go").click()
    await expect(modal).to_be_hidden()
    assert await place.sandbox.user("kim").views() == []


@pytest.mark.parametrize(("how", "cleared"), [("Cancel", False), ("Close", True), ("Escape", True)])
async def test_closing_is_told_to_an_app_that_asked(place: Place, how: str, cleared: bool) -> None:
    page = await place.window()
    modal = await opened(place, page, "plain", NAME, notify_on_close=True)
    if how == "Escape":
        await page.keyboard.press("Escape")
    else:
        await modal.get_by_role("button", name=how, exact=True).click()
    await expect(modal).to_be_hidden()
    assert await place.told(lambda: place.kit.closed) == [{"callback_id": "plain", "is_cleared": cleared}]
    assert await place.sandbox.user("kim").views() == []


async def test_a_late_app_is_shown_as_slack_shows_it_wherever_it_is_late(chromium: Browser) -> None:
    async with a_place(chromium, answer_s=0.2) as place:
        page = await place.window()
        late = [
            {"type": "button", "action_id": "late-button", "text": plain("Press")},
            {"type": "external_select", "action_id": "late-select", "min_query_length": 1},
        ]
        message = page.locator(f"[data-ts='{await place.post({'type': 'actions', 'elements': late})}']")
        await message.get_by_role("button", name="Press").click()
        await expect(message.get_by_role("alert")).to_contain_text("Operation timed out. Apps need to respond within 3 seconds.")
        await message.get_by_role("combobox").fill("x")
        await expect(page.locator(".combo-list:popover-open")).to_contain_text("Unable to load options.")
        await page.fill("#line", "/kit late")
        await page.press("#line", "Enter")
        await expect(page.locator(".message.alone")).to_contain_text('/kit failed with the error "operation_timeout"')
        modal = await opened(place, page, "late", NAME)
        await modal.get_by_label("Name").fill("x")
        await modal.get_by_role("button", name="Go").click()
        await expect(modal.get_by_role("alert")).to_contain_text("We had some trouble connecting. Try again?")
        await expect(modal.get_by_label("Name")).to_have_value("x")
