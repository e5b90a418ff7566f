"""A wheel of this tree carries everything it needs and runs from an empty directory."""

from pathlib import Path
from zipfile import ZipFile

import pytest

from bot.config.settings import describe
from tests.stranger import ROOT, bare_environ, said, sandbox, until

BESIDE = ["templates", "runbooks", "playbooks"]
"""What stands beside the package in the tree, and is found by bot/resources.py."""


def files_of(name: str) -> list[str]:
    """The files of a directory of the tree, without what Python leaves beside them."""
    return [str(path.relative_to(ROOT)) for path in (ROOT / name).rglob("*") if path.is_file() and "__pycache__" not in path.parts]


def test_it_carries_every_file_that_the_tree_has(wheel: Path) -> None:
    with ZipFile(wheel) as packed:
        carried = set(packed.namelist())
    wanted = {f"bot/share/{path}" for name in BESIDE for path in files_of(name)} | set(files_of("bot"))
    assert all(any(name.startswith(f"bot/share/{folder}/") for name in wanted) for folder in BESIDE)
    assert {"bot/sandbox/page/index.html", "bot/sandbox/config/people.yaml", "bot/migrations/versions/0001_first.py"} <= wanted
    assert wanted - carried == set()
    assert "bot/share/manifest.json" in carried
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in carried)


def test_it_carries_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as packed:
        strange = [name for name in packed.namelist() if not name.startswith("bot/") and ".dist-info/" not in name]
        caches = [name for name in packed.namelist() if "__pycache__" in name or name.endswith((".pyc", ".db"))]
    assert strange == []
    assert caches == []


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """An empty directory to stand in."""
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


def test_it_runs_itself_and_not_the_tree(installed: Path, empty: Path) -> None:
    where = said([str(installed / "python"), "-c", "import bot; print(bot.__file__)"], cwd=empty).stdout
    assert str(installed.parent) in where


def test_it_checks_a_configuration(installed: Path, empty: Path) -> None:
    config = next(installed.parent.glob("lib/*/site-packages/bot/sandbox/config"))
    checked = said([str(installed / "tocsin"), "check", str(config)], cwd=empty)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    (empty / "people.yaml").write_text("people:\n  ana:\n    phone: twelve\n")
    refused = said([str(installed / "tocsin"), "check", str(empty)], cwd=empty)
    assert refused.returncode == 1
    assert "people.yaml:3" in refused.stdout


def test_without_an_environment_it_says_all_that_is_missing_at_once(installed: Path, empty: Path) -> None:
    refused = said([str(installed / "tocsin"), "run"], cwd=empty, environ=bare_environ())
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    required = [variable.name for variable in describe() if variable.required]
    assert len(required) >= 4
    assert [name for name in [*required, "SLACK_APP_TOKEN"] if name not in refused.stderr] == []


def test_its_sandbox_pages_whoever_is_on_call(installed: Path, empty: Path) -> None:
    with sandbox(empty / "data", [str(installed / "tocsin")], cwd=empty) as running:
        running.post("/control/command", user="kim", channel="general", text="/inc sev1 checkout is down")
        until(lambda: running.texted("ana"), "Ana has an SMS")
        until(lambda: running.channel_of(1), "the incident has its channel")
    assert [path.name for path in empty.iterdir()] == ["data"], "nothing is written anywhere else"
