"""A process that cannot start says everything that keeps it from starting."""

from pathlib import Path

import pytest

from bot.config.startup import configured
from bot.errors import ConfigInvalid

ENVIRON = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "TOCSIN_URL": "http://127.0.0.1:8080",
    "TOCSIN_SECRET": "sixteen-or-more-letters",
}


def problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigInvalid) as caught:
        configured(environ)
    return caught.value.problems


def test_problems_of_the_environment_and_of_the_files_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text("people:\n  ana: {nam: Ana}\n")
    told = problems({"TOCSIN_CONFIG": str(tmp_path), "SLACK_BOT_TOKEN": "xoxb-1"})
    assert [problem.split(": ")[0] for problem in told] == ["environment"] * 3 + [f"{tmp_path}/all.yaml:2"] * 2


@pytest.mark.parametrize("named", [{}, {"TOCSIN_CONFIG": "/nowhere"}, {"TOCSIN_CONFIG": " "}])
def test_a_directory_that_is_not_there_is_told_once(named: dict[str, str]) -> None:
    told = problems(ENVIRON | named)
    assert len(told) == 1 and told[0].startswith("environment: TOCSIN_CONFIG is ")


def test_both_come_back_when_all_is_well(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text("people:\n  ana: {name: Ana}\n")
    settings, config = configured(ENVIRON | {"TOCSIN_CONFIG": str(tmp_path)})
    assert settings.config == tmp_path and list(config.people) == ["ana"]
