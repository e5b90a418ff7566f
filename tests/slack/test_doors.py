"""Slack's clients have one door: nothing else in the bot imports bolt or slack_sdk, but for the pure models of blocks and views."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path.relative_to(ROOT) for path in (ROOT / "bot").rglob("*.py"))
MODELS = "slack_sdk.models"
OTHER_SIDE = ("bot/sandbox/",)
"""The sandbox is Slack: it signs with the same routine that the bot's library checks with."""


def strangers(source: str) -> list[str]:
    """Modules of bolt and slack_sdk that only the door may import."""
    found = []
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        found += [name for name in names if name.split(".")[0] in ("slack_bolt", "slack_sdk")]
    return [name for name in found if name != MODELS and not name.startswith(MODELS + ".")]


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_only_the_door_knows_slacks_libraries(path: Path) -> None:
    if path.as_posix().startswith("bot/slack/"):
        return
    allowed = {"slack_sdk.signature"} if path.as_posix().startswith(OTHER_SIDE) else set()
    assert set(strangers((ROOT / path).read_text())) <= allowed


@pytest.mark.parametrize(
    ("planted", "is_caught"),
    [
        ("from slack_sdk.web.async_client import AsyncWebClient", True),
        ("def f():\n    import slack_bolt.async_app", True),
        ("from slack_sdk import WebClient", True),
        ("from slack_sdk.models.blocks import Block", False),
        ("import slack_sdk.models", False),
        ("from bot.slack import gateway", False),
    ],
)
def test_a_planted_import_is_caught(planted: str, is_caught: bool) -> None:
    assert bool(strangers(planted)) is is_caught
