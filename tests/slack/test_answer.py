"""Replies to clicks, forms, shortcuts and the home tab, as Slack receives them."""

from collections.abc import Awaitable, Callable

import pytest
from slack_sdk.models.blocks import SectionBlock
from slack_sdk.models.views import View

from bot.db import Tx
from bot.errors import Refusal
from bot.slack.replies import FieldErrors, Nothing, OpenModal, Options, Reply, Say, ShowHome, UpdateModal
from bot.slack.requests import Click, Event, MessageAction, Shortcut, Submission, Suggestion
from tests.slack.ledger import notes
from tests.slack.office import FORM, Office, replying
from tests.slack.raw import answers, fails


class TestClicks:
    async def test_words_go_to_the_response_url(self, office: Office) -> None:
        seen: list[Click] = []
        office.door.click("page.ack", replying(Say("You have it.", public=True, replace=True), seen))
        answer = await office.click("page.ack", "page:3", message={"thread_ts": "9.9"})
        await office.settled()
        (said,) = office.raw.seen
        assert answer.text == ""
        assert said.fields == {"text": "You have it.", "response_type": "in_channel", "replace_original": True}
        assert (seen[0].value, seen[0].message_ts, seen[0].channel, seen[0].thread_ts, seen[0].in_modal) == (
            "page:3",
            "10.1",
            "C1",
            "9.9",
            False,
        )

    async def test_a_dead_response_url_is_noticed_and_the_channel_used_instead(self, office: Office) -> None:
        office.raw.behave["response_url"] = answers(404, error="expired_url")
        office.door.click("page.ack", replying(Say("You have it.")))
        await office.click("page.ack")
        await office.settled()
        (call,) = office.raw.calls("chat.postEphemeral")
        assert (call.fields["channel"], call.fields["user"], call.fields["text"]) == ("C1", "U1", "You have it.")

    async def test_where_the_channel_refuses_as_well_it_is_said_directly(self, office: Office) -> None:
        office.raw.behave["response_url"] = answers(404, error="expired_url")
        office.raw.behave["chat.postEphemeral"] = fails("not_in_channel")
        office.door.click("page.ack", replying(Say("You have it.")))
        await office.click("page.ack")
        await office.settled()
        (call,) = office.raw.calls("chat.postMessage")
        assert (call.fields["channel"], call.fields["text"]) == ("U1", "You have it.")

    async def test_a_doubled_click_is_done_once(self, office: Office) -> None:
        office.door.click("page.ack", replying(Say("You have it.")))
        await office.click("page.ack", at="1.5")
        await office.click("page.ack", at="1.5")
        await office.settled()
        assert len(office.raw.seen) == 1
        assert await notes(office.database) == 1

    async def test_the_longest_beginning_wins_and_an_exact_name_most(self, office: Office) -> None:
        heard: list[str] = []

        def hears(name: str) -> Callable[[Tx, Click], Awaitable[Reply]]:
            async def listener(_: Tx, __: Click) -> Reply:
                heard.append(name)
                return Nothing()

            return listener

        for name in ("page:*", "page:ack:*", "page:ack:1"):
            office.door.click(name, hears(name))
        for action in ("page:ack:1", "page:ack:2", "page:out"):
            await office.click(action)
        assert heard == ["page:ack:1", "page:ack:*", "page:*"]

    async def test_a_button_nobody_knows_says_so_but_not_one_that_opens_an_address(self, office: Office) -> None:
        button = {"type": "button", "action_id": "old", "text": {"type": "plain_text", "text": "x"}}
        for element in (button, {**button, "url": "https://example.com"}):
            await office.click("old", message={"blocks": [{"type": "actions", "elements": [element]}]})
        await office.settled()
        assert len(office.raw.calls("response_url")) == 1

    async def test_two_listeners_for_one_button_are_a_mistake(self, office: Office) -> None:
        office.door.click("page.ack", replying(Nothing()))
        with pytest.raises(ValueError, match=r"page\.ack"):
            office.door.click("page.ack", replying(Nothing()))

    @pytest.mark.parametrize(
        ("action", "value"),
        [
            ({"type": "static_select", "selected_option": {"text": {"type": "plain_text", "text": "SEV2"}, "value": "2"}}, "2"),
            ({"type": "users_select", "selected_user": "U7"}, "U7"),
            ({"type": "multi_users_select", "selected_users": ["U7", "U8"]}, "U7,U8"),
            ({"type": "checkboxes", "selected_options": [{"value": "a"}, {"value": "b"}]}, "a,b"),
            ({"type": "datepicker", "selected_date": "2026-11-22"}, "2026-11-22"),
            ({"type": "datetimepicker", "selected_date_time": 1767225600}, "1767225600"),
            ({"type": "static_select", "selected_option": None}, ""),
            ({"type": "overflow", "selected_option": {"value": "x"}}, "x"),
        ],
    )
    async def test_what_was_chosen_whatever_the_element(self, action: dict[str, object], value: str, office: Office) -> None:
        seen: list[Click] = []
        office.door.click("a", replying(Nothing(), seen))
        await office.click_in_modal(action)
        assert [(click.value, click.in_modal, click.view_id, click.private_metadata) for click in seen] == [(value, True, "V1", "7")]

    @pytest.mark.parametrize(
        ("reply", "method"), [(Say("Hm."), "views.push"), (OpenModal(FORM), "views.push"), (UpdateModal(FORM), "views.update")]
    )
    async def test_a_click_in_a_modal_is_answered_by_modals(self, reply: Reply, method: str, office: Office) -> None:
        office.door.click("a", replying(reply))
        await office.click_in_modal({"type": "button", "value": "x"})
        await office.settled()
        assert [call.name for call in office.raw.seen] == [method]


class TestForms:
    async def test_what_was_filled_in(self, office: Office) -> None:
        seen: list[Submission] = []
        office.door.submission("declare", replying(Nothing(), seen))
        answer = await office.submit(
            {
                "title": {"title": {"type": "plain_text_input", "value": "Checkout is down"}},
                "sev": {"sev": {"type": "static_select", "selected_option": None}},
                "who": {"who": {"type": "multi_users_select", "selected_users": ["U1", "U2"]}},
            }
        )
        assert (answer.status, answer.text) == (200, "")
        assert seen[0].values == {"title": {"title": "Checkout is down"}, "sev": {"sev": None}, "who": {"who": ("U1", "U2")}}
        assert (seen[0].private_metadata, seen[0].view_id, seen[0].inputs) == ("7", "V1", ("title", "sev"))

    async def test_field_errors_are_inside_the_modal_and_it_can_be_sent_again_unchanged(self, office: Office) -> None:
        office.door.submission("declare", replying(FieldErrors({"sev": "Choose one.", "gone": "Say what."})))
        first = await office.submit({})
        assert first.json == {"response_action": "errors", "errors": {"sev": "Choose one.", "title": "Say what."}}
        assert await notes(office.database) == 0
        assert (await office.submit({})).json == first.json

    async def test_a_refusal_is_inside_the_modal(self, office: Office) -> None:
        office.door.submission("declare", replying(Refusal("There is no such service.")))
        answer = await office.submit({})
        assert answer.json == {"response_action": "errors", "errors": {"title": "There is no such service."}}

    async def test_a_refusal_of_a_form_without_fields_replaces_it(self, office: Office) -> None:
        office.door.submission("declare", replying(Refusal("Already resolved.")))
        answer = await office.submit({}, inputs=())
        assert answer.json["response_action"] == "update"
        assert "Already resolved." in answer.text

    @pytest.mark.parametrize(
        ("reply", "action"),
        [(UpdateModal(FORM), "update"), (OpenModal(FORM), "push"), (Nothing(close_all=True), "clear"), (Say("Done."), "update")],
    )
    async def test_answers_that_go_with_the_acknowledgement(self, reply: Reply, action: str, office: Office) -> None:
        office.door.submission("declare", replying(reply))
        assert (await office.submit({})).json["response_action"] == action
        await office.settled()
        assert office.raw.seen == []

    async def test_words_for_a_channel_close_the_modal(self, office: Office) -> None:
        office.door.submission("declare", replying(Say("#7 declared.", channel="C1")))
        assert (await office.submit({})).text == ""
        await office.settled()
        (call,) = office.raw.calls("chat.postEphemeral")
        assert (call.fields["channel"], call.fields["user"]) == ("C1", "U1")

    async def test_pressed_twice_is_done_once_but_other_values_are_another_try(self, office: Office) -> None:
        office.door.submission("declare", replying(Nothing()))
        for title in ("a", "a", "b"):
            await office.submit({"title": {"title": {"type": "plain_text_input", "value": title}}})
        assert await notes(office.database) == 2

    async def test_a_form_nobody_knows_says_so(self, office: Office) -> None:
        assert "another version" in (await office.submit({}, callback_id="old")).text

    async def test_a_closed_form_needs_nothing(self, office: Office) -> None:
        answer = await office.interact(type="view_closed", view={"id": "V1", "callback_id": "declare"}, is_cleared=False)
        assert (answer.status, answer.text) == (200, "")


class TestOthers:
    async def test_shortcuts(self, office: Office) -> None:
        seen: list[Shortcut] = []
        office.door.shortcut("declare.open", replying(OpenModal(FORM), seen))
        await office.interact(type="shortcut", callback_id="declare.open", trigger_id="4.4")
        await office.settled()
        assert seen[0].callback_id == "declare.open"
        assert office.raw.calls("views.open")[0].fields["trigger_id"] == "4.4"

    async def test_message_actions(self, office: Office) -> None:
        seen: list[MessageAction] = []
        office.door.message_action("timeline.add", replying(Say("Noted."), seen))
        message = {"ts": "5.5", "text": "it broke", "user": "U2", "thread_ts": "5.1"}
        await office.interact(type="message_action", callback_id="timeline.add", trigger_id="4.5", message_ts="5.5", message=message,
                              channel={"id": "C1", "name": "ops"}, response_url=office.raw.url("/respond"))  # fmt: skip
        await office.settled()
        (action,) = seen
        assert (action.channel, action.message_ts, action.text, action.author, action.thread_ts) == ("C1", "5.5", "it broke", "U2", "5.1")
        assert office.raw.calls("response_url")[0].fields["text"] == "Noted."

    async def test_suggestions(self, office: Office) -> None:
        async def services(_: Tx, suggestion: Suggestion) -> Reply:
            return Options([(name, name.title()) for name in ("checkout", "search") if suggestion.typed in name])

        office.door.options("service", services)
        answer = await office.interact(type="block_suggestion", action_id="service", block_id="b", value="che")
        assert answer.json == {"options": [{"text": {"type": "plain_text", "text": "Checkout"}, "value": "checkout"}]}

    async def test_the_home_tab(self, office: Office) -> None:
        async def home(_: Tx, __: Event) -> Reply:
            return ShowHome(View(type="home", blocks=[SectionBlock(text="All quiet.")]))

        office.door.home(home)
        await office.event({"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": "home"})
        await office.settled()
        (call,) = office.raw.calls("views.publish")
        assert call.fields["user_id"] == "U1"
