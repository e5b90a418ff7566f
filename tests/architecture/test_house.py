"""Rules of the house that import-linter cannot see."""

import ast
import re
from pathlib import Path

import pytest

from bot.config.settings import describe

HOUSE = Path(__file__).parents[2]
SOURCES = sorted(path for path in (HOUSE / "bot").rglob("*.py") if "versions" not in path.parts)
ANSIBLES = sorted((HOUSE / "playbooks").rglob("*.py"))
LONGEST_CARD = 15
PINNED = re.compile(r"^([a-z0-9._-]+)==(\S+)", re.MULTILINE)


def names_in(path: Path) -> set[str]:
    """Every name that a file imports or uses."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.alias(name=name) | ast.Name(id=name) | ast.Attribute(attr=name):
                found.add(name)
    return found


def test_slack_is_called_through_the_gateway_alone() -> None:
    clients = {str(path.relative_to(HOUSE)) for path in SOURCES if {"AsyncWebClient", "WebClient", "async_client"} & names_in(path)}
    assert clients == {"bot/slack/gateway.py"}


@pytest.mark.parametrize("path", ANSIBLES, ids=lambda path: path.name)
def test_what_imports_ansible_carries_its_licence_and_has_nothing_to_do_with_us(path: Path) -> None:
    assert path.read_text().startswith("# GNU General Public License v3.0 or later")
    imported = {name.split(".")[0] for name in names_in(path)}
    assert "bot" not in imported
    assert not [source for source in SOURCES if re.search(rf"^\s*(import|from) {path.stem}\b", source.read_text(), re.MULTILINE)]


def test_the_environment_is_read_once() -> None:
    readers = {str(path.relative_to(HOUSE)) for path in SOURCES if re.search(r"os\.(environ|getenv)", path.read_text())}
    assert readers <= {"bot/__main__.py", "bot/sandbox/launcher.py"}, "settings come from bot.config.settings"


def test_the_clock_is_read_through_the_seam() -> None:
    """`datetime.now` and `utcnow` would not follow FakeClock; what deals with the wall (the sandbox's Slack, signatures) may."""
    readers = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in {"datetime.now", "datetime.utcnow", "datetime.datetime.now"}:
                readers.add(str(path.relative_to(HOUSE)))
    assert {reader for reader in readers if not reader.startswith("bot/sandbox/")} == {"bot/clock.py"}


KEEPERS = {"Directory", "Judge", "Incidents", "Bot", "FarWorker"}
"""Directory holds it; Incidents makes a new Judge when it is another; the Bot and a worker read which files to watch."""


def test_nobody_keeps_the_configuration_or_what_was_made_of_it() -> None:
    """It changes while the bot runs: whoever keeps a part of it goes on by the old one. Values (dataclasses) live too short for that."""
    keepers = set()
    for path in SOURCES:
        if path.is_relative_to(HOUSE / "bot" / "sandbox"):
            continue
        for room in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)):
            for begin in (node for node in room.body if isinstance(node, ast.FunctionDef) and node.name == "__init__"):
                told = {ast.unparse(one.annotation) for one in begin.args.args if one.annotation}
                read = {node.attr for node in ast.walk(begin) if isinstance(node, ast.Attribute)}
                if "Config" in told or read & {"config", "_config"}:
                    keepers.add(room.name)
    assert keepers == KEEPERS


@pytest.mark.parametrize("card", [path for path in SOURCES if path.name == "__init__.py"], ids=lambda path: path.parent.name)
def test_a_room_card_is_short_and_imports_nothing(card: Path) -> None:
    tree = ast.parse(card.read_text())
    text = ast.get_docstring(tree) or ""
    assert text.strip(), "a card says what the room is for"
    assert len(text.splitlines()) <= LONGEST_CARD
    assert [node for node in tree.body if not isinstance(node, ast.Expr)] == []


def test_every_setting_is_documented() -> None:
    reference = (HOUSE / "docs" / "configuration.md").read_text()
    assert [variable.name for variable in describe() if f"`{variable.name}`" not in reference] == []


def test_locks_are_pinned_with_hashes_and_name_no_registry() -> None:
    locks = sorted((HOUSE / "requirements").glob("*.lock"))
    assert [lock.name for lock in locks] == ["build.lock", "dev.lock", "run.lock"]
    for lock in locks:
        text = lock.read_text()
        assert "://" not in text, lock.name
        assert "--index-url" not in text
        for name, _ in PINNED.findall(text):
            assert re.search(rf"^{re.escape(name)}==[^\n]* \\\n    --hash=sha256:", text, re.MULTILINE), f"{lock.name}: {name}"


@pytest.mark.parametrize("lock", ["build.lock", "run.lock"])
def test_what_runs_is_what_was_tested(lock: str) -> None:
    tested = set(PINNED.findall((HOUSE / "requirements" / "dev.lock").read_text()))
    assert set(PINNED.findall((HOUSE / "requirements" / lock).read_text())) <= tested


def test_the_tree_names_no_machine() -> None:
    """Paths of a particular machine work nowhere else."""
    for folder in ("bot", "tests", "templates", "deploy", "bench"):
        for path in (HOUSE / folder).rglob("*"):
            if path.is_file() and path.suffix in {".py", ".html", ".md", ".sh", ".yaml", ".yml", ".json"}:
                assert str(HOUSE) + "/" not in path.read_text(errors="replace"), path
