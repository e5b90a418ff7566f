"""The lock files pin everything with hashes, fit pyproject.toml, and say nothing of where packages come from."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.stranger import ROOT

LOCKS = {path.stem: path for path in sorted((ROOT / "requirements").glob("*.lock"))}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins(path: Path) -> dict[str, Requirement]:
    """What a lock file pins, by canonical name. Each entry is `name==version [; marker]` and then only hashes."""
    entries = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", path.read_text(), flags=re.M)).splitlines()
    found = {}
    for entry in filter(None, map(str.strip, entries)):
        requirement, *hashes = re.split(r"\s+--hash=", entry)
        assert hashes, f"{path.name}: {requirement} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes), f"{path.name}: {requirement}"
        pinned = Requirement(requirement)
        assert re.fullmatch(r"==[^*,]+", str(pinned.specifier)), f"{path.name}: {requirement} is not pinned"
        found[canonicalize_name(pinned.name)] = pinned
    return found


def version(pinned: Requirement) -> str:
    return str(pinned.specifier).removeprefix("==")


def test_there_are_locks_for_running_building_and_developing() -> None:
    assert set(LOCKS) == {"run", "build", "dev"}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_with_hashes_and_names_no_address(name: str) -> None:
    assert pins(LOCKS[name])
    text = LOCKS[name].read_text()
    assert not re.search(r"://|--(extra-)?index|--find-links|--trusted|@ file", text)


def test_the_locks_agree() -> None:
    dev = {name: version(pinned) for name, pinned in pins(LOCKS["dev"]).items()}
    for lock in ("run", "build"):
        assert {name: version(pinned) for name, pinned in pins(LOCKS[lock]).items()}.items() <= dev.items()


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("run", PROJECT["project"]["dependencies"]),
        ("build", PROJECT["build-system"]["requires"]),
        ("dev", PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["dev"]),
    ],
)
def test_a_lock_has_what_the_project_asks_for_and_what_that_asks_for(lock: str, wanted: list[str]) -> None:
    pinned = pins(LOCKS[lock])
    waiting = [Requirement(line) for line in wanted]
    seen: set[str] = set()
    while waiting:
        asked = waiting.pop()
        name = canonicalize_name(asked.name)
        assert name in pinned, f"{asked} is in no line of {lock}.lock"
        assert asked.specifier.contains(version(pinned[name]), prereleases=True), f"{asked}, but {lock}.lock has {pinned[name]}"
        for extra in ("", *asked.extras):
            if (key := f"{name}[{extra}]") not in seen:
                seen.add(key)
                waiting += asked_by(name, extra)
    assert len(seen) >= len(wanted)


def asked_by(name: str, extra: str) -> list[Requirement]:
    """What an installed package needs on this machine."""
    try:
        lines = requires(name) or []
    except PackageNotFoundError:
        return []
    found = [Requirement(line) for line in lines]
    return [one for one in found if one.marker is None or one.marker.evaluate({"extra": extra})]
