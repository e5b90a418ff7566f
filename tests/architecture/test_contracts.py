"""The floors of the house hold, and each contract is seen to fail on a planted fault."""

import ast
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
ROOMS = ("directory", "oncall", "paging", "incidents", "alerts", "postmortems", "publishing", "runbooks")
EDGES = {"service", "models", "work", "web", "slack", "blocks", "messages", "__init__"}

FAULTS = {
    "up": ("floors", "directory/service.py", "from bot.incidents import lifecycle", "bot.directory.service -> bot.incidents.lifecycle"),
    "sideways": ("floors", "web/pages.py", "from bot.slack import text", "bot.web.pages -> bot.slack.text"),
    "ground knows a room": ("floors", "clock.py", "import bot.oncall.rotation", "bot.clock -> bot.oncall.rotation"),
    "a room without a floor": ("floors", "misc/__init__.py", "", "bot.misc"),
    "a service knows its view": ("slices", "oncall/service.py", "from bot.oncall import slack", "bot.oncall.service -> bot.oncall.slack"),
    "a rule does I/O": ("rules", "oncall/rotation.py", "import socket", "bot.oncall.rotation -> socket"),
    "a rule reads the database": ("rules", "paging/policy.py", "from bot.db import Tx", "bot.paging.policy -> bot.db"),
    "a rule does I/O through another": ("rules", "errors.py", "import subprocess", "bot.errors -> subprocess"),
    "a library too large for the bot": (
        "heavy",
        "postmortems/web.py",
        "def show(): import weasyprint",
        "bot.postmortems.web -> weasyprint",
    ),
    "the bot imports a maker": ("heavy", "wiring.py", "from bot.press import printing", "bot.press.printing -> weasyprint"),
    "a second door": ("doors", "paging/work.py", "import apscheduler", "bot.paging.work -> apscheduler"),
}


def lint(directory: Path, contract: str | None = None) -> subprocess.CompletedProcess[str]:
    """Check the contracts on the `bot/` of `directory`."""
    tool = shutil.which("lint-imports", path=str(HOUSE / ".venv" / "bin")) or shutil.which("lint-imports")
    assert tool, "import-linter is not installed"
    only = ["--contract", contract] if contract else []
    return subprocess.run([tool, "--no-cache", *only], cwd=directory, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the house to plant faults in."""
    place = tmp_path_factory.mktemp("house")
    shutil.copytree(HOUSE / "bot", place / "bot", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HOUSE / "pyproject.toml", place)
    return place


def test_the_contracts_hold() -> None:
    found = lint(HOUSE)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(copy: Path, fault: str) -> None:
    contract, name, line, broken = FAULTS[fault]
    path = copy / "bot" / name
    before = path.read_text() if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{before or ''}\n{line}\n")
    try:
        found = lint(copy, contract)
    finally:
        if before is None:
            shutil.rmtree(path.parent)
        else:
            path.write_text(before)
    assert found.returncode != 0
    assert broken in " ".join(found.stdout.split())


def test_every_pure_rule_is_listed() -> None:
    """A file of a room that needs nothing impure is a rule: listed, it cannot quietly become anything else."""
    contracts = tomllib.loads((HOUSE / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    rules = next(contract for contract in contracts if contract["id"] == "rules")
    listed, forbidden = set(rules["source_modules"]), set(rules["forbidden_modules"])
    rooms = [HOUSE / "bot" / room for room in ROOMS if (HOUSE / "bot" / room / "__init__.py").exists()]
    files = [path for room in rooms for path in room.rglob("*.py") if path.stem not in EDGES]
    imports = {".".join(path.relative_to(HOUSE).with_suffix("").parts): imported(path) for path in files}
    pure = set(listed)
    while more := {name for name, used in imports.items() if name not in pure and all(is_pure(one, pure, forbidden) for one in used)}:
        pure |= more
    assert sorted(pure - listed) == []


def is_pure(module: str, pure: set[str], forbidden: set[str]) -> bool:
    if module.startswith("bot."):
        return module in pure or module in {"bot.errors", "bot.states"}
    return module.split(".")[0] not in forbidden


def imported(path: Path) -> set[str]:
    """The modules that a file imports: `from bot.paging import policy` counts as `bot.paging.policy`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            inside = {name for name in names if (HOUSE / Path(*name.split("."))).with_suffix(".py").exists()}
            found |= inside or {node.module}
    return found
