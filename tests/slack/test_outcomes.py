"""Every error code that Slack documents for a method we call has its place in the table, and its words."""

import json
from pathlib import Path

import pytest

from bot.slack.gateway import Degraded, Failed, Healthy, Ok, SlackGateway, TryLater
from bot.slack.outcomes import COMMON, GONE, METHODS, Verdict, meaning
from bot.slack.sentences import SENTENCES
from tests.slack.raw import RawSlack, fails

DOCUMENTED = json.loads((Path(__file__).parents[1] / "data" / "slack-methods.json").read_text())
PAIRS = [(method, code) for method in METHODS for code in sorted({*DOCUMENTED[method]["errors"], *METHODS[method].verdicts()})]
EVERYWHERE = sorted({*DOCUMENTED["_common_errors"], *COMMON.verdicts()})


@pytest.mark.parametrize(("method", "code"), [*PAIRS, *[("chat.postMessage", code) for code in EVERYWHERE]])
async def test_each_code_ends_as_the_table_says(method: str, code: str, raw: RawSlack, gateway: SlackGateway) -> None:
    raw.behave[method] = fails(code)
    verdict = (METHODS[method].verdicts() | {}).get(code) or COMMON.verdicts()[code]  # a KeyError: the code was forgotten

    result = await gateway.call(method, channel="C1")

    match verdict:
        case Verdict.RETRY:
            assert isinstance(result, TryLater)
        case Verdict.DONE:
            assert isinstance(result, Ok)
            assert result.code == code
        case Verdict.DEGRADE | Verdict.TELL:
            assert isinstance(result, Failed)
            assert (result.code, result.tell) == (code, verdict is Verdict.TELL)
    if not isinstance(result, Ok):
        assert result.why.endswith(".")
        assert code not in result.why  # words, not Slack's name for it
    assert len(raw.seen) == 1  # nothing is tried twice behind our back
    locked_out = isinstance(result, Failed) and result.slack_is_gone
    assert locked_out == (code in GONE) == isinstance(gateway.health, Degraded)


def test_no_code_is_in_two_places_of_one_method() -> None:
    for name, method in METHODS.items():
        listed = [code for codes in (method.retry, method.done, method.degrade, method.tell) for code in codes.split()]
        doubled = {code for code in listed if listed.count(code) > 1} - {"invalid_cursor"}
        assert not doubled, name


def test_every_sentence_is_used_by_some_code() -> None:
    known = {code for method in (COMMON, *METHODS.values()) for code in method.verdicts()}
    assert {entry.rpartition(":")[2] for entry in SENTENCES} <= known


def test_a_code_means_what_its_method_means_by_it() -> None:
    assert meaning("bookmarks.edit", "not_found").why != meaning("views.update", "not_found").why
    assert meaning("conversations.create", "restricted_action").verdict is Verdict.TELL
    assert meaning("pins.add", "restricted_action").verdict is Verdict.DEGRADE


async def test_a_code_nobody_documented_is_told_to_a_human(raw: RawSlack, gateway: SlackGateway) -> None:
    raw.behave["pins.add"] = fails("moon_phase")
    result = await gateway.call("pins.add", channel="C1", timestamp="1.0")
    assert isinstance(result, Failed)
    assert result.tell
    assert "moon_phase" in result.why


async def test_a_missing_scope_says_which(raw: RawSlack, gateway: SlackGateway) -> None:
    raw.behave["pins.add"] = fails("missing_scope", needed="pins:write", provided="chat:write")
    result = await gateway.call("pins.add", channel="C1", timestamp="1.0")
    assert isinstance(result, Failed)
    assert "pins:write" in result.why


async def test_locked_out_until_the_next_success(raw: RawSlack, gateway: SlackGateway) -> None:
    raw.behave["pins.add"] = fails("token_revoked")
    await gateway.call("pins.add", channel="C1", timestamp="1.0")
    first = gateway.health
    assert isinstance(first, Degraded)
    assert "revoked" in first.why

    raw.behave["pins.add"] = fails("no_item_specified")  # an answer, but no proof that the token is good
    await gateway.call("pins.add", channel="C1")
    assert gateway.health == first

    del raw.behave["pins.add"]
    await gateway.call("pins.add", channel="C1", timestamp="1.0")
    assert gateway.health == Healthy()


def invite_errors(*codes: str) -> list[dict[str, object]]:
    return [{"user": f"U{number}", "ok": False, "error": code} for number, code in enumerate(codes)]


@pytest.mark.parametrize(
    ("users", "errors", "is_done"),
    [
        ("U0", [], True),
        ("U0,U1", invite_errors("already_in_channel", "already_in_channel"), True),
        ("U0,U1", invite_errors("already_in_channel"), False),
        ("U0,U1", invite_errors("already_in_channel", "user_not_found"), False),
        ("U0,U1", [], False),
    ],
)
async def test_one_who_is_there_already_does_not_stand_for_all(
    users: str, errors: list[dict[str, object]], is_done: bool, raw: RawSlack, gateway: SlackGateway
) -> None:
    raw.behave["conversations.invite"] = fails("already_in_channel", errors=errors)
    result = await gateway.call("conversations.invite", channel="C1", users=users.split(","))
    assert isinstance(result, Ok) == is_done
