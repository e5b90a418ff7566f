"""A configuration directory is watched: what is half written is left alone, what is new is found once."""

import shutil
from pathlib import Path

import pytest

from bot.config.loader import digest, load
from bot.config.watch import Found, Watch
from tests.world import CONFIG


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CONFIG, tmp_path / "config"))


@pytest.fixture
def watch(directory: Path) -> Watch:
    return Watch(directory, {}, load(directory, {}).digest)


def write(directory: Path, company: str) -> None:
    path = directory / "company.yaml"
    path.write_text(path.read_text().replace("company: Example", f"company: {company}"))


def company(found: Found | None) -> str | None:
    return found.config.company if found and found.config else None


def test_what_is_new_is_found_when_two_looks_saw_the_same(directory: Path, watch: Watch) -> None:
    assert watch.look() is None
    write(directory, "Halfway")
    assert watch.look() is None
    (directory / "company.yaml").write_text("company: Whole\n")
    assert watch.look() is None, "it was being written"
    found = watch.look()
    assert company(found) == "Whole"
    assert found is not None and found.digest == digest(directory)


def test_at_once_one_look_is_enough(directory: Path, watch: Watch) -> None:
    write(directory, "Whole")
    assert company(watch.look(at_once=True)) == "Whole"


def test_what_was_dealt_with_is_not_new_and_what_was_not_is_found_again(directory: Path, watch: Watch) -> None:
    write(directory, "Whole")
    found = watch.look(at_once=True)
    assert company(watch.look()) == "Whole", "whoever took it may have failed"
    assert found is not None
    watch.settle(found)
    assert watch.look() is None
    assert watch.look(at_once=True) is None


def test_a_directory_that_went_back_while_it_was_seen_once_is_as_it_was(directory: Path, watch: Watch) -> None:
    before = (directory / "company.yaml").read_text()
    write(directory, "Other")
    assert watch.look() is None
    (directory / "company.yaml").write_text(before)
    assert watch.look() is None
    assert watch.look() is None


def test_what_is_wrong_is_found_with_its_lines(directory: Path, watch: Watch) -> None:
    (directory / "teams.yaml").write_text("teams: [\n")
    found = watch.look(at_once=True)
    assert found is not None and found.config is None
    assert any(problem.startswith(f"{directory}/teams.yaml:") for problem in found.problems)


def test_a_directory_that_vanished_is_a_problem_like_others(directory: Path, watch: Watch) -> None:
    shutil.rmtree(directory)
    found = watch.look(at_once=True)
    assert found is not None and found.config is None
    assert "cannot be read" in found.problems[0]


def test_a_file_that_may_not_be_read_differs_from_the_one_that_could(directory: Path) -> None:
    before = digest(directory)
    (directory / "company.yaml").unlink()
    (directory / "company.yaml").symlink_to("/nowhere")
    assert digest(directory) != before


def test_names_contents_and_their_order_all_count(directory: Path) -> None:
    before = digest(directory)
    (directory / "company.yaml").rename(directory / "firm.yaml")
    assert digest(directory) != before
    (directory / "firm.yaml").rename(directory / "company.yaml")
    assert digest(directory) == before
    (directory / "README.md").write_text("not read")
    assert digest(directory) == before
