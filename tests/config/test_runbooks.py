"""Runbooks in the configuration: those that come with Tocsin are sound, and what is wrong with one is told with file and line."""

from pathlib import Path

import pytest
import yaml

from bot import resources
from bot.config.loader import load
from bot.errors import ConfigInvalid
from bot.runbooks.catalogue import missing_files, playbook_file

SHIPPED = sorted(path.stem for path in resources.path("runbooks").glob("*.yaml"))
BASE = """\
people:
  ana: {name: Ana, email: ana@example.com}
services:
  checkout: {name: Checkout}
environments:
  production: {inventory: hosts.yaml}
"""
SOUND = """\
title: Roll back
playbook: back.yml
group: web
services: [checkout]
parameters:
  to: {type: version}
"""


def loaded(directory: Path, runbook: str = SOUND, base: str = BASE) -> list[str]:
    """What is wrong with a runbook, without the path before the file's name."""
    (directory / "base.yaml").write_text(base)
    (directory / "runbooks").mkdir(exist_ok=True)
    (directory / "runbooks" / "back.yaml").write_text(runbook)
    try:
        load(directory, {})
    except ConfigInvalid as invalid:
        return [problem.removeprefix(f"{directory}/") for problem in invalid.problems]
    return []


def test_every_runbook_that_comes_with_tocsin_is_sound_and_has_its_playbook_and_its_document(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BASE + f"shipped_runbooks: [{', '.join(SHIPPED)}]\n")
    config = load(tmp_path, {})
    assert sorted(config.runbooks) == SHIPPED
    for runbook in config.runbooks.values():
        assert playbook_file(runbook.playbook, tmp_path) is not None, runbook.id
        for heading in ("## Meaning", "## Impact", "## Diagnosis", "## Mitigation"):
            assert heading in runbook.body, f"{runbook.id} has no {heading}"


WITHIN = {"shop": {"web", "canary"}}
"""Groups of groups."""


def test_shipped_playbooks_work_on_the_group_that_their_runbook_names() -> None:
    for name in SHIPPED:
        runbook = yaml.safe_load((resources.path("runbooks") / f"{name}.yaml").read_text())
        plays = yaml.safe_load((resources.path("playbooks") / runbook["playbook"]).read_text())
        assert {play["hosts"] for play in plays} <= {runbook["group"], *WITHIN.get(runbook["group"], ())}, name
        assert all(play["gather_facts"] is False for play in plays), name


def test_a_file_in_the_directory_is_a_runbook_under_its_name(tmp_path: Path) -> None:
    assert loaded(tmp_path) == []
    assert load(tmp_path, {}).runbooks["back"].title == "Roll back"


def test_one_of_our_own_wins_over_a_shipped_one_of_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BASE + "shipped_runbooks: [rollback]\n")
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "runbooks" / "rollback.yaml").write_text(SOUND)
    assert load(tmp_path, {}).runbooks["rollback"].title == "Roll back"


@pytest.mark.parametrize(
    ("runbook", "says"),
    [
        ("- a list\n", "runbooks/back.yaml:1: a file in 'runbooks/' is one runbook"),
        (SOUND.replace("type: version", "type: versoin"), "runbooks/back.yaml:6: runbook 'back', 'parameters.to.type' is 'versoin'"),
        (SOUND.replace("type: version", "type: integer"), "a parameter of type integer needs 'max'"),
        (SOUND.replace("type: version", "type: choice, pattern: x"), "'pattern' means nothing to a parameter of type choice"),
        (SOUND.replace("type: version", "type: integer, min: 9, max: 1"), "'min' 9 is more than 'max' 1"),
        (SOUND.replace("type: version", "type: text, pattern: '('"), "the expression does not compile"),
        (SOUND.replace("to:", "environment:"), "a parameter cannot be called 'environment'"),
        (SOUND + "limit: host\n", "'limit' is 'host', which is no parameter of type host"),
        (SOUND + "services2: [x]\n", "runbooks/back.yaml:7: runbook 'back' has no setting 'services2'; did you mean 'services'?"),
        (SOUND.replace("[checkout]", "[chekout]"), "names service 'chekout', which is not under 'services'; did you mean 'checkout'?"),
        (SOUND + "environments: [staging]\n", "names environment 'staging'"),
        (SOUND + "reverse: {runbook: forth}\n", "names runbook 'forth', which is not under 'runbooks'"),
        (SOUND + "reverse: {runbook: back}\n", "runbook 'back' does not say what 'to' of 'back' becomes"),
        (SOUND + "reverse: {runbook: back, parameters: {to: '{from}'}}\n", "runbook 'back' has no parameter 'from'"),
        (
            SOUND + "outcome: {left: it}\nreverse: {runbook: back, parameters: {to: '{outcome.lef}'}}\n",
            "has no outcome 'lef'; did you mean 'left'?",
        ),
        (SOUND.replace("back.yml", "../back.yml"), "'playbook'"),
        (SOUND + "verify: {}\n", "a verification is exactly one of 'url', 'query' and 'playbook'"),
        (SOUND + "verify: {url: 'https://a', playbook: look.yml}\n", "a verification is exactly one of"),
        (SOUND + "verify: {query: up}\n", "needs either 'below' or 'above'"),
        (SOUND + "verify: {query: up, below: 1, above: 2}\n", "needs either 'below' or 'above'"),
        (SOUND + "verify: {playbook: look.yml, below: 1}\n", "'below' and 'above' are about the value of a 'query'"),
        (SOUND + "verify: {playbook: look.yml, status: 200}\n", "'status' and 'contains' are about the answer of a 'url'"),
        (SOUND + "verify: {query: up, above: 0}\n", "environment 'production' has no 'prometheus' that could be asked"),
        (SOUND + "verify: {query: 'up > $too', above: 0}\n", "has no parameter 'too'; did you mean 'to'?"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, runbook: str, says: str) -> None:
    found = loaded(tmp_path, runbook)
    assert any(says in problem for problem in found), found
    assert all(problem.startswith("runbooks/back.yaml:") for problem in found)


def test_a_shipped_runbook_that_tocsin_has_not_is_told_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BASE + "shipped_runbooks: [rolback]\n")
    with pytest.raises(ConfigInvalid, match=r"base.yaml:7: .*'rolback', which Tocsin has not; did you mean 'rollback'\?"):
        load(tmp_path, {})


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ("prod", "names environment 'prod', which is not under 'environments'"),
        ("production", "error rate of service 'checkout' is asked for in environment 'production', which has no 'prometheus'; add it."),
    ],
)
def test_an_error_rate_that_nobody_can_be_asked_for_is_told(tmp_path: Path, environment: str, says: str) -> None:
    rate = f"error_rate: {{query: up, environment: {environment}}}"
    [problem] = loaded(tmp_path, base=BASE.replace("{name: Checkout}", f"{{name: Checkout, {rate}}}"))
    assert says in problem


def test_a_runbook_without_an_environment_has_nowhere_to_run(tmp_path: Path) -> None:
    [problem] = loaded(tmp_path, base=BASE.partition("environments:")[0])
    assert "runbook 'back' has nowhere to run" in problem


def test_a_prometheus_is_found_where_the_environment_says_and_its_secret_is_never_shown(tmp_path: Path) -> None:
    said = "hosts.yaml, prometheus: {url_env: GRAPHS, authorization_env: GRAPHS_KEY}"
    assert loaded(tmp_path, SOUND + "verify: {query: up, above: 0}\n", BASE.replace("hosts.yaml", said)) == []
    unset = load(tmp_path, {}).environments["production"].prometheus
    assert unset is not None
    assert unset.url is None
    found = load(tmp_path, {"GRAPHS": "http://10.0.0.9:9090", "GRAPHS_KEY": "Bearer hush"}).environments["production"].prometheus
    assert found is not None
    assert found.url == "http://10.0.0.9:9090"
    assert found.authorization is not None
    assert found.authorization.get_secret_value() == "Bearer hush"
    assert "hush" not in repr(found)
    assert any("needs a 'url'" in problem for problem in loaded(tmp_path, base=BASE.replace("hosts.yaml", "hosts.yaml, prometheus: {}")))


def test_files_that_are_named_and_missing_are_a_warning_before_anything_runs(tmp_path: Path) -> None:
    loaded(tmp_path)
    assert [words for _, words in missing_files(load(tmp_path, {}), tmp_path)] == [
        "runbook 'back' has the playbook 'back.yml', which is missing; put it into playbooks/.",
        "environment 'production' has the inventory 'hosts.yaml', which is missing; runs there are refused.",
    ]
