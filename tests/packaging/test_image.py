"""The Dockerfile's steps, done one after the other in a directory of their own: no container engine is needed to know that they work.

make test ARGS="-m 'not registry and not soak'"      without this, which downloads every locked package
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import venv
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from tests.stranger import IN_CI, ROOT, bare_environ, said, sandbox, until

DOCKERFILE = (ROOT / "Dockerfile").read_text()
ROOTS = ("/opt/", "/src", "/dist", "/var/lib/", "/etc/tocsin")
"""Where in the image the steps write, read or start from: here they stand in the test's directory."""


def instructions() -> list[tuple[str, str]]:
    """What the Dockerfile says: word and rest, continued lines joined, comments left out."""
    lines = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.M)).splitlines()
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1].strip()) for line in lines if line.strip()]


def stages() -> list[list[tuple[str, str]]]:
    """The instructions of each stage."""
    found: list[list[tuple[str, str]]] = []
    for word, rest in instructions():
        if word == "FROM":
            found.append([])
        found[-1].append((word, rest))
    return found


@dataclass
class Image:
    """A directory that stands for an image's root while its steps are done."""

    root: Path
    environ: dict[str, str]
    workdir: Path = field(init=False)

    def __post_init__(self) -> None:
        self.workdir = self.root

    def inside(self, text: str) -> str:
        """The text with the image's absolute paths moved into the directory."""
        for path in ROOTS:
            text = re.sub(rf"(?<![\w.]){path}", f"{self.root}{path}", text)
        return text

    def do(self, word: str, rest: str) -> None:
        match word:
            case "WORKDIR":
                self.workdir = Path(self.inside(rest))
                self.workdir.mkdir(parents=True, exist_ok=True)
            case "COPY":
                source, target = rest.split()
                shutil.copytree(ROOT / source, self.workdir / target, dirs_exist_ok=True, ignore=ignored)
            case "RUN":
                done = subprocess.run(
                    ["sh", "-ec", self.inside(rest)], cwd=self.workdir, env=self.environ, capture_output=True, text=True, check=False
                )
                assert done.returncode == 0, f"RUN {rest}\n{done.stdout}\n{done.stderr}"
            case "FROM":
                pass
            case _:
                raise AssertionError(f"this test does not know how to do {word}")


def ignored(folder: str, names: list[str]) -> set[str]:
    """What .dockerignore keeps out."""
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    anywhere = {line.removeprefix("**/") for line in lines if line.startswith("**/")}
    here = {line for line in lines if not line.startswith("**/")} if Path(folder) == ROOT else set()
    return {name for name in names if name in anywhere | here}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The image as far as its steps make it: the base is an empty environment of this Python."""
    root = tmp_path_factory.mktemp("image")
    venv.create(root / "base", with_pip=True)
    image = Image(root, bare_environ(PATH=f"{root}/base/bin:{os.defpath}", HOME=str(root)))
    build, last = stages()
    for word, rest in build:
        image.do(word, rest)
    for word, rest in last:
        if word == "COPY":  # the same place in both stages, so nothing needs to be done
            assert rest == "--from=build /opt/tocsin /opt/tocsin"
        if word == "RUN" and not rest.startswith("apt-get "):  # packages of the base's system stay where they are
            assert rest.startswith("useradd ")
            Path(image.inside(rest.split("--home-dir ")[1].split()[0])).mkdir(parents=True)
        if word == "ENV":
            given = dict(part.split("=", 1) for part in shlex.split(image.inside(rest)))
            given["PATH"] = given["PATH"].replace("$PATH", os.defpath)
            image.environ |= given
    return image


def test_it_runs_as_a_user_of_its_own_and_says_so() -> None:
    last = stages()[-1]
    words = [word for word, _ in last]
    user = dict(last)["USER"]
    assert user not in ("root", "0")
    assert any(word == "RUN" and rest.startswith("useradd --system") and rest.endswith(f" {user}") for word, rest in last)
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert "RUN" not in words[words.index("USER") :]


def test_its_python_is_the_one_that_the_tests_run_on() -> None:
    bases = {rest.split()[0] for word, rest in instructions() if word == "FROM"}
    [base] = bases
    version = re.fullmatch(r"python:(\d+\.\d+)-slim", base)
    assert version, base
    assert SpecifierSet(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]).contains(version[1])
    if IN_CI:
        assert version[1] == f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.mark.registry
def test_its_steps_make_a_bot_that_runs_and_is_healthy(image: Image, tmp_path: Path) -> None:
    assert_it_holds_nothing_else(image)
    tocsin = image.root / "opt/tocsin/bin/tocsin"
    entry, command = (json.loads(dict(stages()[-1])[word]) for word in ("ENTRYPOINT", "CMD"))
    refused = said([str(tocsin.with_name(entry[0])), *command], cwd=tmp_path, environ=image.environ)
    assert refused.returncode == 1
    assert "SLACK_BOT_TOKEN is not set" in refused.stderr
    assert "DATABASE_URL" not in refused.stderr

    health = json.loads(dict(stages()[-1])["HEALTHCHECK"].split(" CMD ", 1)[1])
    with sandbox(tmp_path / "data", [str(tocsin)], cwd=tmp_path) as running:
        port = running.url.rsplit(":", 1)[1]
        asked = image.environ | {"TOCSIN_PORT": port}

        def is_healthy() -> bool:
            return said(health, cwd=tmp_path, environ=asked).returncode == 0

        assert is_healthy()
        running.post("/control/bot", action="kill")
        assert not is_healthy()
        running.post("/control/bot", action="start")
        until(is_healthy, "the health check is green again")


def assert_it_holds_nothing_else(image: Image) -> None:
    """The locked packages and the bot, and none of what built it."""
    listed = said([str(image.root / "opt/tocsin/bin/python"), "-m", "pip", "list", "--format=json"], environ=image.environ).stdout
    names = {package["name"].lower().replace("_", "-").replace(".", "-") for package in json.loads(listed)}
    locked = {line.split("==")[0].lower() for line in (ROOT / "requirements/run.lock").read_text().splitlines() if re.match(r"\w", line)}
    assert names - locked == {"pip", "setuptools", "tocsin"} & (names - locked)
    assert "tocsin" in names
    assert "hatchling" not in names
