"""What Slack is told is what the code needs: no call without its scope, no scope without its reason."""

import ast
import json
import re
from pathlib import Path

import pytest

from bot.clock import FakeClock
from bot.config.models import Commands
from bot.slack.manifest import EVENT_SCOPES, FEATURE_SCOPES, METHOD_SCOPES, main, manifest, rendered, scopes
from bot.slack.outcomes import METHODS
from bot.slack.requests import Command, Event, MessageAction, Shortcut
from tests.world import running_world

ROOT = Path(__file__).parents[2]
DOCUMENTED = json.loads((ROOT / "tests" / "data" / "slack-methods.json").read_text())
METHOD = re.compile(r"[a-z]+(\.[A-Za-z]+)+")


def methods_called() -> set[str]:
    """Every literal method that `….call("…")` names anywhere in the bot, either of two in a condition included."""
    called = set()
    for path in (ROOT / "bot").rglob("*.py"):
        if "sandbox" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "call" and node.args:
                texts = [part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)]
                called |= {text for text in texts if isinstance(text, str) and METHOD.fullmatch(text)}
    return called


def test_the_committed_manifest_is_what_the_code_says() -> None:
    assert (ROOT / "manifest.json").read_text() == rendered(), "run: python -m bot.slack.manifest > manifest.json"


def test_every_method_called_has_its_outcomes_and_its_scopes() -> None:
    called = methods_called()
    assert {"chat.postMessage", "views.open"} <= called  # the search finds something
    assert called <= METHODS.keys(), "classify its error codes in bot/slack/outcomes.py"
    assert called <= METHOD_SCOPES.keys(), "say which scopes it needs in bot/slack/manifest.py"


@pytest.mark.parametrize("method", METHOD_SCOPES)
def test_the_scopes_of_a_method_are_those_slack_documents(method: str) -> None:
    documented = {*DOCUMENTED[method]["bot_scopes"], *({"users:read"} if method == "users.lookupByEmail" else ())}  # one needs the other
    assert set(METHOD_SCOPES[method]) <= documented
    assert bool(METHOD_SCOPES[method]) == bool(documented)
    if "channels:manage" in documented or "channels:history" in documented:  # whatever works in public works in private, too
        assert any(scope.startswith("groups:") for scope in METHOD_SCOPES[method]) or method == "conversations.open"


def test_every_scope_has_its_reason() -> None:
    by_calls = {scope for method in methods_called() for scope in METHOD_SCOPES[method]}
    by_events = {scope for each in EVENT_SCOPES.values() for scope in each}
    by_features = {scope for each in FEATURE_SCOPES.values() for scope in each}
    assert set(scopes()) == by_calls | by_events | by_features


async def test_slack_offers_what_the_bot_listens_to_and_nothing_else(sqlite_url: str, tmp_path: Path, clock: FakeClock) -> None:
    told = manifest()
    features = told["features"]
    assert isinstance(features, dict)
    async with running_world(sqlite_url, tmp_path, clock) as world:
        door = world.bot.rooms.door
        assert {command["command"] for command in features["slash_commands"]} == door.names(Command)
        offered = {kind: {one["callback_id"] for one in features["shortcuts"] if one["type"] == kind} for kind in ("global", "message")}
        assert offered == {"global": door.names(Shortcut), "message": door.names(MessageAction)}
        assert {event.partition(".")[0] for event in EVENT_SCOPES} == door.names(Event)
        assert features["app_home"]["home_tab_enabled"] == ("app_home_opened" in door.names(Event))


def test_within_slacks_lengths() -> None:
    told = manifest()
    information, features = told["display_information"], told["features"]
    assert isinstance(information, dict)
    assert isinstance(features, dict)
    assert len(information["name"]) <= 35
    assert len(information["description"]) <= 140
    for shortcut in features["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150
    for command in features["slash_commands"]:
        assert len(command["command"]) <= 32
        assert command["should_escape"] is True  # otherwise a mention in it is only a name


def test_commands_are_named_as_configured() -> None:
    features = manifest(Commands(incident="/tocsin", incident_alias=None))["features"]
    assert isinstance(features, dict)
    assert [command["command"] for command in features["slash_commands"]] == ["/tocsin", "/oncall", "/page", "/runbook"]


def test_for_http_every_address_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    url = "https://tocsin.example.com/slack/events"
    main(["--url", url])
    printed = capsys.readouterr().out
    told = json.loads(printed)
    assert printed.count(url) == 2 + len(told["features"]["slash_commands"])
    assert told["settings"]["socket_mode_enabled"] is False
    main([])
    assert json.loads(capsys.readouterr().out) == manifest()
