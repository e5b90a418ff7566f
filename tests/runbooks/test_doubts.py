"""Rules that can never do anything, that are told what is no parameter, or that act unseen are found before they are needed."""

from pathlib import Path

import pytest

from bot.config.loader import load
from bot.config.remediations import Remediation
from bot.errors import ConfigInvalid
from bot.runbooks.doubts import doubts
from bot.runbooks.remedies import because

BASE = """\
people: {ana: {name: Ana, email: ana@example.com}}
services: {checkout: {name: Checkout}}
environments: {production: {inventory: hosts.yaml}, staging: {inventory: hosts.yaml}}
alerts: {prometheus: {key: secret-key}}
runbooks:
  restart:
    title: Restart
    playbook: restart.yml
    group: web
    environments: [production]
    parameters:
      host: {type: host}
      slowly: {type: integer, min: 0, max: 9, default: 0}
remediations:
  leak:
"""
RULE = """\
    when: {alerts: [Leak]}
    runbook: restart
    parameters: {host: "{labels.host}"}
"""


def refused(folder: Path, rule: str) -> list[str]:
    (folder / "base.yaml").write_text(BASE + rule)
    try:
        load(folder, {})
    except ConfigInvalid as invalid:
        return invalid.problems
    return []


def doubted(folder: Path, rule: str, base: str = BASE) -> list[str]:
    (folder / "base.yaml").write_text(base + rule)
    return [words for _, words in doubts(load(folder, {}))]


def test_a_sound_rule_proposes(tmp_path: Path) -> None:
    assert doubted(tmp_path, RULE) == []
    rule = load(tmp_path, {}).remediations["leak"]
    assert rule.run == "propose"
    assert rule.words({"alertname": "Leak", "host": "web1"}) == {"host": "web1"}


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (RULE.replace("restart", "restrat"), "rule 'leak' names runbook 'restrat', which is not under 'runbooks'; did you mean 'restart'?"),
        (RULE.replace("{alerts: [Leak]}", "{services: [checkout]}"), "would answer every alert; say which."),
        (RULE.replace("[Leak]", "[Leak], services: [chekout]"), "names service 'chekout'"),
        (RULE.replace("[Leak]", "[Leak], match_re: {host: '('}"), "the expression for label 'host' does not compile"),
        (RULE.replace("host:", "hots:"), "gives 'hots' to 'restart', which has no such parameter; did you mean 'host'?"),
        (RULE.replace('parameters: {host: "{labels.host}"}', ""), "does not say what 'host' of 'restart' becomes; add it."),
        (RULE.replace("{labels.host}", "{host}"), "'host' has {host}, which is no label of the alert; write it like {labels.instance}."),
        (RULE + "    environment: staging\n", "runs 'restart' in 'staging', where that does not run."),
        (RULE + "    run: always\n", "'remediations.leak.run' is 'always'"),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(tmp_path: Path, rule: str, says: str) -> None:
    found = refused(tmp_path, rule)
    assert any(says.replace("'remediations.leak.run'", "'run'") in problem or says in problem for problem in found), found
    assert all("base.yaml:" in problem for problem in found)


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (RULE.replace("[Leak]", "[Leak], severities: [4]"), "no channel in which a run could be shown"),
        (RULE.replace("[Leak]", "[Leak], match: {alertname: Lake}"), "no name in 'alerts' fits what it wants of the label alertname"),
        (RULE.replace("[Leak]", "[Leak], match_re: {alertname: 'L.k'}"), "no name in 'alerts' fits"),
        (RULE.replace("[Leak]", "[Leak], match: {host: web1}, match_re: {host: 'db.'}"), "which 'match_re' excludes"),
        (RULE.replace('"}', '", slowly: "11"}'), "gives 'slowly' a value that 'restart' refuses: '11' is no whole number from 0 to 9."),
        (RULE + "    run: automatic\n", "it waits for an approval; 'approvals: 0' lets it start alone."),
        (RULE + "    run: automatic\n    approvals: 0\n", "has no 'verify': whether it helps or harms, nobody is told."),
    ],
)
def test_what_is_doubtful_is_told(tmp_path: Path, rule: str, says: str) -> None:
    found = doubted(tmp_path, rule)
    assert any(says in words for words in found), found


def test_what_changes_things_that_nobody_could_have_seen_is_doubtful(tmp_path: Path) -> None:
    blind = BASE.replace("group: web\n", "group: web\n    check_mode: false\n")
    found = doubted(tmp_path, RULE + "    run: automatic\n    approvals: 0\n", blind)
    assert any("has no dry run: nobody sees beforehand" in words for words in found), found


def test_without_a_source_no_alert_ever_comes(tmp_path: Path) -> None:
    assert doubted(tmp_path, RULE, BASE.replace("alerts: {prometheus: {key: secret-key}}\n", "")) == [
        "rule 'leak' can never match: no alert source is configured."
    ]


def test_a_label_is_only_ever_a_value_and_one_that_is_missing_leaves_its_parameter_out() -> None:
    rule = Remediation.model_validate(
        {"id": "leak", "when": {"alerts": ["Leak"]}, "runbook": "restart", "parameters": {"host": "{labels.host}"}}
    )
    assert rule.words({"host": "{labels.secret}", "secret": "hush"}) == {"host": "{labels.secret}"}
    assert rule.words({}) == {}


def test_why_a_rule_asks_is_told_in_a_few_words() -> None:
    labels = {"alertname": "Leak", "severity": "critical", **{f"label{number}": "x" * 100 for number in range(9)}}
    assert because({"alertname": "Leak"}) == "Leak fires"
    assert because(labels).startswith("Leak fires (label0=xxx")
    assert len(because(labels)) < 400
